"""Reads corpora with gold spans by path: chooses the reader, and collects what it yields for scoring."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np

from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation.corpora import canonical_name, is_split, known_corpus
from openbioner_batch.formats.gold import GoldDocument
from openbioner_batch.formats.iob import Sentence
from openbioner_batch.formats.registry import COMPRESSIONS, FORMATS, GOLD_SUFFIXES, GoldRegistration
from openbioner_batch.formats.storage import suffix_of
from openbioner_batch.records import Span

TOKENS, CHARACTERS = "tokens", "characters"


@dataclass(frozen=True, slots=True)
class GoldCorpus:
    """Texts with gold spans, each tagged separately."""

    name: str
    path: str
    texts: tuple[str, ...]
    spans: tuple[tuple[Span, ...], ...]
    level: str
    """"tokens" where the corpus is tokenised (a text is a sentence's tokens joined by spaces), else "characters"."""
    documents: np.ndarray
    """[texts] index of the document that each text belongs to; each its own where none are marked."""
    ids: tuple[str, ...] | None
    """The document id of each text; None where the corpus has none."""
    discontinuous: int = 0
    """How many gold mentions have several parts; they are left out."""

    @property
    def labels(self) -> set[str]:
        """The labels of the gold spans."""
        return {span.type for spans in self.spans for span in spans}

    @property
    def unit(self) -> str:
        """The units of the bootstrap: "documents", or "sentences" of tokens where no documents are marked."""
        each_alone = self.level == TOKENS and len(set(self.documents.tolist())) == len(self.texts)
        return "sentences" if each_alone else "documents"


def read_corpus(path: str | Path, format_name: str | None = None, limit: int | None = None) -> GoldCorpus:
    """The corpus at a path.

    >>> from tempfile import TemporaryDirectory
    >>> folder = TemporaryDirectory()
    >>> file = Path(folder.name, "notes.jsonl")
    >>> _ = file.write_text('{"id": "1", "text": "Aspirin for fever.", "spans": [[0, 7, "Drug"]]}')
    >>> [[(span.text, span.type) for span in spans] for spans in read_corpus(file).spans]
    [[('Aspirin', 'Drug')]]

    Args:
        path: a file, plain or packed, or a folder of pairs of files.
        format_name: one of `GOLD_SUFFIXES`; None goes by the suffix.
        limit: how many sentences of tokens or documents to take, spread evenly over the corpus; None takes all.

    Raises:
        UsageError: the corpus cannot be read, is malformed or empty, or its format is unknown.
    """
    path = Path(path)
    if not path.exists():
        raise UsageError(f"--corpus {path}: no such file or folder")
    chosen = format_name or format_of(path)
    if chosen not in GOLD_SUFFIXES:
        raise UsageError(f"--format {chosen}: expected one of {', '.join(GOLD_SUFFIXES)}")
    gold = FORMATS[chosen].gold
    assert gold is not None, "only formats of gold spans have GOLD_SUFFIXES"
    source = _reader(gold)(path)
    corpus = _tokens(path, source) if gold.tokenised else _characters(path, source)
    if not corpus.texts:
        raise UsageError(f"{path} has no sentences")
    return limited(corpus, limit)


def limited(corpus: GoldCorpus, limit: int | None) -> GoldCorpus:
    """So many of its texts, spread evenly; None takes all."""
    if limit is None or limit >= len(corpus.texts):
        return corpus
    dropped = np.ones(len(corpus.texts), np.bool_)
    dropped[np.arange(limit) * len(corpus.texts) // limit] = False
    return without_texts(corpus, dropped)


def in_blocks(corpus: GoldCorpus, size: int, limit: int | None = None) -> tuple[GoldCorpus, GoldCorpus]:
    """A tokenised corpus in blocks of consecutive sentences of a document: each sentence a text, and each block one.

    Where no documents are marked, blocks are documents.

    Args:
        corpus: of sentences.
        size: the most sentences of a block.
        limit: about how many sentences to take, in whole blocks spread evenly over the corpus; None takes all.
    """
    places = np.arange(len(corpus.texts))
    sentences = replace(corpus, documents=places // size) if corpus.unit == "sentences" else corpus
    begins = np.diff(sentences.documents, prepend=-1) != 0
    within = places - np.maximum.accumulate(np.where(begins, places, 0))
    blocks = np.cumsum(within % size == 0) - 1
    count = int(blocks[-1]) + 1
    if limit is not None and limit < len(places):
        wanted = max(1, limit * count // len(places))
        dropped = ~np.isin(blocks, np.arange(wanted) * count // wanted)
        sentences, blocks = without_texts(sentences, dropped), blocks[~dropped]
    firsts = np.flatnonzero(np.diff(blocks, prepend=-1)).tolist()
    joined = [
        _one_text(sentences.texts[first:after], sentences.spans[first:after])
        for first, after in pairwise([*firsts, len(sentences.texts)])
    ]
    whole = replace(
        sentences,
        name=f"{corpus.name} in texts of {size}",
        texts=tuple(text for text, _ in joined),
        spans=tuple(spans for _, spans in joined),
        documents=sentences.documents[firsts],
    )
    return sentences, whole


def _one_text(texts: Sequence[str], spans: Sequence[Sequence[Span]]) -> tuple[str, tuple[Span, ...]]:
    starts = np.cumsum([0, *(len(text) + 1 for text in texts)]).tolist()
    moved = [
        replace(span, start=span.start + start, end=span.end + start)
        for start, of_text in zip(starts, spans, strict=False)
        for span in of_text
    ]
    return " ".join(texts), tuple(moved)


def corpus_name(path: Path) -> str:
    """A corpus's name: the known name of its file or folder, else the file's name.

    A file named only by its split (`test.tsv`) has the name of its folder.
    """
    folder = path.absolute().parent.name
    known = known_corpus(path.name) or known_corpus(folder)
    return known.name if known else canonical_name(folder if is_split(path.name) else path.name)


def without_texts(corpus: GoldCorpus, dropped: np.ndarray) -> GoldCorpus:
    """`corpus` without some of its texts.

    Args:
        corpus: the whole.
        dropped: [texts] bool.
    """
    kept = np.flatnonzero(~dropped).tolist()
    return replace(
        corpus,
        texts=tuple(corpus.texts[index] for index in kept),
        spans=tuple(corpus.spans[index] for index in kept),
        documents=_renumbered(corpus.documents[kept]),
        ids=corpus.ids and tuple(corpus.ids[index] for index in kept),
    )


def _renumbered(documents: Sequence[int] | np.ndarray) -> np.ndarray:
    """The same documents, numbered from 0 without gaps."""
    return np.unique(np.array(documents, np.int64), return_inverse=True)[1]


def folder_format() -> str:
    """The format of a corpus that is a folder of files."""
    return next(name for name in GOLD_SUFFIXES if FORMATS[name].paired)


def format_of(path: Path) -> str:
    """The format of gold spans that a file's suffix says, or a folder has.

    Raises:
        UsageError: no format has the suffix.
    """
    if path.is_dir():
        return folder_format()
    suffix = suffix_of(path.name)
    found = next((name for name, suffixes in GOLD_SUFFIXES.items() if suffix in suffixes), None)
    if not found:
        known = ", ".join(suffix for suffixes in GOLD_SUFFIXES.values() for suffix in suffixes)
        raise UsageError(
            f"{path}: the suffix belongs to no known format ({known}, each also with {', '.join(COMPRESSIONS)}); "
            f"say which with --format, one of {', '.join(GOLD_SUFFIXES)}"
        )
    return found


def _reader(gold: GoldRegistration) -> Callable[[Path], Iterator[Any]]:
    """The function that reads the gold documents, or the sentences, of a format."""
    module, _, function = gold.place.partition(":")
    found = getattr(import_module(f"openbioner_batch.formats.{module}"), function)
    return cast("Callable[[Path], Iterator[Any]]", found)


def _tokens(path: Path, source: Iterator[Sentence]) -> GoldCorpus:
    sentences = list(source)
    marked = any(sentence.document for sentence in sentences)
    documents = [sentence.document if marked else index for index, sentence in enumerate(sentences)]
    return GoldCorpus(
        corpus_name(path),
        str(path),
        tuple(sentence.text for sentence in sentences),
        tuple(sentence.spans for sentence in sentences),
        TOKENS,
        _renumbered(documents),
        ids=None,
    )


def _characters(path: Path, source: Iterator[GoldDocument]) -> GoldCorpus:
    documents = list(source)
    return GoldCorpus(
        corpus_name(path),
        str(path),
        tuple(document.text for document in documents),
        tuple(document.spans for document in documents),
        CHARACTERS,
        np.arange(len(documents)),
        tuple(document.id for document in documents),
        sum(document.discontinuous for document in documents),
    )
