"""Plans a session: what the whole run is, how much of it is committed, and what is left to do."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from openbioner_batch.engine.executors.choice import refuse_in_process
from openbioner_batch.engine.ledger import Ledger
from openbioner_batch.engine.option_groups import IN_PROCESS
from openbioner_batch.engine.pipeline import Pipeline
from openbioner_batch.engine.plan import Plan, PlannedSplit, make_plan, split_weights
from openbioner_batch.engine.request import Inputs, RunSettings, fingerprint, overwrite
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.work import SplitTask


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """A run as one session finds it."""

    session: str
    """The session's id, which the markers of its attempts carry."""
    store: Store
    plan: Plan
    ledger: Ledger
    """What is committed; the stream adds what the session commits."""
    pending: list[PlannedSplit]
    """The splits that were not finished when the session began."""
    sizes: Mapping[int, float]
    """The bytes of input of each wanted split, by ordinal."""
    new_files: int
    """How many inputs are new since the run was last planned; all of them in a new run."""

    def tasks(self) -> list[SplitTask]:
        """What is left to read, with those of its shards that are committed already."""
        done = self.ledger.committed
        return [
            SplitTask(planned.ordinal, planned.split, planned.limit, tuple(sorted(done.get(planned.ordinal, ()))))
            for planned in self.pending
            if not self.ledger.is_finished(planned.ordinal)
        ]


def plan_session(settings: RunSettings, inputs: Inputs, store: Store, pipeline: Pipeline) -> SessionPlan:
    """Write the plan of a new run, or check and extend that of an earlier one, and read what is committed.

    Raises:
        UsageError: the request needs Ray but rules it out, or the folder holds something other than a run.
        PlanMismatchError: the folder holds another run.
    """
    if settings.overwrite:
        overwrite(store)
    found = fingerprint(settings, inputs, pipeline.fingerprint())
    if settings.executor == IN_PROCESS:
        refuse_in_process(None, None, found.get("device"))
    plan, fresh = make_plan(store, found, inputs.files, inputs.format, inputs.options, settings.limit)
    ledger = Ledger.read(store, plan.ledger)
    wanted = plan.wanted
    pending = [planned for planned in wanted if not ledger.is_finished(planned.ordinal)]
    sizes = {planned.ordinal: size for planned, size in zip(wanted, split_weights(wanted), strict=True)}
    return SessionPlan(uuid.uuid4().hex[:12], store, plan, ledger, pending, sizes, fresh)
