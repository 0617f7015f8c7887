"""Reads the texts that a run did not keep from its inputs again, and joins them to its rows by source and record."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from openbioner_batch.engine.plan import Plan
from openbioner_batch.engine.rows import offsets_hold
from openbioner_batch.errors import RunFailedError, UsageError
from openbioner_batch.formats import find_inputs
from openbioner_batch.formats.base import Format, InputFile, ReadOptions, Split
from openbioner_batch.formats.writing import span_tuples
from openbioner_batch.records import Parsed, Record

_CHANGED = "the inputs in --source are not those that the run has read"


@dataclass(frozen=True, slots=True)
class TextSource:
    """How the inputs of a run are read, and where they are now."""

    format: Format
    options: ReadOptions
    now: Mapping[str, InputFile]
    """The file today that matches a planned file (by URI)."""

    def moved(self, split: Split) -> Split:
        """A planned split with the files of today."""
        return Split(tuple(self.now[file.uri] for file in split.files), split.start, split.stop)


def find_source(plan: Plan, patterns: Sequence[str]) -> TextSource:
    """Find a run's inputs among the files that `patterns` match: by address, else by name and size.

    Raises:
        UsageError: one of the inputs is missing, or its size has changed.
    """
    fingerprint = plan.fingerprint
    reader, files = find_inputs(patterns, fingerprint["format"])
    listed = {file.uri: file for file in files}
    by_name: dict[tuple[str, int], list[InputFile]] = {}
    for file in files:
        by_name.setdefault((os.path.basename(file.uri), file.size), []).append(file)
    now = {}
    for planned in plan.wanted:
        for file in planned.split.files:
            found = listed.get(file.uri)
            if found is None:
                namesakes = by_name.get((os.path.basename(file.uri), file.size), [])
                found = namesakes[0] if len(namesakes) == 1 else None
            if found is None or found.size != file.size:
                raise UsageError(
                    f"--source: the run has read {file.uri} ({file.size:,} bytes), which is not among the "
                    f"{len(files):,} files there. Give all inputs of the run, unchanged"
                )
            now[file.uri] = found
    return TextSource(reader, ReadOptions.from_fingerprint(fingerprint, reader.most_lenient), now)


class TextReader:
    """Reads a split once, in the order of its shards.

    Args:
        reader: of the input's format.
        options: how the run read it.
        planned: the split, as the run's plan has it.
        now: the same files where they are today.
    """

    def __init__(self, reader: Format, options: ReadOptions, planned: Split, now: Split) -> None:
        self._records: Iterator[Record] = reader.read(now, options)
        self._planned = {new.uri: old.uri for old, new in zip(planned.files, now.files, strict=True)}

    def with_texts(self, rows: pa.Table) -> pa.Table:
        """The next shard's rows with their texts, every span's offsets checked.

        Raises:
            RunFailedError: a row's record is gone or has another text; names its source and position.
        """
        keys = list(zip(rows["source"].to_pylist(), rows["record"].to_pylist(), strict=True))
        left = set(keys)
        texts: dict[tuple[str, int], str] = {}
        while left:
            record = next(self._records, None)
            if record is None:
                source, place = min(left)
                raise RunFailedError(f"{source}: record {place} is not there any more; {_CHANGED}")
            key = (self._planned.get(record.source, record.source), record.record)
            if isinstance(record, Parsed) and key in left:
                texts[key] = record.document.text
                left.remove(key)
        for key, spans in zip(keys, span_tuples(rows["spans"]), strict=True):
            if not offsets_hold(texts[key], spans):
                raise RunFailedError(f"{key[0]}: record {key[1]} has another text now; {_CHANGED}")
        return rows.append_column("text", pa.array([texts[key] for key in keys], pa.string()))
