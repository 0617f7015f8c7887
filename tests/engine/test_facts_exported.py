"""What runs say of spans is in every export, in `show` and `compare`; wrong requests end with a line and a code."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from zipfile import ZipFile

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from formats.annotating import ORIGIN, rows_of
from runs import commit_run
from vocabularies import obo, omop

from openbioner_batch import __version__
from openbioner_batch.cli.main import main
from openbioner_batch.concepts.building import build_vocabulary
from openbioner_batch.engine.concepts import LINK, Linking, sources
from openbioner_batch.engine.export.run import export
from openbioner_batch.engine.export.settings import ExportSettings
from openbioner_batch.engine.link_run import LinkSettings, link
from openbioner_batch.formats import get_writer
from openbioner_batch.records import Assertion, ConceptLink, Span
from openbioner_batch.report.agreement import compare_runs

CONCEPTS = (ConceptLink("X:4", "Seizure", 1.0), ConceptLink("X:3", "Renal cyst", 0.5))
SPAN = Span(3, 11, "finding", 0.5, "seizures", Assertion(negated=True), "plan", CONCEPTS, "both")
BARE = Span(13, 18, "finding", 0.75, "cough", Assertion(), None, (), "model")
ROWS = rows_of([("No seizures, cough.", [SPAN, BARE])], ["7"], extras=("assertion", "section", "concepts", "found_by"))


@pytest.fixture
def vocab(tmp_path: Path) -> str:
    build_vocabulary(str(obo(tmp_path / "v")), str(tmp_path / "x.vocab"))
    return str(tmp_path / "x.vocab")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_text('{"id": "0", "text": "Seizures in Paris."}\n{"id": "1", "text": "No Brachydactyly."}\n')
    return path


def test_pubtator_has_the_identifier_of_the_best_concept() -> None:
    lines = get_writer("pubtator").write(ROWS, ORIGIN).decode().splitlines()
    assert [line.split("\t")[3:] for line in lines if "\t" in line] == [
        ["seizures", "finding", "X:4"],
        ["cough", "finding", "-"],
    ]


def test_bioc_has_it_in_infons() -> None:
    pytest.importorskip("bioc")
    (passage,) = json.loads(get_writer("bioc-json").write(ROWS, ORIGIN))["documents"][0]["passages"]
    first, second = (annotation["infons"] for annotation in passage["annotations"])
    assert (first["identifier"], first["concept"], first["identifiers"]) == ("X:4", "Seizure", "X:4,X:3")
    assert (first["negated"], second["negated"]) == ("true", "false")
    assert "identifier" not in second


def test_brat_has_it_as_a_reference() -> None:
    with ZipFile(io.BytesIO(get_writer("brat").write(ROWS, ORIGIN))) as archive:
        lines = archive.read("7.ann").decode().splitlines()
    assert [line for line in lines if line[0] == "N"] == ["N1\tReference T1 X:4\tSeizure"]
    assert "A1\tnegated T1" in lines


def test_docbin_has_it_as_knowledge_base_id() -> None:
    spacy = pytest.importorskip("spacy")
    from spacy.tokens import DocBin

    (doc,) = DocBin().from_bytes(get_writer("docbin").write(ROWS, ORIGIN)).get_docs(spacy.blank("en").vocab)
    assert [(span.text, span.kb_id_) for span in doc.spans["sc"]] == [("seizures", "X:4"), ("cough", "")]
    assert doc.spans["sc"].attrs["assertions"][0] == ["negated"]
    assert [token.text for token in doc] == ["No", "seizures", ",", "cough", "."]  # a single space is no token


def test_tables_have_columns_of_it() -> None:
    rows = list(csv.DictReader(io.StringIO(get_writer("csv").write(ROWS, ORIGIN).decode())))
    wanted = ("concept_id", "concept_name", "concept_score", "negated", "section", "found_by")
    assert [rows[0][name] for name in wanted] == ["X:4", "Seizure", "1", "true", "plan", "both"]
    assert [rows[1][name] for name in wanted] == ["", "", "", "false", "", "model"]
    long = pq.read_table(io.BytesIO(get_writer("parquet-long").write(ROWS, ORIGIN))).to_pylist()
    assert [row["concept_id"] for row in long] == ["X:4", None]
    assert [[concept["id"] for concept in row["concepts"]] for row in long] == [["X:4", "X:3"], []]
    (document,) = map(json.loads, get_writer("jsonl").write(ROWS, ORIGIN).decode().splitlines())
    assert [[concept["id"] for concept in span["concepts"]] for span in document["spans"]] == [["X:4", "X:3"], []]
    assert document["spans"][0]["assertion"]["negated"] is True


def test_show_and_compare_know_concepts(tmp_path: Path, corpus: Path, vocab: str) -> None:
    plain = commit_run(tmp_path / "plain", corpus, include_text=True)
    build_vocabulary(str(obo(tmp_path / "v")), str(tmp_path / "part.vocab"), roots=["X:7"])
    runs = []
    for name, index in (("all", vocab), ("part", str(tmp_path / "part.vocab"))):
        settings = LinkSettings.build(
            {"run": plain, "output": str(tmp_path / name), "link": f"name={index}", "workers": 1}
        )
        link(settings, lambda line: None)
        runs.append(str(tmp_path / name))
    assert compare_runs(*runs).as_json()["said"] == {
        "concept": {"first": 2, "second": 1, "same": 1, "agreement": pytest.approx(2 / 3)}
    }
    shown = CliRunner().invoke(main, ["show", runs[0]]).output
    assert "[Seizures|name X:4] in [Paris|name]" in shown
    bare = commit_run(tmp_path / "bare", corpus, additions=[Linking(sources(LINK, [f"name={vocab}"]))])
    assert "X:7 Short finger" in CliRunner().invoke(main, ["show", bare]).output


def test_an_export_says_how_many_concepts_note_nlp_has_no_place_for(tmp_path: Path, corpus: Path, vocab: str) -> None:
    build_vocabulary(str(omop(tmp_path / "v")), str(tmp_path / "omop.vocab"))
    for name, index, wanted in (("obo", vocab, 2), ("omop", str(tmp_path / "omop.vocab"), 0)):
        linking = Linking(sources(LINK, [f"name={index}"]))
        run = commit_run(tmp_path / name, corpus, shard_documents=1, id_field="id", additions=[linking])
        told: dict[str, list[str]] = {"omop-note-nlp": [], "csv": []}
        for to, lines in told.items():
            values = {"run": run, "to": to, "output": str(tmp_path / f"{name}-{to}"), "workers": 1}
            export(ExportSettings.build(values), lines.append)
        assert told["csv"] == []
        assert [f"leaves out the concepts of {wanted} spans" in line for line in told["omop-note-nlp"]] == [True] * (
            wanted > 0
        )


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--assertion", "--assertion-rules", "FILE"], "ours.yaml"),
        (["--sections", "--section-headers", "FILE"], "ours.yaml"),
        (["--assertion-rules", "FILE"], "says nothing without --assertion"),
        (["--link", "drug=FILE"], "is no vocabulary's index"),
        (["--dictionary", "drug=FILE"], "is no vocabulary's index"),
        (["--link", "drug=missing.vocab"], "cannot be read"),
        (["--link", "drug"], "give TYPE=VOCABULARY"),
        (["--link", "dose=VOCAB"], "the run has no such type"),
        (["--dictionary-wordings"], "says nothing without --dictionary"),
        (["--dictionary-nested"], "says nothing without --dictionary"),
        (["--link-top", "3"], "says nothing without --link"),
        (["--link-least", "0.9"], "says nothing without --link"),
    ],
)
def test_wrong_requests_end_with_code_2_and_one_line(
    tmp_path: Path, corpus: Path, vocab: str, flags: list[str], says: str
) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text("pseudos: [x]\n")
    given = [flag.replace("FILE", str(file)).replace("VOCAB", vocab) for flag in flags]
    output = tmp_path / "out"
    result = CliRunner().invoke(main, ["annotate", str(corpus), "--output", str(output), "--types", "drug", *given])
    assert result.exit_code == 2
    assert says in result.output.strip().splitlines()[-1]
    assert "Traceback" not in result.output
    assert not output.exists()


def test_a_changed_vocabulary_ends_with_one_line(tmp_path: Path, corpus: Path, vocab: str) -> None:
    plain = commit_run(tmp_path / "plain", corpus, include_text=True)
    command = ["link", plain, "--output", str(tmp_path / "out"), "--link", f"name={vocab}", "--workers", "1"]
    assert CliRunner().invoke(main, command).exit_code == 0
    build_vocabulary(str(obo(tmp_path / "v")), vocab, roots=["X:2"])
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 2
    assert "link: name digest" in result.output
    assert "Traceback" not in result.output


def test_an_export_of_a_dictionary_alone_names_no_model(tmp_path: Path, corpus: Path, vocab: str) -> None:
    run, exported = str(tmp_path / "run"), tmp_path / "exported"
    for command in (
        ["annotate", str(corpus), "--output", run, "--dictionary", f"finding={vocab}", "--include-text"],
        ["export", run, "--to", "omop-note-nlp", "--output", str(exported), "--workers", "1"],
    ):
        assert CliRunner().invoke(main, command).exit_code == 0
    (table,) = exported.glob("*.csv")
    assert [row["nlp_system"] for row in csv.DictReader(io.StringIO(table.read_text()))] == [
        f"openbioner_batch {__version__}"
    ] * 2
