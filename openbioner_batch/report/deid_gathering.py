"""Gathers the report's data from the audit of a de-identification run, with a few new notes if requested."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa

from openbioner_batch.engine.names import DATA, shard_name
from openbioner_batch.errors import RunFailedError, UsageError
from openbioner_batch.formats import get_format
from openbioner_batch.formats.base import InputFile, ReadOptions
from openbioner_batch.records import Document, Parsed
from openbioner_batch.report.gathering import Mark, SampledDocument, read_tables
from openbioner_batch.report.opened import OpenedRun
from openbioner_batch.report.sample import Shard, draw_rows
from openbioner_batch.report.statistics import TypeStatistics

_COUNTED = ("row", "type", "recognizers", "score", "action", "outcome")
SHOWN = (*_COUNTED, "document_id", "source", "record", "new_start", "new_end")
"""Columns of the audit that `documents_of` needs."""


@dataclass(slots=True)
class AuditStatistics:
    """The statistics of identifiers for a page."""

    types: TypeStatistics
    actions: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Identifiers by type and action."""
    recognizers: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Identifiers by type and by each of the recognizers that found them."""

    def add(self, audit: pa.Table, notes: int) -> None:
        """Count the audit of a shard that has so many notes."""
        rows = audit["row"].to_numpy().astype(np.int64)
        self.types.add(audit["type"].combine_chunks(), audit["score"].combine_chunks(), rows, notes)
        types, actions, recognizers = (audit[name].to_pylist() for name in ("type", "action", "recognizers"))
        self.actions.update(zip(types, actions, strict=True))
        for type, found in zip(types, recognizers, strict=True):
            self.recognizers.update((type, name) for name in found)


def gather_audit(
    run: OpenedRun, count: int, seed: int, include_text: bool
) -> tuple[AuditStatistics, list[SampledDocument]]:
    """The statistics of a de-identification run and, if requested, `count` of its new notes in the order of the run.

    Args:
        run: the run to read.
        count: how many notes to draw.
        seed: chooses them.
        include_text: whether to read their texts.

    Raises:
        UsageError: texts are requested, and their format cannot be shown.
    """
    rewriting = get_format(run.plan.fingerprint["format"]).rewriting
    if include_text and rewriting is not None and rewriting.of_resources:
        raise UsageError("--include-text: the texts of FHIR resources are not shown in a report; leave it out")
    statistics = AuditStatistics(TypeStatistics(run.type_names))
    drawn = draw_rows(run.rows.items(), count, seed) if include_text else {}
    listing = run.store.sizes(DATA) if drawn else {}
    documents: list[SampledDocument] = []
    for shard, audit in read_tables(run, lambda shard: SHOWN if shard in drawn else _COUNTED):
        statistics.add(audit, run.rows[shard])
        if shard in drawn:
            documents += documents_of(run, shard_files(run, shard, listing), shard, drawn[shard], audit)
    return statistics, documents


def shard_files(run: OpenedRun, shard: Shard, listing: Mapping[str, int]) -> tuple[InputFile, ...]:
    """The files that hold a shard's notes."""
    stem = shard_name(*shard)
    names = sorted(name for name in listing if PurePosixPath(name).parts[0].partition(".")[0] == stem)
    return tuple(InputFile(f"{run.store.url}/{DATA}/{name}", listing[name], "") for name in names)


def documents_of(
    run: OpenedRun, files: tuple[InputFile, ...], shard: Shard, places: list[int], audit: pa.Table
) -> Iterator[SampledDocument]:
    """Some of a shard's new notes, with what was replaced in them."""
    one_file_each = run.plan.fingerprint["format"] == "text"
    edits: dict[int | str, list[dict[str, Any]]] = defaultdict(list)
    for edit in audit.to_pylist():
        edits[_file_stem(edit, run) if one_file_each else edit["row"]].append(edit)
    notes = read_notes(run, files)
    for place in places:
        note = notes[place]
        name = PurePosixPath(note.id).stem if one_file_each else note.id
        marks = tuple(
            Mark(
                edit["new_start"],
                edit["new_end"],
                edit["type"],
                float(edit["score"]),
                note.text[edit["new_start"] : edit["new_end"]],
                f"{edit['action']}; found by {', '.join(edit['recognizers'])}",
            )
            for edit in edits[name if one_file_each else place]
        )
        yield SampledDocument(name, f"data/{shard_name(*shard)}, note {place}", note.text, marks)


def _file_stem(edit: dict[str, Any], run: OpenedRun) -> str:
    """The name under which `deidentify` writes the text of an edit where each text has a file of its own."""
    kept = run.plan.fingerprint["keep ids"]
    return f"{edit['source']}-{edit['record']}" if kept else str(edit["document_id"])


def read_notes(run: OpenedRun, files: tuple[InputFile, ...], keep: tuple[str, ...] = ()) -> list[Document]:
    """The new notes in a shard's files, in order, with the kept columns in `keep`.

    Raises:
        RunFailedError: a note can no longer be read.
    """
    fingerprint = run.plan.fingerprint
    options = ReadOptions.from_fingerprint(fingerprint, keep)
    if fingerprint["format"] != "text":
        options = replace(options, id_field=options.id_field or "document_id", text_field=options.text_field or "text")
    reader = get_format(fingerprint["format"])
    records = [record for split in reader.splits(files) for record in reader.read(split, options)]
    notes = [record.document for record in records if isinstance(record, Parsed)]
    if len(notes) < len(records):
        raise RunFailedError(
            f"{len(records) - len(notes)} notes in {run.store.url}/{DATA} cannot be read: the files were changed after "
            "the run; --overwrite makes them anew"
        )
    return notes
