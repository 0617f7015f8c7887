"""What an export refuses, and what it says then."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from engine.exports import Export, written
from runs import commit_run

from openbioner_batch.cli.main import main
from openbioner_batch.errors import PlanMismatchError, RunFailedError, UsageError


def test_a_run_without_texts_is_refused_where_they_are_needed(tmp_path: Path, source: Path, out: Export) -> None:
    run = commit_run(tmp_path / "run", source)
    with pytest.raises(UsageError, match=r"--to brat needs the documents' texts.*--source.*--include-text"):
        out(run, "brat")
    assert not (tmp_path / "x").exists()


def test_inputs_that_changed_are_refused_without_quoting_them(tmp_path: Path, source: Path, out: Export) -> None:
    run = commit_run(tmp_path / "run", source)
    whole = (source / "a.xml").read_text()
    (source / "a.xml").write_text(whole.replace("Paper 3", "Secret3"))
    with pytest.raises(RunFailedError, match=r"a\.xml: record 2 has another text now") as caught:
        out(run, "pubtator", source=(str(source),))
    assert "Secret" not in str(caught.value)
    (source / "a.xml").write_text(whole + "\n")
    with pytest.raises(UsageError, match=r"the run has read .*a\.xml \([\d,]+ bytes\), which is not among"):
        out(run, "pubtator", "y", source=(str(source),))


def test_an_export_of_another_release_names_it(
    tmp_path: Path, source: Path, out: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = commit_run(tmp_path / "run", source)
    monkeypatch.setattr("openbioner_batch.version.__version__", "1.4")
    out(run, "csv")
    monkeypatch.undo()
    with pytest.raises(PlanMismatchError, match=r"system: openbioner_batch 1\.4.*finish it with 1\.4, or"):
        out(run, "csv")


def test_an_input_that_is_not_there_any_more_is_named(tmp_path: Path, source: Path, out: Export) -> None:
    run = commit_run(tmp_path / "run", source)
    (source / "b.xml").unlink()
    with pytest.raises(UsageError, match=r"--source: the run has read .*b\.xml .* not among the 1 files there"):
        out(run, "bioc-json", source=(str(source),))


def test_another_request_in_the_same_folder_is_refused(tmp_path: Path, source: Path, out: Export) -> None:
    run = commit_run(tmp_path / "run", source)
    out(run, "csv")
    with pytest.raises(PlanMismatchError, match="format: csv then, jsonl now"):
        out(run, "jsonl")
    for more in ({"partition_by": "journal"}, {"gzip": True}):
        with pytest.raises(PlanMismatchError, match=f"{next(iter(more)).replace('_', ' ')}: "):
            out(run, "csv", **more)
    with pytest.raises(UsageError, match="holds no export"):
        out(run, "csv", "run")
    assert out(run, "jsonl", overwrite=True).written.shards == 4
    assert {Path(name).suffix for name in written(tmp_path / "x")} == {".jsonl"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"to": "word"}, "--to word: no such format; there are: pubtator, "),
        ({"to": "csv", "partition_by": "journal_id"}, "there are: pmid, version, year, date, date_revised, journal$"),
        ({"to": "omop-note-nlp", "partition_by": "year"}, "only with jsonl, csv, parquet-long"),
        ({"to": "csv", "date": "today"}, "--date is 'today': give a day such as"),
        ({"to": "csv", "workers": 0}, "--workers is 0"),
        ({"to": "csv", "format": "csv"}, "unknown key 'format'"),
    ],
)
def test_requests_that_are_wrong(
    tmp_path: Path, source: Path, out: Export, values: dict[str, Any], message: str
) -> None:
    run = commit_run(tmp_path / "run", source)
    with pytest.raises(UsageError, match=message):
        out(run, **values)


def test_runs_that_are_none_or_not_finished(tmp_path: Path, source: Path, out: Export) -> None:
    with pytest.raises(UsageError, match="holds no run"):
        out(tmp_path / "none", "csv")
    run = commit_run(tmp_path / "run", source)
    (tmp_path / "run/_run/ends/000001.json").unlink()
    with pytest.raises(UsageError, match="is not finished: 1 of 2 splits are left"):
        out(run, "csv")


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, out: Export) -> None:
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(UsageError, match=r"needs the package spacy.*pip install 'openbioner-batch\[spacy\]'"):
        out(tmp_path, "docbin")


def test_a_users_mistake_is_exit_code_2(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["export", str(tmp_path), "--to", "csv"])
    assert (result.exit_code, result.output) == (2, "error: --output is missing\n")
