"""Adds up a session of a run: totals, pace, summary. Checks that nothing is missing and not too much is quarantined."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from openbioner_batch.engine.ledger import Ledger, Totals, read_totals
from openbioner_batch.engine.logs import log_event
from openbioner_batch.engine.metrics import run_id, show_share
from openbioner_batch.engine.names import ATTEMPTS, SUMMARY, shard_name
from openbioner_batch.engine.option_groups import QuarantineLimit
from openbioner_batch.engine.pace import Pace, session_file
from openbioner_batch.engine.planning import SessionPlan
from openbioner_batch.engine.request import Say
from openbioner_batch.engine.store import TEMPORARY, Store
from openbioner_batch.engine.summary import Summary, notes_on
from openbioner_batch.errors import RunFailedError, TooManyQuarantinedError
from openbioner_batch.records import UNREAD


class Accounts:
    """The account of one session.

    Args:
        store: the run's folder.
        session: its id.
        totals: sums over the shards that are committed already.
        splits: how many splits the run has.
        fingerprint: of its plan.
        max_quarantined: how many records may be quarantined, as the settings say it.
        say: called with deaths.
    """

    def __init__(
        self,
        store: Store,
        session: str,
        totals: Totals,
        splits: int,
        fingerprint: Mapping[str, Any],
        max_quarantined: str,
        say: Say,
    ) -> None:
        self._store = store
        self._session = session
        self._run = run_id(store.url)
        self._max_quarantined = max_quarantined
        self._limit = QuarantineLimit.parse(max_quarantined)
        self._say = say
        self._started = time.monotonic()
        self._pace = Pace(time.time())
        self.totals = totals
        self.summary = Summary(store.url, False, totals, splits=splits, notes=notes_on(fingerprint))

    def add(self, shard: Mapping[str, Any]) -> None:
        """Enter a shard that was committed, as `Pipeline.stream` yields it."""
        counts = json.loads(shard["counts"])
        name = shard_name(shard["split"], shard["shard"])
        if shard["deaths"]:
            self._say(f"note: processes died {shard['deaths']} times at shard {name}; it was done nevertheless")
        log_event(
            "shard",
            run=self._run,
            shard=name,
            documents=counts["documents"],
            quarantined=sum(counts["quarantined"].values()),
            spans=sum(counts["spans"].values()),
            tokens=counts["tokens"],
            deaths=shard["deaths"],
        )
        self.totals.add(counts)
        self.summary.tagged_now += counts["documents"]
        self.summary.clock.tick(shard["committed_at"], counts["documents"], counts["tokens"])
        self._pace.add(time.monotonic() - self._started, counts["documents"], counts["tokens"])

    def check_quarantined(self, at_end: bool) -> None:
        """Stop a run that quarantines too much.

        Raises:
            TooManyQuarantinedError: the limit is exceeded; says by how many, and the most frequent reason.
        """
        quarantined, records = self.totals.set_aside, self.totals.records
        if self._limit.is_exceeded(quarantined, records, at_end):
            reason, count = self.totals.quarantined.most_common(1)[0]
            raise TooManyQuarantinedError(
                f"{quarantined:,} of {records:,} records are quarantined, more than --max-quarantined "
                f"{self._max_quarantined} allows; the most frequent reason, {count:,} times: {reason}. "
                f"Look into {self._store.url}/quarantine; what is committed stays, and a higher limit resumes the run"
            )

    def refuse_unread(self) -> None:
        """Raises RunFailedError where a quarantined record stands for bytes that could not be read."""
        unread = {reason: count for reason, count in self.totals.quarantined.items() if reason.endswith(UNREAD)}
        if unread:
            raise RunFailedError(
                f"bytes of {sum(unread.values()):,} input files were not read ({'; '.join(unread)}). All else is done "
                f"and in {self._store.url}, whose quarantine names the files: repair or leave them out, and give "
                "another --output, or --overwrite to start again"
            )

    def write_pace(self) -> None:
        """Keep the pace so far, for reports."""
        if self._pace.documents:
            self._store.put(session_file(self._session), self._pace.to_bytes())

    def write_summary(self, splits_done: int) -> None:
        """Write the summary as it stands."""
        self.summary.seconds = time.monotonic() - self._started
        self.summary.splits_done = splits_done
        self._store.put(SUMMARY, self.summary.to_bytes())

    def finish(self, splits_done: int, is_new: bool) -> None:
        """Mark the run as finished; a summary that cannot be written does not make it fail."""
        self.summary.finished = True
        if is_new or not self._store.exists(SUMMARY):
            try:
                self.write_summary(splits_done)
            except RunFailedError as error:
                self._say(f"note: the run is finished, but {error}")


def open_accounts(planned: SessionPlan, max_quarantined: str, say: Say) -> Accounts:
    """The accounts of a session that begins, with what earlier ones have committed."""
    store, plan = planned.store, planned.plan
    totals = read_totals(store, planned.ledger)
    return Accounts(store, planned.session, totals, len(plan.wanted), plan.fingerprint, max_quarantined, say)


def leave(planned: SessionPlan, accounts: Accounts) -> None:
    """Write a summary however the session ended, and remove the markers of workers that died with it."""
    store = planned.store
    with suppress(RunFailedError):  # the user must see what ended the session, such as a full disk
        markers = [name for name in store.names(ATTEMPTS) if f".{planned.session}." in name]
        store.remove([f"{ATTEMPTS}/{name}" for name in markers])
        accounts.write_pace()
        accounts.write_summary(planned.ledger.count_finished(planned.plan.wanted))


def finish(planned: SessionPlan, accounts: Accounts) -> Summary:
    """Check that nothing is missing, and mark the run as finished.

    Raises:
        RunFailedError: splits are not complete, the output does not hold what was read, or bytes were not read.
        TooManyQuarantinedError: more records were set aside than the settings allow.
    """
    store, wanted, totals = planned.store, planned.plan.wanted, accounts.totals
    ledger = Ledger.read(store, planned.plan.ledger)
    if unfinished := len(wanted) - ledger.count_finished(wanted):
        raise RunFailedError(f"{unfinished:,} of {len(wanted):,} splits are not complete: run the same command again")
    ends = [ledger.ends[split.ordinal] for split in wanted]
    records = sum(end.documents + end.rejected for end in ends)
    if records != totals.records:
        raise RunFailedError(
            f"{records:,} records were read and {totals.records:,} are in the output: "
            f"{store.url} was changed by something else; --overwrite starts a new run"
        )
    accounts.check_quarantined(at_end=True)
    accounts.finish(len(wanted), is_new=bool(planned.pending))
    for folder in (ATTEMPTS, TEMPORARY):
        with suppress(RunFailedError):  # another driver of the same run may be writing there
            store.remove_folder(folder)
    show_share(store.url, 1.0)
    log_event("finished", run=run_id(store.url), documents=totals.documents, quarantined=totals.set_aside)
    accounts.refuse_unread()
    return accounts.summary
