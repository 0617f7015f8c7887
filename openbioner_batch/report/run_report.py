"""Writes the page on a run."""

from __future__ import annotations

from collections.abc import Sequence

from openbioner_batch.engine.export.texts import find_source
from openbioner_batch.engine.files import refuse_folder, write_file
from openbioner_batch.engine.logs import say_to_stderr
from openbioner_batch.engine.request import Say
from openbioner_batch.errors import UsageError
from openbioner_batch.report.deid_gathering import gather_audit
from openbioner_batch.report.gathering import SampledDocument, gather_tagging
from openbioner_batch.report.opened import OpenedRun, open_output
from openbioner_batch.report.page.build import build_page
from openbioner_batch.report.page.deid import deid_page
from openbioner_batch.report.page.markup import number
from openbioner_batch.report.page.sections import run_name
from openbioner_batch.report.page.tagging import tagging_page


def write_report(
    output: str,
    html: str,
    sample: int = 200,
    seed: int = 0,
    source: Sequence[str] = (),
    include_text: bool = False,
    say: Say = say_to_stderr,
) -> int:
    """Write a self-contained HTML page on a run; the same run gives the same page.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from openbioner_batch import DeidentifySettings, deidentify
    >>> folder = TemporaryDirectory()
    >>> notes, run, page = (f"{folder.name}/{name}" for name in ("notes.jsonl", "run", "page.html"))
    >>> _ = Path(notes).write_text('{"id": "1", "text": "Patient: Ann Lee, MRN: 2208714."}')
    >>> _ = deidentify(DeidentifySettings((notes,), run, policy="tags", model="none"), say=lambda line: None)
    >>> write_report(run, page) == len(Path(page).read_bytes())
    True

    Args:
        output: the run's folder, a local path or any fsspec URL.
        html: the file to write, likewise; it appears whole.
        sample: how many documents to draw for a closer look.
        seed: chooses them.
        source: a tagging run's inputs, to read texts again that it did not keep.
        include_text: whether to show some of the new notes of a de-identification run.
        say: called with what is skipped.

    Returns:
        The size of the page in bytes.

    Raises:
        UsageError: the folder holds no run, or an option does not fit its kind.
        RunFailedError: the inputs in `source` are not those that the run has read.
    """
    run = open_output(output)
    if run.store.contains(html):
        raise UsageError(
            f"--html {html} lies in the run's folder, which holds nothing else: give a place outside of it"
        )
    refuse_folder("--html", html)
    if run.removes_identifiers:
        page = _on_deidentification(run, sample, seed, source, include_text)
    else:
        page = _on_tagging(run, sample, seed, source, include_text, say)
    write_file(html, page, private=run.removes_identifiers)
    return len(page)


def _on_tagging(run: OpenedRun, sample: int, seed: int, source: Sequence[str], include_text: bool, say: Say) -> bytes:
    if include_text:
        raise UsageError("--include-text is for runs of deidentify; texts that a tagging run kept are shown anyway")
    if source and run.has_text:
        say("--source is not read: the run has kept the texts")
    inputs = find_source(run.plan, source) if source and not run.has_text else None
    statistics, documents = gather_tagging(run, sample, seed, inputs)
    hint = "" if not documents or documents[0].text is not None else " The run kept no texts: mentions alone are shown."
    head, sections = tagging_page(run, statistics)
    return build_page(
        f"{run_name(run)}: tagging run",
        head,
        sections,
        statistics.types.names,
        documents,
        _drawn(run, documents) + hint,
        judging=any(document.text is not None for document in documents),
    )


def _on_deidentification(run: OpenedRun, sample: int, seed: int, source: Sequence[str], include_text: bool) -> bytes:
    if source:
        raise UsageError("--source is for tagging runs: a page on de-identification never shows original notes")
    statistics, documents = gather_audit(run, sample, seed, include_text)
    head, sections = deid_page(run, statistics)
    return build_page(
        f"{run_name(run)}: de-identification run",
        head,
        sections,
        statistics.types.names,
        documents,
        f"{_drawn(run, documents)} New notes, with what stands in place of identifiers marked.",
    )


def _drawn(run: OpenedRun, documents: Sequence[SampledDocument]) -> str:
    if len(documents) >= run.totals.documents:
        return f"All {number(len(documents))} documents."
    return f"{number(len(documents))} of {number(run.totals.documents)} documents, drawn at random."
