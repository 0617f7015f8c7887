"""The last stage: replaces, checks and writes a shard's notes, and survives notes that crash the process."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Any, TypeVar

import pyarrow as pa

from openbioner_batch.deid.audit import audit_table
from openbioner_batch.deid.deidentifier import spans_of
from openbioner_batch.deid.job import DeidJob, tools_of
from openbioner_batch.deid.kinds import record_kind
from openbioner_batch.deid.note_dates import is_unread
from openbioner_batch.deid.notes import Note, notes_of
from openbioner_batch.deid.records import Identity, identity_of, scope_of
from openbioner_batch.deid.sources import by_labels, by_number, labels_of, numbered
from openbioner_batch.deid.writing import Written, data_files, unwritable
from openbioner_batch.engine.attempts import WHOLE, Attempts, remove_attempts
from openbioner_batch.engine.committing import put_beside
from openbioner_batch.engine.metrics import count_written
from openbioner_batch.engine.names import AUDIT, QUARANTINE, shard_file, shard_name
from openbioner_batch.engine.reading import prepare_shard, read_splits
from openbioner_batch.engine.rows import annotation_rows, kind_of
from openbioner_batch.engine.shards import Shard, documents_table
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.tables import parquet_bytes, rows_at
from openbioner_batch.engine.work import (
    COUNTS_KEY,
    SplitTask,
    TaggingJob,
    counts_metadata,
    deletions_table,
    rejected_table,
    row_table,
    row_values,
    table_from_bytes,
    table_to_bytes,
)
from openbioner_batch.errors import OpenBioNERError, RunFailedError, UsageError
from openbioner_batch.formats.fields import UnfitRecordError
from openbioner_batch.records import Rejected, Span

SAMPLE = "_run/sample"
"""The new texts for the model to read again."""
DIED = "its process died each time it was de-identified"

_Done = TypeVar("_Done")


class _Untagged:
    """The result for a text that no model has read."""

    spans: Sequence[Span] = ()
    windows = 0
    repeated = 0
    tokens = 0


def read_by_number(batch: pa.Table, job: DeidJob, tagging: TaggingJob | None) -> Generator[pa.Table, None, None]:
    """A stage: `read_splits` with files named by number, prepared for a model if there is one."""
    numbers: dict[str, int] = {}
    for text in batch["task"].to_pylist():
        task = SplitTask.from_json(text)
        numbers |= numbered(task.split.files, job.first_inputs[task.ordinal])

    def emit(split: int, shard: Shard) -> pa.Table:
        by_number(shard, numbers)
        return prepare_shard(split, shard, tagging) if tagging else _untagged_shard(split, shard, job.kept)

    with by_labels(labels_of(numbers)):
        yield from read_splits(batch, job, emit)


def _untagged_shard(split: int, shard: Shard, kept: pa.Schema) -> pa.Table:
    """The row that tagging would give, without spans."""
    documents = documents_table(shard, kept)
    outcomes = [_Untagged() for _ in range(documents.num_rows)]
    data, rejected = annotation_rows(documents, outcomes, shard.rejected, len(shard.deletions), kept, True)
    return row_table(
        split,
        shard.index,
        data=table_to_bytes(data),
        rejected=table_to_bytes(rejected_table(rejected)),
        deletions=table_to_bytes(deletions_table(shard.deletions)),
        deaths=0,
        read=shard.read,
    )


def finish_shard(batch: pa.Table, job: DeidJob) -> pa.Table:
    """A stage: replace and write a shard, and return its counts."""
    work = row_values(batch)
    try:
        return _finish(work, job)
    except OpenBioNERError:
        raise
    except Exception as error:  # its message could quote a record
        name = shard_name(work["split"], work["shard"])
        raise RunFailedError(f"shard {name} could not be de-identified: {type(error).__name__}") from None


def _finish(work: dict[str, Any], job: DeidJob) -> pa.Table:
    began = time.perf_counter()
    split, shard = work["split"], work["shard"]
    store, name = Store(job.output), shard_name(split, shard)
    rows, rejected = (
        table_from_bytes(work["data"]),
        [Rejected(**one) for one in table_from_bytes(work["rejected"]).to_pylist()],
    )
    notes: dict[int, Note] = {}
    for place, note in enumerate(notes_of(rows, job.columns, job.kept)):
        if isinstance(note, Rejected):
            rejected.append(note)
        else:
            notes[place] = note
    attempts = Attempts(store, f"finish-{name}", job.session)
    outcomes = outcome_of_each([*notes.values()], partial(_record, job=job), attempts)
    records: list[Written] = []
    good: list[int] = []
    for (place, note), outcome in zip(notes.items(), outcomes, strict=True):
        if isinstance(outcome, str):
            rejected.append(Rejected(note.source, note.record, outcome))
        else:
            good.append(place)
            records.append(outcome)
    files, bad = _files(split, shard, records, rows_at(rows, good), job)
    rejected += [Rejected(records[at][0].source, records[at][0].record, reason) for at, reason in bad.items()]
    records = [record for at, record in enumerate(records) if at not in bad]
    rejected.sort(key=lambda item: (int(item.source), item.record, item.reason))
    counts = _counts(json.loads(rows.schema.metadata[COUNTS_KEY]), records, rejected, job)

    put_beside(store, QUARANTINE, split, shard, rejected_table(rejected))
    for file, data in files:
        store.put(file, data)
    if sampled := [record for record in records if _is_sampled(record[1], job.model_sample)]:
        store.put(f"{SAMPLE}/{name}.jsonl", _sample(sampled))
    named = [(identity, result) for _, identity, result in records]
    if job.audit_output:
        Store(job.audit_output).put(f"{name}.parquet", parquet_bytes(audit_table(named, with_text=True)))
    audit = audit_table(named, with_text=False).replace_schema_metadata(counts_metadata(counts))
    store.put(shard_file(AUDIT, split, shard), parquet_bytes(audit))  # last: its presence means that the shard is done
    remove_attempts(store, name)
    remove_attempts(store, f"finish-{name}")
    deaths = work["deaths"] + attempts.total()
    count_written(job.output, time.perf_counter() - began, counts)
    return row_table(
        split, shard, counts=json.dumps(counts), deaths=deaths, committed_at=time.time(), read=work["read"]
    )


def _files(
    split: int, shard: int, records: Sequence[Written], rows: pa.Table, job: DeidJob
) -> tuple[list[tuple[str, bytes]], dict[int, str]]:
    """Names and bytes of a shard's files, and which records (by place) cannot be written, and why."""
    try:
        return [*data_files(split, shard, records, rows, job)], {}
    except OpenBioNERError:
        raise
    except Exception:
        bad = dict(unwritable(split, shard, records, rows, job))
    good = [at for at in range(len(records)) if at not in bad]
    return [*data_files(split, shard, [records[at] for at in good], rows_at(rows, good), job)], bad


