"""Exports a run, from start to end."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from openbioner_batch import version
from openbioner_batch.console import plain_console
from openbioner_batch.engine.concepts import LINK
from openbioner_batch.engine.export.finished import FinishedRun, ShardKey, open_run
from openbioner_batch.engine.export.latest import find_latest
from openbioner_batch.engine.export.settings import ExportSettings
from openbioner_batch.engine.export.texts import TextSource, find_source
from openbioner_batch.engine.export.work import (
    DONE,
    KEPT_JSON,
    ExportJob,
    ExportTask,
    ShardTask,
    Written,
    export_shards,
    file_suffix,
)
from openbioner_batch.engine.logs import say_to_stderr
from openbioner_batch.engine.names import parse_shard
from openbioner_batch.engine.plan import check_fingerprint
from openbioner_batch.engine.pool import map_in_processes
from openbioner_batch.engine.request import Say
from openbioner_batch.engine.store import TEMPORARY, Store
from openbioner_batch.errors import UsageError
from openbioner_batch.formats import get_writer
from openbioner_batch.formats.registry import WRITERS, writers_that

EXPORT = "_run/export.json"
SYSTEM = "openbioner_batch"
"""What exports name as the source of annotations, before the release and the model."""


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """What an export has written, in this session and before."""

    output: str
    written: Written
    earlier: int
    """Shards that an earlier session has written."""
    superseded: int | None
    """Rows that `latest` leaves out; None where it was not requested."""

    def lines(self) -> list[str]:
        """The summary in words."""
        now = self.written
        found = [
            f"{self.output}: {now.shards:,} shards written, {self.earlier:,} were there before",
            f"  {now.documents:,} documents with {now.spans:,} spans in {now.bytes:,} bytes",
        ]
        if self.superseded is not None:
            found.append(f"  {self.superseded:,} rows of the run are left out: a later version or a deletion follows")
        return found


def export(settings: ExportSettings, say: Say = say_to_stderr) -> ExportSummary:
    """Write a finished run in another format, or resume the export that is in the folder.

    Every shard of the run becomes one file (with `partition_by` one for each value in it) that appears at once and
    whole under the shard's own name; a shard whose file is there is done. Shards are independent, and writing them
    needs neither a model nor an accelerator, so processes of this machine do it without Ray.

    Args:
        settings: the request.
        say: called with what is skipped.

    Raises:
        UsageError: the request is wrong, or a row cannot be written in this format.
        PlanMismatchError: the output folder holds another export.
        RunFailedError: the export stopped; the same call resumes it.
    """
    writer = get_writer(settings.to)
    run = open_run(settings.run)
    _check(settings, run)
    if settings.source and run.has_text:
        say("--source is not read: the run has kept the texts")
    source = find_source(run.plan, settings.source) if settings.source and not run.has_text else None
    output = Store(settings.output)
    if settings.overwrite:
        _remove(output)
    job = _settle(settings, run, output, source is not None)
    done = _done(output, file_suffix(writer, settings.gzip), settings.partition_by is not None)
    pending = [shard for shard in run.shards if shard not in done]
    if done:
        say(f"resuming the export in {output.url}: {len(done):,} of {len(run.shards):,} shards are written")
    latest = find_latest(run) if settings.latest else None
    before = run.spans_before() if writer.numbers_spans else {}
    shards = {
        shard: ShardTask(shard[1], before.get(shard, 0), latest.mask(shard) if latest else None) for shard in pending
    }
    written = _write(job, list(_tasks(run, shards, source)), settings.workers or os.cpu_count() or 1, len(pending))
    output.remove_folder(TEMPORARY)
    if written.links_left_out:
        say(
            f"--to {settings.to} leaves out the concepts of {written.links_left_out:,} spans, whose vocabularies are "
            "not OMOP's; parquet-long, csv and jsonl carry them"
        )
    return ExportSummary(output.url, written, len(done), latest.dropped if latest else None)


def _check(settings: ExportSettings, run: FinishedRun) -> None:
    known = WRITERS[settings.to]
    if known.needs_text and not run.has_text and not settings.source and run.shards:
        raise UsageError(
            f"--to {settings.to} needs the documents' texts, and this run kept none: give --source with the run's "
            "inputs to read them again, or tag with --include-text"
        )
    if settings.gzip and known.compressed:
        able = writers_that(lambda one: not one.compressed)
        raise UsageError(
            f"--gzip does not go with --to {settings.to}, whose files are compressed inside, only with "
            f"{', '.join(able)}: leave it out"
        )
    name = settings.partition_by
    if name is None or not run.shards:
        return
    if not known.partitioned:
        able = writers_that(lambda one: one.partitioned)
        raise UsageError(f"--partition-by does not go with --to {settings.to}, only with {', '.join(able)}")
    plain = [column for column in run.kept if column != KEPT_JSON and _is_plain(run.schema.field(column).type)]
    if name not in plain and KEPT_JSON not in run.kept:
        columns = ", ".join(plain) or "none: the run kept no columns (--keep-fields)"
        raise UsageError(f"--partition-by {name}: there is no such column of plain values; there are: {columns}")


def _is_plain(kind: pa.DataType) -> bool:
    return not (pa.types.is_nested(kind) or pa.types.is_floating(kind) or pa.types.is_binary(kind))


def _settle(settings: ExportSettings, run: FinishedRun, output: Store, reads_source: bool) -> ExportJob:
    """What the export is, checked against the one in the folder if there is one."""
    model = str(run.plan.fingerprint.get("model") or "")[:12]  # a run of a dictionary alone has none
    system = f"{SYSTEM} {version.__version__}" + (f", model {model}" if model else "")
    wanted: dict[str, Any] = {
        "run": run.identity(),
        "format": settings.to,
        "texts from --source": reads_source,
        "latest": settings.latest,
        "partition by": settings.partition_by,
        "gzip": settings.gzip,
        "system": system,
        # What is the latest version changes as the run grows; else new shards are just more files.
        **({"contents of the run": run.contents()} if settings.latest else {}),
    }
    try:
        found = json.loads(output.get(EXPORT))
    except FileNotFoundError:
        if others := [name for name in output.names() if not name.startswith("_run/tmp")][:1]:
            raise UsageError(
                f"--output {output.url} is not empty ({others[0]}) and holds no export: give an empty folder"
            ) from None
        found = None
    day = settings.day or (date.fromisoformat(found["date"]) if found else datetime.now(UTC).date())
    wanted["date"] = day.isoformat()
    if found is None:
        output.put(EXPORT, json.dumps(wanted, indent=1).encode())
    else:
        release = str(found["system"]).partition(",")[0].removeprefix(f"{SYSTEM} ")
        check_fingerprint(found, wanted, output.url, release)
    linked = run.plan.fingerprint.get(LINK, {})
    omop = tuple(sorted(name for name, about in linked.items() if about["format"] == "omop"))
    return ExportJob(run.store.url, output.url, settings.to, settings.partition_by, settings.gzip, system, day, omop)


def _done(output: Store, suffix: str, partitioned: bool) -> set[ShardKey]:
    if partitioned:
        stems = output.names(DONE)
    else:
        stems = [name.removesuffix(suffix) for name in output.names() if name.endswith(suffix)]
    return {found for stem in stems if (found := parse_shard(f"{stem}.parquet")) is not None}


def _remove(output: Store) -> None:
    """Remove the export in a folder and nothing else; its description last, so that it can be repeated."""
    if not output.exists(EXPORT):
        return
    names = [name for name in output.names() if name != EXPORT]
    output.remove(names)
    output.remove([EXPORT])


def _tasks(run: FinishedRun, shards: dict[ShardKey, ShardTask], source: TextSource | None) -> Iterator[ExportTask]:
    """A task for each shard; where texts are read again, for each split, which is read but once."""
    if source is None:
        for (split, _), task in shards.items():
            yield ExportTask(split, (task,), None)
        return
    by_split: dict[int, list[ShardTask]] = {}
    for (split, _), task in shards.items():
        by_split.setdefault(split, []).append(task)
    planned = {found.ordinal: found.split for found in run.plan.splits}
    for split, tasks in by_split.items():
        texts = (source.format, source.options, planned[split], source.moved(planned[split]))
        yield ExportTask(split, tuple(tasks), texts)


def _write(job: ExportJob, tasks: Sequence[ExportTask], workers: int, shards: int) -> Written:
    """Do the tasks, with a bar on a terminal."""
    from rich.progress import Progress

    written = Written()
    with Progress(console=plain_console(sys.stderr), disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task("shards", total=shards)
        for result in map_in_processes(export_shards, job, tasks, workers, "export"):
            written.add(result)
            progress.update(bar, completed=written.shards)
    return written
