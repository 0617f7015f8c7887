"""What a user installs and types first."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import click
import pytest

from openbioner_batch.cli.main import main

ROOT = Path(__file__).parents[1]
MEASURED = """
import sys, time
from openbioner_batch.cli.main import main
main([*sys.argv[1:], "--help"], standalone_mode=False)
print(time.process_time(), *sys.modules)
"""
YARDSTICK = "import time, click; print(time.process_time())"
PACKAGES = {"torch", "ray", "lxml", "transformers", "tokenizers", "pyarrow", "fsspec", "aiohttp", "numpy", "rich"}
COMPILING = {"openbioner_batch.deid.dates.forms", "openbioner_batch.deid.recognizers.patterns"}
"""Modules that compile large regular expressions when they are imported."""
HEAVY = PACKAGES | COMPILING
TIMES_CLICK = 5
"""The most CPU time of help, as a multiple of what Python and an import of click take: 0.2 s on an AMD EPYC."""


def commands(group: click.Group = main, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command and group of commands, by the words that call it."""
    yield path
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


COMMANDS = tuple(commands())


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "openbioner_batch.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=os.environ | {"COLUMNS": "100"})


def test_every_command_is_found() -> None:
    assert {("annotate",), ("deidentify",), ("silver",), ("silver", "annotate"), ("vocabulary", "build")} <= {*COMMANDS}
    assert len(COMMANDS) > 25


def test_help_lists_every_command() -> None:
    answer = run("--help")
    assert answer.returncode == 0, answer.stderr
    names = [path[0] for path in COMMANDS if len(path) == 1]
    assert [name for name in names if not re.search(rf"^  {name} ", answer.stdout, re.MULTILINE)] == []


def measured(program: str, *arguments: str) -> tuple[float, set[str]]:
    """Seconds of CPU time that a program says it took, and the modules that it loaded."""
    command = [sys.executable, "-c", program, *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    seconds, *loaded = answer.stdout.splitlines()[-1].split()
    return float(seconds), set(loaded)


@pytest.fixture(scope="module")
def most_seconds() -> float:
    return TIMES_CLICK * median(measured(YARDSTICK)[0] for _ in range(3))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command) or "main")
def test_help_is_quick_and_loads_nothing_heavy(command: tuple[str, ...], most_seconds: float) -> None:
    seconds, loaded = measured(MEASURED, *command)
    assert HEAVY & loaded == set()
    # Twice more where it was slow: something else may have been in the way.
    assert seconds < most_seconds or min(measured(MEASURED, *command)[0] for _ in range(2)) < most_seconds


def test_a_users_mistake_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    answer = run("show", str(tmp_path))
    assert answer.returncode == 2
    assert answer.stderr.startswith("error: ")
    assert answer.stderr.count("\n") == 1


def imported(file: Path) -> set[str]:
    """The top-level modules that a file imports, anywhere in it."""
    nodes = list(ast.walk(ast.parse(file.read_text("utf-8"))))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]
    return {name.partition(".")[0] for name in names}


def test_every_package_that_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = sum([project["dependencies"], *project["optional-dependencies"].values()], [])
    names = {re.split(r"[\[=<>~ ]", one)[0].lower().replace("-", "_") for one in wanted}
    modules = {"grpc": "grpcio", "yaml": "pyyaml"}
    found = set().union(*(imported(file) for file in (ROOT / "openbioner_batch").rglob("*.py")))
    others = {name for name in found if name and name not in sys.stdlib_module_names and name != "openbioner_batch"}
    assert sorted(name for name in others if modules.get(name, name).lower() not in names) == []


def test_types_and_metadata_are_shipped() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (ROOT / "openbioner_batch" / "py.typed").exists()
    assert "Typing :: Typed" in project["classifiers"]
    # One that is not registered would be refused by the package index.
    assert all(re.fullmatch(r"[\w./ -]+( :: [\w./ -]+)+", name) for name in project["classifiers"])
    for version in ("3.11", "3.12"):
        assert f"Programming Language :: Python :: {version}" in project["classifiers"]


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    names = {re.split(r"[\[=<>~ ]", wanted)[0] for wanted in sum(lists, [])} - {"openbioner-batch"}
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / ".ci" / "constraints.txt").read_text(), re.MULTILINE))
    normalised = {re.sub(r"[-_.]+", "-", name).lower() for name in pinned}
    assert sorted(name for name in names if re.sub(r"[-_.]+", "-", name).lower() not in normalised) == []
    assert not [name for name in normalised if name.startswith(("nvidia-", "cuda-", "triton"))]
