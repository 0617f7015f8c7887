"""The report of a run: counts for people and scripts, and places for a person to review."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from openbioner_batch.deid.policy import Policy
from openbioner_batch.engine.names import AUDIT, REPORT
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.summary import Summary
from openbioner_batch.engine.tables import open_table, rows_at

if TYPE_CHECKING:
    from rich.console import Console

REVIEWED_SHARDS, REVIEWED_IN_A_SHARD = 20, 5
REVIEW = "review.json"


def make_report(
    store: Store, summary: Summary, policy: Policy, read_again: dict[str, Any] | None, audit_output: str | None
) -> dict[str, Any]:
    """Write `report.json` of a finished run.

    Args:
        store: the run's folder.
        summary: the engine's.
        policy: the run's.
        read_again: findings of the model in a sample of the result; None where no model was used.
        audit_output: the folder of the audit with originals; the places for review are written there with their texts.
    """
    totals = summary.totals
    found: dict[str, Counter[str]] = {}
    for name, count in totals.amounts.items():
        group, _, key = name.partition("/")
        found.setdefault(group, Counter())[key] = count

    def counts(group: str) -> dict[str, int]:
        return _ranked(found.get(group, Counter()))

    notes, residual = counts("notes"), counts("residual")
    again = sum(read_again["types"].values()) if read_again else 0
    report = {
        "policy": {"name": policy.name, "summary": policy.summary},
        "notes": totals.documents,
        "windows": {"total": totals.windows, "repeated": totals.amounts["repeated_windows"]},
        "quarantined": {"total": totals.set_aside, "reasons": _ranked(totals.quarantined)},
        "findings": {"total": totals.spans.total(), "types": _ranked(totals.spans)},
        "actions": counts("actions"),
        "outcomes": counts("outcomes"),
        "recognizers": counts("recognizers"),
        "notes_without_findings": notes.get("without findings", 0),
        "notes_without_patient": notes.get("without patient", 0),
        "notes_with_unread_dates": notes.get("with unread dates", 0),
        "known_values_ignored": counts("known_values_ignored"),
        "dropped_elements": counts("dropped"),
        "residual": {
            "total": sum(residual.values()) + again,
            "notes": notes.get("with residual findings", 0),
            "types": residual,
            "model": read_again,
        },
        "review": _sampled(store, AUDIT),
    }
    store.put(REPORT, json.dumps(report, indent=1).encode())
    if audit_output:
        private = Store(audit_output)
        private.put(REVIEW, json.dumps(_sampled(private, ""), indent=1).encode())
    return report


def _ranked(counts: Counter[str]) -> dict[str, int]:
    """The highest count first; equal ones by name, however they were summed up."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _sampled(store: Store, folder: str) -> list[dict[str, Any]]:
    """Some rows of an audit, by hash: the same ones on every call."""
    names = sorted((name for name in store.names(folder) if name.endswith(".parquet")), key=_hash)
    rows: list[dict[str, Any]] = []
    for name in sorted(names[:REVIEWED_SHARDS]):
        with open_table(store, f"{folder}/{name}" if folder else name) as opened:
            table = opened.read()
        places = sorted(range(table.num_rows), key=lambda place: _hash(f"{name}/{place}"))[:REVIEWED_IN_A_SHARD]
        rows += rows_at(table, sorted(places)).to_pylist()
    return rows


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def print_deid_report(report: dict[str, Any], output: str, console: Console) -> None:
    """Show a report as a table."""
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    for label, value in report_lines(report):
        table.add_row(label, value)
    console.print(f"{output}: finished, policy {report['policy']['name']}", soft_wrap=True)
    console.print(table)


def report_lines(report: dict[str, Any]) -> list[tuple[str, str]]:
    """Labels and values to show, from a report."""
    residual = report["residual"]
    lines = [("notes", report["notes"]), ("quarantined", report["quarantined"]["total"])]
    lines += _indented(report["quarantined"]["reasons"])
    lines += [("identifiers found", report["findings"]["total"]), *_indented(report["findings"]["types"])]
    for label in ("actions", "recognizers", "known_values_ignored", "dropped_elements"):
        if report[label]:
            lines += [(label.replace("_", " "), sum(report[label].values())), *_indented(report[label])]
    others = {name: count for name, count in report["outcomes"].items() if name != "done"}
    if others:
        lines += [("not as the policy says, but", sum(others.values())), *_indented(others)]
    lines += [("notes without any identifier (look at some)", report["notes_without_findings"])]
    if report["notes_without_patient"]:
        lines += [("notes without a patient's id", report["notes_without_patient"])]
    if report["notes_with_unread_dates"]:
        lines += [("notes whose date is not an ISO date", report["notes_with_unread_dates"])]
    lines += [("still found in the result", sum(residual["types"].values())), *_indented(residual["types"])]
    if residual["model"]:
        again = residual["model"]
        lines += [(f"found by the model in {again['notes']:,} notes read again", sum(again["types"].values()))]
        lines += _indented(again["types"])
    return [(label, f"{value:,}") for label, value in lines]


def _indented(counts: dict[str, int]) -> list[tuple[str, int]]:
    return [(f"  {name}", count) for name, count in counts.items()]
