"""JSON lines for a log collector: one object a line, with ids and counts, and no text or name of a record."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from openbioner_batch.cli.main import main
from openbioner_batch.deid.keys import generate_key
from openbioner_batch.deid.run import deidentify
from openbioner_batch.deid.settings import DeidentifySettings
from openbioner_batch.engine.ledger import Totals
from openbioner_batch.engine.logs import VARIABLE, say_to_stderr
from openbioner_batch.engine.metrics import run_id
from openbioner_batch.engine.progress import Progress, shown
from openbioner_batch.engine.store import Store


@pytest.fixture
def as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "json")


def events(lines: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.splitlines()]


def test_lines_are_for_people_unless_json_is_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    say_to_stderr("format: jsonl")
    monkeypatch.setenv(VARIABLE, "json")
    say_to_stderr("format: jsonl")
    plain, line = capsys.readouterr().err.splitlines()
    assert plain == "format: jsonl"
    assert json.loads(line)["message"] == "format: jsonl"
    assert json.loads(line)["time"].endswith("+00:00")


def test_a_deidentification_tells_of_shards_by_number_and_of_no_name(
    as_json: None, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    notes = [{"id": f"D{n}", "text": f"Ann Quandrelle (MRN 7734190{n}) has fever."} for n in range(5)]
    source = tmp_path / "Quandrelle.jsonl"
    source.write_text("".join(f"{json.dumps(note)}\n" for note in notes) + "{broken Quandrelle\n")
    settings = DeidentifySettings.build(
        {
            "inputs": (str(source),),
            "output": str(tmp_path / "out"),
            "policy": "tags",
            "model": "none",
            "key_file": str(generate_key(tmp_path / "key")),
            "shard_documents": 2,
            "max_quarantined": "50%",
            "executor": "in-process",
        }
    )
    deidentify(settings)
    printed = capsys.readouterr()
    assert "Quandrelle" not in printed.err + printed.out
    found = events(printed.err)
    kinds = Counter(event["event"] for event in found)
    assert kinds["started"] == kinds["finished"] == 1
    shards = [event for event in found if event["event"] == "shard"]
    assert [shard["shard"] for shard in shards] == ["000000-00000", "000000-00001", "000000-00002"]
    assert sum(shard["documents"] for shard in shards) == 5
    assert sum(shard["quarantined"] for shard in shards) == 1
    assert {event["run"] for event in found if event["event"] != "note"} == {run_id(Store(settings.output).url)}


def test_progress_is_numbers(as_json: None, capsys: pytest.CaptureFixture[str]) -> None:
    import sys

    progress = Progress(Totals(documents=3), {0: 1.0}, 12)
    seen = ""
    with shown(progress, sys.stderr, "12345678", interval=0.01):
        while "\n" not in seen:
            seen += capsys.readouterr().err
    event = events(seen)[0]
    assert (event["event"], event["run"], event["documents"], event["share"]) == ("progress", "12345678", 3, 0.25)


def test_an_error_is_a_line_too(as_json: None, tmp_path: Path) -> None:
    answer = CliRunner().invoke(main, ["status", str(tmp_path)])
    assert answer.exit_code == 2
    (event,) = events(answer.stderr)
    assert (event["event"], event["exit_code"]) == ("error", 2)
    assert "holds no run" in event["message"]


def test_a_line_that_nobody_can_read_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    source, sink = os.pipe()
    os.close(source)
    stream = os.fdopen(sink, "w", buffering=1)
    monkeypatch.setattr(sys, "stderr", stream)
    say_to_stderr("format: jsonl")  # a broken pipe
    with pytest.raises(BrokenPipeError):
        stream.close()
    say_to_stderr("format: jsonl")  # a closed stream