def _record(note: Note, job: DeidJob) -> Written:
    tools = tools_of(job)
    kind = record_kind(job.format)
    note = kind.with_patient(note, job)
    scope = scope_of(note, job, tools)
    return note, identity_of(note, job, tools), kind.deidentify(note, scope, job, tools)


def outcome_of_each(notes: Sequence[Note], do: Callable[[Note], _Done], attempts: Attempts) -> list[_Done | str]:
    """The result of `do` for each note, or why it is quarantined: `do` fails, or its process dies each time."""
    suspects = attempts.suspects()
    if WHOLE not in suspects:
        with attempts.attempt(WHOLE):
            return [_outcome_of(note, do) for note in notes]
    outcomes: list[_Done | str] = []
    for place, note in enumerate(notes):
        if (unit := f"{place:06d}") in suspects:
            outcomes.append(DIED)
            continue
        with attempts.attempt(unit):
            outcomes.append(_outcome_of(note, do))
    return outcomes


def _outcome_of(note: Note, do: Callable[[Note], _Done]) -> _Done | str:
    try:
        return do(note)
    except UsageError as error:  # a key or a table of shifts that is no longer there is no note's fault
        raise RunFailedError(f"{error}; the run needs it unchanged since the run began") from None
    except OpenBioNERError:
        raise
    except UnfitRecordError as reason:
        return str(reason)
    except Exception as error:  # its message could quote the note
        return f"de-identifying failed: {type(error).__name__}"


def _counts(
    counts: dict[str, Any], records: Sequence[Written], rejected: Sequence[Rejected], job: DeidJob
) -> dict[str, Any]:
    """The shard's counts for the engine; `amounts` adds those that only de-identification has."""
    parts = [part for _, _, result in records for part in result.parts]
    edits = [edit for part in parts for edit in part.new.edits]
    amounts: Counter[str] = Counter(counts.get("amounts", {}))
    for edit in edits:
        amounts[f"actions/{edit.action}"] += 1
        amounts[f"outcomes/{edit.outcome}"] += 1
        amounts.update(f"recognizers/{name}" for name in edit.recognizers)
    types = Counter(edit.type for edit in edits)
    for _, _, result in records:
        for (type, action, outcome), count in result.replaced.items():
            types[type] += count
            amounts.update(
                {f"actions/{action}": count, f"outcomes/{outcome}": count, "recognizers/fhir:element": count}
            )
    amounts.update(f"residual/{finding.type}" for part in parts for finding in part.new.residual)
    names_patients = job.by_patient and (job.columns.patient is not None or record_kind(job.format).names_patients)
    for note, _, result in records:
        amounts.update({f"known_values_ignored/{reason}": count for reason, count in note.known.ignored})
        amounts["notes/without findings"] += bool(result.parts) and not any(part.new.edits for part in result.parts)
        if job.columns.note_date is not None:
            amounts["notes/with unread dates"] += is_unread(note.fields.get(job.columns.note_date))
        amounts["notes/without patient"] += names_patients and note.patient is None
        amounts["notes/with residual findings"] += any(part.new.residual for part in result.parts)
        amounts.update({f"dropped/{name}": count for name, count in result.dropped.items()})
    return {
        **counts,
        "documents": len(records),
        "quarantined": dict(Counter(kind_of(item.reason) for item in rejected)),
        "spans": dict(types),
        "text_bytes": sum(len(note.text.encode()) for note, _, _ in records),
        "amounts": {name: count for name, count in sorted(amounts.items()) if count},
    }


def _is_sampled(identity: Identity, share: float) -> bool:
    digest = hashlib.sha256(f"{identity.source}:{identity.record}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


def _sample(records: Sequence[Written]) -> bytes:
    lines = [
        {"id": f"{identity.source}-{identity.record}", "text": part.new.text, "settled": spans_of(part.new.edits)}
        for _, identity, result in records
        for part in result.parts
    ]
    return "".join(json.dumps(line) + "\n" for line in lines).encode()
