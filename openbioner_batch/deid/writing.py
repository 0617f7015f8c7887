"""Writes the records of a shard back in their format."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

import pyarrow as pa

from openbioner_batch.deid.job import DeidJob
from openbioner_batch.deid.notes import Note
from openbioner_batch.deid.records import DeidentifiedRecord, Identity
from openbioner_batch.engine.names import DATA, shard_name
from openbioner_batch.engine.tables import rows_at
from openbioner_batch.errors import OpenBioNERError, is_out_of_memory
from openbioner_batch.formats.base import NewRecord

ID = "document_id"
"""Name of the id where the input has no field for it."""
Written = tuple[Note, Identity, DeidentifiedRecord]


def unwritable(
    split: int, shard: int, records: Sequence[Written], rows: pa.Table, job: DeidJob
) -> Iterator[tuple[int, str]]:
    """The places of records that cannot be written alone, and why; to be called where `data_files` fails on all."""
    for place, record in enumerate(records):
        try:
            deque(data_files(split, shard, [record], rows_at(rows, [place]), job), maxlen=0)  # only whether it raises
        except OpenBioNERError:
            raise
        except Exception as error:  # its message could quote the record
            if is_out_of_memory(error):
                raise
            yield place, f"writing failed: {type(error).__name__}"


def data_files(
    split: int, shard: int, records: Sequence[Written], rows: pa.Table, job: DeidJob
) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of a shard's files.

    Args:
        split: ordinal of the split.
        shard: the shard's number in it.
        records: the records to write.
        rows: the same records as the tagging stage gave them, for the Arrow values of kept columns.
        job: the run's.
    """
    rewriting = job.format.rewriting
    assert rewriting is not None, "formats that cannot be written back are refused"
    new = [_new_record(*record, job) for record in records]
    yield from rewriting.files(
        f"{DATA}/{shard_name(split, shard)}", new, _names(job), job.columns.keep, rows, job.options
    )


def _names(job: DeidJob) -> list[str]:
    """The fields that are written beside the kept ones: id, patient where an id can be given, text."""
    columns = job.columns
    patient = [columns.patient] if columns.patient and (job.keep_ids or job.key_check) else []
    return list(dict.fromkeys([columns.id or ID, *patient, columns.text]))


def _new_record(note: Note, identity: Identity, result: DeidentifiedRecord, job: DeidJob) -> NewRecord:
    columns = job.columns
    # A kept id of a file that has no field for it is the file's path.
    name = identity.document if columns.id or not job.keep_ids else f"{identity.source}-{identity.record}"
    if result.resource is not None:
        return NewRecord(name, "", {}, {}, result.resource)
    text = result.parts[0].new.text
    values = {columns.patient: identity.patient, columns.id or ID: identity.document, columns.text: text}
    kept = {name: note.fields[name] for name in columns.keep if name in note.fields}
    return NewRecord(name, text, {name: values[name] for name in _names(job)}, kept)
