"""Every script of jobs/ is the command of its name: the same help, the same answer to a mistake."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from processes import ROOT

SCRIPTS = sorted((ROOT / "jobs").glob("*.py"))


def run(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(script), *arguments], capture_output=True, text=True, cwd=ROOT)


def test_there_is_one_for_each_long_command() -> None:
    assert [script.stem for script in SCRIPTS] == ["annotate", "deidentify", "evaluate", "pretrain", "silver"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_script_is_thin_and_answers_as_its_command_does(script: Path) -> None:
    assert len(script.read_text("utf-8").splitlines()) < 25
    assert run(script, "--help").stdout.startswith(f"Usage: jobs/{script.name} {script.stem} ")
    mistake = run(script, "--no-such-flag")
    assert mistake.returncode == 2
    assert "--no-such-flag" in mistake.stderr
    assert "Traceback" not in mistake.stderr
