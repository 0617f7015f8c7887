"""Draws a sample from a finished run: writes a page with the new notes, and the plan to read the answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from openbioner_batch.engine.files import write_file
from openbioner_batch.engine.names import DATA, shard_file, shard_name
from openbioner_batch.engine.tables import open_table
from openbioner_batch.errors import RunFailedError, UsageError
from openbioner_batch.report.deid_gathering import SHOWN, documents_of, shard_files
from openbioner_batch.report.gathering import SampledDocument
from openbioner_batch.report.opened import OpenedRun, open_output
from openbioner_batch.report.page.build import filled, put_together
from openbioner_batch.report.page.markup import Markup, element, number
from openbioner_batch.report.page.sections import run_name
from openbioner_batch.report.review import answers
from openbioner_batch.report.review.drawing import draw_notes, resources_in
from openbioner_batch.report.review.plan import DrawnNote, ReviewGoal, ReviewPlan, digest_of_texts
from openbioner_batch.report.review.resources import holds_resources, resource_documents

_STYLES = ("page.css", "documents.css", "review.css")
_SCRIPTS = ("marking.js", "review.js")
_LIFELIKE = ("surrogate", "shift")


def write_sample(
    output: str, html: str, plan: str, wanted: ReviewGoal, seed: int = 0, column: str | None = None, least: int = 0
) -> ReviewPlan:
    """Draw notes from a finished run of `deidentify` and write the page on which they are reviewed, and the plan.

    The same run and request give the same files. Both are readable by their owner alone where they are local.

    Args:
        output: the run's folder.
        html: the page to write. It holds the texts of the sample.
        plan: the plan to write. It holds no text.
        wanted: what the review is to prove.
        seed: chooses the notes.
        column: a kept column by whose values the sample is stratified.
        least: notes of each stratum at least.

    Raises:
        UsageError: the folder holds no such run or an unfinished one, or an option does not fit the run.
    """
    run = opened_for_review(output)
    for flag, place in (("--html", html), ("--plan", plan)):
        if run.store.contains(place):
            raise UsageError(
                f"{flag} {place} lies in the run's folder, which may hold nothing else: choose another place"
            )
    sizes, notes = draw_notes(run, wanted, seed, column, least)
    drawn = {name: sum(note.stratum == name for note in notes) for name in sizes}
    texts = [found.text or "" for found in sampled_documents(run, notes)]
    made = ReviewPlan(_about(run), wanted, seed, column, sizes, drawn, tuple(notes), digest_of_texts(texts))
    write_file(html, _page(run, made, texts), private=True)
    write_file(plan, made.to_json(), private=True)
    return made


def opened_for_review(output: str) -> OpenedRun:
    """A finished run of `deidentify` whose notes can be shown.

    Raises:
        UsageError: the folder holds something else.
    """
    run = open_output(output)
    if not run.removes_identifiers:
        raise UsageError(f"{output} is a run of annotate: a review is of a run of `openbioner-batch deidentify`")
    if not run.finished:
        raise UsageError(f"the run in {output} is not finished: give its command again, then draw the sample")
    return run


def sampled_documents(run: OpenedRun, notes: Sequence[DrawnNote]) -> list[SampledDocument]:
    """The notes of a sample, in its order, with what was replaced in them; each shard is read once."""
    by_shard: dict[tuple[int, int], list[int]] = defaultdict(list)
    for note in notes:
        by_shard[note.split, note.shard].append(note.place)
    listing = run.store.sizes(DATA)
    found: dict[tuple[int, int, int], SampledDocument] = {}
    for shard in sorted(by_shard):
        if shard not in run.rows:
            raise _another_run(run)
        with open_table(run.store, shard_file(run.plan.ledger, *shard)) as table:
            audit = table.read(columns=[*SHOWN, "part"])
        places = sorted(by_shard[shard])
        if places[-1] >= run.rows[shard]:
            raise _another_run(run)
        files = shard_files(run, shard, listing)
        documents = (
            resource_documents(resources_in(run, files), places, audit, f"{DATA}/{shard_name(*shard)}")
            if holds_resources(run)
            else documents_of(run, files, shard, places, audit)
        )
        found |= {(*shard, place): document for place, document in zip(places, documents, strict=True)}
    return [found[note.split, note.shard, note.place] for note in notes]


def _another_run(run: OpenedRun) -> RunFailedError:
    return RunFailedError(f"the run in {run.store.url} is not the one that the sample was drawn from: draw it again")


def read_again(run: OpenedRun, plan: ReviewPlan) -> list[SampledDocument]:
    """The notes of a plan, as they were reviewed.

    Raises:
        RunFailedError: the run was changed since.
    """
    found = sampled_documents(run, plan.notes)
    if digest_of_texts([document.text or "" for document in found]) != plan.texts:
        raise _another_run(run)
    return found


def _about(run: OpenedRun) -> dict[str, object]:
    fingerprint = run.plan.fingerprint
    names = ("policy", "policy content", "model", "finder", "known fields", "format", "version")
    return {"name": run_name(run), "records": run.totals.documents, "set aside": run.totals.set_aside} | {
        name: fingerprint.get(name) for name in names
    }


def _page(run: OpenedRun, plan: ReviewPlan, texts: list[str]) -> bytes:
    count = number(len(texts))
    facts = [f"{count} of {number(sum(plan.sizes.values()))} notes", f"sample {plan.package}"]
    head = element(
        "header",
        element("p", "Review of a de-identified archive", class_="eyebrow"),
        element("h1", plan.run["name"]),
        element("p", (element("span", fact) for fact in facts), class_="facts"),
        element(
            "p",
            "Read each note to its end and mark whatever might identify somebody: names, dates (but a year alone), "
            "places smaller than a state, hospitals and employers, contacts, numbers and ids, ages over 89. ",
            _about_replacements(run),
            class_="lead",
        ),
        element(
            "p",
            element("strong", "This file holds notes. "),
            "Keep it where notes may lie and remove it after the review. What you save holds places and no text.",
            class_="lead",
        ),
    )
    data = {
        "format": answers.FORMAT,
        "version": answers.VERSION,
        "package": plan.package,
        "kinds": list(answers.KINDS),
        "labels": list(answers.KINDS.values()),
        "notes": texts,
    }
    body = filled("review.html", kinds=str(len(answers.KINDS)))
    return put_together(f"{plan.run['name']}: review", head, [], body, [("review", "Notes")], data, _STYLES, _SCRIPTS)


def _about_replacements(run: OpenedRun) -> Markup:
    """Advice for reviewers about replacements, without revealing where they are."""
    if any(run.totals.amounts.get(f"actions/{action}") for action in _LIFELIKE):
        return Markup(
            "Names, dates and numbers may be invented ones: mark them too, since nobody can see the difference. "
            "What the run has put there is taken off your marks when they are read."
        )
    return Markup("Tags such as [PATIENT_1] or [REDACTED] need no mark.")
