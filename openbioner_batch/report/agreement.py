"""Measures the agreement of two runs over the same documents, by type."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from openbioner_batch.engine.tables import open_table
from openbioner_batch.errors import UsageError
from openbioner_batch.formats.writing import span_tuples
from openbioner_batch.records import ASSERTIONS, Span
from openbioner_batch.report.documents import annotated_files

if TYPE_CHECKING:
    from rich.console import Console

_ROWS_AT_ONCE = 256
_Row = tuple[tuple[str, int], tuple[Span, ...]]


@dataclass(slots=True)
class TypeAgreement:
    """Counts of one type's spans in two runs, over the documents that both have.

    >>> TypeAgreement(first=3, second=2, same=2).strict
    0.8
    """

    first: int = 0
    second: int = 0
    same: int = 0
    """Spans of both with the same offsets and type."""
    first_overlapping: int = 0
    """Spans of the first run that share a character with one of the second of the same type."""
    second_overlapping: int = 0

    @property
    def strict(self) -> float | None:
        """F1 of one run against the other where offsets and type must be the same; the order does not matter."""
        total = self.first + self.second
        return 2 * self.same / total if total else None

    @property
    def overlap(self) -> float | None:
        """The same, but a shared character is enough."""
        total = self.first + self.second
        return (self.first_overlapping + self.second_overlapping) / total if total else None

    def add(self, other: TypeAgreement) -> None:
        """Sum up the counts of other documents."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class Agreement:
    """Two runs compared, document by document."""

    documents: int = 0
    """Documents that both runs have."""
    equal: int = 0
    """Documents with the same spans in both."""
    only_first: int = 0
    only_second: int = 0
    types: dict[str, TypeAgreement] = field(default_factory=lambda: defaultdict(TypeAgreement))
    said: dict[str, TypeAgreement] = field(default_factory=lambda: defaultdict(TypeAgreement))
    """Agreement of assertion flags, sections and best concepts, over the spans that both runs have with such a value.

    `first` and `second` are the spans of which a run says it, `same` those of which both say the same.
    """

    @property
    def total(self) -> TypeAgreement:
        """Over all types."""
        total = TypeAgreement()
        for counts in self.types.values():
            total.add(counts)
        return total

    def add(self, first: Sequence[Span], second: Sequence[Span]) -> None:
        """Count one document."""
        self.documents += 1
        sides = [{(span.type, span.start, span.end) for span in spans} for spans in (first, second)]
        self.equal += sides[0] == sides[1]
        self._add_said(first, second)
        for kind in {kind for side in sides for kind, _, _ in side}:
            ours, theirs = (sorted((start, end) for name, start, end in side if name == kind) for side in sides)
            counts = self.types[kind]
            counts.first += len(ours)
            counts.second += len(theirs)
            counts.same += len(set(ours) & set(theirs))
            counts.first_overlapping += _overlapping(ours, theirs)
            counts.second_overlapping += _overlapping(theirs, ours)

    def _add_said(self, first: Sequence[Span], second: Sequence[Span]) -> None:
        others = {(span.type, span.start, span.end): span for span in second}
        for span in first:
            other = others.get((span.type, span.start, span.end))
            if other is None:
                continue
            if span.assertion and other.assertion:
                for flag in {*span.assertion.words, *other.assertion.words}:
                    self._count_said(flag, getattr(span.assertion, flag), getattr(other.assertion, flag))
            if span.section and other.section:
                self._count_said("section", span.section, other.section)
            if span.concepts is not None and other.concepts is not None and (span.concept or other.concept):
                self._count_said("concept", *(one.concept.id if one.concept else "" for one in (span, other)))

    def _count_said(self, name: str, ours: bool | str, theirs: bool | str) -> None:
        counts = self.said[name]
        counts.first += bool(ours)
        counts.second += bool(theirs)
        counts.same += ours == theirs

    def as_json(self) -> dict[str, Any]:
        """The counts and the agreement, by type and in all."""
        return {
            "documents": {
                "both": self.documents,
                "equal": self.equal,
                "only_first": self.only_first,
                "only_second": self.only_second,
            },
            "total": _as_json(self.total),
            "types": {kind: _as_json(self.types[kind]) for kind in sorted(self.types)},
            **({"said": {name: _said_json(self.said[name]) for name in _said_names(self)}} if self.said else {}),
        }


