"""Links the spans of a finished run: writes another run that has their concepts too."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import pyarrow as pa

from openbioner_batch.engine.adding import add_surviving
from openbioner_batch.engine.asserting import assertion_amounts
from openbioner_batch.engine.committing import put_beside
from openbioner_batch.engine.concepts import (
    LINK,
    Linking,
    check_encoders,
    check_types,
    dictionary_amounts,
    sources,
    types_of,
)
from openbioner_batch.engine.export.finished import FinishedRun, ShardKey, open_run
from openbioner_batch.engine.export.texts import TextReader, TextSource, find_source
from openbioner_batch.engine.ledger import Ledger, read_totals
from openbioner_batch.engine.logs import say_to_stderr
from openbioner_batch.engine.names import DATA, DELETIONS, ENDS, INPUTS, PLAN, QUARANTINE, shard_file, shard_name
from openbioner_batch.engine.plan import check_fingerprint, plan_bytes, release_of
from openbioner_batch.engine.pool import map_in_processes
from openbioner_batch.engine.request import Say, overwrite
from openbioner_batch.engine.rows import kind_of, span_lists
from openbioner_batch.engine.settings import LinkSettings
from openbioner_batch.engine.store import TEMPORARY, Store
from openbioner_batch.engine.tables import open_table, parquet_bytes, rows_at, written_schema
from openbioner_batch.engine.work import COUNTS_KEY, counts_metadata, rejected_table
from openbioner_batch.errors import (
    OpenBioNERError,
    RunFailedError,
    TooManyQuarantinedError,
    UsageError,
    is_out_of_memory,
)
from openbioner_batch.formats.base import Format, ReadOptions, Split
from openbioner_batch.formats.writing import span_tuples
from openbioner_batch.records import Rejected, Span
from openbioner_batch.schemas import EXTRAS, OWN_COLUMNS, annotations_schema

FROM = "_run/linked_from.json"


@dataclass(frozen=True, slots=True)
class _Job:
    run: str
    output: str
    linking: Linking


@dataclass(frozen=True, slots=True)
class _Task:
    """Shards of one split, in order, and the split as planned and with the files of today, to read its texts again."""

    shards: tuple[ShardKey, ...]
    texts: tuple[Format, ReadOptions, Split, Split] | None


@dataclass(frozen=True, slots=True)
class Linked:
    """What was linked in a session."""

    shards: int = 0
    spans: int = 0
    with_concepts: int = 0
    documents: int = 0
    set_aside: int = 0
    """How many more documents could not be linked."""

    def __add__(self, other: Linked) -> Linked:
        return Linked(*(one + two for one, two in zip(astuple(self), astuple(other), strict=True)))


def link(settings: LinkSettings, say: Say = say_to_stderr) -> Linked:
    """Write a run that is the finished one with the concepts of its spans, or resume it.

    If the texts are available, the result is byte for byte that of `annotate --link`. It can be shown, reported on and
    exported, and it resumes shard by shard.

    Args:
        settings: the request.
        say: called with what is skipped.

    Raises:
        UsageError: the request is wrong.
        PlanMismatchError: the output folder holds another run.
        TooManyQuarantinedError: more documents could not be linked than `max_quarantined` allows.
        RunFailedError: the run stopped; the same call resumes it.
    """
    run = open_run(settings.run)
    output = Store(settings.output)
    vocabularies = sources(LINK, settings.link)
    _check(run, output)
    check_types(vocabularies, types_of(run.plan.fingerprint))
    check_encoders(vocabularies, settings.link_least)
    if settings.source and run.has_text:
        say("--source is not read: the run has kept the texts")
    source = find_source(run.plan, settings.source) if settings.source and not run.has_text else None
    if not run.has_text and source is None:
        say("abbreviations are not expanded: the run kept no texts; --source reads them again")
    linking = Linking(vocabularies, settings.link_top, settings.link_least, expands=run.has_text or source is not None)
    if settings.overwrite:
        overwrite(output)
    _plan(run, output, linking)
    ledger = Ledger.read(output, DATA)
    done = set(ledger.shards)
    pending = [shard for shard in run.shards if shard not in done]
    if done:
        say(f"resuming the run in {output.url}: {len(done):,} of {len(run.shards):,} shards are linked")
    job = _Job(run.store.url, output.url, linking)
    total, before = Linked(), _earlier(output, ledger, linking)
    for result in map_in_processes(
        _link_shards, job, _tasks(run, pending, source), settings.workers or os.cpu_count() or 1, "linking"
    ):
        total += result
        _check_set_aside(before + total, settings, at_end=False)
    _check_set_aside(before + total, settings, at_end=True)
    output.remove_folder(TEMPORARY)
    return total


def _earlier(output: Store, ledger: Ledger, linking: Linking) -> Linked:
    """What earlier sessions have linked and set aside, for the limit."""
    totals = read_totals(output, ledger)
    own = [count for reason, count in totals.quarantined.items() if reason.startswith(f"{linking.name} failed: ")]
    return Linked(documents=totals.documents, set_aside=sum(own))


def _check_set_aside(total: Linked, settings: LinkSettings, at_end: bool) -> None:
    """Raises TooManyQuarantinedError where linking fails on more documents than are allowed."""
    documents = total.documents + total.set_aside
    if settings.quarantine_limit.is_exceeded(total.set_aside, documents, at_end):
        raise TooManyQuarantinedError(
            f"{total.set_aside:,} of {documents:,} documents cannot be linked, more than --max-quarantined "
            f"{settings.max_quarantined} allows. Look into {Store(settings.output).url}/quarantine; what is committed "
            "stays, and a higher limit resumes the run"
        )


def _check(run: FinishedRun, output: Store) -> None:
    if run.store.contains(output.url) or output.contains(run.store.url):
        raise UsageError(
            f"--output {output.url} and the run {run.store.url} lie one inside the other: give another folder"
        )
    if run.shards and any(field.name == "concepts" for field in run.schema.field("spans").type.value_type):
        raise UsageError(f"the spans of the run in {run.store.url} are linked already: link the run they come from")
    if not output.exists(PLAN) and (names := [name for name in output.names() if not name.startswith("_run/")]):
        raise UsageError(f"--output {output.url} holds {names[0]} and no run of this program: give another folder")


def _plan(run: FinishedRun, output: Store, linking: Linking) -> None:
    """Write the plan of the linked run, or check it against the one there; inputs grow as the first run does."""
    fingerprint = json.loads(json.dumps({**run.plan.fingerprint, **linking.fingerprint()}))
    origin = {"run": run.identity()}
    if output.exists(PLAN):
        plan = json.loads(output.get(PLAN))
        release = release_of(plan)
        check_fingerprint(plan["fingerprint"], fingerprint, output.url, release)
        found = json.loads(output.get(FROM)) if output.exists(FROM) else {"run": "a run that was not linked"}
        check_fingerprint(found, origin, output.url, release)
    else:
        output.put(FROM, json.dumps(origin).encode())
        output.put(PLAN, plan_bytes(fingerprint))
    for folder in (INPUTS, ENDS):
        there = set(output.names(folder))
        for name in run.store.names(folder):
            if name not in there:
                output.put(f"{folder}/{name}", run.store.get(f"{folder}/{name}"))


def _tasks(run: FinishedRun, pending: Sequence[ShardKey], source: TextSource | None) -> list[_Task]:
    """A task for each shard; where texts are read again, for each split, which is read but once."""
    if source is None:
        return [_Task((shard,), None) for shard in pending]
    by_split: dict[int, list[ShardKey]] = {}
    for shard in pending:
        by_split.setdefault(shard[0], []).append(shard)
    planned = {found.ordinal: found.split for found in run.plan.splits}
    return [
        _Task(tuple(shards), (source.format, source.options, planned[split], source.moved(planned[split])))
        for split, shards in by_split.items()
    ]


def _link_shards(job: _Job, task: _Task) -> Linked:
    total = Linked()
    texts = TextReader(*task.texts) if task.texts else None
    for shard in task.shards:
        try:
            total += _link_shard(job, shard, texts)
        except OpenBioNERError:
            raise
        except OSError as error:
            raise RunFailedError(f"linking shard {shard_name(*shard)} failed: {error}") from error
        except Exception as error:  # its message could quote a record
            raise RunFailedError(f"linking shard {shard_name(*shard)} failed: {type(error).__name__}") from None
    return total


def _link_shard(job: _Job, shard: ShardKey, texts: TextReader | None) -> Linked:
    store, output = Store(job.run), Store(job.output)
    with open_table(store, shard_file(DATA, *shard)) as table:
        rows = table.read().combine_chunks()
        kept = pa.schema([field for field in written_schema(table) if field.name not in OWN_COLUMNS])
        counts = json.loads((table.metadata.metadata or {})[COUNTS_KEY])
    documents = texts.with_texts(rows) if texts else rows
    outcomes = add_surviving((job.linking,), documents, span_tuples(rows["spans"]), _end_if_memory_is_short)
    aside = {place: reason for place, reason in enumerate(outcomes) if isinstance(reason, str)}
    if aside:
        rejected = [*_rejected(store, shard), *_rejected_here(rows, aside)]
        rejected.sort(key=lambda item: (item.source, item.record, item.reason))
        counts = _counts_without(counts, documents, aside, rejected)
        rows = rows_at(rows, [place for place in range(rows.num_rows) if place not in aside])
    spans = [outcome for outcome in outcomes if not isinstance(outcome, str)]
    flat = [span for here in spans for span in here]
    kind = rows.schema.field("spans").type.value_type
    extras = [name for name in EXTRAS if name in (*(field.name for field in kind), *job.linking.extras)]
    amounts = {**counts.get("amounts", {}), **job.linking.amounts(flat)}
    if amounts := {name: amount for name, amount in amounts.items() if amount}:
        counts["amounts"] = amounts
    schema = annotations_schema(kept, "text" in rows.column_names, extras).with_metadata(counts_metadata(counts))
    columns = {name: rows[name] for name in rows.column_names} | {"spans": span_lists(map(len, spans), flat, extras)}
    columns |= {field.name: rows[field.name].cast(field.type) for field in kept}
    linked = pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)
    if aside:
        put_beside(output, QUARANTINE, *shard, rejected_table(rejected))
    for folder in (DELETIONS,) if aside else (QUARANTINE, DELETIONS):
        if store.exists(name := shard_file(folder, *shard)):
            output.put(name, store.get(name))
        elif output.exists(name):  # of an earlier attempt
            output.remove([name])
    output.put(shard_file(DATA, *shard), parquet_bytes(linked))
    return Linked(1, len(flat), sum(bool(span.concepts) for span in flat), len(spans), len(aside))


def _end_if_memory_is_short(error: Exception, is_alone: bool) -> None:
    """A failed allocation may be nobody's fault: what follows would be set aside without need."""
    if is_alone and is_out_of_memory(error):
        raise error


