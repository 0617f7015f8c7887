"""Dictionaries and links in runs: what is written, what is refused, what resumes."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from encoders import FAMILIES
from outputs import contents, rows
from runs import commit_run
from vocabularies import obo, omop

from openbioner_batch.concepts.building import build_vocabulary
from openbioner_batch.engine import concepts as concepts_module
from openbioner_batch.engine.concepts import DICTIONARY, LINK, DictionarySpans, Linking, check_types, sources
from openbioner_batch.engine.export.run import export
from openbioner_batch.engine.export.settings import ExportSettings
from openbioner_batch.engine.link_run import FROM, Linked, LinkSettings, link
from openbioner_batch.engine.names import shard_file
from openbioner_batch.engine.run import annotate
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.errors import PlanMismatchError, RunFailedError, UsageError
from openbioner_batch.report.run_report import write_report

TEXTS = [
    "Seizures and a renal cyst in Brachydactylic men.",
    "Epileptic fit (Efit) is common. Efit is treated.",
    "Nothing here.",
    "Brachydactyly was seen twice.",
    "Seizures again, and RCY.",
]


@pytest.fixture
def vocab(tmp_path: Path) -> str:
    build_vocabulary(str(obo(tmp_path / "v")), str(tmp_path / "x.vocab"))
    return str(tmp_path / "x.vocab")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps({"id": str(n), "text": text}) + "\n" for n, text in enumerate(TEXTS)) + "{bad\n")
    return path


def linked(run: str, output: Path, vocab: str, **more: Any) -> tuple[Linked, list[str]]:
    said: list[str] = []
    values = {"run": run, "output": str(output), "link": f"name={vocab}", "workers": 1}
    return link(LinkSettings.build(values | more), said.append), said


def concepts_of(folder: Path) -> dict[str, list[str]]:
    return {
        span["text"]: [concept["id"] for concept in span["concepts"]] for row in rows(folder) for span in row["spans"]
    }


def test_a_finished_run_is_linked_as_if_it_had_been_linked_at_once(tmp_path: Path, corpus: Path, vocab: str) -> None:
    linking = Linking(sources(LINK, [f"name={vocab}"]))
    commit_run(tmp_path / "at-once", corpus, include_text=True, additions=[linking])
    plain = commit_run(tmp_path / "plain", corpus, include_text=True)
    found, said = linked(plain, tmp_path / "later", vocab)
    assert contents(tmp_path / "later") == contents(tmp_path / "at-once")
    assert (found.shards, found.with_concepts) == (3, 6)
    assert said == []
    plans = [json.loads((tmp_path / name / "_run/plan.json").read_text()) for name in ("later", "at-once")]
    assert plans[0] == plans[1]
    assert concepts_of(tmp_path / "later") == {
        **{"Seizures": ["X:4"], "Brachydactylic": ["X:7"], "Efit": ["X:4"], "Brachydactyly": ["X:7"]},
        **{"Epileptic": [], "Nothing": []},
    }


def test_without_texts_abbreviations_are_not_expanded_unless_they_are_read_again(
    tmp_path: Path, corpus: Path, vocab: str
) -> None:
    plain = commit_run(tmp_path / "plain", corpus)
    _, said = linked(plain, tmp_path / "without", vocab)
    assert said == ["abbreviations are not expanded: the run kept no texts; --source reads them again"]
    assert concepts_of(tmp_path / "without")["Efit"] == []
    linked(plain, tmp_path / "with", vocab, source=(str(corpus),))
    assert concepts_of(tmp_path / "with")["Efit"] == ["X:4"]
    with pytest.raises(PlanMismatchError, match="link abbreviations"):
        linked(plain, tmp_path / "without", vocab, source=(str(corpus),))


def test_linking_resumes_with_the_same_bytes(tmp_path: Path, corpus: Path, vocab: str) -> None:
    plain = commit_run(tmp_path / "plain", corpus, include_text=True)
    linked(plain, tmp_path / "out", vocab)
    wanted = contents(tmp_path / "out")
    (tmp_path / "out" / shard_file("data", 0, 1)).unlink()
    found, said = linked(plain, tmp_path / "out", vocab)
    assert found.shards == 1
    assert "2 of 3 shards are linked" in said[0]
    assert contents(tmp_path / "out") == wanted
    found, _ = linked(plain, tmp_path / "out", vocab, workers=2)
    assert found.shards == 0


def test_a_least_score_leaves_out_what_is_not_sure_and_is_part_of_the_plan(
    tmp_path: Path, corpus: Path, vocab: str
) -> None:
    plain = commit_run(tmp_path / "plain", corpus, include_text=True)
    linked(plain, tmp_path / "all", vocab)
    linked(plain, tmp_path / "sure", vocab, link_least=0.99)
    given, sure = concepts_of(tmp_path / "all"), concepts_of(tmp_path / "sure")
    assert given["Brachydactylic"] == ["X:7"]
    assert sure == {**given, "Brachydactylic": []}
    with pytest.raises(PlanMismatchError, match="link least score"):
        linked(plain, tmp_path / "all", vocab, link_least=0.99)


def test_new_inputs_of_a_run_become_new_shards_of_the_linked_one(tmp_path: Path, corpus: Path, vocab: str) -> None:
    plain = commit_run(tmp_path / "plain", corpus, include_text=True)
    linked(plain, tmp_path / "out", vocab)
    more = tmp_path / "more.jsonl"
    more.write_text('{"id": "9", "text": "Seizure."}\n')
    commit_run(tmp_path / "plain", corpus, more, include_text=True)
    found, _ = linked(plain, tmp_path / "out", vocab)
    assert found.shards == 1
    assert len(rows(tmp_path / "out")) == 6


def test_a_changed_vocabulary_is_refused(tmp_path: Path, corpus: Path, vocab: str) -> None:
    plain = commit_run(tmp_path / "plain", corpus, include_text=True)
    linked(plain, tmp_path / "out", vocab)
    before = Linking(sources(LINK, [f"name={vocab}"]))
    build_vocabulary(str(obo(tmp_path / "v")), vocab, roots=["X:2"])
    with pytest.raises(PlanMismatchError, match="link: name digest") as refused:
        linked(plain, tmp_path / "out", vocab)
    assert "\n" not in str(refused.value)
    # Under a run, where a process opens it later than the driver: this one has it open already.
    concepts_module._linker.cache_clear()
    with pytest.raises(RunFailedError, match=r"x\.vocab has changed since the run began"):
        commit_run(tmp_path / "other", corpus, additions=[before])


def test_links_by_vectors_are_the_same_at_once_and_later_and_resume(tmp_path: Path, corpus: Path) -> None:
    vocab = str(tmp_path / "vectors.vocab")
    build_vocabulary(str(obo(tmp_path / "v")), vocab, encoder="bundled-open")
    commit_run(tmp_path / "at-once", corpus, include_text=True, additions=[Linking(sources(LINK, [f"name={vocab}"]))])
    plain = commit_run(tmp_path / "plain", corpus, include_text=True)
    linked(plain, tmp_path / "later", vocab)
    assert contents(tmp_path / "later") == contents(tmp_path / "at-once")
    assert all(concepts_of(tmp_path / "later").values())  # also of Nothing: some name is always nearest
    (tmp_path / "later" / shard_file("data", 0, 0)).unlink()
    linked(plain, tmp_path / "later", vocab)
    assert contents(tmp_path / "later") == contents(tmp_path / "at-once")
    linked(plain, tmp_path / "sure", vocab, link_least=0.3)
    assert concepts_of(tmp_path / "sure")["Nothing"] == []


def test_a_run_whose_encoder_is_gone_does_not_begin(tmp_path: Path, corpus: Path) -> None:
    encoder, vocab = tmp_path / "encoder", str(tmp_path / "vectors.vocab")
    encoder.mkdir()
    FAMILIES["electra"](encoder)
    build_vocabulary(str(obo(tmp_path / "v")), vocab, encoder=str(encoder))
    linking = Linking(sources(LINK, [f"name={vocab}"]))
    plain = commit_run(tmp_path / "plain", corpus, include_text=True)
    encoder.rename(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match=f"there is none at {encoder}"):
        linked(plain, tmp_path / "out", vocab)
    assert not (tmp_path / "out").exists()
    values: dict[str, Any] = {"inputs": (str(corpus),), "output": str(tmp_path / "out"), "executor": "in-process"}
    with pytest.raises(UsageError, match=f"there is none at {encoder}"):
        annotate(AnnotateSettings.build(values | {"dictionary": f"x={vocab}", "link": f"x={vocab}"}), say=print)
    with pytest.raises(RunFailedError, match="the run needs it unchanged since the run began"):
        commit_run(tmp_path / "other", corpus, additions=[linking])
    linked(plain, tmp_path / "out", vocab, link_least=0.3)  # which needs none


def test_what_cannot_be_linked_is_refused_in_one_line(tmp_path: Path, corpus: Path, vocab: str) -> None:
    plain = commit_run(tmp_path / "plain", corpus, include_text=True)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"link": f"drug={vocab}"}, "no such type, only: name"),
        ({"link": "name"}, "give TYPE=VOCABULARY"),
        ({"link": f"name={vocab},name={vocab}"}, "twice"),
        ({"link": f"name={tmp_path / 'v/x.obo'}"}, "vocabulary build"),
        ({"link": f"name={vocab}", "output": f"{plain}/in"}, "lie one inside the other"),
        ({"link": f"name={vocab}", "link_top": 0}, "--link-top is 0"),
        ({"link": f"name={vocab}", "link_least": 90.0}, "--link-least is 90: give a number from 0 to 1"),
        ({"link": f"name={vocab}", "output": str(tmp_path)}, "lie one inside the other|holds"),
    ]
    for values, says in cases:
        output = Path(values.pop("output", tmp_path / "out"))
        with pytest.raises(UsageError, match=says):
            linked(plain, output, vocab, **values)
    linked(plain, tmp_path / "out", vocab)
    with pytest.raises(UsageError, match="linked already"):
        linked(str(tmp_path / "out"), tmp_path / "twice", vocab)
    (tmp_path / "out" / FROM).write_text('{"run": "another"}')
    with pytest.raises(PlanMismatchError, match="run: another then"):
        linked(plain, tmp_path / "out", vocab)
    with pytest.raises(UsageError, match="only: name"):
        check_types(sources(LINK, [f"x={vocab}"]), ["name"])


def test_a_dictionary_stands_beside_the_model(tmp_path: Path, corpus: Path, vocab: str) -> None:
    named = DictionarySpans(sources(DICTIONARY, [f"name={vocab}"]))
    commit_run(tmp_path / "run", corpus, additions=[named, Linking(sources(LINK, [f"name={vocab}"]), top=2)])
    found = [
        (span["text"], span["found_by"], [concept["id"] for concept in span["concepts"]])
        for row in rows(tmp_path / "run")
        for span in row["spans"]
    ]
    assert found == [
        ("Seizures", "both", ["X:4"]),
        ("renal cyst", "dictionary", ["X:3"]),
        ("Brachydactylic", "model", ["X:7"]),
        ("Epileptic", "model", []),
        ("Epileptic fit", "dictionary", ["X:4"]),
        ("Efit", "model", ["X:4"]),
        ("Efit", "model", ["X:4"]),
        ("Nothing", "model", []),
        ("Brachydactyly", "both", ["X:7"]),
        ("Seizures", "both", ["X:4"]),
        ("RCY", "dictionary", ["X:3"]),
    ]


def test_a_dictionary_alone_needs_no_model(tmp_path: Path, corpus: Path, vocab: str) -> None:
    values: dict[str, Any] = {"inputs": (str(corpus),), "output": str(tmp_path / "run"), "shard_documents": 2}
    values |= {"dictionary": f"finding={vocab}", "link": f"finding={vocab}", "max_quarantined": "50%"}
    values |= {"executor": "in-process"}
    summary = annotate(AnnotateSettings.build(values), say=lambda line: None)
    assert summary.totals.spans == {"finding": 6}
    assert summary.totals.amounts == {"found_by_dictionary_alone": 6, "linked_spans": 6}
    before = contents(tmp_path / "run")
    (tmp_path / "run" / shard_file("data", 0, 1)).unlink()
    annotate(AnnotateSettings.build(values), say=lambda line: None)
    assert contents(tmp_path / "run") == before
    build_vocabulary(str(obo(tmp_path / "v")), vocab, roots=["X:2"])
    with pytest.raises(PlanMismatchError, match="dictionary: finding digest"):
        annotate(AnnotateSettings.build(values), say=lambda line: None)
    write_report(str(tmp_path / "run"), str(tmp_path / "page.html"))
    page = (tmp_path / "page.html").read_text()
    assert "Most frequent concepts" in page
    assert "X:3 Renal cyst" in page


def test_neither_types_nor_a_dictionary() -> None:
    with pytest.raises(UsageError, match="--types must not be empty, unless --dictionary"):
        AnnotateSettings.build({"inputs": ("x",), "output": "y"})


def test_omop_exports_name_standard_concepts(tmp_path: Path, corpus: Path) -> None:
    build_vocabulary(str(omop(tmp_path / "v")), str(tmp_path / "omop.vocab"))
    linking = Linking(sources(LINK, [f"name={tmp_path / 'omop.vocab'}"]))
    commit_run(tmp_path / "run", corpus, id_field="id", additions=[linking])
    values = {"run": str(tmp_path / "run"), "to": "omop-note-nlp", "output": str(tmp_path / "x"), "workers": 1}
    export(ExportSettings.build(values), lambda line: None)
    lines = [row for file in sorted((tmp_path / "x").glob("*.csv")) for row in csv.DictReader(file.open())]
    named = {row["lexical_variant"]: row["note_nlp_concept_id"] for row in lines}
    assert (named["Seizures"], named["Brachydactyly"], named["Nothing"]) == ("1004", "1007", "0")
