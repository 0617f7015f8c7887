"""Finds texts of a test corpus that are also in training data: by document id, and by normalised sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation.reading import TOKENS, GoldCorpus
from openbioner_batch.formats.gold import numbered_lines
from openbioner_batch.model.sentences import sentence_starts
from openbioner_batch.training.overlap import BenchmarkSentences, letters_and_digits


@dataclass(frozen=True, slots=True)
class Overlap:
    """The texts that a corpus shares with training data.

    Attributes:
        by_id: [texts] bool, whether a training document has the id of the text's document.
        by_sentence: [texts] bool, whether a training text contains a whole sentence of the text.
    """

    by_id: np.ndarray
    by_sentence: np.ndarray

    @property
    def shared(self) -> np.ndarray:
        """[texts] bool, either."""
        return self.by_id | self.by_sentence


def find_overlap(corpus: GoldCorpus, training: str | Path) -> Overlap:
    """Compare a corpus with training data.

    Sentences are compared by letters and digits, in lower case; short ones (headings) are not
    compared.

    Args:
        corpus: the test corpus.
        training: a folder with silver data (`passages/*.parquet`) or JSONL corpora (objects with `text` and `id`), or
            one such file.

    Raises:
        UsageError: the folder has no training data.
    """
    by_text = [_sentences(corpus, text) for text in corpus.texts]
    sentences = BenchmarkSentences(sentence for of_text in by_text for sentence in of_text)
    ids: set[str] = set()
    seen: set[str] = set()
    for identifier, text in _training_texts(Path(training)):
        ids.update((identifier, identifier.rpartition("/")[0]))  # a passage is called DOCUMENT/NUMBER
        seen.update(sentences.sentences_in(text))
    by_id = [bool(name) and name in ids for name in corpus.ids or [""] * len(corpus.texts)]
    by_sentence = [any(letters_and_digits(sentence) in seen for sentence in of_text) for of_text in by_text]
    return Overlap(np.array(by_id, np.bool_), np.array(by_sentence, np.bool_))


def _sentences(corpus: GoldCorpus, text: str) -> list[str]:
    if corpus.level == TOKENS:
        return [text]
    return [text[start:end] for start, end in pairwise([*sentence_starts(text), len(text)])]


def _training_texts(path: Path) -> Iterator[tuple[str, str]]:
    parts = [path] if path.is_file() else sorted([*path.glob("passages/*.parquet"), *path.glob("*.parquet")])
    parts += [] if path.is_file() else sorted([*path.glob("*.jsonl"), *path.glob("*.jsonl.gz")])
    if not parts:
        raise UsageError(
            f"--overlap-with {path}: expected a folder with passages/*.parquet or *.jsonl[.gz], or one such file"
        )
    for part in parts:
        yield from _passages(part) if part.suffix == ".parquet" else _lines(part)


def _passages(path: Path) -> Iterator[tuple[str, str]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        for batch in pq.ParquetFile(path).iter_batches(columns=["passage_id", "text"]):
            if batch.num_columns < 2:
                raise UsageError(f"--overlap-with {path}: expected the columns passage_id and text")
            yield from zip(batch["passage_id"].to_pylist(), batch["text"].to_pylist(), strict=True)
    except (pa.ArrowException, OSError) as error:
        raise UsageError(f"--overlap-with {path}: cannot be read ({type(error).__name__})") from None


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    for number, line in numbered_lines(path):
        try:
            raw = json.loads(line)
            yield str(raw.get("id", "")), raw["text"]
        except (ValueError, KeyError, AttributeError):
            raise UsageError(f'{path}, line {number}: expected a JSON object with "text"') from None
