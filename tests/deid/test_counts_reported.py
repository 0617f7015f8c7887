"""The counts of a finished run in `report.json` and in the lines that are shown."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from openbioner_batch.deid.deidentifier import Deidentifier
from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.policy import load_policy
from openbioner_batch.deid.report import make_report, report_lines
from openbioner_batch.engine.ledger import Totals
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.summary import Summary

POLICY = load_policy("tags")
AMOUNTS = {
    "repeated_windows": 3,
    "actions/tag": 4,
    "actions/keep": 5,
    "outcomes/done": 8,
    "outcomes/unreadable": 1,
    "recognizers/pattern:hl7/x": 2,
    "notes/without findings": 6,
    "notes/without patient": 7,
    "notes/with unread dates": 9,
    "notes/with residual findings": 1,
    "residual/city": 2,
    "known_values_ignored/short": 1,
    "dropped/narrative": 1,
}


def reported(tmp_path: Path, again: dict[str, Any] | None = None) -> dict[str, Any]:
    totals = Totals(2, 1234, windows=40)
    totals.quarantined, totals.spans = Counter({"empty": 2}), Counter({"date": 3, "city": 5, "age": 3})
    totals.amounts = Counter(AMOUNTS)
    store = Store(str(tmp_path / "out"))
    report = make_report(store, Summary("out", True, totals), POLICY, again, None)
    (name,) = [name for name in store.names() if name.endswith("report.json")]
    assert json.loads(store.get(name)) == report
    return report


def test_what_a_report_says(tmp_path: Path) -> None:
    assert reported(tmp_path, {"notes": 10, "types": {"city": 1, "url": 2}}) == {
        "policy": {"name": "tags", "summary": POLICY.summary},
        "notes": 1234,
        "windows": {"total": 40, "repeated": 3},
        "quarantined": {"total": 2, "reasons": {"empty": 2}},
        "findings": {"total": 11, "types": {"city": 5, "age": 3, "date": 3}},
        "actions": {"keep": 5, "tag": 4},
        "outcomes": {"done": 8, "unreadable": 1},
        "recognizers": {"pattern:hl7/x": 2},
        "notes_without_findings": 6,
        "notes_without_patient": 7,
        "notes_with_unread_dates": 9,
        "known_values_ignored": {"short": 1},
        "dropped_elements": {"narrative": 1},
        "residual": {
            "total": 5,
            "notes": 1,
            "types": {"city": 2},
            "model": {"notes": 10, "types": {"city": 1, "url": 2}},
        },
        "review": [],
    }


def test_the_lines_that_are_shown(tmp_path: Path) -> None:
    lines = report_lines(reported(tmp_path, {"notes": 1000, "types": {"url": 2}}))
    assert lines == [
        ("notes", "1,234"),
        ("quarantined", "2"),
        ("  empty", "2"),
        ("identifiers found", "11"),
        ("  city", "5"),
        ("  age", "3"),
        ("  date", "3"),
        ("actions", "9"),
        ("  keep", "5"),
        ("  tag", "4"),
        ("recognizers", "2"),
        ("  pattern:hl7/x", "2"),
        ("known values ignored", "1"),
        ("  short", "1"),
        ("dropped elements", "1"),
        ("  narrative", "1"),
        ("not as the policy says, but", "1"),
        ("  unreadable", "1"),
        ("notes without any identifier (look at some)", "6"),
        ("notes without a patient's id", "7"),
        ("notes whose date is not an ISO date", "9"),
        ("still found in the result", "2"),
        ("  city", "2"),
        ("found by the model in 1,000 notes read again", "2"),
        ("  url", "2"),
    ]


def test_a_note_is_its_patients_or_its_own() -> None:
    made = Deidentifier(load_policy("surrogate"), key=Key(bytes(range(32))))
    patient, document = made.scope("p", "d", 12), made.scope(None, "d", 12)
    assert patient is not None
    assert document is not None
    assert patient.number("x", "y") == made.scope("p", "other").number("x", "y")  # type: ignore[union-attr]
    assert patient.number("x", "y") != document.number("x", "y")
    assert document.number("x", "y") == made.scope(None, "d").number("x", "y")  # type: ignore[union-attr]
    assert patient.shift_days == document.shift_days == 12
    assert Deidentifier(POLICY).scope("p", "d") is None
