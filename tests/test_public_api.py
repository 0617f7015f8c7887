"""What scripts import from the package itself."""

from __future__ import annotations

import doctest
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import openbioner_batch


@pytest.mark.parametrize("name", openbioner_batch.__all__)
def test_each_name_is_there(name: str) -> None:
    assert getattr(openbioner_batch, name).__name__ == name
    assert name in dir(openbioner_batch)


ROOMS = ("assertion", "catalog", "concepts", "deid", "engine", "evaluation", "formats", "model", "report", "training")


@pytest.mark.parametrize("room", ROOMS)
def test_each_public_name_of_a_room_is_there(room: str) -> None:
    module = importlib.import_module(f"openbioner_batch.{room}")
    assert module.__all__
    for name in module.__all__:
        assert getattr(module, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        module.Nothing  # noqa: B018


def test_another_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        openbioner_batch.Nothing  # noqa: B018


def test_nothing_is_loaded_before_it_is_used() -> None:
    program = (
        "import sys, openbioner_batch\n"
        f"from openbioner_batch import {', '.join(ROOMS)}\n"
        "heavy = {'torch', 'ray', 'pyarrow', 'numpy', 'click'} & set(sys.modules)\n"
        "sys.exit(f'imported: {sorted(heavy)}' if heavy else 0)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr


def test_the_examples_give_what_they_say() -> None:
    failed, attempted = doctest.testmod(openbioner_batch)
    assert (failed, attempted >= 10) == (0, True)


PACKAGE = Path(openbioner_batch.__file__).parent
WITH_EXAMPLES = sorted(
    ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for file in PACKAGE.rglob("*.py")
    if ">>> " in file.read_text("utf-8") and file != PACKAGE / "__init__.py"
)


@pytest.mark.parametrize("module", WITH_EXAMPLES)
def test_the_examples_of_a_module_give_what_they_say(module: str) -> None:
    failed, attempted = doctest.testmod(importlib.import_module(module))
    assert (failed, attempted >= 1) == (0, True)


@pytest.mark.parametrize(
    "room", ["assertion", "catalog", "concepts", "deid", "evaluation", "formats", "report", "training"]
)
def test_a_room_shows_how_it_is_used(room: str) -> None:
    """The package itself shows the model and a run."""
    assert any(module.startswith(f"openbioner_batch.{room}") for module in WITH_EXAMPLES)
