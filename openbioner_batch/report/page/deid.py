"""The page on a run of `deidentify`. It shows no text of the notes, unless a sample of the new ones was requested."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from openbioner_batch.deid.actions import OUTCOMES
from openbioner_batch.engine.names import REPORT
from openbioner_batch.report.deid_gathering import AuditStatistics
from openbioner_batch.report.opened import OpenedRun
from openbioner_batch.report.page.markup import Markup, element, number
from openbioner_batch.report.page.sections import (
    PageSection,
    chip,
    counts_table,
    header,
    pace_section,
    quarantine_section,
    section,
    table,
    tiles,
    together_section,
)
from openbioner_batch.report.page.tagging import types_section

_MOST_PLACES = 20


def deid_page(run: OpenedRun, found: AuditStatistics) -> tuple[Markup, list[PageSection]]:
    """The head and all parts of the page except the notes.

    Args:
        run: what the page is on.
        found: from its audit.
    """
    fingerprint = run.plan.fingerprint
    report = _report(run)
    facts = [f"policy {fingerprint['policy']}", f"read as {fingerprint['format']}"]
    facts += ["patterns and a model" if fingerprint.get("model") else "patterns alone"]
    facts += ["with a key" if fingerprint.get("key") else "without a key"]
    note = "What was found in texts. Patterns and known values have fixed scores; a line marks the median."
    return header(run, "De-identification run", facts), [
        section("totals", "Overview", tiles(_figures(run, report))),
        residual_section(report),
        types_section(found.types, note),
        treatment_section(run, found),
        together_section(found.types.names, found.types.together, "notes"),
        pace_section(run),
        quarantine_section(run),
        *review_section(report),
    ]


def _report(run: OpenedRun) -> dict[str, Any] | None:
    """`report.json`, None where the run is not finished."""
    try:
        found: dict[str, Any] = json.loads(run.store.get(REPORT))
        return found
    except FileNotFoundError:
        return None


def _group(run: OpenedRun, name: str) -> dict[str, int]:
    """The run's amounts of one kind, the largest first."""
    amounts = {key.partition("/")[2]: count for key, count in run.totals.amounts.items() if key.startswith(f"{name}/")}
    return dict(sorted(amounts.items(), key=lambda item: (-item[1], item[0])))


def _figures(run: OpenedRun, report: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    totals, notes = run.totals, _group(run, "notes")
    figures = [
        ("notes", number(totals.documents)),
        ("identifiers replaced or kept", number(totals.spans.total())),
        ("per note", number(round(totals.spans.total() / max(1, totals.documents), 1))),
        ("notes without any", number(notes.get("without findings", 0))),
        ("set aside", number(totals.set_aside)),
    ]
    return [*figures, ("still found in the result", number(report["residual"]["total"]))] if report else figures


def residual_section(report: Mapping[str, Any] | None) -> PageSection:
    """The findings of the check of the result."""
    if report is None:
        words = "The run is not finished: the check of its result is made at the end."
        return section("residual", "Still found in the result", element("p", words, class_="none"))
    residual, again = report["residual"], report["residual"]["model"]
    parts: list[Markup] = []
    if residual["types"]:
        parts.append(
            counts_table("Found again by patterns and known values", "Type", residual["types"], "#Identifiers")
        )
    if again and again["types"]:
        caption = f"Found by the model in the {number(again['notes'])} notes that it read again"
        parts.append(counts_table(caption, "Type", again["types"], "#Identifiers"))
    if not parts:
        read = f" and by the model in the {number(again['notes'])} notes that it read again" if again else ""
        words = (
            f"Nothing was found by patterns and known values in the new notes{read}. That is no proof: look at some."
        )
        parts.append(element("p", words, class_="none"))
    return section(
        "residual",
        "Still found in the result",
        *parts,
        note=f"Every new note was searched again; {number(residual['notes'])} have findings outside of replacements.",
    )


def treatment_section(run: OpenedRun, found: AuditStatistics) -> PageSection:
    """The actions on identifiers, and their finders: in total, and by type."""
    actions, recognizers, outcomes = (_group(run, name) for name in ("actions", "recognizers", "outcomes"))
    others = {f"{name}: {OUTCOMES.get(name, '')}": count for name, count in outcomes.items() if name != "done"}
    done = [counts_table("What was done", "Action", actions, "#Identifiers")]
    if others:
        total = sum(outcomes.values())
        done.append(counts_table("Not quite as the policy says", "Outcome", others, "#Identifiers", total))
    if dropped := _group(run, "dropped"):
        done.append(counts_table("Elements of FHIR resources left out", "Element", dropped, "#Elements"))
    caption, total = "Who found them (one may be found by several)", run.totals.spans.total()
    finders = counts_table(caption, "Recognizer", recognizers, "#Identifiers", total)
    return section(
        "treatment",
        "Actions and recognizers",
        element("div", element("div", done), finders, class_="pair"),
        _by_type("Action by type, in texts", found, found.actions, actions),
        _by_type("Recognizer by type, in texts", found, found.recognizers, recognizers),
    )


def _by_type(
    caption: str, found: AuditStatistics, counts: Counter[tuple[str, str]], columns: Mapping[str, int]
) -> Markup:
    names = [name for name in columns if any(other == name for _, other in counts)]
    rows = [
        (chip(type, place), *(number(counts[type, name]) if counts[type, name] else "" for name in names))
        for place, type in enumerate(found.types.names)
        if any(counts[type, name] for name in names)
    ]
    heads = ("Type", *(f"#{name}" for name in names))
    return element("details", element("summary", caption), table(caption, heads, rows, hidden_caption=True))


def review_section(report: Mapping[str, Any] | None) -> list[PageSection]:
    """Places for a person to look at, without what stands there."""
    if not report or not report["review"]:
        return []
    rows = [
        (
            str(row["document_id"]),
            row["part"],
            f"{row['new_start']:,}–{row['new_end']:,}",
            row["type"],
            row["action"],
            ", ".join(row["recognizers"]),
            f"{row['score']:.2f}",
        )
        for row in report["review"][:_MOST_PLACES]
    ]
    heads = ("Note", "Part", "Characters", "Type", "Action", "Found by", "#Score")
    places = table("Some places in the new notes", heads, rows, hidden_caption=True)
    return [section("review", "Places to review", places, note="A sample of the audit. The texts are in data/.")]
