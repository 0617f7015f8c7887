"""What models find of other types is added to silver data; what annotators said stays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from outputs import rows
from runs import commit_run

from openbioner_batch.cli.main import main
from openbioner_batch.errors import UsageError
from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage, passage_from_row
from openbioner_batch.training.silver.filling import FillReport, fill_passage, fill_silver
from openbioner_batch.training.silver.made_settings import FillSettings
from openbioner_batch.training.silver.schema import DESCRIPTION_SCHEMA, passages_table

OPEN = AnnotatedPassage("d1/0", "llm", "Aspirin eased it.", (AnnotatedMention(0, 7, "analgesic"),), ((8, 13),))
CLOSED = AnnotatedPassage("d2/0", "gold", "Zinc or Iron.", (AnnotatedMention(0, 4, "metal"),), (), ("city", "metal"))
"""The two files that `silver` writes, a passage each."""


def write_silver(folder: Path, *files: list[AnnotatedPassage], described: tuple[str, ...] = ("metal",)) -> Path:
    (folder / "passages").mkdir(parents=True)
    (folder / "descriptions").mkdir()
    for number, passages in enumerate(files):
        pq.write_table(passages_table(passages), folder / "passages" / f"{number}.parquet")
    told = [{"entity_type": name, "view": "definition", "description": f"A {name}."} for name in described]
    pq.write_table(pa.Table.from_pylist(told, schema=DESCRIPTION_SCHEMA), folder / "descriptions" / "0.parquet")
    return folder


@pytest.fixture
def silver(tmp_path: Path) -> Path:
    return write_silver(tmp_path / "silver", [OPEN], [CLOSED])


def run_over(folder: Path, output: Path, label: str, **more: Any) -> str:
    """A run in which capitalised words are of a type."""
    fields = {"id_field": "passage_id", "text_field": "text", "include_text": True, "label": label, **more}
    return commit_run(output, *sorted((folder / "passages").glob("*.parquet")), **fields)


def fill(silver: Path, *runs: str, **more: Any) -> FillReport:
    settings = FillSettings(silver=str(silver), runs=runs, output=str(silver.parent / "filled"), **more)
    return fill_silver(settings, lambda line: None)


def filled(silver: Path) -> list[AnnotatedPassage]:
    return [passage_from_row(row) for row in rows(silver.parent / "filled", "passages")]


def found(passage: AnnotatedPassage) -> list[tuple[str, str]]:
    return [(passage.text[m.start : m.end], m.type) for m in passage.mentions]


def test_mentions_of_other_types_are_added(silver: Path, tmp_path: Path) -> None:
    report = fill(silver, run_over(silver, tmp_path / "run", "Drugs"))

    first, second = filled(silver)
    assert found(first) == [("Aspirin", "analgesic"), ("Aspirin", "drug")]
    assert (first.unsure, first.annotated, first.source) == (((8, 13),), None, "llm")
    assert found(second) == [("Zinc", "drug"), ("Zinc", "metal"), ("Iron", "drug")]
    assert second.annotated == ("city", "metal", "drug")
    described = rows(silver.parent / "filled", "descriptions")
    assert described == [{"entity_type": "metal", "view": "definition", "description": "A metal."}]
    kept = json.loads((silver.parent / "filled" / "report.json").read_bytes())
    assert kept == report.as_json()
    assert (report.passages, report.filled, report.without_counterpart) == (2, 2, 0)
    assert (report.added, report.undescribed) == ({"drug": 3}, ["drug"])


@pytest.mark.parametrize("name", ["metal", "city"])
def test_a_type_that_is_mentioned_or_listed_is_left_to_the_annotators(silver: Path, tmp_path: Path, name: str) -> None:
    report = fill(silver, run_over(silver, tmp_path / "run", name))

    first, second = filled(silver)
    assert found(first) == [("Aspirin", "analgesic"), ("Aspirin", name)]
    assert second == CLOSED
    assert report.filled == 1


def test_what_was_looked_for_and_not_found_is_listed(tmp_path: Path) -> None:
    quiet = AnnotatedPassage("1", "text", "no name here", (), (), ())
    silver = write_silver(tmp_path / "silver", [quiet, OPEN])

    report = fill(silver, run_over(silver, tmp_path / "run", "drug"))

    assert (filled(silver)[0].mentions, filled(silver)[0].annotated) == ((), ("drug",))
    assert (report.passages, report.filled) == (2, 1)


def test_the_threshold_is_the_least_score(silver: Path, tmp_path: Path) -> None:
    run = run_over(silver, tmp_path / "run", "drug")
    score = rows(tmp_path / "run")[0]["spans"][0]["score"]

    assert fill(silver, run, model_threshold=score).added.total() == 3
    again = FillSettings(silver=str(silver), runs=(run,), output=str(tmp_path / "none"), model_threshold=score + 0.01)
    assert fill_silver(again, lambda line: None).added.total() == 0


def test_of_several_runs_the_first_with_a_type_counts(silver: Path, tmp_path: Path) -> None:
    only = write_silver(tmp_path / "part", [OPEN])
    sparse = AnnotatedMention(8, 13, "drug")

    report = fill(
        silver,
        run_over(only, tmp_path / "a", "drug"),
        run_over(silver, tmp_path / "b", "drug"),
        run_over(silver, tmp_path / "c", "remedy"),
    )

    assert report.added == {"drug": 3, "remedy": 3}
    assert filled(silver)[1].annotated == ("city", "metal", "drug", "remedy")
    assert fill_passage(OPEN, {"drug": [sparse], "none": []}).mentions == (OPEN.mentions[0], sparse)


def test_runs_are_matched_by_text_whatever_their_ids(silver: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes.jsonl"
    texts = ("Nothing.", CLOSED.text, OPEN.text, OPEN.text, "More.")
    notes.write_text("".join(json.dumps({"id": f"n{n}", "text": text}) + "\n" for n, text in enumerate(texts)))

    assert fill(silver, commit_run(tmp_path / "run", notes, include_text=True)).added == {"name": 3}


def test_passages_that_no_run_read_stay(silver: Path, tmp_path: Path) -> None:
    report = fill(silver, run_over(write_silver(tmp_path / "part", [CLOSED]), tmp_path / "run", "drug"))

    assert filled(silver)[0] == OPEN
    assert (report.filled, report.without_counterpart) == (1, 1)
    assert ("  in no run, kept as they are", "1") in report.lines()


def test_the_same_request_gives_the_same_bytes(silver: Path, tmp_path: Path) -> None:
    run = run_over(silver, tmp_path / "run", "drug")

    def written() -> dict[str, bytes]:
        files = (tmp_path / "filled").rglob("*")
        return {str(file): file.read_bytes() for file in files if file.is_file()}

    fill(silver, run)
    before = written()
    (tmp_path / "filled" / "passages" / "000009.parquet").write_bytes(b"of an earlier call")
    fill(silver, run)
    assert written() == before
    with pytest.raises(UsageError, match="not what this request wrote"):
        fill(silver, run, model_threshold=0.4)


def test_what_cannot_be_used_is_said(silver: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no run"):
        fill(silver, str(silver))
    without_text = run_over(silver, tmp_path / "bare", "drug", include_text=False)
    with pytest.raises(UsageError, match="kept no texts: run it again with --include-text"):
        fill(silver, without_text)
    begun = run_over(silver, tmp_path / "begun", "drug")
    next(iter((tmp_path / "begun" / "data").iterdir())).unlink()
    with pytest.raises(UsageError, match="is not finished: 1 of 2 splits are left"):
        fill(silver, begun)
    changed = write_silver(tmp_path / "changed", [AnnotatedPassage("d1/0", "llm", "Codeine eased it.", ())])
    with pytest.raises(UsageError, match="passage d1/0 has another text in the run in"):
        fill(silver, run_over(changed, tmp_path / "other", "drug"))
    told = tmp_path / "told"
    (told / "descriptions").mkdir(parents=True)
    (silver / "descriptions" / "0.parquet").rename(told / "descriptions" / "0.parquet")
    with pytest.raises(UsageError, match="holds only descriptions"):
        fill(told, without_text)
    with pytest.raises(UsageError, match="give at least one run"):
        fill(silver)
    with pytest.raises(UsageError, match=r"--model-threshold is 1\.5"):
        fill(silver, "run", model_threshold=1.5)


def test_a_run_of_the_bundled_model_fills_as_the_help_says(tmp_path: Path) -> None:
    texts = ("Morphine was given for severe pain.", "The patients were given dopamine and cocaine.")
    marked = [
        AnnotatedPassage("1", "llm", texts[0], (AnnotatedMention(0, 8, "opioid_analgesic"),)),
        AnnotatedPassage("2", "llm", texts[1], (AnnotatedMention(4, 12, "person"),)),
    ]
    silver = write_silver(tmp_path / "silver", marked)
    fields = ("--id-field", "passage_id", "--text-field", "text", "--include-text", "--nested")
    annotate = ("annotate", silver / "passages", *fields, "--types", "chemical", "--model", "bundled-open")
    run, output = tmp_path / "run", tmp_path / "filled"

    for arguments in ((*annotate, "--output", run), ("silver", "fill", silver, run, "--output", output)):
        result = CliRunner().invoke(main, list(map(str, arguments)))
        assert result.exit_code == 0, result.output
    assert "mentions added" in result.stdout
    first, second = filled(silver)
    assert found(first) == [("Morphine", "chemical"), ("Morphine", "opioid_analgesic")]
    assert found(second) == [("patients", "person"), ("dopamine", "chemical"), ("cocaine", "chemical")]
