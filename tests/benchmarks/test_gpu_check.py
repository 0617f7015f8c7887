"""The check of GPUs in its smallest form on a CPU: what it finds, and that what fails stops nothing else."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner


def check(path: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    command = importlib.import_module("gpu_check").main
    options = ["--quick", "--devices", "cpu", "--variants", "tiny-late", "--json", str(path)]
    answer = CliRunner().invoke(command, [*options, *arguments])
    report: dict[str, Any] = json.loads(path.read_text())
    return answer.exit_code, report


def test_a_wrong_result_and_an_error_fail_the_check_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gpu import parity
    from gpu.checks import Case

    def wrong() -> dict[str, Any]:
        expected = np.random.default_rng(0).normal(size=(50, 3))
        return {"ok": parity.difference(expected[::-1], expected) <= parity.TOLERANCE["bfloat16"]}

    def right() -> dict[str, Any]:
        expected = np.random.default_rng(0).normal(size=(50, 3))
        return {"ok": parity.difference(expected + 1e-4, expected) <= parity.TOLERANCE["float32"]}

    def broken() -> dict[str, Any]:
        raise RuntimeError("no kernel image")

    cases = [Case("broken", broken), Case("wrong", wrong), Case("right", right)]
    monkeypatch.setattr(parity, "cases", lambda *_: iter(cases))
    code, report = check(tmp_path / "report.json", "--parts", "parity")
    assert code == 1
    assert report["failed"] == ["parity: broken", "parity: wrong"]
    assert report["parity"][0]["error"] == "RuntimeError: no kernel image"
    assert report["parity"][2]["ok"] is True


def test_a_part_whose_time_is_over_says_what_it_has_not_run(tmp_path: Path) -> None:
    from gpu.checks import Case, CheckReport

    report = CheckReport({"card": "none"}, tmp_path / "report.json")
    report.run("speed", [Case("first", dict), Case("second", dict)], -1)
    assert [case["not_run"] for case in report.parts["speed"]] == ["the -1 s of this part were over"] * 2
    assert report.failed == []


def test_processes_are_measured_together_and_kept_from_case_to_case() -> None:
    from gpu import processes

    cases = processes.cases("cpu", ("tiny-late",), (1, 2), 0.05)
    one, two = (case.run() for case in cases)
    assert one["least"] == one["most"] == one["text_tokens_per_second"] > 0
    assert two["text_tokens_per_second"] == two["least"] + two["most"]


def test_what_a_process_says_is_reported_and_the_next_case_starts_others(monkeypatch: pytest.MonkeyPatch) -> None:
    from gpu.processes import Group

    group = Group("cpu", 1)
    try:
        with pytest.raises(RuntimeError, match=r"could not load: (?s:.)*KeyError: 'gigantic'"):
            group.measure("gigantic", 1, 0.01)
        assert group.members == []
        group._start()
        group.members[0][0].kill()
        with pytest.raises(RuntimeError, match=r"a process died when it was to load, with exit code -9"):
            group.measure("tiny-late", 1, 0.01)
    finally:
        group.end()


@pytest.mark.slow
def test_the_whole_quick_form(tmp_path: Path) -> None:
    code, report = check(tmp_path / "report.json", "--variants", "tiny,tiny-split,tiny-late")
    assert code == 0, report["failed"]
    assert {"parity", "speed", "processes", "training"} <= report.keys()
    assert all(case["ok"] for case in report["parity"])
