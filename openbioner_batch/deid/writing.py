"""The records of a shard in the format in which they came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from openbioner_batch.deid.job import DeidJob
from openbioner_batch.deid.notes import Note
from openbioner_batch.deid.records import Identity, Result
from openbioner_batch.engine.names import DATA, shard_name
from openbioner_batch.engine.tables import parquet_bytes
from openbioner_batch.formats.rewriting import DELIMITERS, delimited, json_lines

ID = "document_id"
"""Name of the id where the input has no field for it."""
SUFFIXES = {"fhir": "ndjson"}
Written = tuple[Note, Identity, Result]


def data_files(
    split: int, shard: int, records: Sequence[Written], rows: pa.Table, job: DeidJob
) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of a shard's files: one, but for texts one for each.

    Args:
        split: ordinal of the split.
        shard: the shard's number in it.
        records: what is written.
        rows: the same records as the tagging stage gave them, for the Arrow values of kept columns.
        job: the run's.
    """
    stem = f"{DATA}/{shard_name(split, shard)}"
    if job.format.name == "text":
        for _, identity, result in records:
            # A kept id is a file's path here.
            name = f"{identity.source}-{identity.record}" if job.keep_ids else identity.document
            yield f"{stem}/{name}.txt", result.parts[0].new.text.encode()
        return
    yield f"{stem}.{SUFFIXES.get(job.format.name, job.format.name)}", _file(records, rows, job)


def _file(records: Sequence[Written], rows: pa.Table, job: DeidJob) -> bytes:
    if job.format.name == "fhir":
        return json_lines(result.resource or {} for _, _, result in records)
    names = _names(job)
    objects = [_object(*record, job) for record in records]
    if job.format.name == "parquet":
        own = {name: pa.array([one.get(name) for one in objects], pa.string()) for name in names}
        kept = {name: rows[name] for name in job.columns.keep}
        return parquet_bytes(pa.table({**own, **kept}))
    if job.format.name == "jsonl":
        return json_lines(objects)
    return delimited(objects, [*names, *job.columns.keep], DELIMITERS[job.format.name])


def _names(job: DeidJob) -> list[str]:
    """The fields that are written beside the kept ones: id, patient where an id can be given, text."""
    columns = job.columns
    patient = [columns.patient] if columns.patient and (job.keep_ids or job.key_check) else []
    return list(dict.fromkeys([columns.id or ID, *patient, columns.text]))


def _object(note: Note, identity: Identity, result: Result, job: DeidJob) -> dict[str, Any]:
    columns = job.columns
    values = {
        columns.patient: identity.patient,
        columns.id or ID: identity.document,
        columns.text: result.parts[0].new.text,
    }
    kept = {name: note.fields[name] for name in columns.keep if name in note.fields}
    return {name: values[name] for name in _names(job)} | kept