def _rejected(store: Store, shard: ShardKey) -> list[Rejected]:
    """What was set aside of a shard before it was linked."""
    if not store.exists(name := shard_file(QUARANTINE, *shard)):
        return []
    with open_table(store, name) as table:
        return [Rejected(**item) for item in table.read().to_pylist()]


def _rejected_here(rows: pa.Table, aside: Mapping[int, str]) -> list[Rejected]:
    sources, records = rows["source"], rows["record"]
    return [Rejected(sources[place].as_py(), records[place].as_py(), reason) for place, reason in aside.items()]


def _counts_without(
    counts: Mapping[str, Any], documents: pa.Table, aside: Mapping[int, str], rejected: Sequence[Rejected]
) -> dict[str, Any]:
    """The counts of a shard without what is set aside; its tokens stay, since tagging has read them."""
    bad = rows_at(documents, list(aside))
    lost: list[Span] = [span for here in span_tuples(bad["spans"]) for span in here]
    amounts = Counter(counts.get("amounts", {}))
    for name, amount in {**assertion_amounts(lost), **dictionary_amounts(lost)}.items():
        amounts[name] -= amount
    texts = bad["text"].to_pylist() if "text" in bad.column_names else []
    return {
        **counts,
        "documents": counts["documents"] - len(aside),
        "quarantined": dict(Counter(kind_of(item.reason) for item in rejected)),
        "spans": dict(Counter(counts["spans"]) - Counter(span.type for span in lost)),
        "windows": counts["windows"] - sum(bad["windows"].to_pylist()),
        "text_bytes": counts["text_bytes"] - sum(len(text.encode()) for text in texts),
        "amounts": dict(amounts),
    }
