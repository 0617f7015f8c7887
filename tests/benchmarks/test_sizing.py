"""The sizing table: hours are proportional to what they should be, and follow the measured rate."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks/sizing.py"


@pytest.fixture(scope="module")
def sizing() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sizing", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["sizing"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def measured(documents_per_second: float, types: str) -> dict[str, Any]:
    rates = {"documents_per_second": {"median": documents_per_second}, "runs": [{"documents": 10, "tokens": 3110}]}
    return {"pipeline": rates, "ran_on": {"cores": 2}, "workload": {"types": types}}


def column(lines: list[str], place: int) -> list[float]:
    cells = [line.strip("| ").split(" | ")[place] for line in lines[2:]]
    return [float(cell.split(", ")[0].replace(",", "")) for cell in cells]


def test_the_measured_corpus_takes_what_was_measured(sizing: ModuleType) -> None:
    lines, _ = sizing.size(measured(2.0, "disease,drug"), "disease,drug", 0.25, {"core": 1.0, "L4": 1.0})
    assert lines[2].startswith("| 36M PubMed abstracts | bundled | 2 |")
    assert column(lines, 3)[0] == 36e6 / 3600  # a core tags one document of this length in a second


def test_hours_follow_rate_and_utilisation(sizing: ModuleType) -> None:
    prices = {"core": 1.0, "L4": 1.0}
    slow, rate = sizing.size(measured(1.0, "disease"), "disease", 0.2, prices)
    fast, doubled = sizing.size(measured(2.0, "disease"), "disease", 0.4, prices)
    assert doubled == 2 * rate
    for place in (3, 5):
        for more, less in zip(column(slow, place), column(fast, place), strict=True):
            assert more == pytest.approx(2 * less, rel=0.1)  # two digits are shown


def test_more_types_and_larger_models_take_more_operations(sizing: ModuleType) -> None:
    shapes = sizing.configs()
    one, five = (sizing.document_flops(shapes["base"], 300, [40] * types) for types in (1, 5))
    assert 2.5 < five / one < 5
    assert sizing.document_flops(shapes["tiny"], 300, [40]) < one / 10
    assert sizing.document_flops(shapes["base"], 3000, [40]) > 9 * one


def test_a_price_of_nothing_known_is_refused(sizing: ModuleType) -> None:
    assert sizing.parse(("L4=0.7", "core=0.1")) == {"L4": 0.7, "core": 0.1}
    with pytest.raises(click.BadParameter, match="Abacus"):
        sizing.parse(("Abacus=1",))
    with pytest.raises(click.BadParameter, match="give a price"):
        sizing.parse(("L4=much",))
