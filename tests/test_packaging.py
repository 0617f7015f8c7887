"""What a user installs and types first."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COMMANDS = (
    "annotate",
    "calibrate",
    "compare",
    "deidentify",
    "evaluate",
    "export",
    "pretrain",
    "report",
    "show",
    "status",
    "types",
)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "openbioner_batch.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=os.environ | {"COLUMNS": "100"})


def test_help_lists_every_command() -> None:
    answer = run("--help")
    assert answer.returncode == 0, answer.stderr
    assert [name for name in COMMANDS if not re.search(rf"^  {name} ", answer.stdout, re.MULTILINE)] == []


@pytest.mark.parametrize(
    "command", [[], *([name] for name in COMMANDS)], ids=lambda command: "".join(command) or "main"
)
def test_help_loads_nothing_heavy(command: list[str]) -> None:
    program = (
        "import sys; from openbioner_batch.cli.main import main\n"
        f"main({[*command, '--help']!r}, standalone_mode=False)\n"
        "heavy = {'torch', 'ray', 'lxml', 'transformers', 'pyarrow', 'fsspec'} & set(sys.modules)\n"
        "sys.exit(f'imported: {sorted(heavy)}' if heavy else 0)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert answer.returncode == 0, answer.stderr


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
