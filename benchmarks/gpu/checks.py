"""Running one check after another: what fails or takes too long does not stop the rest, and nothing found is lost."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

Finding = dict[str, Any]
"""What a case found. `ok` False is a failure of parity; figures have no `ok`."""


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to check or to measure."""

    name: str
    run: Callable[[], Finding]


@dataclass(slots=True)
class CheckReport:
    """Findings by part, written to a file after each of them."""

    about: dict[str, Any]
    path: Path | None = None
    parts: dict[str, list[Finding]] = field(default_factory=dict)

    def run(self, part: str, cases: Iterable[Case], seconds: float) -> None:
        """Run the cases of a part in order until its time is over; those that are left are listed as not run."""
        began = time.monotonic()
        findings = self.parts.setdefault(part, [])
        for case in cases:
            if time.monotonic() - began > seconds:
                finding: Finding = {"not_run": f"the {seconds:g} s of this part were over"}
            else:
                started = time.monotonic()
                finding = _attempt(case)
                finding["seconds"] = round(time.monotonic() - started, 2)
            findings.append({"case": case.name, **finding})
            click.echo(f"{part:12} {case.name:40} {_line(finding)}")
            self.write()

    @property
    def failed(self) -> list[str]:
        """The cases whose results were not what they should be, or that ended with an error."""
        return [
            f"{part}: {finding['case']}"
            for part, findings in self.parts.items()
            for finding in findings
            if finding.get("ok") is False or "error" in finding
        ]

    def write(self) -> None:
        """Write what there is."""
        if self.path:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            whole = {**self.about, "failed": self.failed, **self.parts}
            self.path.write_text(json.dumps(whole, indent=1) + "\n", "utf-8")


def _attempt(case: Case) -> Finding:
    try:
        return case.run()
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"[:2000], "trace": traceback.format_exc()[-4000:]}


def _line(finding: Finding) -> str:
    if "error" in finding:
        return f"ERROR {finding['error'].splitlines()[0][:120]}"
    if "not_run" in finding:
        return f"not run: {finding['not_run']}"
    state = {True: "ok     ", False: "FAILED ", None: ""}[finding.get("ok")]
    figures = (f"{name} {_short(value)}" for name, value in finding.items() if name not in ("ok", "seconds"))
    return state + "  ".join(figures)


def _short(value: Any) -> str:
    if isinstance(value, float) and abs(value) < 1000:
        return f"{value:.3g}"
    return f"{value:,.0f}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
