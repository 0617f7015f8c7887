"""The benchmark protocol: a corpus's types queried together over its texts, strict entity-level scores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation.bootstrap import interval, macro_measures, measures, resampled_counts
from openbioner_batch.evaluation.labels import Labels
from openbioner_batch.evaluation.metrics import CountsByDocument, SpanKey, count_by_document
from openbioner_batch.evaluation.reading import TOKENS, GoldCorpus
from openbioner_batch.records import EntityType, Span

if TYPE_CHECKING:
    from openbioner_batch.model import Prepared, Tagger

Types = Sequence[EntityType] | Sequence[Sequence[EntityType]]
Find = Callable[[Sequence[str]], Sequence[Iterable[Span]]]
"""Anything that finds spans in texts; their types are names of queried types."""
Progress = Callable[[str, int, int], None]
"""Called with a corpus's name, how many of its texts are done, and how many it has."""

MEASURES = ("precision", "recall", "f1")
_CHARACTERS_AT_ONCE = 64_000
"""Texts tagged together: enough for full batches, few enough to show progress."""


def words_for(corpus: GoldCorpus) -> str:
    """How a model splits the texts: a tokenised corpus at its own tokens, raw text at words and marks."""
    return "whitespace" if corpus.level == TOKENS else "basic"


def model_finder(tagger: Tagger, views: Sequence[Types], words: str) -> Find:
    """A model as something that finds spans.

    Args:
        tagger: the model, calibrated or not.
        views: the types queried together (or groups of them), described in one or several ways. Several are an
            ensemble: each description is queried in passes of its own, and a word's logits are the mean over the views.
        words: "whitespace" or "basic".
    """

    def find(texts: Sequence[str]) -> list[list[Span]]:
        prepared, logits = view_logits(tagger, views, words, texts)
        return tagger.decode(prepared, logits)

    return find


def view_logits(
    tagger: Tagger, views: Sequence[Types], words: str, texts: Sequence[str]
) -> tuple[Prepared, list[np.ndarray]]:
    """Texts prepared, and for each group of types the mean over the views of their raw logits [words, 1 + types]."""
    prepared = [tagger.preparer(types, words).prepare(texts) for types in views]
    by_view = [list(tagger.word_logits(one)) for one in prepared]
    return prepared[0], [mean_logits(of_group) for of_group in zip(*by_view, strict=True)]


def mean_logits(logits: Sequence[np.ndarray]) -> np.ndarray:
    """The mean of logits of several views; for one view, the same logits."""
    return logits[0] if len(logits) == 1 else np.asarray(np.mean(logits, axis=0, dtype=np.float64), np.float32)


def portions(corpus: GoldCorpus, progress: Progress | None = None) -> Iterator[Sequence[str]]:
    """Consecutive texts of about as many characters; progress is reported as the next ones are read."""
    first, characters = 0, 0
    for index, text in enumerate(corpus.texts, 1):
        characters += len(text)
        if characters >= _CHARACTERS_AT_ONCE or index == len(corpus.texts):
            yield corpus.texts[first:index]
            first, characters = index, 0
            if progress:
                progress(corpus.name, index, len(corpus.texts))


def find_spans(find: Find, corpus: GoldCorpus, progress: Progress | None = None) -> list[Iterable[Span]]:
    """The spans found in each text of a corpus."""
    found: list[Iterable[Span]] = []
    for texts in portions(corpus, progress):
        found.extend(find(texts))
    return found


def check_labels(corpus: GoldCorpus, labels: Labels) -> None:
    """Refuse a corpus with labels that the request does not cover.

    Raises:
        UsageError: labels are not covered; names them.
    """
    if unasked := corpus.labels - set(labels.types) - labels.left_out:
        raise UsageError(
            f"{corpus.path} has labels without a type: {', '.join(sorted(unasked))} "
            f"(given: {', '.join(labels.types)}); add Label=name to --types, or Label=- to leave its spans out"
        )


