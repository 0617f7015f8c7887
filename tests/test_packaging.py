"""What a user installs and types first."""

from __future__ import annotations

import os
import re
import subprocess
import sys
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


def test_every_dependency_is_pinned() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    names = {re.split(r"[\[=<>~ ]", wanted)[0] for wanted in sum(lists, [])} - {"openbioner-batch"}
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    normalised = {re.sub(r"[-_.]+", "-", name).lower() for name in pinned}
    assert sorted(name for name in names if re.sub(r"[-_.]+", "-", name).lower() not in normalised) == []
    assert not [name for name in normalised if name.startswith(("nvidia-", "cuda-", "triton"))]
