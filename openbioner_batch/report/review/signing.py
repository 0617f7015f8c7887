"""The report on a review, to be signed: a page and JSON, without any text of a note."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from openbioner_batch.engine.files import write_file
from openbioner_batch.errors import UsageError
from openbioner_batch.report.page.build import put_together
from openbioner_batch.report.page.markup import Markup, element, number
from openbioner_batch.report.page.sections import PageSection, counts_table, section, table, tiles
from openbioner_batch.report.review.answers import KINDS, read_answers
from openbioner_batch.report.review.outcome import as_json, judge
from openbioner_batch.report.review.plan import ReviewPlan
from openbioner_batch.report.review.sampling import opened_for_review, read_again

_MOST_MISSES = 200


def write_review(
    output: str, plan: str, files: Sequence[str], html: str | None = None, json_path: str | None = None
) -> dict[str, Any]:
    """Read reviewers' files and write the bound that they prove.

    Args:
        output: the run's folder: replacements are taken off the marks by its audit.
        plan: that `write_sample` wrote.
        files: the files that reviewers saved.
        html: a page to write.
        json_path: a JSON file to write.

    Returns:
        What the JSON holds.

    Raises:
        UsageError: a file is not valid.
        RunFailedError: the run was changed since the sample was drawn.
    """
    run = opened_for_review(output)
    try:
        found = ReviewPlan.from_json(Path(plan).read_bytes(), plan)
    except OSError as error:
        raise UsageError(f"--plan {plan} cannot be read: {error.strerror}") from None
    answers = [read_answers(Path(file)) for file in files]
    for place in (html, json_path):
        if place and run.store.contains(place):
            raise UsageError(f"{place} lies in the run's folder, which may hold nothing else: choose another place")
    notes = read_again(run, found)
    report = as_json(found, notes, answers, judge(found, notes, answers))
    if json_path:
        write_file(json_path, (json.dumps(report, indent=1, ensure_ascii=False) + "\n").encode())
    if html:
        write_file(html, review_page(report))
    return report


def statement(report: Mapping[str, Any]) -> str:
    """The result of the review, in a sentence."""
    sample, confidence = report["sample"], percent(report["wanted"]["confidence"])
    if not sample["read"]:
        return "No note was read: nothing is proven."
    leaking = {0: "none leaks", 1: "1 leaks"}.get(report["leaking_notes"], f"{number(report['leaking_notes'])} leak")
    read = f"Of {number(sample['notes'])} notes, {number(sample['read'])} were read, of which {leaking} an identifier"
    if sample["read"] == sample["notes"]:
        return f"{read}. All were read: the share of leaking notes is {percent(report['bound'])}."
    bound = report["bound"]
    return f"{read}. With {confidence} confidence at most {percent(bound)} of all notes leak{_one_in(bound)}."


def percent(share: float) -> str:
    """A share with three figures, rounded up, so that no bound is shown lower than it is."""
    if not share:
        return "0 %"
    step = 10.0 ** (math.floor(math.log10(100 * share)) - 2)
    return f"{math.ceil(100 * share / step - 1e-6) * step:.3g} %"


def _one_in(bound: float) -> str:
    return f" (fewer than 1 in {number(int(1 / bound))})" if 0 < bound < 0.5 else ""


def review_page(report: Mapping[str, Any]) -> bytes:
    """The report as a page in the layout of the page on a run."""
    run, wanted = report["run"], report["wanted"]
    state = "reached" if wanted["reached"] else "not reached"
    head = element(
        "header",
        element("p", "Review of a de-identified archive", class_="eyebrow"),
        element(
            "h1",
            run["name"],
            " ",
            element("span", f"bound {state}", class_="state" if wanted["reached"] else "state open"),
        ),
        element(
            "p",
            element("span", f"policy {run['policy']}"),
            element("span", f"sample {report['package']}"),
            class_="facts",
        ),
    )
    sections = [_result(report), _strata(report), _missed(report), _sample(report), _method(), _signature()]
    title = f"{run['name']}: result of the review"
    return put_together(title, head, sections, Markup(""), [], {}, ("page.css", "signing.css"), ())


def _result(report: Mapping[str, Any]) -> PageSection:
    sample = report["sample"]
    figures = [
        ("notes in the archive", number(sample["notes"])),
        ("read", number(sample["read"])),
        ("leaking", number(report["leaking_notes"])),
        (f"upper bound, {percent(report['wanted']['confidence'])} confidence", percent(report["bound"])),
        ("wanted: fewer than", percent(report["wanted"]["leaks_below"])),
    ]
    parts = [element("p", statement(report), class_="statement"), tiles(figures)]
    if sample["not_read"]:
        worst = percent(report["bound_if_unread_leak"])
        words = (
            f"{number(sample['not_read'])} notes of the sample were not read. The bound holds if they were left out "
            f"for reasons that have nothing to do with what they hold. If each of them leaked, it would be {worst}."
        )
        parts.append(element("p", words, class_="lead"))
    return section("totals", "Result", *parts)


def _strata(report: Mapping[str, Any]) -> PageSection:
    rows = [
        (name, *(number(one[key]) for key in ("notes", "drawn", "read", "leaking")), percent(one["bound"]))
        for name, one in report["strata"].items()
    ]
    heads = (report["sample"]["stratified_by"] or "Stratum", "#Notes", "#Drawn", "#Read", "#Leaking", "#Upper bound")
    note = "Each bound holds by itself, for the notes of its row; few notes read give a high one."
    return section("strata", "By stratum", table("Notes by stratum", heads, rows, class_="plain"), note=note)


def _missed(report: Mapping[str, Any]) -> PageSection:
    if not report["misses"]:
        return section(
            "missed", "Missed", element("p", "No reviewer saw an identifier that was missed.", class_="none")
        )
    kinds = {KINDS[name]: count for name, count in report["missed_by_kind"].items()}
    places = [
        (miss["note"], f"{miss['start']}–{miss['end']}", KINDS[miss["kind"]], ", ".join(miss["reviewers"]))
        for miss in report["misses"][:_MOST_MISSES]
    ]
    left = len(report["misses"]) - len(places)
    more = [element("p", f"{number(left)} more are in the JSON.", class_="none")] if left else []
    return section(
        "missed",
        "Missed",
        counts_table("Missed identifiers by kind", "Kind", kinds, "#Identifiers"),
        table("Where they stand", ("Note", "#Characters", "Kind", "Seen by"), places, class_="plain"),
        *more,
    )


def _sample(report: Mapping[str, Any]) -> PageSection:
    sample, several = report["sample"], report["read_by_several"]
    facts = [
        ("Drawn", f"{number(sample['drawn'])} of {number(sample['notes'])} notes, at random, seed {sample['seed']}"),
        ("Stratified by", sample["stratified_by"] or "nothing"),
        ("Replaced in the notes read", f"{number(report['replaced_identifiers'])} identifiers"),
        ("Missed in them", f"{number(report['missed_identifiers'])} identifiers"),
        ("Marks on replacements", number(report["marks_on_replacements"])),
        (
            "Read by several",
            f"{number(several['notes'])} notes, of which they disagreed on {number(several['disagreed'])}",
        ),
    ]
    facts += [(f"Run: {name}", _told(value)) for name, value in report["run"].items() if value not in (None, {}, [])]
    reviewers = [(one["name"], number(one["notes_read"]), one["sha256"]) for one in report["reviewers"]]
    return section(
        "sample",
        "What was read",
        table("The sample", ("", ""), facts, class_="places", hidden_caption=True),
        table("Reviewers", ("Reviewer", "#Notes read", "SHA-256 of the file"), reviewers, class_="places"),
    )


def _told(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _method() -> PageSection:
    words = (
        "A note leaks if a reviewer marked in it a letter or digit outside of what the run replaced or kept. "
        "Reviewers saw the new notes only, without what was replaced in them. The bound is the exact one-sided "
        "binomial one (Clopper and Pearson 1934); over strata it is that of all notes read together, scaled by the "
        "stratum of which least was read (Hoeffding 1956). It holds for leaks that a reviewer sees, of this run, and "
        "says nothing of who could be identified by what is left on purpose."
    )
    return section("method", "How it was counted", element("p", words, class_="lead"))


def _signature() -> PageSection:
    lines = (
        element("div", element("dt", label), element("dd", "")) for label in ("Name", "Position", "Date", "Signature")
    )
    return section("signature", "Signature", element("dl", lines, class_="signature"))
