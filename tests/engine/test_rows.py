"""A span is taken for good only if its text is what stands at its offsets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pytest

from openbioner_batch.engine.rows import BAD_OFFSETS, annotation_rows, kind_of, offsets_hold, span_lists
from openbioner_batch.engine.shards import documents_schema
from openbioner_batch.engine.work import COUNTS_KEY
from openbioner_batch.records import Assertion, ConceptLink, Rejected, Span

TEXT = "fever"


@pytest.mark.parametrize(
    ("start", "end", "text", "holds"),
    [
        (0, 5, "fever", True),
        (1, 3, "ev", True),
        (0, 5, "Fever", False),
        (-2, 5, "er", False),  # what slicing would find
        (-5, -1, "feve", False),
        (0, 6, "fever", False),
        (2, 2, "", False),
        (3, 2, "", False),
    ],
)
def test_offsets_lie_in_the_text_and_give_the_span(start: int, end: int, text: str, holds: bool) -> None:
    span = Span(start, end, "sign", 1.0, text)
    assert offsets_hold(TEXT, [span]) is holds
    assert offsets_hold(TEXT, [Span(0, 1, "sign", 1.0, "f"), span]) is holds


@dataclass(frozen=True)
class Tagged:
    spans: Sequence[Span]
    windows: int = 1
    repeated: int = 0
    tokens: int = 10


KEPT = pa.schema([("year", pa.int16())])


def documents(*texts: str) -> pa.Table:
    places = range(len(texts))
    columns = [[f"d{n}" for n in places], ["b.txt"] * len(texts), [*places], [*texts], [2000 + n for n in places]]
    schema = documents_schema(KEPT)
    return pa.Table.from_arrays([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


def test_a_shards_rows_are_its_good_documents_and_the_rest_is_set_aside_in_order() -> None:
    fever, drug = Span(0, 5, "sign", 0.5, "fever"), Span(6, 8, "drug", 0.75, "µg")
    outcomes = [
        Tagged([fever, drug], 2, 1, 20),
        "too long: 12 tokens",
        Tagged([Span(0, 4, "sign", 1.0, "fever")]),
        Tagged([]),
    ]
    rejected = [Rejected("b.txt", 9, "line 9: bad"), Rejected("a.txt", 3, "line 3: bad"), Rejected("b.txt", 1, "again")]

    rows, aside = annotation_rows(
        documents("fever µg", "long", "fever", "none"), outcomes, rejected, deletions=6, kept=KEPT, include_text=True
    )

    assert rows.to_pylist() == [
        {
            "document_id": "d0", "source": "b.txt", "record": 0, "year": 2000, "windows": 2, "text": "fever µg",
            "spans": [
                {"start": 0, "end": 5, "type": "sign", "score": 0.5, "text": "fever"},
                {"start": 6, "end": 8, "type": "drug", "score": 0.75, "text": "µg"},
            ],
        },
        {"document_id": "d3", "source": "b.txt", "record": 3, "year": 2003, "windows": 1, "text": "none", "spans": []},
    ]  # fmt: skip
    assert [(one.source, one.record, one.reason) for one in aside] == [
        ("a.txt", 3, "line 3: bad"),
        ("b.txt", 1, "again"),
        ("b.txt", 1, "too long: 12 tokens"),
        ("b.txt", 2, BAD_OFFSETS),
        ("b.txt", 9, "line 9: bad"),
    ]
    assert json.loads(rows.schema.metadata[COUNTS_KEY]) == {
        "documents": 2,
        "quarantined": {"line #: bad": 2, "again": 1, "too long: # tokens": 1, BAD_OFFSETS: 1},
        "deletions": 6,
        "spans": {"sign": 1, "drug": 1},
        "windows": 3,
        "tokens": 30,
        "text_bytes": len("fever µg".encode()) + len("none"),
        "amounts": {"repeated_windows": 1},
    }


def test_the_text_is_a_column_only_where_it_is_wanted_and_nothing_repeated_is_no_amount() -> None:
    rows, aside = annotation_rows(documents("fever"), [Tagged([])], [], 0, KEPT, include_text=False)

    assert (rows.num_rows, aside) == (1, [])
    assert "text" not in rows.column_names
    counts = json.loads(rows.schema.metadata[COUNTS_KEY])
    assert counts["text_bytes"] == 5
    assert "amounts" not in counts


def test_a_document_without_an_outcome_is_not_passed_over() -> None:
    for outcomes in ([Tagged([])], [Tagged([])] * 3):
        with pytest.raises(ValueError, match="argument 2"):
            annotation_rows(documents("fever", "none"), outcomes, [], 0, KEPT, include_text=False)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("line 12: bad", "line #: bad"),
        ("12 of 345", "# of #"),
        ("not UTF-8 at byte 77", "not UTF-8 at byte #"),
        ("not UTF-16", "not UTF-16"),
        ("no text", "no text"),
    ],
)
def test_reasons_are_counted_without_the_positions_in_them(reason: str, kind: str) -> None:
    assert kind_of(reason) == kind


@dataclass(frozen=True)
class Sections:
    """Says of each span in which document's section it stands, and drops those of one type."""

    dropped: str
    extras: tuple[str, ...] = ("section",)
    name: str = "--sections"

    def fingerprint(self) -> dict[str, Any]:
        return {}

    def add(self, documents: pa.Table, spans: Sequence[Sequence[Span]]) -> list[Sequence[Span]]:
        ids = documents["document_id"].to_pylist()
        return [
            [replace(span, section=f"{span.section or ''}{id}") for span in found if span.type != self.dropped]
            for id, found in zip(ids, spans, strict=True)
        ]

    def amounts(self, spans: Sequence[Span]) -> Mapping[str, int]:
        return {f"without {self.dropped}": len(spans), "nothing": 0}


def test_additions_are_made_in_order_to_the_good_documents_and_their_spans_are_what_is_counted() -> None:
    sign, drug = Span(0, 5, "sign", 0.5, "fever"), Span(6, 8, "drug", 0.75, "µg")
    outcomes = [Tagged([sign, drug]), "too long", Tagged([sign])]

    rows, _ = annotation_rows(
        documents("fever µg", "long", "fever"), outcomes, [], 0, KEPT, True, [Sections("drug"), Sections("gene")]
    )

    assert [[(span["type"], span["section"]) for span in spans] for spans in rows["spans"].to_pylist()] == [
        [("sign", "d0d0")],
        [("sign", "d2d2")],
    ]
    counts = json.loads(rows.schema.metadata[COUNTS_KEY])
    assert counts["spans"] == {"sign": 2}
    assert counts["amounts"] == {"without drug": 2, "without gene": 2}


def test_what_is_said_of_a_span_is_written_as_columns_in_it() -> None:
    link = ConceptLink("C1", "Fever", 0.5)
    spans = [
        Span(0, 5, "sign", 1.0, "fever", assertion=Assertion(negated=True), concepts=(link,)),
        Span(0, 4, "sign", 1.0, "ache", assertion=Assertion(family=True), concepts=()),
    ]

    first, second, third = span_lists([1, 0, 1], spans, ("assertion", "concepts")).to_pylist()

    assert (len(first), second, len(third)) == (1, [], 1)
    assert [name for name, flag in first[0]["assertion"].items() if flag] == ["negated"]
    assert [name for name, flag in third[0]["assertion"].items() if flag] == ["family"]
    assert (first[0]["concepts"], third[0]["concepts"]) == ([{"id": "C1", "name": "Fever", "score": 0.5}], [])
