"""The state of a run, read from its folder: live, dead or finished."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from openbioner_batch.engine.ledger import Ledger, read_totals
from openbioner_batch.engine.names import SUMMARY
from openbioner_batch.engine.plan import read_plan
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.summary import Summary, notes_on
from openbioner_batch.errors import UsageError


def run_status(output: str) -> dict[str, Any]:
    """The state of the run in a folder, in the form of its summary.

    Args:
        output: a local path or any fsspec URL.

    Raises:
        UsageError: the folder holds no run.
    """
    store = Store(output)
    plan = read_plan(store)
    if plan is None:
        raise UsageError(f"{output} holds no run: expected the --output of an `openbioner-batch annotate`")
    ledger = Ledger.read(store, plan.ledger)
    done = ledger.count_finished(plan.wanted)
    finished = done == len(plan.wanted) and bool(plan.splits)
    totals = read_totals(store, ledger)
    found = Summary(
        store.url, finished, totals, splits_done=done, splits=len(plan.wanted), notes=notes_on(plan.fingerprint)
    ).as_json()
    found["splits"]["read"] = sum(planned.ordinal in ledger.ends for planned in plan.wanted)
    del found["last_session"]
    with suppress(FileNotFoundError):  # the run's first session is under way, or was killed
        found["last_session"] = json.loads(store.get(SUMMARY))["last_session"]
    return found
