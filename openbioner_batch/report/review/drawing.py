"""Draws notes from a finished run by strata, in bounded memory."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from openbioner_batch.engine.names import DATA
from openbioner_batch.errors import UsageError
from openbioner_batch.formats.base import InputFile
from openbioner_batch.formats.fhir import RESOURCE
from openbioner_batch.formats.fields import KEPT_AS_JSON
from openbioner_batch.records import Document
from openbioner_batch.report.deid_gathering import read_notes, shard_files
from openbioner_batch.report.opened import OpenedRun
from openbioner_batch.report.review.bounds import allocate, notes_needed
from openbioner_batch.report.review.plan import WHOLE, DrawnNote, ReviewGoal
from openbioner_batch.report.review.resources import KIND, holds_resources, texts_in

MOST_STRATA = 200
NO_VALUE = "(no value)"
(KEPT,) = KEPT_AS_JSON.names

_Drawn = tuple[float, int, int, int]
"""Minus a random number, and the place: split, shard, row. Heaps keep the lowest random numbers."""


def draw_notes(
    run: OpenedRun, wanted: ReviewGoal, seed: int, column: str | None, least: int
) -> tuple[dict[str, int], list[DrawnNote]]:
    """The notes to review, in random order.

    Every note has a random number that depends only on `seed` and its position; the lowest of each stratum are drawn.

    Args:
        run: a finished run of `deidentify`.
        wanted: the bound that the review should prove.
        seed: chooses the notes.
        column: whose values are the strata; None for one stratum.
        least: the fewest notes of every stratum.

    Returns:
        Notes of each stratum in the run, and the sample.

    Raises:
        UsageError: the run has no such column, or it has too many values.
    """
    total = sum(run.rows.values())
    most = min(total, max(notes_needed(wanted.rate, wanted.confidence, wanted.allowed), least) + 2 * MOST_STRATA)
    sizes: dict[str, int] = {}
    lowest: dict[str, list[_Drawn]] = {}
    for shard, values in _values(run, column):
        numbers = np.random.default_rng([seed, *shard]).random(run.rows[shard])
        for place, value in enumerate(values):
            if value is None:
                continue
            heap = lowest.setdefault(value, [])
            sizes[value] = sizes.get(value, 0) + 1
            one = (-float(numbers[place]), *shard, place)
            if len(heap) < most:
                heapq.heappush(heap, one)
            elif one > heap[0]:
                heapq.heapreplace(heap, one)
        if len(sizes) > MOST_STRATA:
            raise UsageError(
                f"--stratify {column}: it has more than {MOST_STRATA} values; give a column that sorts notes into a few"
            )
    if not sizes:
        raise UsageError(f"the run in {run.store.url} has no notes: there is nothing to review")
    sizes = dict(sorted(sizes.items()))
    drawn = allocate(sizes, wanted.rate, wanted.confidence, wanted.allowed, least)
    return sizes, _shuffled(lowest, drawn)


def _shuffled(lowest: Mapping[str, list[_Drawn]], drawn: Mapping[str, int]) -> list[DrawnNote]:
    """The lowest of each stratum, in the order of their numbers, which is random."""
    chosen = [
        (-number, DrawnNote(split, shard, place, name))
        for name, count in drawn.items()
        for number, split, shard, place in heapq.nlargest(count, lowest[name])
    ]
    return [note for _, note in sorted(chosen, key=lambda one: (one[0], one[1].split, one[1].shard, one[1].place))]


def _values(run: OpenedRun, column: str | None) -> Iterator[tuple[tuple[int, int], Sequence[str | None]]]:
    """For each shard the stratum of each of its notes, in order; None for one without text."""
    listing = run.store.sizes(DATA)
    if holds_resources(run):
        if column not in (None, KIND):
            raise UsageError(f"--stratify {column}: resources are stratified by {KIND}, or not at all")
        for shard in run.rows:
            resources = resources_in(run, shard_files(run, shard, listing))
            yield shard, [(str(one[KIND]) if column else WHOLE) if texts_in(one) else None for one in resources]
        return
    if column is None:
        yield from ((shard, [WHOLE] * rows) for shard, rows in run.rows.items())
        return
    kept = run.plan.fingerprint["fields to keep"]
    if column not in kept:
        has = f"it has {', '.join(kept)}" if kept else "it has kept none (--keep-fields of deidentify)"
        raise UsageError(f"--stratify {column}: the run has no such column in its output; {has}")
    for shard in run.rows:
        notes = read_notes(run, shard_files(run, shard, listing), (column,))
        values = (_field(note, column) for note in notes)
        yield shard, [NO_VALUE if value in (None, "") else str(value) for value in values]


def resources_in(run: OpenedRun, files: tuple[InputFile, ...]) -> list[dict[str, Any]]:
    """The new FHIR resources in a shard's files, in order."""
    return [_field(note, RESOURCE) for note in read_notes(run, files, (RESOURCE,))]


def _field(note: Document, column: str) -> Any:
    """A kept value, from formats that keep columns and from those that keep them as one JSON object."""
    kept = note.metadata.get(KEPT)
    return json.loads(kept).get(column) if kept is not None else note.metadata.get(column)
