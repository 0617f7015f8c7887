"""`make demo`, as the main page has it: with this environment, and (slow) from nothing with the page's installation."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pages import ROOT, command

STAMPS = ("pyvenv.cfg", ".installed-demo")


def run(line: str, folder: Path, **environment: str) -> str:
    """What a command of the page prints in a folder."""
    done = subprocess.run(
        line, shell=True, cwd=folder, capture_output=True, text=True, timeout=3000, env=os.environ | environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_the_demo_tags_shows_and_reports(tmp_path: Path) -> None:
    """With stamps that say that the environment is there, which is the one that runs this test."""
    for name in ("Makefile", "pyproject.toml", ".ci", "openbioner_batch"):
        (tmp_path / name).symlink_to(ROOT / name)
    program = tmp_path / ".venv" / "bin" / "openbioner-batch"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m openbioner_batch.cli.main "$@"\n')
    program.chmod(0o755)
    for name in STAMPS:
        (tmp_path / ".venv" / name).touch()
    shown = run(command("make demo"), tmp_path, PYTHONPATH=str(ROOT))
    assert "documents tagged              24" in shown
    assert "[heart failure|disease]" in shown
    assert '"text":"' in (tmp_path / "demo-output.html").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.skipif("PIP_NO_INDEX" in os.environ, reason="PIP_NO_INDEX: there is no package index to install from")
def test_the_demo_and_the_installation_from_nothing(tmp_path: Path) -> None:
    """Slow: each installs all dependencies, some GB, from the package index."""
    left_out = shutil.ignore_patterns(".git", ".venv*", "demo-*", "*cache*", "results", "tests")
    copy = tmp_path / "copy"
    shutil.copytree(ROOT, copy, ignore=left_out)
    cpu = {} if shutil.which("nvidia-smi") else {"PIP_EXTRA_INDEX_URL": "https://download.pytorch.org/whl/cpu"}
    assert "[heart failure|disease]" in run(command("make demo"), copy, **cpu)
    run(f"{shlex.quote(sys.executable)} -m venv own", copy)
    for line in (command("pip install ."), command("pip install '.[deid]'")):
        run(f"own/bin/{line} -c .ci/constraints.txt", copy, **cpu)
    assert "disease" in run(f"{copy}/own/bin/openbioner-batch types", tmp_path)
    run(f"{copy}/own/bin/python -c 'import faker'", tmp_path)
