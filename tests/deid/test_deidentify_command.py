"""The command and what surrounds a run: its flags, its status, its place on disk for what Ray spills."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

from click.testing import CliRunner

from openbioner_batch.cli.main import main
from openbioner_batch.deid.report import report_lines
from openbioner_batch.deid.run import _private_folder
from openbioner_batch.deid.settings import DeidentifySettings
from openbioner_batch.engine.status import run_status
from openbioner_batch.settings import read_options_file

from .conftest import Archive, Deidentify

RECORD = {"id": "n1", "text": "Call 617-555-0142 tomorrow."}


def test_a_mistake_is_one_line_and_exit_code_2(archive: Archive, tmp_path: Path) -> None:
    inputs = str(archive("a.jsonl", [RECORD]))
    for arguments, message in (
        ([inputs, "--output", str(tmp_path / "out")], "--policy is missing"),
        ([inputs, "--output", str(tmp_path / "out"), "--policy", "surrogate"], "keygen"),
        ([inputs, "--output", "out", "--policy", "tags", "--model", "no/such/model"], "no such directory"),
    ):
        answer = CliRunner().invoke(main, ["deidentify", *arguments])
        assert answer.exit_code == 2
        (line,) = [line for line in answer.output.splitlines() if line.startswith("error")]
        assert message in line


def test_a_configuration_file_gives_the_same_settings_as_flags(tmp_path: Path) -> None:
    config = tmp_path / "run.yaml"
    config.write_text("policy: tags\nknown-fields: [name, mrn]\nresidual-sample: 2%\nmodel-threshold: 1\n")
    settings = DeidentifySettings.build({"inputs": ("a",), "output": "o", **read_options_file(str(config))})
    assert settings.roles == {"name": "patient_name", "mrn": "medical_record_number"}
    assert settings.sampled_share == 0.02
    assert settings.finder.model_threshold == 1.0


def test_a_finished_run_has_a_status_and_a_table(archive: Archive, run_here: Deidentify, tmp_path: Path) -> None:
    finished = run_here(archive("a.jsonl", [RECORD, {"id": "n2", "text": "Fine."}]))
    status = run_status(str(tmp_path / "out"))
    assert (status["finished"], status["documents"], status["spans"]["types"]) == (True, 2, {"phone_number": 1})
    lines = dict(report_lines(finished.report))
    assert (lines["notes"], lines["identifiers found"], lines["  phone_number"]) == ("2", "1", "1")
    assert lines["notes without any identifier (look at some)"] == "1"


def test_what_ray_spills_goes_to_a_private_folder_that_is_removed(tmp_path: Path) -> None:
    with _private_folder(str(tmp_path / "spilled")) as folder:
        assert Path(folder).parent == tmp_path / "spilled"
        assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
        (Path(folder) / "object").write_text(json.dumps(RECORD))
    assert list((tmp_path / "spilled").iterdir()) == []
