"""Adds up the statistics of a run's rows for a page, batch by batch in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openbioner_batch.formats.long import best_concepts
from openbioner_batch.records import ABSENT, ASSERTIONS
from openbioner_batch.report.frequent import FrequentItems

SCORE_BINS = 20
NO_SECTION = "none"
_MENTIONS_IN_MEMORY = 400_000


@dataclass(slots=True)
class TypeStatistics:
    """The statistics of each type's spans; rows of arrays are types, in the order of `names`."""

    names: Sequence[str]
    spans: np.ndarray = field(init=False)
    documents: int = 0
    without_spans: int = 0
    together: np.ndarray = field(init=False)
    """How many documents have a span of both types; on the diagonal, of one type."""
    scores: np.ndarray = field(init=False)
    """How many spans have a score in each of `SCORE_BINS` equal parts of 0 to 1."""
    spans_per_document: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        count = len(self.names)
        self.spans = np.zeros(count, np.int64)
        self.together = np.zeros((count, count), np.int64)
        self.scores = np.zeros((count, SCORE_BINS), np.int64)

    def add(self, types: pa.Array, scores: pa.Array, rows: np.ndarray, documents: int) -> None:
        """Count the spans of some documents.

        Args:
            types: of each span.
            scores: of each span.
            rows: which of the documents each span is of.
            documents: how many there are; further calls add further ones.
        """
        count = len(self.names)
        codes = pc.index_in(types, pa.array(self.names, pa.string())).to_numpy(zero_copy_only=False).astype(np.int64)
        parts = np.clip((np.asarray(scores, np.float64) * SCORE_BINS).astype(np.int64), 0, SCORE_BINS - 1)
        self.scores += np.bincount(codes * SCORE_BINS + parts, minlength=count * SCORE_BINS).reshape(count, SCORE_BINS)
        self.spans += np.bincount(codes, minlength=count)
        present = np.zeros((documents, count), np.float64)
        present[rows, codes] = 1
        self.together += (present.T @ present).astype(np.int64)
        lengths = np.bincount(rows, minlength=documents)
        self.documents += documents
        self.without_spans += int((lengths == 0).sum())
        for length, times in zip(*np.unique(lengths, return_counts=True), strict=True):
            self.spans_per_document[int(length)] += int(times)

    def quantile(self, place: int, share: float) -> float | None:
        """The score below which that share of a type's spans lies, as far as the parts show; None without spans."""
        total = self.scores[place].sum()
        if not total:
            return None
        below = np.concatenate([[0], np.cumsum(self.scores[place])])
        return float(np.interp(share * total, below, np.linspace(0, 1, SCORE_BINS + 1)))


@dataclass(slots=True)
class RunStatistics:
    """The statistics of a tagging run's rows."""

    types: TypeStatistics
    windows: Counter[int] = field(default_factory=Counter)
    """How many documents have each number of windows."""
    said: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Spans by type and by each flag of their assertion that is set."""
    sections: Counter[str] = field(default_factory=Counter)
    """Spans by their section."""
    mentions: dict[str, FrequentItems] = field(init=False)
    concepts: dict[str, FrequentItems] = field(init=False)
    """The best concepts of spans as `id name`, where the run has linked them: of those that the patient has."""
    absent: Counter[str] = field(default_factory=Counter)
    """Linked spans that `concepts` leaves out, by each flag of `ABSENT` that is set."""
    left_out: int = 0
    """Linked spans that `concepts` leaves out, each once."""

    def __post_init__(self) -> None:
        names = self.types.names
        capacity = max(1_000, _MENTIONS_IN_MEMORY // (2 * max(1, len(names))))
        self.mentions = {name: FrequentItems(capacity) for name in names}
        self.concepts = {name: FrequentItems(capacity) for name in names}

    def add(self, batch: pa.RecordBatch) -> None:
        """Count some rows of a run: their columns `spans` and `windows`."""
        spans = batch["spans"]
        flat = spans.flatten()
        lengths = pc.list_value_length(spans).to_numpy(zero_copy_only=False)
        rows = np.repeat(np.arange(batch.num_rows), lengths)
        self.types.add(flat.field("type"), flat.field("score"), rows, batch.num_rows)
        for windows, times in zip(*np.unique(np.asarray(batch["windows"]), return_counts=True), strict=True):
            self.windows[int(windows)] += int(times)
        self._add_said(flat)
        self._count(self.mentions, flat.field("type"), flat.field("text"))
        if flat.type.get_field_index("concepts") >= 0:
            best = best_concepts(flat.field("concepts"))
            texts = pc.binary_join_element_wise(best["concept_id"], best["concept_name"], " ")
            is_counted = pc.and_(pc.is_valid(texts), pc.invert(self._absent(flat, pc.is_valid(texts))))
            self._count(self.concepts, flat.field("type").filter(is_counted), texts.filter(is_counted))

    def _absent(self, spans: pa.StructArray, is_linked: pa.Array) -> pa.Array:
        """Which spans the patient does not have; those among the linked ones are counted."""
        found = pa.array(np.zeros(len(spans), bool))
        if spans.type.get_field_index("assertion") < 0:
            return found
        for flag in ABSENT:
            is_set = spans.field("assertion").field(flag)
            self.absent[flag] += int(pc.sum(pc.and_(is_set, is_linked)).as_py() or 0)
            found = pc.or_(found, is_set)
        self.left_out += int(pc.sum(pc.and_(found, is_linked)).as_py() or 0)
        return found

    def _count(self, counters: dict[str, FrequentItems], types: pa.Array, texts: pa.Array) -> None:
        pairs = pa.table({"type": types, "text": texts})
        counted = pairs.group_by(["type", "text"], use_threads=False).aggregate([([], "count_all")])
        columns = (counted[name].to_pylist() for name in ("type", "text", "count_all"))
        for name, text, times in zip(*columns, strict=True):
            counters[name].add([(text, times)])

    def _add_said(self, spans: pa.StructArray) -> None:
        """Count the fields that only some runs have."""
        present = {field.name for field in spans.type}
        for flag in ASSERTIONS if "assertion" in present else ():
            types = spans.field("type").filter(spans.field("assertion").field(flag))
            for pair in types.value_counts().to_pylist():
                self.said[pair["values"], flag] += pair["counts"]
        for pair in spans.field("section").value_counts().to_pylist() if "section" in present else ():
            self.sections[pair["values"] or NO_SECTION] += pair["counts"]