def compare_runs(first: str, second: str) -> Agreement:
    r"""Compare the spans of two runs, joined by source and record.

    Both are read once, side by side. Runs over the same inputs come in the same order, so that only the documents
    that one of them lacks are held.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from openbioner_batch import AnnotateSettings, annotate
    >>> from openbioner_batch.concepts import build_vocabulary
    >>> folder = TemporaryDirectory()
    >>> notes, names, index = (f"{folder.name}/{name}" for name in ("notes.jsonl", "names.csv", "names.vocab"))
    >>> _ = Path(notes).write_text('{"id": "1", "text": "Fever, but no cough."}')
    >>> runs = []
    >>> for words in (["fever"], ["fever", "cough"]):
    ...     _ = Path(names).write_text("id,name\n" + "".join(f"{word},{word}\n" for word in words))
    ...     dictionary = f"symptom={build_vocabulary(names, index).path}"
    ...     runs.append(f"{folder.name}/{len(words)}")
    ...     _ = annotate(AnnotateSettings((notes,), runs[-1], dictionary=(dictionary,)), say=lambda line: None)
    >>> compare_runs(*runs).types["symptom"]
    TypeAgreement(first=1, second=2, same=1, first_overlapping=1, second_overlapping=1)

    Args:
        first: the folder of a run, local or any fsspec URL.
        second: another run's.

    Raises:
        UsageError: a folder holds no run, or the runs have no document in common.
    """
    agreement = Agreement()
    waiting: tuple[dict[tuple[str, int], tuple[Span, ...]], ...] = ({}, {})
    for pair in zip_longest(_rows(first), _rows(second)):
        for side, row in enumerate(pair):
            if row is None:
                continue
            key, spans = row
            if key not in waiting[1 - side]:
                waiting[side][key] = spans
                continue
            other = waiting[1 - side].pop(key)
            agreement.add(*((spans, other) if side == 0 else (other, spans)))
    agreement.only_first, agreement.only_second = len(waiting[0]), len(waiting[1])
    if not agreement.documents:
        raise UsageError(f"{first} and {second} have no document in common: give two runs over the same inputs")
    return agreement


def show_agreement(agreement: Agreement, console: Console) -> None:
    """Print the agreement as a table."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("type", "first", "second", "same", "strict", "overlap"):
        table.add_column(name, justify="left" if name == "type" else "right")
    for kind, counts in [*sorted(agreement.types.items()), ("all", agreement.total)]:
        shares = ["-" if share is None else f"{100 * share:.1f} %" for share in (counts.strict, counts.overlap)]
        table.add_row(kind, f"{counts.first:,}", f"{counts.second:,}", f"{counts.same:,}", *shares)
    console.print(
        f"{agreement.documents:,} documents in both, {agreement.equal:,} with the same spans; "
        f"{agreement.only_first:,} only in the first, {agreement.only_second:,} only in the second",
        soft_wrap=True,
    )
    console.print(table)
    if agreement.said:
        console.print("\nof the spans with the same offsets and type")
        said = Table(box=None, pad_edge=False)
        for name in ("said", "first", "second", "same", "agreement"):
            said.add_column(name, justify="left" if name == "said" else "right")
        for name in _said_names(agreement):
            counts = agreement.said[name]
            share = "-" if counts.strict is None else f"{100 * counts.strict:.1f} %"
            said.add_row(name, f"{counts.first:,}", f"{counts.second:,}", f"{counts.same:,}", share)
        console.print(said)


def _said_names(agreement: Agreement) -> list[str]:
    return [name for name in (*ASSERTIONS, "section", "concept") if name in agreement.said]


def _said_json(counts: TypeAgreement) -> dict[str, Any]:
    return {"first": counts.first, "second": counts.second, "same": counts.same, "agreement": counts.strict}


def _as_json(counts: TypeAgreement) -> dict[str, Any]:
    found = {name: getattr(counts, name) for name in TypeAgreement.__slots__}
    return found | {"strict": counts.strict, "overlap": counts.overlap}


def _rows(output: str) -> Iterator[_Row]:
    """Identity and spans of each row of a run, in the order of its shards."""
    store, names = annotated_files(output)
    for name in names:
        with open_table(store, name) as parquet:
            for batch in parquet.iter_batches(_ROWS_AT_ONCE, columns=["source", "record", "spans"]):
                keys = zip(batch["source"].to_pylist(), batch["record"].to_pylist(), strict=True)
                yield from zip(keys, span_tuples(batch["spans"]), strict=True)


def _overlapping(ours: list[tuple[int, int]], theirs: list[tuple[int, int]]) -> int:
    """How many of the sorted spans share a character with one of the others."""
    starts = [start for start, _ in theirs]
    furthest: list[int] = []
    for _, end in theirs:
        furthest.append(max(end, furthest[-1] if furthest else 0))
    count = 0
    for start, end in ours:
        before = bisect_left(starts, end)  # these begin before ours ends; one of them must end after ours begins
        count += before > 0 and furthest[before - 1] > start
    return count
