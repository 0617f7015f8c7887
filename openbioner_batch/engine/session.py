"""One session of a run of any kind: plan, stream, commit, account. What is done with a shard is a pipeline's affair."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from typing import Any, Protocol

from openbioner_batch.engine.accounting import Accounts
from openbioner_batch.engine.cluster import ray_connection
from openbioner_batch.engine.executors.base import Executor, Resources, UnusableProcessError
from openbioner_batch.engine.executors.choice import choose_executor, refuse_in_process
from openbioner_batch.engine.executors.in_process import InProcess
from openbioner_batch.engine.executors.ray_data import RayData
from openbioner_batch.engine.files import is_local
from openbioner_batch.engine.ledger import Ledger, Totals, read_totals
from openbioner_batch.engine.logs import log_event, say_to_stderr
from openbioner_batch.engine.metrics import run_id, show_share
from openbioner_batch.engine.names import ATTEMPTS, PLAN
from openbioner_batch.engine.option_groups import AUTO, IN_PROCESS, RAY
from openbioner_batch.engine.plan import Plan, make_plan, split_weights
from openbioner_batch.engine.progress import Progress, shown
from openbioner_batch.engine.request import Inputs, RunSettings, Say, check_output, fingerprint, overwrite
from openbioner_batch.engine.shards import UNKNOWN
from openbioner_batch.engine.store import TEMPORARY, Store
from openbioner_batch.engine.summary import Summary
from openbioner_batch.engine.work import Job, SplitTask
from openbioner_batch.errors import RunFailedError
from openbioner_batch.formats.labels import label_of


class Pipeline(Protocol):
    """What a run does with its shards."""

    def fingerprint(self) -> dict[str, Any]:
        """What results depend on, as JSON values under names that a user understands."""

    def stream(
        self, tasks: Sequence[SplitTask], job: Job, executor: Executor, before: Totals
    ) -> Generator[dict[str, Any], None, None]:
        """Have the executor read and commit the shards of `tasks` that are not done; one mapping for each of them.

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
    if settings.executor == IN_PROCESS:
        refuse_in_process(settings.ray_address, settings.actors, None)
    # A plan must not be left behind, nor an earlier run be removed, by a request that cannot be met.
    is_new = settings.overwrite or not store.exists(PLAN)
    if settings.ray_address is None:
        if is_new:
            before(False)
        run = _prepare(settings, inputs, store, make(False), say)
        if run.pending:
            if not is_new:
                before(False)
            with _left(run):
                run.execute_here(connect)
        return run.finish()
    with connect(settings.ray_address) as resources:
        named = {place: place for place in (settings.output, *places)}
        _warn_of_local_paths(named | {file.uri: label_of(file.uri) for file in inputs.files[:1]}, resources, say)
        if is_new:
            before(True)
        run = _prepare(settings, inputs, store, make(True), say)
        if run.pending:
            if not is_new:
                before(True)
            with _left(run):
                run.execute(RayData(settings.ray_address))
        return run.finish()


@contextmanager
def _left(run: _Run) -> Generator[None, None, None]:
    """Leave what a session has to leave, however the block ends."""
    try:
        yield
    finally:
        run.leave()


def _warn_of_local_paths(places: Mapping[str, str], resources: Resources, say: Say) -> None:
    if resources.nodes > 1:
        for place, name in places.items():
            if is_local(place):
                say(f"warning: {name} is a local path; all {resources.nodes} machines must see the same files there")