def count_found(corpus: GoldCorpus, labels: Labels, found: Sequence[Iterable[Span]]) -> CountsByDocument:
    """What was found in each text of a corpus against its gold spans.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from openbioner_batch.evaluation import read_corpus
    >>> from openbioner_batch.evaluation.labels import resolve_labels
    >>> folder = TemporaryDirectory()
    >>> file = Path(folder.name, "notes.jsonl")
    >>> _ = file.write_text('{"id": "1", "text": "Aspirin for fever.", "spans": [[0, 7, "Drug"]]}')
    >>> found = [[Span(0, 7, "drug", 0.9, "Aspirin"), Span(12, 17, "drug", 0.6, "fever")]]
    >>> counts = count_found(read_corpus(file), resolve_labels({"Drug": "drug"}), found)
    >>> counts.scores.micro
    Counts(gold=1, predicted=2, correct=1)
    """
    rows = labels.rows
    gold = (_key(index, span, labels.row_of(span.type)) for index, span in _scored_spans(corpus, labels))
    predicted = (_key(index, span, rows[span.type]) for index, spans in enumerate(found) for span in spans)
    return count_by_document(gold, predicted, corpus.documents.tolist(), tuple(rows.values()))


def _scored_spans(corpus: GoldCorpus, labels: Labels) -> Iterator[tuple[int, Span]]:
    for index, spans in enumerate(corpus.spans):
        yield from ((index, span) for span in spans if span.type in labels.types)


def _key(text: int, span: Span, row: str) -> SpanKey:
    return text, span.start, span.end, row


@dataclass(frozen=True, slots=True)
class Estimate:
    """The scores of a corpus with intervals from a bootstrap over its documents.

    Attributes:
        counts: the counts behind them.
        resampled: [resamples, types, 3] pooled counts of the resamples.
    """

    counts: CountsByDocument
    resampled: np.ndarray

    @property
    def resampled_micro(self) -> np.ndarray:
        """[resamples, 3] micro precision, recall, F1."""
        return measures(self.resampled.sum(axis=1))

    def as_dict(self) -> dict[str, Any]:
        """Scores as plain values from 0 to 1, each measure with its 95 % interval."""
        scores = self.counts.scores.as_dict()
        by_type = measures(self.resampled)
        micro = {**scores["micro"], **intervals(self.resampled_micro)}
        macro = {**scores["macro"], **intervals(macro_measures(self.resampled))}
        columns = {name: column for column, name in enumerate(self.counts.types)}
        per_type = {
            name: {**values, **intervals(by_type[:, columns[name]])} for name, values in scores["per_type"].items()
        }
        return {"micro": micro, "macro": macro, "per_type": per_type}


def estimate(counts: CountsByDocument, name: str, resamples: int = 1000, seed: int = 42) -> Estimate:
    """Scores with intervals.

    >>> gold, found = {(0, 0, 7, "drug"), (1, 0, 5, "drug")}, {(0, 0, 7, "drug"), (1, 9, 12, "drug")}
    >>> micro = estimate(count_by_document(gold, found, [0, 1], ["drug"]), "notes").as_dict()["micro"]
    >>> micro["f1"], micro["f1_interval"]
    (0.5, [0.0, 1.0])

    Args:
        counts: of every document.
        name: of the corpus (see `resampled_counts`).
        resamples: how many bootstrap resamples.
        seed: of their draws.
    """
    return Estimate(counts, resampled_counts(counts.counts, resamples, seed, name))


def average(estimates: Sequence[Estimate]) -> dict[str, Any]:
    """The mean over corpora of micro precision, recall and F1, with intervals from resampling each independently."""
    points = [measures(one.counts.counts.sum(axis=(0, 1))) for one in estimates]
    means = dict(zip(MEASURES, np.mean(points, axis=0).tolist(), strict=True))
    return {**means, **intervals(np.mean([one.resampled_micro for one in estimates], axis=0))}


def intervals(resampled: np.ndarray) -> dict[str, list[float]]:
    """`{"f1_interval": [low, high], ...}` of [resamples, 3] measures."""
    found = {name: interval(resampled[:, column]) for column, name in enumerate(MEASURES)}
    return {f"{name}_interval": [one.low, one.high] for name, one in found.items()}
