"""The work of an export's processes: shards in, files out."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

import pyarrow as pa

from openbioner_batch.engine.export.latest import unpacked_mask
from openbioner_batch.engine.export.texts import TextReader
from openbioner_batch.engine.names import DATA, shard_file, shard_name
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.tables import open_table, rows_at
from openbioner_batch.errors import OpenBioNERError, RunFailedError, UsageError
from openbioner_batch.formats import get_writer
from openbioner_batch.formats.base import Format, ReadOptions, Split
from openbioner_batch.formats.writing import Origin, Writer

DONE = "_run/done"
NULL_FOLDER = "__HIVE_DEFAULT_PARTITION__"
KEPT_JSON = "kept"
_LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class ExportJob:
    """The settings that all shards of an export share."""

    run: str
    output: str
    to: str
    partition_by: str | None
    gzip: bool
    system: str
    day: date
    omop_types: tuple[str, ...] = ()
    """The types whose spans are linked to OMOP's concepts."""


@dataclass(frozen=True, slots=True)
class ShardTask:
    """A shard to write."""

    shard: int
    first_span: int
    keep: bytes | None
    """The rows to keep, packed; None for all."""


@dataclass(frozen=True, slots=True)
class ExportTask:
    """Shards of one split, in order."""

    split: int
    shards: tuple[ShardTask, ...]
    texts: tuple[Format, ReadOptions, Split, Split] | None
    """To read their texts again: the split as planned and with the files of today; None where not needed."""


@dataclass(slots=True)
class Written:
    """What has been written."""

    shards: int = 0
    documents: int = 0
    spans: int = 0
    bytes: int = 0
    links_left_out: int = 0
    """Spans with a concept that the format has no place for."""

    def add(self, other: Written) -> None:
        """Sum up what another task has written."""
        self.shards += other.shards
        self.documents += other.documents
        self.spans += other.spans
        self.bytes += other.bytes
        self.links_left_out += other.links_left_out


def export_shards(job: ExportJob, task: ExportTask) -> Written:
    """Write the files of some shards.

    Raises:
        UsageError: a row cannot be written in this format.
        RunFailedError: reading or writing failed; what is written stays.
    """
    written = Written()
    texts = TextReader(*task.texts) if task.texts else None
    for shard in task.shards:
        try:
            written.add(_export_shard(job, task.split, shard, texts))
        except OpenBioNERError:
            raise
        except OSError as error:
            raise RunFailedError(f"exporting shard {shard_name(task.split, shard.shard)} failed: {error}") from error
        except Exception as error:  # its message could quote a record
            name = shard_name(task.split, shard.shard)
            raise RunFailedError(f"exporting shard {name} failed: {type(error).__name__}") from None
    return written


def file_suffix(writer: Writer, packed: bool) -> str:
    """How the names of an export's files end."""
    return writer.suffix + (".gz" if packed else "")


def _export_shard(job: ExportJob, split: int, task: ShardTask, texts: TextReader | None) -> Written:
    store, output, writer = Store(job.run), Store(job.output), get_writer(job.to)
    with open_table(store, shard_file(DATA, split, task.shard)) as table:
        rows = table.read()
    if texts:
        rows = texts.with_texts(rows)
    if task.keep is not None:
        rows = rows.filter(pa.array(unpacked_mask(task.keep, rows.num_rows)))
    name = shard_name(split, task.shard) + file_suffix(writer, job.gzip)
    origin = Origin(job.system, job.day, task.first_span, frozenset(job.omop_types))
    size = 0
    for folder, part in partitions(rows, job.partition_by) if job.partition_by else [("", rows)]:
        data = writer.write(part, origin)
        data = gzip.compress(data, mtime=0) if job.gzip else data
        output.put(folder + name, data)
        size += len(data)
    if job.partition_by:
        # There may be several files, or none: only this marker shows that all are written.
        output.put(f"{DONE}/{shard_name(split, task.shard)}", b"")
    spans = rows["spans"].combine_chunks()
    return Written(1, rows.num_rows, len(spans.flatten()), size, writer.links_left_out(rows, origin))


def partitions(rows: pa.Table, column: str) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each value of a column under the folder `COLUMN=VALUE/`, without the column, as Hive partitions them.

    Raises:
        UsageError: a value is too long for the name of a folder.
    """
    own = column in rows.column_names
    values = rows[column].to_pylist() if own else [_kept(text, column) for text in rows[KEPT_JSON].to_pylist()]
    places: dict[str, list[int]] = {}
    for place, value in enumerate(values):
        text = NULL_FOLDER if value in (None, "") else quote(_as_text(value), safe="")
        if len(text) > _LONGEST_VALUE:
            raise UsageError(f"--partition-by {column}: its values are too long for names of folders; choose another")
        places.setdefault(text, []).append(place)
    for text in sorted(places):
        part = rows_at(rows, places[text])
        yield f"{quote(column, safe='')}={text}/", part.drop_columns([column]) if own else part


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _kept(text: str | None, name: str) -> Any:
    value = json.loads(text).get(name) if text else None
    return json.dumps(value) if isinstance(value, dict | list) else value
