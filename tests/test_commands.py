"""Every command of the pages is run by a test, or it is said here why none runs it; and its options exist."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from pages import PAGES, ROOT, commands

from openbioner_batch.cli.main import main

TESTS = ROOT / "tests"
ELSEWHERE = {
    "make demo": "test_make.py",
    "pip install": "test_make.py",
    "python -m openbioner_batch.training.glossary": "training/test_glossary.py",
    "python -m openbioner_batch.training.standoff": "training/test_standoff.py",
    "python benchmarks/throughput.py": "benchmarks/test_quick.py",
    "python benchmarks/peers.py": "benchmarks/test_quick.py",
    "python benchmarks/deid_peers.py": "benchmarks/test_deid_peers.py",
    "python benchmarks/deid_whole_job.py": "benchmarks/test_deid_whole_job.py",
    "cd tests && python -m faults.random_kills": "faults/test_cluster.py",
    "cd tests && python -m fuzz.run": "fuzz/test_readers.py",
    "export RAY_AUTH_MODE=token RAY_USAGE_STATS_ENABLED=0": "cluster/test_readme.py",
    "ray get-auth-token": "cluster/test_readme.py",
    "ray start": "cluster/test_readme.py",
    "ray job submit --submission-id first": "cluster/test_readme.py",
    "ray job logs first": "cluster/test_readme.py",
    "kill $!": "cluster/test_readme.py",
    "ray job stop first": "cluster/test_readme.py",
    "ray job submit --working-dir": "cluster/test_readme.py",
}
"""Run in another form: by a function with other values, with fewer or shorter repeats, or as part of a block."""
NOT_RUN = {
    "make test": "it would run itself",
    "make format": "it would change the files under test; `make lint` has the same tool",
    "python -m pytest": "it would run itself",
    ".venv/bin/python -m pytest": "it would run itself",
    "python -m venv mutants-venv": "mutmut is no part of the environment",
    "mutants-venv/bin/": "mutmut is no part of the environment",
    "ray stop": "it would end the Ray of others",
    "docker": "needs Docker and an image; tests/cluster/test_files.py reads the files",
    "export RAY_AUTH_TOKEN=$(openssl": "part of the block for Docker",
    "export RAY_AUTH_MODE=token RAY_API_SERVER_ADDRESS": "part of the blocks for clouds and Kubernetes",
    "export RAY_AUTH_TOKEN=$(kubectl": "needs Kubernetes",
    "ray up": "needs an account of a cloud",
    "ray down": "needs an account of a cloud",
    "ray dashboard": "needs an account of a cloud",
    "ray job submit -- python /app/jobs/annotate.py": "needs a cluster with GPUs",
    "helm": "needs Kubernetes",
    "kubectl": "needs Kubernetes",
}


def run_by_tests() -> set[str]:
    """The beginnings of commands that tests take from the pages."""
    return {
        node.args[0].value
        for file in TESTS.glob("test_readme*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "command"
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    }


def test_every_command_is_run_by_a_test_or_it_is_said_why_not() -> None:
    known = [*run_by_tests(), *ELSEWHERE, *NOT_RUN]
    assert [line for line in commands() if not line.startswith(tuple(known))] == []


def test_what_is_said_of_commands_is_of_some_and_names_tests_that_are_there() -> None:
    assert [name for name in [*ELSEWHERE, *NOT_RUN] if not any(line.startswith(name) for line in commands())] == []
    assert [file for file in ELSEWHERE.values() if not (TESTS / file).is_file()] == []


def written() -> Iterator[str]:
    """The commands of blocks, of indented code and within lines, except those that leave something out."""
    yield from commands()
    for page in PAGES:
        text = page.read_text("utf-8").replace("\\\n", " ")
        yield from re.findall(r"(?m)^ {4}((?:openbioner-batch|python) .*)$", text)
        yield from (" ".join(line.split()) for line in re.findall(r"`((?:openbioner-batch|python) [^`]+)`", text))


def commands_of(program: str) -> list[str]:
    lines = {line: 0 for line in written() if line.startswith(f"{program} ") and "..." not in line}
    return [line for line in lines if len(line.split()) > 2]


def parsed(command: click.Command, arguments: list[str]) -> click.Context:
    """Reads the arguments without running anything."""
    with command.make_context("command", arguments, resilient_parsing=False) as context:
        if isinstance(command, click.Group):
            name, found, rest = command.resolve_command(context, [*context._protected_args, *context.args])
            assert name
            assert found
            return parsed(found, rest)
        return context


@pytest.mark.parametrize("line", commands_of("openbioner-batch"))
def test_the_options_of_a_command_exist(line: str) -> None:
    _, *arguments = shlex.split(line)
    if "--help" not in arguments:
        parsed(main, arguments)


@pytest.mark.parametrize("line", commands_of("python"))
def test_the_options_of_a_script_exist(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, script, *arguments = shlex.split(line)
    if not script.startswith("benchmarks/"):
        pytest.skip("no script of benchmarks/")
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    command = importlib.import_module(Path(script).stem).main
    if not isinstance(command, click.Command):
        pytest.skip("its options are not click's")
    monkeypatch.chdir(tmp_path)
    for name in arguments:  # inputs must exist
        if name.endswith("/"):
            (tmp_path / name).mkdir(parents=True, exist_ok=True)
        elif re.fullmatch(r"[\w/-]+(\.\w+)+|FILE|[A-Z]{2,}", name):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
    parsed(command, arguments)
