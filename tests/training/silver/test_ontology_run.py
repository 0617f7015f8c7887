"""`silver ontology` on Ray: the layout, resumption, and mistakes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from outputs import contents, rows

from openbioner_batch.cli.main import main
from openbioner_batch.errors import PlanMismatchError, UsageError
from openbioner_batch.training.passages import passage_from_row
from openbioner_batch.training.silver.ontology.run import annotate_by_ontology
from openbioner_batch.training.silver.ontology.settings import OntologySettings, sorted_paths
from openbioner_batch.training.sources import passage_groups, read_descriptions, read_passages

from .test_ontology import DISEASES, ORGANS, TEXTS, written


def request(folder: Path, **more: Any) -> OntologySettings:
    texts = folder / "notes.jsonl"
    if not texts.exists():  # a file that was written anew counts as changed
        texts.write_text("".join(json.dumps({"id": f"n{n}", "text": text}) + "\n" for n, text in enumerate(TEXTS)))
    values: Mapping[str, Any] = {
        "vocabularies": (written(folder, "d.obo", DISEASES), written(folder, "o.obo", ORGANS)),
        "inputs": (str(texts),),
        "output": str(folder / "onto"),
        "min_mentions": 3,
        "max_share": 0.9,
        "rare": 1,
        "shard_documents": 2,
        "executor": "in-process",
        **more,
    }
    return OntologySettings.build(values)


def derived(folder: Path) -> dict[str, bytes]:
    parts = ("passages", "descriptions", "report.json")
    files = [file for part in parts for file in sorted((folder / part).rglob("*")) or [folder / part]]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files if file.is_file()}


def test_a_run_gives_what_is_trained_on_and_resumes_with_the_same_bytes(tmp_path: Path) -> None:
    report = annotate_by_ontology(request(tmp_path))
    out = tmp_path / "onto"
    passages = [passage for group in passage_groups(str(out)) for passage in read_passages(group)]
    assert len(passages) == report.passages == len(TEXTS)
    assert {m.type for p in passages for m in p.mentions} == {"heart_illness", "illness", "organ", "skin_illness"}
    for passage in passages:
        assert passage.annotated is not None
        assert {m.type for m in passage.mentions} <= set(passage.annotated)
    views = {(kind, view) for kind, view, _ in read_descriptions(str(out))}
    assert {("organ", "definition"), ("organ", "examples"), ("organ", "contextual")} <= views
    assert ("skin_illness", "ancestors") in views
    assert json.loads((out / "report.json").read_text()) == report.as_json()

    data, made = contents(out), derived(out)
    (out / "data" / sorted(file.name for file in (out / "data").iterdir())[1]).unlink()
    annotate_by_ontology(request(tmp_path))
    assert (contents(out), derived(out)) == (data, made)

    few = annotate_by_ontology(request(tmp_path, passages=2))
    assert few.passages == 2
    assert contents(out) == data
    with pytest.raises(PlanMismatchError):
        annotate_by_ontology(request(tmp_path, roots=("D:2",)))


@pytest.mark.timeout(900)
def test_few_texts_in_which_all_names_are_common_are_told_the_option(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no class has .* in more than 0\.1 of the passages .* a larger --max-share"):
        annotate_by_ontology(request(tmp_path, max_share=0.1))
    with pytest.raises(UsageError, match="no class has") as nothing_common:
        annotate_by_ontology(request(tmp_path, max_share=1, min_names=100))
    assert "--max-share" not in str(nothing_common.value)


def test_ray_gives_the_same_bytes(ray_here: None, tmp_path: Path) -> None:
    annotate_by_ontology(request(tmp_path))
    annotate_by_ontology(request(tmp_path, output=str(tmp_path / "ray"), name="onto", executor="ray", workers=1))
    assert contents(tmp_path / "ray") == contents(tmp_path / "onto")
    one, other = derived(tmp_path / "ray"), derived(tmp_path / "onto")
    del one["report.json"], other["report.json"]  # they name their folder
    assert one == other


def test_what_is_not_wanted_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "held.txt").write_text("Skin illness\n")
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "test.tsv").write_text("".join(f"{word}\tO\n" for word in TEXTS[0].split()))
    (tmp_path / "empty.jsonl").write_text('{"id": "bad", "text": "!"}\n')
    settings = request(
        tmp_path, without=str(tmp_path / "held.txt"), exclude=str(tmp_path / "benchmarks"), max_quarantined="50%"
    )
    both = OntologySettings.build({**vars(settings), "inputs": (*settings.inputs, str(tmp_path / "empty.jsonl"))})
    report = annotate_by_ontology(both)
    texts = {passage_from_row(row).text for row in rows(tmp_path / "onto", "passages")}
    assert TEXTS[0] not in texts
    assert "skin_illness" not in {kind for kind, _, _ in read_descriptions(str(tmp_path / "onto"))}
    assert report.quarantined.total() == 1
    assert report.as_json()["passages"]["in"] == len(TEXTS) + 1


def test_the_report_counts_sure_negatives_and_each_vocabulary(tmp_path: Path) -> None:
    settings = request(tmp_path)
    report = annotate_by_ontology(settings)
    diseases, organs = settings.vocabularies
    passages = [passage for group in passage_groups(settings.output) for passage in read_passages(group)]
    lacking = [set(passage.annotated or ()) - {mention.type for mention in passage.mentions} for passage in passages]
    kinds = Counter(mention.type for passage in passages for mention in passage.mentions)
    found = json.loads((tmp_path / "onto" / "report.json").read_text())
    assert found["types"]["absent"] == sum(map(len, lacking)) > 0
    assert found["vocabularies"] == {
        diseases: {"classes": len(DISEASES), "mentions": kinds.total() - kinds["organ"]},
        organs: {"classes": len(ORGANS), "mentions": kinds["organ"]},
    }
    shown = dict(report.lines())
    assert shown["sure negatives: types that a passage surely lacks"] == str(found["types"]["absent"])
    assert shown[f"classes of {organs}"] == str(len(ORGANS))
    assert shown[f"mentions of {organs}"] == str(kinds["organ"])


def test_a_type_of_two_vocabularies_counts_for_both(tmp_path: Path) -> None:
    some = {id: ORGANS[id] for id in ("O:1", "O:2", "O:3")}
    others = {"P:1": ORGANS["O:1"], "P:2": ("spleen", [], ["P:1"], "")}
    settings = request(
        tmp_path, vocabularies=(written(tmp_path, "some.obo", some), written(tmp_path, "others.obo", others))
    )
    report = annotate_by_ontology(settings)
    assert report.types["organ"] == report.mentions > 0
    assert report.vocabulary_mentions == dict.fromkeys(settings.vocabularies, report.mentions)


def ontology(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["silver", "ontology", *map(str, arguments)])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("{texts}",), "give at least one vocabulary"),
        (("{obo}",), "give at least one TEXT"),
        (("{obo}", "{texts}", "--max-share", "2"), "--max-share is 2: give a number above 0, up to 1"),
        (("{obo}", "{texts}", "--min-names", "0"), "--min-names is 0: give a whole number from 1 up"),
        (("{texts}", "--vocabulary", "none.csv"), "none.csv cannot be read"),
        (("{obo}", "{texts}", "--without", "none.txt"), "--without none.txt cannot be read"),
        (("{obo}", "{texts}", "--executor", "slurm"), "--executor is 'slurm': give one of"),
        (("{obo}", "{texts}", "--root", "X:9"), "--root X:9: no vocabulary has such a class"),
    ],
)
def test_a_mistake_is_one_clear_line(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    (tmp_path / "notes.jsonl").write_text('{"id": 1, "text": "Angina."}\n')
    places = {"obo": written(tmp_path, "d.obo", DISEASES), "texts": str(tmp_path / "notes.jsonl")}
    result = ontology(*(argument.format(**places) for argument in arguments), "--output", tmp_path / "out")
    assert result.exit_code == 2
    assert message in result.stderr
    assert sum(line.startswith("error: ") for line in result.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_vocabularies_are_told_from_texts_by_what_they_hold(tmp_path: Path) -> None:
    vocabulary = written(tmp_path, "d.obo", DISEASES)
    for name in ("notes.csv", "notes.txt", "notes.jsonl"):
        (tmp_path / name).write_text('{"id": 1, "text": "id,name"}\n')
    texts = [str(tmp_path / name) for name in ("notes.csv", "notes.txt", "notes.jsonl")]
    assert sorted_paths([texts[0], vocabulary, *texts[1:], "s3://bucket/notes"]) == (
        (vocabulary,),
        (*texts, "s3://bucket/notes"),
    )


def test_a_command_that_fails_behind_what_it_read_ends_with_its_own_code(tmp_path: Path) -> None:
    """In a process of its own, some times over: threads that still held a file aborted more than half of them."""
    texts = tmp_path / "notes.jsonl"
    texts.write_text("".join(json.dumps({"id": n, "text": f"Angina again, note {n}."}) + "\n" for n in range(30)))
    command = [sys.executable, "-m", "openbioner_batch", "silver", "ontology", written(tmp_path, "d.obo", DISEASES)]
    for _ in range(4):
        ended = subprocess.run(
            [*command, str(texts), "--output", str(tmp_path / "out")], capture_output=True, text=True, timeout=100
        )
        assert ended.returncode == 2, ended.stderr
        assert "no class has a definition" in ended.stderr