def _prepare(settings: RunSettings, inputs: Inputs, store: Store, pipeline: Pipeline, say: Say) -> _Run:
    if settings.overwrite:
        overwrite(store)
    found = fingerprint(settings, inputs, pipeline.fingerprint())
    if settings.executor == IN_PROCESS:
        refuse_in_process(None, None, found.get("device"))
    plan, fresh = make_plan(store, found, inputs.files, inputs.format, inputs.options, settings.limit)
    ledger = Ledger.read(store, plan.ledger)
    run = _Run(settings, inputs, store, pipeline, plan, ledger, say)
    committed = run.accounts.totals.shards
    if committed:
        run.accounts.check_quarantined(at_end=False)
        news = f", {fresh:,} new input files" if fresh and fresh < len(inputs.files) else ""
        say(f"resuming the run in {store.url}: {committed:,} shards are committed{news}")
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
        self._look_for_ends_at = 0.0
        wanted = plan.wanted
        totals = read_totals(store, ledger)
        self.accounts = Accounts(
            store, self._session, totals, len(wanted), plan.fingerprint, settings.max_quarantined, say
        )
        self._sizes = {planned.ordinal: size for planned, size in zip(wanted, split_weights(wanted), strict=True)}
        self.pending = [planned for planned in wanted if not ledger.is_finished(planned.ordinal)]

    def execute_here(self, connect: Callable[[str | None], AbstractContextManager[Resources]]) -> None:
        """Read, do and commit what is pending, on this machine."""
        settings, device = self._settings, self._plan.fingerprint.get("device")
        choice = choose_executor(settings.executor, self.pending, self._sizes, self._store, settings.actors, device)
        if choice.why:
            self._say(f"executor: {choice.name}, {choice.why}")
        if choice.name == IN_PROCESS:
            try:
                self.execute(InProcess())
                return
            except UnusableProcessError:
                if settings.executor != AUTO:
                    raise RunFailedError(
                        "memory is too short for a record beside what this process holds; what is committed stays, "
                        f"and the same command with --executor {RAY} finds the record and sets it aside"
                    ) from None
            self._say(f"executor: {RAY}, since memory is too short for a record: a process of its own tries it")
        with connect(None):
            self.execute(RayData(None))

    def execute(self, executor: Executor) -> None:
        """Read, do and commit what is pending."""
        progress = Progress(self.accounts.totals, self._sizes, self._settings.limit)
        with suppress(RunFailedError):
            self._note_finished_splits(progress)
        shards = self._pipeline.stream(self._tasks(), self._job(), executor, self.accounts.totals)
        log_event("started", run=self._run, session=self._session, output=self._store.url, splits=len(self.pending))
        with shown(progress, sys.stderr, self._run), closing(shards):
            for shard in shards:
                self._add(shard, progress)

    def leave(self) -> None:
        """Leave a summary however the session ended, and no marker of a worker that died with it."""
        with suppress(RunFailedError):  # what has ended the session, such as a full disk, is what the user must hear
            markers = [name for name in self._store.names(ATTEMPTS) if name.split(".")[1] == self._session]
            self._store.remove([f"{ATTEMPTS}/{name}" for name in markers])
            self.accounts.write_pace()
            self.accounts.write_summary(self._splits_done())

    def finish(self) -> Summary:
        """Check that nothing is missing, and mark the run as finished."""
        self._ledger = ledger = Ledger.read(self._store, self._plan.ledger)
        accounts, wanted = self.accounts, self._plan.wanted
        if unfinished := len(wanted) - self._splits_done():
            raise RunFailedError(
                f"{unfinished:,} of {len(wanted):,} splits are not complete: run the same command again"
            )
        ends = [ledger.ends[planned.ordinal] for planned in wanted]
        records = sum(end.documents + end.rejected for end in ends)
        if records != accounts.totals.records:
            raise RunFailedError(
                f"{records:,} records were read and {accounts.totals.records:,} are in the output: "
                f"{self._store.url} was changed by something else; --overwrite starts anew"
            )
        accounts.check_quarantined(at_end=True)
        accounts.finish(len(wanted), is_new=bool(self.pending))
        for folder in (ATTEMPTS, TEMPORARY):
            with suppress(RunFailedError):  # another driver of the same run may be writing there
                self._store.remove_folder(folder)
        show_share(self._store.url, 1.0)
        totals = accounts.totals
        log_event("finished", run=self._run, documents=totals.documents, quarantined=totals.set_aside)
        accounts.refuse_unread()
        return accounts.summary

    def _splits_done(self) -> int:
        return sum(self._ledger.is_finished(planned.ordinal) for planned in self._plan.wanted)

    def _tasks(self) -> list[SplitTask]:
        done = self._ledger.committed
        return [
            SplitTask(planned.ordinal, planned.split, planned.limit, tuple(sorted(done.get(planned.ordinal, ()))))
            for planned in self.pending
            if not self._ledger.is_finished(planned.ordinal)
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

    def _add(self, shard: Mapping[str, Any], progress: Progress) -> None:
        committed = self._ledger.committed.setdefault(shard["split"], set())
        if shard["shard"] in committed:
            return  # a worker died after its commit, and the shard was done twice
        committed.add(shard["shard"])
        self.accounts.add(shard)
        if time.monotonic() > self._look_for_ends_at:
            with suppress(RunFailedError):  # nothing that only tells how the run goes may stop it
                self._note_finished_splits(progress)
                self.accounts.write_pace()
        progress.split_read(shard["split"], shard.get("read", UNKNOWN))
        progress.tick()
        show_share(self._store.url, progress.share)
        self.accounts.check_quarantined(at_end=False)

    def _note_finished_splits(self, progress: Progress) -> None:
        started = time.monotonic()
        self._ledger.refresh_ends(self._store)
        for planned in self._plan.wanted:
            if self._ledger.is_finished(planned.ordinal):
                progress.split_finished(planned.ordinal, self._ledger.ends[planned.ordinal])
        self._look_for_ends_at = time.monotonic() + max(5.0, 20 * (time.monotonic() - started))
