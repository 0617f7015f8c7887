"""`openbioner-batch annotate` and `status` as a user meets them, with a real model of random weights."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from outputs import contents, rows
from processes import Program, wait_until
from tiny import tiny_checkpoint

from openbioner_batch.cli.main import main
from openbioner_batch.model import Tagger
from openbioner_batch.records import EntityType

from .conftest import Corpus

TYPES = "drug: a substance that is given\nsite: a part of the body\n"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def command(checkpoint: Path, corpus: Corpus, tmp_path: Path) -> list[str]:
    """The arguments of a run over 60 short notes."""
    corpus(
        "notes.jsonl", [f"Note {n}: aspirin 81 mg for the knee, then rest. 🙂 Ibuprofen ({n} mg)!" for n in range(60)]
    )
    (tmp_path / "types.yaml").write_text(TYPES)
    return [
        *("annotate", str(tmp_path / "in"), "--output", str(tmp_path / "out"), "--types", str(tmp_path / "types.yaml")),
        *("--model", str(checkpoint), "--devices", "cpu", "--shard-documents", "10"),
    ]


@pytest.fixture
def programs() -> Iterator[list[Program]]:
    started: list[Program] = []
    yield started
    for program in started:
        program.end()


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_the_output_is_what_the_tagger_says(
    ray_here: None, command: list[str], checkpoint: Path, tmp_path: Path
) -> None:
    result = call(*command, "--include-text", "--actors", "2", "--dtype", "float32")

    assert result.exit_code == 0, result.output
    assert "documents tagged" in result.stdout
    assert "--text-field: text (guessed)" in result.stderr
    found = rows(tmp_path / "out")
    tagger = Tagger.from_pretrained(checkpoint, "cpu", "float32")
    types = [EntityType("drug", "a substance that is given"), EntityType("site", "a part of the body")]
    expected = tagger.annotate([row["text"] for row in found], types)
    assert [row["windows"] for row in found] == [tagged.windows for tagged in expected]
    for row, tagged in zip(found, expected, strict=True):
        spans = [(span.start, span.end, span.type, span.text) for span in tagged.spans]
        assert [(s["start"], s["end"], s["type"], s["text"]) for s in row["spans"]] == spans
        assert [s["score"] for s in row["spans"]] == pytest.approx([span.score for span in tagged.spans], abs=1e-5)
    assert any(row["spans"] for row in found)

    again = call(*command, "--include-text", "--dtype", "float32")
    assert (again.exit_code, "finished" in again.stdout) == (0, True)
    other = call(*command, "--include-text", "--dtype", "float32", "--words", "whitespace")
    assert other.exit_code == 2
    assert "words: basic then, whitespace now" in other.stderr
    status = call("status", str(tmp_path / "out"), "--json")
    assert json.loads(status.stdout)["documents"] == 60
    assert "6" in call("status", str(tmp_path / "out")).stdout


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_ctrl_c_leaves_a_run_that_the_same_command_ends(
    command: list[str], corpus: Corpus, programs: list[Program], tmp_path: Path
) -> None:
    # Seconds of work after the first commit even on a fast machine: the signal must find the run under way.
    corpus("notes.jsonl", [f"Note {n}: aspirin 81 mg for the knee, then rest. " * 20 for n in range(400)])
    command += ["--shard-documents", "5", "--executor", "ray"]
    program = Program(["-m", "openbioner_batch.cli.main", *command])
    programs.append(program)
    wait_until(lambda: list((tmp_path / "out" / "data").glob("*")) or program.process.poll() is not None)
    os.killpg(program.process.pid, signal.SIGINT)

    code, output = program.finish()

    assert code == 130, output
    assert "interrupted: what is committed stays, the same command resumes" in output
    assert "Traceback" not in output
    before = contents(tmp_path / "out")
    assert 0 < len(before) < 80
    assert not list((tmp_path / "out" / "_run" / "attempts").rglob("*.*"))
    wait_until(lambda: not program.descendants(), what="processes that outlive Ctrl-C")

    again = call(*command, "--executor", "in-process")

    assert again.exit_code == 0, again.output
    assert "resuming the run" in again.stderr
    assert before.items() <= contents(tmp_path / "out").items()
    assert len(rows(tmp_path / "out")) == 400
    assert "note: " not in again.stderr


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["--types", "unheard-of"], "unheard-of"),
        (["--model", "/nowhere/model"], "/nowhere/model"),
        (["--format", "docx"], "docx"),
        (["--text-field", "body"], "body"),
        (["--actors", "0"], "--actors is 0"),
        (["--text-tokens", "511"], "511"),
        (["--description-tokens", "5"], "description"),
        (["--config", "/nowhere.yaml"], "/nowhere.yaml"),
    ],
)
def test_a_mistake_is_one_line_before_anything_starts(
    command: list[str], changes: list[str], message: str, tmp_path: Path
) -> None:
    result = call(*command, *changes)

    assert result.exit_code == 2
    (line,) = [line for line in result.stderr.splitlines() if "guessed" not in line and "by the names" not in line]
    assert line.startswith("error: ")
    assert message in line
    assert not (tmp_path / "out").exists()


def test_a_configuration_file_takes_the_same_keys(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text("types: unheard-of\nactors: 3\nlimit: 0\n")

    assert "--limit is 0" in call(*command, "--config", str(tmp_path / "run.yaml")).stderr
    (tmp_path / "run.yaml").write_text("typos: disease\n")
    result = call(*command, "--config", str(tmp_path / "run.yaml"))
    assert "unknown key 'typos': the keys are inputs, output, types, view" in result.stderr


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    script = (
        "import sys; from click.testing import CliRunner; from openbioner_batch.cli.main import main\n"
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0\n"
        "assert CliRunner().invoke(main, ['annotate', '--help']).exit_code == 0\n"
        "print([name for name in ('torch', 'ray', 'pyarrow', 'lxml', 'transformers', 'rich') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"
