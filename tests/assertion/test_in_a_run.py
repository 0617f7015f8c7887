"""Assertion and sections in runs, their exports, and what a wrong request is answered."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from formats.annotating import ORIGIN, rows_of
from runs import commit_run, write_pubmed

from openbioner_batch.engine.asserting import assertion_addition
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.engine.status import run_status
from openbioner_batch.errors import PlanMismatchError, UsageError
from openbioner_batch.formats import get_writer
from openbioner_batch.records import Assertion, Span
from openbioner_batch.report.agreement import compare_runs

NOTES = ["PMH: Asthma.\n\nPLAN: rule out Pneumonia.", "No Fever. Mother had Gout."]


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    file = tmp_path / "notes.jsonl"
    file.write_text("".join(json.dumps({"text": text}) + "\n" for text in NOTES))
    return file


def spans_of(run: str) -> dict[str, dict[str, object]]:
    rows = [row for file in sorted(Path(run).glob("data/*.parquet")) for row in pq.read_table(file).to_pylist()]
    return {span["text"]: span for row in rows for span in row["spans"]}


def test_a_run_fills_what_it_is_asked_for_and_nothing_else(tmp_path: Path, notes: Path) -> None:
    both = spans_of(commit_run(tmp_path / "both", notes, assertion=True, sections=True))
    assert both["Asthma"]["assertion"]["historical"]  # type: ignore[index]
    assert both["Pneumonia"]["assertion"]["uncertain"]  # type: ignore[index]
    assert both["Fever"]["assertion"]["negated"]  # type: ignore[index]
    assert both["Gout"]["assertion"]["family"]  # type: ignore[index]
    assert [both[name]["section"] for name in ("Asthma", "Pneumonia", "Fever")] == [
        "past_medical_history",
        "plan",
        None,
    ]
    plain = spans_of(commit_run(tmp_path / "plain", notes))
    assert list(plain["Fever"]) == ["start", "end", "type", "score", "text"]
    sections = spans_of(commit_run(tmp_path / "sections", notes, sections=True))
    assert list(sections["Fever"])[5:] == ["section"]


def test_what_is_said_of_spans_is_counted(tmp_path: Path, notes: Path) -> None:
    status = run_status(commit_run(tmp_path / "run", notes, assertion=True))
    assert status["amounts"] == {"spans_family": 1, "spans_historical": 1, "spans_negated": 1, "spans_uncertain": 1}


def test_the_same_run_gives_the_same_bytes(tmp_path: Path, notes: Path) -> None:
    runs = [Path(commit_run(tmp_path / name, notes, assertion=True, sections=True)) for name in ("one", "two")]
    first, second = ([file.read_bytes() for file in sorted(run.glob("data/*.parquet"))] for run in runs)
    assert first == second != []


def test_other_rules_are_another_run(tmp_path: Path, notes: Path) -> None:
    rules = tmp_path / "ours.yaml"
    rules.write_text("pseudo: [denies]\n")
    commit_run(tmp_path / "run", notes, assertion=True)
    with pytest.raises(PlanMismatchError, match="assertion rules"):
        commit_run(tmp_path / "run", notes, assertion=True, assertion_rules=(str(rules),))
    with pytest.raises(PlanMismatchError, match="assertion rules"):
        commit_run(tmp_path / "run", notes)


def test_labels_of_pubmed_are_the_sections(tmp_path: Path) -> None:
    file = write_pubmed(tmp_path / "p.xml", [("1", "Fever")])
    found = spans_of(commit_run(tmp_path / "run", file, sections=True))
    assert {span["section"] for span in found.values()} <= {"title", "abstract"}
    assert found["Fever"]["section"] in ("title", "abstract")


def label_of(label: pa.DataType, bound: pa.DataType) -> pa.StructType:
    return pa.struct([("label", label), ("start", bound), ("end", bound)])


PLAN = {"label": "Plan", "start": 0, "end": 12}
OTHER = {"label": "Our words", "start": 13, "end": 29}
LABEL = label_of(pa.string(), pa.int32())


@pytest.mark.parametrize(
    ("kind", "parts", "expected"),
    [
        (pa.list_(LABEL), [PLAN, OTHER], ("plan", "our_words")),
        (pa.large_list(label_of(pa.large_string(), pa.int64())), [PLAN, OTHER], ("plan", "our_words")),
        (pa.list_(LABEL), [OTHER, PLAN], ("plan", "our_words")),
        (pa.list_(LABEL), [None, PLAN | {"start": None}, OTHER], (None, "our_words")),
        (pa.list_(LABEL), [PLAN | {"end": None}], (None, "plan")),
        (pa.list_(LABEL), [], (None, "plan")),
        (pa.list_(LABEL), None, (None, "plan")),
        (pa.list_(label_of(pa.int32(), pa.int32())), [{"label": 1, "start": 0, "end": 12}], (None, "plan")),
        (pa.list_(label_of(pa.string(), pa.string())), [{"label": "A", "start": "0", "end": "12"}], (None, "plan")),
        (pa.list_(pa.struct([("label", pa.string())])), [{"label": "A"}], (None, "plan")),
        (pa.list_(pa.string()), ["A"], (None, "plan")),
        (LABEL, PLAN, (None, "plan")),
        (pa.string(), "A", (None, "plan")),
    ],
)
def test_labels_of_a_table_are_the_sections_and_other_columns_of_that_name_are_not(
    tmp_path: Path, kind: pa.DataType, parts: object, expected: tuple[str | None, str | None]
) -> None:
    table = pa.table({"text": ["Anna has it. Plan: Bob rests."], "sections": pa.array([parts], kind)})
    pq.write_table(table, tmp_path / "a.parquet")
    run = commit_run(tmp_path / "run", tmp_path / "a.parquet", assertion=True, sections=True, keep_fields="sections")
    found = spans_of(run)
    assert (found["Anna"]["section"], found["Bob"]["section"]) == expected


def test_compare_counts_flags_over_the_spans_of_both(tmp_path: Path, notes: Path) -> None:
    run = commit_run(tmp_path / "run", notes, assertion=True, sections=True)
    said = compare_runs(run, run).as_json()["said"]
    assert said["negated"] == {"first": 1, "second": 1, "same": 1, "agreement": 1.0}
    assert "said" not in compare_runs(commit_run(tmp_path / "plain", notes), run).as_json()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("pseudo: [no]", "false is not text"),
        ("pseudo: [1]", "put numbers and the like in quotes"),
        ("triggers: [{direction: forward, phrases: [x]}]", "`sets` is missing"),
        ("triggers: [{sets: [denied], direction: forward, phrases: [x]}]", "'denied' is none of negated"),
        ("triggers: [{sets: [negated], direction: up, phrases: [x]}]", "'up' is none of forward"),
        ("triggers: [{sets: [negated], direction: forward, reach: 0, phrases: [x]}]", "no whole number from 1"),
        ("triggers: [{sets: [negated], direction: forward, until: [nouns], phrases: [x]}]", "'nouns' is none of"),
        ("pseudo: ['(|maybe)']", "a phrase needs a word"),
        ("pseudos: [x]", "unknown key 'pseudos'"),
        ("- x", "expected a mapping"),
        ("pseudo: [x", "not valid YAML"),
    ],
)
def test_wrong_rules_are_one_line_that_names_the_file(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(content)
    values = {"inputs": ("x.jsonl",), "output": "out", "types": "drug"}
    settings = AnnotateSettings.build(values | {"assertion": True, "assertion_rules": (str(file),)})
    with pytest.raises(UsageError, match=r"ours\.yaml") as caught:
        assertion_addition(settings)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("more", [{"assertion_rules": ("x.yaml",)}, {"section_headers": ("x.yaml",)}])
def test_files_for_nothing_are_refused(more: dict[str, tuple[str, ...]]) -> None:
    values = {"inputs": ("x.jsonl",), "output": "out", "types": "drug"}
    with pytest.raises(UsageError, match="says nothing without"):
        assertion_addition(AnnotateSettings.build(values | more))


@pytest.mark.parametrize("kind", ["assertion", "sections"])
def test_headers_serve_either_and_a_plan_tells_them(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text("sections:\n  therapy: {headers: [plan]}\n")
    values = {"inputs": ("x.jsonl",), "output": "out", "types": "drug", kind: True}
    plain, ours = (
        assertion_addition(AnnotateSettings.build(values | more)) for more in ({}, {"section_headers": (str(file),)})
    )
    assert plain is not None
    assert ours is not None
    first, second = plain.fingerprint(), ours.fingerprint()
    assert list(first) == ["assertion rules", "section headers", "sections"]
    assert first["section headers"] != second["section headers"]
    assert first["assertion rules"] == second["assertion rules"]
    assert {len(digest) for name, digest in first.items() if name != "sections" and digest} == {
        16
    }  # of older plans too
    assert (first["assertion rules"] is None, first["sections"]) == (kind == "sections", kind == "sections" or None)


def test_a_file_that_is_missing_is_told(tmp_path: Path) -> None:
    values = {"inputs": ("x.jsonl",), "output": "out", "types": "drug", "assertion": True}
    with pytest.raises(UsageError, match="cannot read the YAML file"):
        assertion_addition(AnnotateSettings.build(values | {"assertion_rules": (str(tmp_path / "none.yaml"),)}))


def test_headers_of_a_user_add(tmp_path: Path, notes: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text("sections:\n  therapy: {headers: [plan], sets: [hypothetical]}\n")
    found = spans_of(commit_run(tmp_path / "run", notes, sections=True, assertion=True, section_headers=(str(file),)))
    assert found["Pneumonia"]["section"] == "therapy"
    assert found["Pneumonia"]["assertion"]["hypothetical"]  # type: ignore[index]


SPAN = Span(3, 8, "symptom", 0.5, "fever", Assertion(negated=True, historical=True), "plan")
ROWS = rows_of([("No fever.", [SPAN])], ids=["7"], extras=("assertion", "section"))


@pytest.mark.parametrize(
    ("name", "pieces"),
    [
        (
            "csv",
            ['"text","negated","uncertain","hypothetical","historical","family","section"', "true,false,false,true"],
        ),
        ("jsonl", ['"assertion": {"negated": true, "uncertain": false', '"section": "plan"']),
        ("omop-note-nlp", [',N,Past,"type=symptom,score=0.5,negated=true,historical=true,section=plan"']),
        ("pubtator", ["7\t3\t8\tfever\tsymptom"]),
    ],
)
def test_exports_carry_them(name: str, pieces: list[str]) -> None:
    written = get_writer(name).write(ROWS, ORIGIN).decode()
    assert [piece for piece in pieces if piece not in written] == []


def test_bioc_has_them_as_infons_and_brat_as_attributes() -> None:
    from io import BytesIO
    from zipfile import ZipFile

    with ZipFile(BytesIO(get_writer("brat").write(ROWS, ORIGIN))) as archive:
        lines = archive.read("7.ann").decode().splitlines()
    assert lines[1:] == ["A1\tnegated T1", "A2\thistorical T1", "A3\tsection T1 plan"]
    pytest.importorskip("bioc")
    (passage,) = json.loads(get_writer("bioc-json").write(ROWS, ORIGIN))["documents"][0]["passages"]
    infons = passage["annotations"][0]["infons"]
    assert (infons["negated"], infons["family"], infons["section"]) == ("true", "false", "plan")
