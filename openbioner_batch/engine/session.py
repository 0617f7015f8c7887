"""One session of a run of any kind: plan it, stream its shards, write the summary."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

from openbioner_batch.engine.accounting import finish, leave, open_accounts
from openbioner_batch.engine.cluster import ray_connection
from openbioner_batch.engine.executors.base import Resources
from openbioner_batch.engine.executors.choice import refuse_in_process
from openbioner_batch.engine.executors.ray_data import RayData
from openbioner_batch.engine.files import is_local
from openbioner_batch.engine.logs import say_to_stderr
from openbioner_batch.engine.names import PLAN
from openbioner_batch.engine.option_groups import IN_PROCESS
from openbioner_batch.engine.pipeline import Pipeline
from openbioner_batch.engine.planning import plan_session
from openbioner_batch.engine.request import Inputs, RunSettings, Say, check_output
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.streaming import Stream
from openbioner_batch.engine.summary import Summary
from openbioner_batch.formats.labels import label_of


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
        make: builds the pipeline, from whether a cluster is connected.
        say: called with what is skipped.
        places: further paths that all machines of a cluster must see.
        before: checks for further mistakes if there is work to do; called with whether a cluster is connected.
        connect: starts or joins Ray for the time of the run.

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
    # a request that cannot be met must neither leave a plan behind nor remove an earlier run
    is_new = settings.overwrite or not store.exists(PLAN)
    if settings.ray_address is None:
        if is_new:
            before(False)
        run = _begin(settings, inputs, store, make(False), say)
        if run.planned.pending:
            if not is_new:
                before(False)
            with _left(run):
                run.execute_here(connect)
        return finish(run.planned, run.accounts)
    with connect(settings.ray_address) as resources:
        named = {place: place for place in (settings.output, *places)}
        _warn_of_local_paths(named | {file.uri: label_of(file.uri) for file in inputs.files[:1]}, resources, say)
        if is_new:
            before(True)
        run = _begin(settings, inputs, store, make(True), say)
        if run.planned.pending:
            if not is_new:
                before(True)
            with _left(run):
                run.execute(RayData(settings.ray_address))
        return finish(run.planned, run.accounts)


def _begin(settings: RunSettings, inputs: Inputs, store: Store, pipeline: Pipeline, say: Say) -> Stream:
    planned = plan_session(settings, inputs, store, pipeline)
    accounts = open_accounts(planned, settings.max_quarantined, say)
    if committed := accounts.totals.shards:
        accounts.check_quarantined(at_end=False)
        fresh = planned.new_files
        news = f", {fresh:,} new input files" if fresh and fresh < len(inputs.files) else ""
        say(f"resuming the run in {store.url}: {committed:,} shards are committed{news}")
    return Stream(settings, inputs, planned, pipeline, accounts, say)


@contextmanager
def _left(run: Stream) -> Generator[None, None, None]:
    """Write the session's summary and remove its markers, however the block ends."""
    try:
        yield
    finally:
        leave(run.planned, run.accounts)


def _warn_of_local_paths(places: Mapping[str, str], resources: Resources, say: Say) -> None:
    if resources.nodes > 1:
        for place, name in places.items():
            if is_local(place):
                say(f"warning: {name} is a local path; all {resources.nodes} machines must see the same files there")
