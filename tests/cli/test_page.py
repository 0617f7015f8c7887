"""The page of the command line names every command, and its example is a command of the package."""

from __future__ import annotations

import inspect
import re

from pages import ROOT

from openbioner_batch.cli import link
from openbioner_batch.cli.main import main

PAGE = (ROOT / "openbioner_batch" / "cli" / "README.md").read_text("utf-8")


def test_the_table_names_every_command() -> None:
    rows = re.findall(r"(?m)^\| [\w -]+ \| (`.*`) \|$", PAGE)
    named = re.findall(r"`([\w-]+)`", " ".join(rows))
    assert sorted(named) == sorted(main.list_commands(None))  # type: ignore[arg-type]


def test_the_example_is_the_command_that_it_says() -> None:
    (block,) = re.findall(r" {3}```python\n(.*?) {3}```", PAGE, re.DOTALL)
    assert link.command.callback is not None
    source = inspect.getsource(link.command.callback)
    assert inspect.cleandoc(block) == re.sub(r' {4}""".*?"""\n', "", source, flags=re.DOTALL).rstrip()
