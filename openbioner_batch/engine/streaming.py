"""The stream of a session: runs pending shards through an executor, and adds each to the accounts."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing, suppress
from typing import Any

from openbioner_batch.engine.accounting import Accounts
from openbioner_batch.engine.executors.base import Executor, Resources, UnusableProcessError
from openbioner_batch.engine.executors.choice import choose_executor
from openbioner_batch.engine.executors.in_process import InProcess
from openbioner_batch.engine.executors.ray_data import RayData
from openbioner_batch.engine.logs import log_event
from openbioner_batch.engine.metrics import run_id, show_share
from openbioner_batch.engine.option_groups import AUTO, IN_PROCESS, RAY
from openbioner_batch.engine.pipeline import Pipeline
from openbioner_batch.engine.planning import SessionPlan
from openbioner_batch.engine.progress import Progress, shown
from openbioner_batch.engine.request import Inputs, RunSettings, Say
from openbioner_batch.engine.shards import UNKNOWN
from openbioner_batch.engine.work import Job
from openbioner_batch.errors import RunFailedError


class Stream:
    """Runs the pending work of a session.

    Args:
        settings: the request.
        inputs: what is read.
        planned: the session's plan.
        pipeline: what is done with a shard.
        accounts: add up the session.
        say: told which executor is taken, and why.
    """

    def __init__(
        self,
        settings: RunSettings,
        inputs: Inputs,
        planned: SessionPlan,
        pipeline: Pipeline,
        accounts: Accounts,
        say: Say,
    ) -> None:
        self._settings = settings
        self._inputs = inputs
        self.planned = planned
        self._pipeline = pipeline
        self.accounts = accounts
        self._say = say
        self._look_for_ends_at = 0.0

    def execute_here(self, connect: Callable[[str | None], AbstractContextManager[Resources]]) -> None:
        """Process and commit what is pending, on this machine.

        Raises:
            RunFailedError: the run stopped; what is committed stays.
            TooManyQuarantinedError: more records were set aside than the settings allow.
        """
        settings, planned = self._settings, self.planned
        device = planned.plan.fingerprint.get("device")
        choice = choose_executor(
            settings.executor, planned.pending, planned.sizes, planned.store, settings.actors, device
        )
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
            self._say(f"executor: {RAY}, since memory is too short for a record: a separate process tries it")
        with connect(None):
            self.execute(RayData(None))

    def execute(self, executor: Executor) -> None:
        """Process and commit what is pending, with this executor; raises what `execute_here` raises."""
        planned, url = self.planned, self.planned.store.url
        progress = Progress(self.accounts.totals, planned.sizes, self._settings.limit)
        with suppress(RunFailedError):
            self._note_finished_splits(progress)
        shards = self._pipeline.stream(planned.tasks(), self._job(), executor, self.accounts.totals)
        log_event("started", run=run_id(url), session=planned.session, output=url, splits=len(planned.pending))
        with shown(progress, sys.stderr, run_id(url)), closing(shards):
            for shard in shards:
                self._add(shard, progress)

    def _job(self) -> Job:
        return Job(
            output=self.planned.store.url,
            session=self.planned.session,
            format=self._inputs.format,
            options=self._inputs.options,
            kept=self._inputs.kept,
            include_text=self._settings.include_text,
            most_documents=self.planned.plan.fingerprint["shard"]["documents"],
        )

    def _add(self, shard: Mapping[str, Any], progress: Progress) -> None:
        committed = self.planned.ledger.committed.setdefault(shard["split"], set())
        if shard["shard"] in committed:
            return  # a worker died after its commit, and the shard was done twice
        committed.add(shard["shard"])
        self.accounts.add(shard)
        if time.monotonic() > self._look_for_ends_at:
            with suppress(RunFailedError):  # a fault of reporting must not stop the run
                self._note_finished_splits(progress)
                self.accounts.write_pace()
        progress.split_read(shard["split"], shard.get("read", UNKNOWN))
        progress.tick()
        show_share(self.planned.store.url, progress.share)
        self.accounts.check_quarantined(at_end=False)

    def _note_finished_splits(self, progress: Progress) -> None:
        started = time.monotonic()
        ledger = self.planned.ledger
        ledger.refresh_ends(self.planned.store)
        for planned in self.planned.plan.wanted:
            if ledger.is_finished(planned.ordinal):
                progress.split_finished(planned.ordinal, ledger.ends[planned.ordinal])
        self._look_for_ends_at = time.monotonic() + max(5.0, 20 * (time.monotonic() - started))
