"""Labelled documents cut into passages of tokens, each word with the labels that cover it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class _Sentence:
    """Where a sentence stands in its document, its tokens, and the document offsets of its words."""

    start: int
    stop: int
    token_ids: list[int]
    word_starts: list[int]
    word_offsets: list[tuple[int, int]]


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
        for sentences in _runs(_sentences(document.text, tokenizer), lengths):
            if not any(sentence.word_starts for sentence in sentences):
                continue
            if benchmarks.shared_with(document.text[sentences[0].start : sentences[-1].stop]):
                counts.overlapping += 1
                continue
            counts.kept += 1
            yield _passage(document, corpus, sentences)


def _runs(sentences: Iterable[_Sentence], lengths: random.Random) -> Iterator[list[_Sentence]]:
    """Consecutive sentences of at most a drawn number of tokens together; a longer sentence is a run of its own."""
    run: list[_Sentence] = []
    budget, tokens = lengths.randint(SHORTEST, LONGEST), 0
    for sentence in sentences:
        if tokens and tokens + len(sentence.token_ids) > budget:
            yield run
            run, tokens = [], 0
            budget = lengths.randint(SHORTEST, LONGEST)
        run.append(sentence)
        tokens += len(sentence.token_ids)
    yield run


def _sentences(text: str, tokenizer: Tokenizer) -> Iterator[_Sentence]:
    bounds = list(itertools.pairwise([*sentence_starts(text), len(text)]))
    for (start, stop), encoding in zip(
        bounds, tokenizer.encode([text[start:stop] for start, stop in bounds]), strict=True
    ):
        word_starts: list[int] = []
        word_offsets: list[tuple[int, int]] = []
        # A sentence of more tokens is a table or a list: its beginning is enough.
        words = encoding.word_ids[: 2 * LONGEST]
        for place, word in enumerate(words):
            low, high = encoding.offsets[place]
            if place == 0 or word != words[place - 1]:
                word_starts.append(place)
                word_offsets.append((start + low, start + high))
            else:
                word_offsets[-1] = (word_offsets[-1][0], start + high)
        yield _Sentence(start, stop, encoding.ids[: 2 * LONGEST], word_starts, word_offsets)


def _passage(document: LabelledDocument, corpus: Corpus, sentences: Sequence[_Sentence]) -> Passage:
    bases = itertools.accumulate((len(sentence.token_ids) for sentence in sentences), initial=0)
    starts = [base + start for base, sentence in zip(bases, sentences, strict=False) for start in sentence.word_starts]
    offsets = np.array([offsets for sentence in sentences for offsets in sentence.word_offsets])
    mentions: dict[str, list[tuple[int, int]]] = {}
    for span in document.spans:
        low = int(np.searchsorted(offsets[:, 1], span.start, "right"))
        high = int(np.searchsorted(offsets[:, 0], span.end, "left"))
        if low < high:
            mentions.setdefault(span.label, []).append((low, high))
    return Passage(
        corpus,
        np.array([token for sentence in sentences for token in sentence.token_ids], np.int64),
        np.array(starts, np.int64),
        {label: tuple(places) for label, places in mentions.items()},
    )
