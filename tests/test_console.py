"""A user's string is never markup, whatever prints it, and no terminal makes a finished run fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from runs import commit_run

from openbioner_batch.cli.main import main

ODD = ("a[/b]", "gene [human]", "[bold]x", ":pill:", "maladie_géné", "[/]", "\\[a]")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run with odd names of types in a folder with an odd name."""
    import scorers

    class Odd(scorers.NameScorer):
        def _score(self, text: str, together: int) -> scorers.Tagged:
            self.label = ODD[len(text) % len(ODD)]
            return super()._score(text, together)

    monkeypatch.setattr(scorers.NameScorerFactory, "scorer", lambda self: Odd("", 0.0))
    texts = ["Anna" + " slept" + "." * n for n in range(len(ODD))]
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps({"id": str(n), "text": text}) + "\n" for n, text in enumerate(texts)))
    return commit_run(tmp_path / "out[x] [/b]", path)


@pytest.mark.parametrize("command", [["status", "{}"], ["show", "{}", "--limit", "9"], ["compare", "{}", "{}"]])
def test_brackets_and_colons_come_out_as_they_are(run: str, command: list[str]) -> None:
    done = CliRunner().invoke(main, [part.format(run) for part in command], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    for name in ODD:
        assert name in done.stdout
    assert command[0] != "status" or done.stdout.startswith(f"{run}: ")


def test_the_page_on_such_a_run_is_written(run: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["report", run, "--html", str(tmp_path / "page[x].html")], catch_exceptions=False)
    assert done.stdout.startswith(f"{tmp_path}/page[x].html: ")
    assert "a[/b]" in (tmp_path / "page[x].html").read_text("utf-8")
    for folder in (tmp_path, f"{tmp_path}/new/"):
        done = CliRunner().invoke(main, ["report", run, "--html", str(folder)])
        assert (done.exit_code, f"--html {folder} is a folder" in done.stderr) == (2, True)
    assert not list(tmp_path.rglob("*.tmp"))
    assert not (tmp_path / "new").exists()


def status(run: str, redirection: str, **environment: str) -> int:
    command = f'exec "{sys.executable}" -m openbioner_batch status "$1" {redirection}'
    done = subprocess.run(["sh", "-c", command, "sh", run], env={**os.environ, **environment}, capture_output=True)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done.returncode


def test_a_poor_terminal_prints_what_it_can(run: str) -> None:
    assert status(run, "", PYTHONIOENCODING="ascii") == 0
    assert status(run, ">&- 2>&-") == 0


def test_a_summary_that_nobody_takes_does_not_make_a_finished_run_fail() -> None:
    prints = "from openbioner_batch.console import *\nwith printing(): plain_console().print('x' * 99999)"
    for redirection in (">/dev/full", "| true"):
        command = f'"{sys.executable}" -c "{prints}" {redirection}'
        done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
