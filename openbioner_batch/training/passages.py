"""Labelled documents cut into passages of tokens, each word with the labels that cover it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from openbioner_batch.model.sentences import sentence_starts
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.training.corpora import Corpus, LabelledDocument
from openbioner_batch.training.overlap import BenchmarkSentences

SHORTEST, LONGEST = 32, 192
"""Text tokens of a passage: drawn evenly in between, so that single sentences and paragraphs are both met."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A few sentences of a corpus, ready to be asked about.

    Attributes:
        corpus: whose types may be asked.
        token_ids: [tokens] vocabulary indices, without special tokens.
        word_starts: [words] index of each word's first token.
        mentions: for each label, the (first word, last word + 1) of every mention.
    """

    corpus: Corpus
    token_ids: np.ndarray
    word_starts: np.ndarray
    mentions: Mapping[str, tuple[tuple[int, int], ...]]


@dataclass
class PassageCounts:
    """How many passages were kept, and how many were set aside because a benchmark holds a sentence of theirs."""

    kept: int = 0
    overlapping: int = 0


def cut_passages(
    documents: Iterable[LabelledDocument],
    corpus: Corpus,
    tokenizer: Tokenizer,
    benchmarks: BenchmarkSentences,
    counts: PassageCounts,
    seed: int,
) -> Iterator[Passage]:
    """The passages of a corpus, whole sentences each, less those that a benchmark shares.

    Args:
        documents: the corpus's documents.
        corpus: the corpus.
        tokenizer: of the model to be trained.
        benchmarks: sentences that no passage may hold.
        counts: added to.
        seed: of the passages' lengths; the same document is always cut alike.
    """
    for document in documents:
        lengths = random.Random(f"{seed}/{corpus.name}/{document.id}")
        starts = [*sentence_starts(document.text), len(document.text)]
        sentences = tokenizer.encode([document.text[a:b] for a, b in itertools.pairwise(starts)])
        budget, first, tokens = lengths.randint(SHORTEST, LONGEST), 0, 0
        for index, sentence in enumerate(sentences):
            if tokens and tokens + len(sentence.ids) > budget:
                yield from _passage(document, corpus, starts, sentences, first, index, benchmarks, counts)
                budget, first, tokens = lengths.randint(SHORTEST, LONGEST), index, 0
            tokens += len(sentence.ids)
        yield from _passage(document, corpus, starts, sentences, first, len(sentences), benchmarks, counts)


def _passage(document, corpus, starts, sentences, first, last, benchmarks, counts):  # type: ignore[no-untyped-def]
    token_ids: list[int] = []
    word_starts: list[int] = []
    word_bounds: list[tuple[int, int]] = []
    for index in range(first, last):
        encoding, base, previous = sentences[index], starts[index], None
        for token, (start, end), word in zip(encoding.ids, encoding.offsets, encoding.word_ids, strict=True):
            if word != previous:
                word_starts.append(len(token_ids))
                word_bounds.append((base + start, base + end))
                previous = word
            else:
                word_bounds[-1] = (word_bounds[-1][0], base + end)
            token_ids.append(token)
            if len(token_ids) == 2 * LONGEST:  # a sentence of this length is a table or a list
                break
    if not word_starts:
        return
    if benchmarks.shared_with(document.text[starts[first] : starts[last]]):
        counts.overlapping += 1
        return
    counts.kept += 1
    begins = np.array([start for start, _ in word_bounds])
    ends = np.array([end for _, end in word_bounds])
    mentions: dict[str, list[tuple[int, int]]] = {}
    for span in document.spans:
        if span.start < word_bounds[-1][1] and span.end > word_bounds[0][0]:
            low, high = int(np.searchsorted(ends, span.start, "right")), int(np.searchsorted(begins, span.end, "left"))
            if low < high:
                mentions.setdefault(span.label, []).append((low, high))
    yield Passage(
        corpus,
        np.array(token_ids, np.int64),
        np.array(word_starts, np.int64),
        {label: tuple(places) for label, places in mentions.items()},
    )
