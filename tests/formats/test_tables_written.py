"""What stands in each cell of the tables that are written, and in rows that become objects."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from formats.annotating import ORIGIN, rows_of
from formats.reading import documents, read_all

from openbioner_batch.formats import ReadOptions, get_format, get_writer, list_inputs, writing
from openbioner_batch.formats.long import to_json
from openbioner_batch.formats.writing import Origin
from openbioner_batch.records import Assertion, ConceptLink, Span

ZINC = Span(0, 4, "drug", 0.1, "Zinc")
KEPT = pa.schema(
    [
        *(("day", pa.date32()), ("seen", pa.timestamp("s", "UTC")), ("dose", pa.decimal128(6, 2))),
        *(("ward", pa.dictionary(pa.int8(), pa.string())), ("key", pa.binary()), ("tags", pa.list_(pa.string()))),
    ]
)
VALUES = {
    **{"day": date(2020, 1, 2), "seen": datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC), "dose": Decimal("1.50")},
    **{"ward": "Süd", "key": b"\x01\xff", "tags": ["ä", "b"]},
}
NOTHING: dict[str, Any] = dict.fromkeys(VALUES)


def csv_of(name: str, rows: pa.Table, origin: Origin = ORIGIN) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(get_writer(name).write(rows, origin).decode(), newline="")))


def test_cells_of_every_type_are_written_as_they_are_said() -> None:
    rows = rows_of([("Zinc", [ZINC]), ("Zinc", [ZINC])], kept=KEPT, metadata=[VALUES, NOTHING])
    full, empty = csv_of("csv", rows)
    assert {name: full[name] for name in VALUES} == {
        **{"day": "2020-01-02", "seen": "2020-01-02 03:04:05Z", "dose": "1.50"},
        **{"ward": "Süd", "key": '"01ff"', "tags": '["ä", "b"]'},
    }
    assert {empty[name] for name in VALUES} == {""}


def test_kept_columns_with_names_of_the_spans_own_are_told_apart() -> None:
    kept = pa.schema([("type", pa.string()), ("kept_type", pa.string()), ("start", pa.int8())])
    rows = rows_of([("Zinc", [ZINC])], kept=kept, metadata=[{"type": "a", "kept_type": "b", "start": 7}])
    (row,) = csv_of("csv", rows)
    assert [row[name] for name in ("type", "start", "kept_type", "kept_kept_type", "kept_start")] == [
        *("drug", "0", "a", "b", "7")
    ]


def test_json_in_cells_has_what_json_has() -> None:
    value = {"ä": [float("nan"), float("inf"), 0.5, b"\x01", date(2020, 1, 2), Decimal("1.5")], "none": None}
    assert to_json(value) == '{"ä": [null, null, 0.5, "01", "2020-01-02", "1.5"], "none": null}'
    assert to_json([datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)]) == '["2020-01-02T03:04:05+00:00"]'


def test_a_long_table_has_a_column_for_each_flag_and_for_the_best_concept() -> None:
    links = ConceptLink("X:1", "zinc", 0.9), ConceptLink("X:2", "zinc oxide", 0.5)
    marks = [
        *(replace(ZINC, assertion=Assertion(), section=None, concepts=()) for _ in range(2)),
        replace(ZINC, assertion=Assertion(family=True), section="plan", concepts=links),
        replace(ZINC, assertion=Assertion(negated=True), section="", concepts=links[1:]),
    ]
    rows = rows_of([("Zinc", marks[:3]), ("", []), ("Zinc", marks[3:])], extras=("assertion", "section", "concepts"))
    found = csv_of("csv", rows)
    assert [(row["record"], row["negated"], row["family"], row["section"]) for row in found] == [
        *(("0", "false", "false", ""), ("0", "false", "false", ""), ("0", "false", "true", "plan")),
        ("2", "true", "false", ""),
    ]
    assert [(row["concept_id"], row["concept_name"], row["concept_score"]) for row in found] == [
        *(("", "", ""), ("", "", ""), ("X:1", "zinc", "0.9"), ("X:2", "zinc oxide", "0.5"))
    ]
    assert [len(json.loads(row["concepts"])) for row in found] == [0, 0, 2, 1]


def test_scores_of_concepts_have_one_rounding_in_all_formats() -> None:
    links = ConceptLink("X:1", "zinc", 0.99), ConceptLink("X:2", "zinc oxide", 0.1)
    rows = rows_of(
        [("Zinc", [replace(ZINC, concepts=links)])],
        kept=pa.schema([("dose", pa.float32()), ("doses", pa.list_(pa.struct([("mg", pa.float32())])))]),
        metadata=[{"dose": 0.7, "doses": [{"mg": 0.3}, {"mg": float("nan")}, None]}],
        extras=("concepts",),
    )
    (row,) = csv_of("csv", rows)
    (document,) = map(json.loads, get_writer("jsonl").write(rows, ORIGIN).decode().splitlines())
    for concepts in (json.loads(row["concepts"]), document["spans"][0]["concepts"]):
        assert [concept["score"] for concept in concepts] == [0.99, 0.1]
    assert row["concept_score"] == "0.99"
    assert (row["dose"], document["dose"]) == ("0.7", 0.7)
    assert row["doses"] == '[{"mg": 0.3}, {"mg": null}, null]'
    assert document["doses"][0] == {"mg": 0.3}


def test_rows_as_objects_have_plain_values_and_the_shortest_scores() -> None:
    link = ConceptLink("X:1", "zinc", 0.1)
    span = replace(ZINC, assertion=Assertion(), section=None, concepts=(link, replace(link, id="X:2", score=0.7)))
    kept, extras = pa.schema(list(KEPT)[:3]), ("assertion", "section", "concepts")
    rows = rows_of([("Zinc", [span]), ("x", [])], kept=kept, metadata=[VALUES, NOTHING], extras=extras)
    first, second = writing.documents(rows)
    assert first.metadata == {"day": "2020-01-02", "seen": "2020-01-02 03:04:05Z", "dose": "1.50"}
    assert second.metadata == {"day": None, "seen": None, "dose": None}
    assert (first.spans, second.spans) == ((span,), ())
    assert [one.text for one in writing.documents(rows.drop_columns(["text"]))] == [None, None]
    assert next(writing.documents(rows.slice(1))) == second


def test_lines_of_json_hold_kept_objects_and_no_text_where_it_is_unknown() -> None:
    kept = pa.schema([("kept", pa.string())])
    rows = rows_of([("Zinc", [ZINC])], ["7"], kept=kept, metadata=[{"kept": '{"age": [1]}'}], include_text=False)
    (line,) = get_writer("jsonl").write(rows, ORIGIN).decode().splitlines()
    assert json.loads(line) == {
        **{"document_id": "7", "source": "in.xml", "record": 0, "kept": {"age": [1]}},
        "spans": [{"start": 0, "end": 4, "type": "drug", "score": 0.1, "text": "Zinc"}],
    }


@pytest.mark.parametrize(
    ("flags", "exists", "temporal", "named"),
    [
        ((), "Y", "Present", ""),
        (("negated",), "N", "Present", ",negated=true"),
        (("hypothetical",), "N", "Present", ",hypothetical=true"),
        (("family",), "N", "Present", ",family=true"),
        (("uncertain",), "Y", "Present", ",uncertain=true"),
        (("historical", "negated"), "N", "Past", ",negated=true,historical=true"),
    ],
)
def test_note_nlp_tells_what_is_not_said_of_the_patient_now(
    flags: tuple[str, ...], exists: str, temporal: str, named: str
) -> None:
    span = replace(ZINC, assertion=Assertion(**dict.fromkeys(flags, True)), section="plan")
    (row,) = csv_of("omop-note-nlp", rows_of([("Zinc", [span])], ["7"], extras=("assertion", "section")))
    assert (row["term_exists"], row["term_temporal"]) == (exists, temporal)
    assert row["term_modifiers"] == f"type=drug,score=0.1{named},section=plan"


def test_note_nlp_has_concepts_of_the_types_that_are_linked_to_those_of_omop() -> None:
    spans = [replace(ZINC, type=type, concepts=(ConceptLink("1149196", "zinc", 1.0),)) for type in ("drug", "gene")]
    spans.append(replace(ZINC, type="none", concepts=()))
    rows = rows_of([("Zinc", spans)], ["-7"], extras=("concepts",))
    found = csv_of("omop-note-nlp", rows, replace(ORIGIN, omop_types=frozenset({"drug", "none"})))
    assert [row["note_nlp_concept_id"] for row in found] == ["1149196", "0", "0"]
    assert [(row["note_nlp_id"], row["note_id"], row["note_nlp_source_concept_id"]) for row in found] == [
        *(("11", "-7", "0"), ("12", "-7", "0"), ("13", "-7", "0"))
    ]


def test_lines_of_note_nlp_end_as_those_of_csv_do() -> None:
    data = get_writer("omop-note-nlp").write(rows_of([("Zinc", [ZINC])], ["7"]), ORIGIN)
    assert (data.count(b"\n"), data.count(b"\r")) == (2, 0)


def test_note_nlp_shows_sixty_characters_on_each_side() -> None:
    text = "a" * 100 + "Zinc" + "b" * 100
    span = Span(100, 104, "drug", 0.5, "Zinc")
    (row,) = csv_of("omop-note-nlp", rows_of([(text, [span])], ["7"]))
    assert row["snippet"] == "a" * 60 + "Zinc" + "b" * 60
    (row,) = csv_of("omop-note-nlp", rows_of([(text, [span])], ["7"], include_text=False))
    assert row["snippet"] == ""


def test_a_note_table_of_another_name_is_csv_and_keeps_the_types_of_its_own_format(tmp_path: Path) -> None:
    (tmp_path / "NOTE.dat").write_text("note_id,note_text\n7,Zinc\n")
    (document,) = documents(read_all(get_format("omop-note"), [tmp_path / "NOTE.dat"]))
    assert (document.id, document.text) == ("7", "Zinc")
    files = list_inputs([str(tmp_path / "NOTE.dat")])
    options = ReadOptions("note_id", "note_text", ("note_id",))
    assert get_format("omop-note").kept_schema(files, options).names == ["kept"]
