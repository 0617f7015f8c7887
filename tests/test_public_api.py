"""What scripts import from the package itself."""

from __future__ import annotations

import doctest
import importlib
import subprocess
import sys

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


@pytest.mark.parametrize("module", ["assertion.context", "catalog.resolve", "deid.deidentifier", "evaluation.metrics"])
def test_the_examples_of_a_room_give_what_they_say(module: str) -> None:
    failed, attempted = doctest.testmod(importlib.import_module(f"openbioner_batch.{module}"))
    assert (failed, attempted >= 1) == (0, True)
