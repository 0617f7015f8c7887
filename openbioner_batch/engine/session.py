"""One session of a run of any kind: plan, stream, commit, account. What is done with a shard is a pipeline's affair."""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, suppress
from typing import Any, Protocol

from openbioner_batch.engine.cluster import Resources, ray_connection, resources_now
from openbioner_batch.engine.ledger import Ledger, Totals, read_totals
from openbioner_batch.engine.logs import log_event, say_to_stderr
from openbioner_batch.engine.metrics import run_id, show_share
from openbioner_batch.engine.names import ATTEMPTS, PLAN, SUMMARY, shard_name
from openbioner_batch.engine.pace import Pace, session_file
from openbioner_batch.engine.plan import Plan, make_plan, split_weights
from openbioner_batch.engine.progress import Progress, shown
from openbioner_batch.engine.request import Inputs, RunSettings, Say, check_output, fingerprint, overwrite
from openbioner_batch.engine.shards import UNKNOWN
from openbioner_batch.engine.store import TEMPORARY, Store, is_local
from openbioner_batch.engine.summary import Summary, notes_on
from openbioner_batch.engine.work import Job, SplitTask
from openbioner_batch.errors import RunFailedError, TooManyQuarantinedError
from openbioner_batch.formats.labels import told
from openbioner_batch.records import UNREAD


class Pipeline(Protocol):
    """What a run does with its shards."""

    def fingerprint(self) -> dict[str, Any]:
        """What results depend on, as JSON values under names that a user understands."""

    def stream(
        self, tasks: Sequence[SplitTask], job: Job, resources: Resources, before: Totals
    ) -> Generator[dict[str, Any], None, None]:
        """Read and commit the shards of `tasks` that are not done; one mapping for each as it is committed.

        It has `split`, `shard`, `counts` (what the footer of its data file says), `deaths` (of processes, in this
        session) and `committed_at`; it may have `read` (as `Shard` says). `before` sums up what earlier sessions have
        committed.
        """


def run_pipeline(
    settings: RunSettings,
    inputs: Inputs,
    make: Callable[[bool], Pipeline],
    say: Say = say_to_stderr,
    places: Sequence[str] = (),
    before: Callable[[bool], None] = lambda on_cluster: None,
    connect: Callable[[str | None], AbstractContextManager[Resources]] = ray_connection,
) -> Summary:
    """Do what is left of a run.

    Args:
        settings: the request.
        inputs: what is read.
        make: builds the pipeline, told whether a cluster is connected.
        say: told of what is skipped.
        places: further paths that all machines of a cluster must see.
        before: looks for further mistakes if there is something to do; told whether a cluster is connected.
        connect: gives Ray for the time of the run.

    Returns:
        The finished run's summary.

    Raises:
        UsageError: the request is wrong; nothing has been started.
        PlanMismatchError: the output folder holds another run.
        TooManyQuarantinedError: more records were set aside than `max_quarantined` allows.
        RunFailedError: the run stopped; the same call resumes it.
    """
    store = Store(settings.output)
    check_output(settings, store, inputs.files)
    # A plan must not be left behind, nor an earlier run be removed, by a request that cannot be met.
    is_new = settings.overwrite or not store.exists(PLAN)
    if settings.ray_address is None:
        if is_new:
            before(False)
        run = _prepare(settings, inputs, store, make(False), say)
        if run.pending:
            if not is_new:
                before(False)
            try:
                with connect(None) as resources:
                    run.execute(resources)
            finally:
                run.leave()
        return run.finish()
    with connect(settings.ray_address) as resources:
        named = {place: place for place in (settings.output, *places)}
        _warn_of_local_paths(named | {file.uri: told(file.uri) for file in inputs.files[:1]}, resources, say)
        if is_new:
            before(True)
        run = _prepare(settings, inputs, store, make(True), say)
        if run.pending:
            if not is_new:
                before(True)
            try:
                run.execute(resources_now(settings.ray_address))  # looking for a GPU may have made a node join
            finally:
                run.leave()
        return run.finish()


def _warn_of_local_paths(places: Mapping[str, str], resources: Resources, say: Say) -> None:
    if resources.nodes > 1:
        for place, name in places.items():
            if is_local(place):
                say(f"warning: {name} is a local path; all {resources.nodes} machines must see the same files there")


def _prepare(settings: RunSettings, inputs: Inputs, store: Store, pipeline: Pipeline, say: Say) -> _Run:
    if settings.overwrite:
        overwrite(store)
    found = fingerprint(settings, inputs, pipeline.fingerprint())
    plan, fresh = make_plan(store, found, inputs.files, inputs.format, inputs.options, settings.limit)
    ledger = Ledger.read(store, plan.ledger)
    run = _Run(settings, inputs, store, pipeline, plan, ledger, say)
    if run.totals.shards:
        run.check_quarantined(at_end=False)
        news = f", {fresh:,} new input files" if fresh and fresh < len(inputs.files) else ""
        say(f"going on with the run in {store.url}: {run.totals.shards:,} shards are committed{news}")
    return run


class _Run:
    """One session of a run: what was there before it, and what it adds."""

    def __init__(
        self,
        settings: RunSettings,
        inputs: Inputs,
        store: Store,
        pipeline: Pipeline,
        plan: Plan,
        ledger: Ledger,
        say: Say,
    ) -> None:
        self._say = say
        self._settings = settings
        self._inputs = inputs
        self._store = store
        self._pipeline = pipeline
        self._plan = plan
        self._ledger = ledger
        self._session = uuid.uuid4().hex[:12]
        self._run = run_id(store.url)
        self._started = time.monotonic()
        self._pace = Pace(time.time())
        self._look_for_ends_at = 0.0
        self.totals: Totals = read_totals(store, ledger)
        self.pending = [planned for planned in plan.wanted if not ledger.is_finished(planned.ordinal)]
        self._summary = Summary(
            store.url, False, self.totals, splits=len(plan.wanted), notes=notes_on(plan.fingerprint)
        )

    def execute(self, resources: Resources) -> None:
        """Read, do and commit what is pending."""
        weights = dict(
            zip((planned.ordinal for planned in self._plan.wanted), split_weights(self._plan.wanted), strict=True)
        )
        progress = Progress(self.totals, weights, self._settings.limit)
        with suppress(RunFailedError):
            self._note_finished_splits(progress)
        shards = self._pipeline.stream(self._tasks(), self._job(), resources, self.totals)
        log_event("started", run=self._run, session=self._session, output=self._store.url, splits=len(self.pending))
        with shown(progress, sys.stderr, self._run), closing(shards):
            for shard in shards:
                self._add(shard, progress)

    def leave(self) -> None:
        """Leave a summary however the session ended, and no marker of a worker that died with it."""
        with suppress(RunFailedError):  # what has ended the session, such as a full disk, is what the user must hear
            markers = [name for name in self._store.names(ATTEMPTS) if name.split(".")[1] == self._session]
            self._store.remove([f"{ATTEMPTS}/{name}" for name in markers])
            self._write_pace()
            self._write_summary()

    def finish(self) -> Summary:
        """Check that nothing is missing, and mark the run as finished."""
        self._ledger = ledger = Ledger.read(self._store, self._plan.ledger)
        unfinished = [planned for planned in self._plan.wanted if not ledger.is_finished(planned.ordinal)]
        if unfinished:
            raise RunFailedError(
                f"{len(unfinished):,} of {len(self._plan.wanted):,} splits are not complete: run the same command again"
            )
        ends = [ledger.ends[planned.ordinal] for planned in self._plan.wanted]
        records = sum(end.documents + end.rejected for end in ends)
        if records != self.totals.records:
            raise RunFailedError(
                f"{records:,} records were read and {self.totals.records:,} are in the output: "
                f"{self._store.url} was changed by something else; --overwrite starts anew"
            )
        self.check_quarantined(at_end=True)
        self._summary.finished = True
        if self.pending or not self._store.exists(SUMMARY):
            try:
                self._write_summary()
            except RunFailedError as error:
                self._say(f"note: the run is finished, but {error}")
        for folder in (ATTEMPTS, TEMPORARY):
            with suppress(RunFailedError):  # another driver of the same run may be writing there
                self._store.remove_folder(folder)
        show_share(self._store.url, 1.0)
        totals = self.totals
        log_event("finished", run=self._run, documents=totals.documents, quarantined=totals.set_aside)
        self._refuse_unread()
        return self._summary

    def _refuse_unread(self) -> None:
        """Raises RunFailedError where a quarantined record stands for bytes of which nobody knows what they hold."""
        unread = {reason: count for reason, count in self.totals.quarantined.items() if reason.endswith(UNREAD)}
        if unread:
            raise RunFailedError(
                f"bytes of {sum(unread.values()):,} input files were not read ({'; '.join(unread)}). All else is done "
                f"and in {self._store.url}, whose quarantine names the files: repair or leave them out, and give "
                "another --output, or --overwrite to start anew"
            )

    def _tasks(self) -> list[SplitTask]:
        done = self._ledger.committed
        return [
            SplitTask(planned.ordinal, planned.split, planned.limit, tuple(sorted(done.get(planned.ordinal, ()))))
            for planned in self.pending
        ]

    def _job(self) -> Job:
        return Job(
            output=self._store.url,
            session=self._session,
            format=self._inputs.format,
            options=self._inputs.options,
            kept=self._inputs.kept,
            include_text=self._settings.include_text,
            most_documents=self._plan.fingerprint["shard"]["documents"],
        )

    def _add(self, shard: dict[str, Any], progress: Progress) -> None:
        committed = self._ledger.committed.setdefault(shard["split"], set())
        if shard["shard"] in committed:
            return  # a worker died after its commit, and the shard was done twice
        committed.add(shard["shard"])
        counts = json.loads(shard["counts"])
        if shard["deaths"]:
            name = shard_name(shard["split"], shard["shard"])
            self._say(f"note: processes died {shard['deaths']} times at shard {name}; it was done all the same")
        self._log_shard(shard, counts)
        self.totals.add(counts)
        self._summary.tagged_now += counts["documents"]
        self._summary.clock.tick(shard["committed_at"], counts["documents"], counts["tokens"])
        self._pace.add(time.monotonic() - self._started, counts["documents"], counts["tokens"])
        if time.monotonic() > self._look_for_ends_at:
            with suppress(RunFailedError):  # nothing that only tells how the run goes may stop it
                self._note_finished_splits(progress)
                self._write_pace()
        progress.split_read(shard["split"], shard.get("read", UNKNOWN))
        progress.tick()
        show_share(self._store.url, progress.share)
        self.check_quarantined(at_end=False)

    def _log_shard(self, shard: dict[str, Any], counts: dict[str, Any]) -> None:
        log_event(
            "shard",
            run=self._run,
            shard=shard_name(shard["split"], shard["shard"]),
            documents=counts["documents"],
            quarantined=sum(counts["quarantined"].values()),
            spans=sum(counts["spans"].values()),
            tokens=counts["tokens"],
            deaths=shard["deaths"],
        )

    def _note_finished_splits(self, progress: Progress) -> None:
        started = time.monotonic()
        self._ledger.refresh_ends(self._store)
        for planned in self._plan.wanted:
            if self._ledger.is_finished(planned.ordinal):
                progress.split_finished(planned.ordinal, self._ledger.ends[planned.ordinal])
        self._look_for_ends_at = time.monotonic() + max(5.0, 20 * (time.monotonic() - started))

    def check_quarantined(self, at_end: bool) -> None:
        """Stop a run that sets too much aside.

        Raises:
            TooManyQuarantinedError: says how many, and why most of them.
        """
        quarantined, records = self.totals.set_aside, self.totals.records
        if self._settings.quarantine_limit.is_exceeded(quarantined, records, at_end):
            reason, count = self.totals.quarantined.most_common(1)[0]
            raise TooManyQuarantinedError(
                f"{quarantined:,} of {records:,} records are quarantined, more than --max-quarantined "
                f"{self._settings.max_quarantined} allows; the most frequent reason, {count:,} times: {reason}. "
                f"Look into {self._store.url}/quarantine; what is committed stays, and a higher limit resumes the run"
            )

    def _write_pace(self) -> None:
        if self._pace.documents:
            self._store.put(session_file(self._session), self._pace.to_bytes())

    def _write_summary(self) -> None:
        self._summary.seconds = time.monotonic() - self._started
        self._summary.splits_done = sum(self._ledger.is_finished(planned.ordinal) for planned in self._plan.wanted)
        self._store.put(SUMMARY, self._summary.to_bytes())
