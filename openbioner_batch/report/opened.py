"""Opens a run in any state for a report."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from openbioner_batch.engine.ledger import Ledger, Totals, read_counts
from openbioner_batch.engine.names import AUDIT, QUARANTINE, shard_file
from openbioner_batch.engine.pace import Pace, read_sessions
from openbioner_batch.engine.plan import Plan, read_plan
from openbioner_batch.engine.rows import kind_of
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.tables import open_table
from openbioner_batch.errors import UsageError

EXAMPLES = 3
_QUARANTINE_FILES = 500


@dataclass(frozen=True, slots=True)
class OpenedRun:
    """The committed part of a run, with data from footers and from its sessions' records."""

    store: Store
    plan: Plan
    rows: dict[tuple[int, int], int]
    """The committed shards in order, each with its number of documents."""
    columns: tuple[str, ...]
    """The columns of its data files."""
    totals: Totals
    sessions: list[Pace]
    splits_done: int

    @property
    def finished(self) -> bool:
        """Whether every split is done."""
        return self.splits_done == len(self.plan.wanted)

    @property
    def removes_identifiers(self) -> bool:
        """Whether the run is one of `deidentify`."""
        return self.plan.ledger == AUDIT

    @property
    def has_text(self) -> bool:
        """Whether a tagging run kept the texts."""
        return "text" in self.columns

    @property
    def type_names(self) -> list[str]:
        """The types found, the most frequent first, and queried types without spans."""
        queried = [name.partition("/")[2] for name in self.plan.fingerprint.get("descriptions", {})]
        found = sorted(self.totals.spans, key=lambda name: (-self.totals.spans[name], name))
        return list(dict.fromkeys(found if self.removes_identifiers else [*found, *queried]))

    def quarantine_examples(self) -> dict[str, list[tuple[str, int]]]:
        """Source and record of the first records that were set aside, by the kind of reason."""
        examples: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for name in self.store.names(QUARANTINE)[:_QUARANTINE_FILES]:
            with open_table(self.store, f"{QUARANTINE}/{name}") as table:
                rows = table.read().to_pylist()
            for row in rows:
                places = examples[kind_of(row["reason"])]
                if len(places) < EXAMPLES:
                    places.append((row["source"], row["record"]))
            if all(len(examples[kind]) == min(count, EXAMPLES) for kind, count in self.totals.quarantined.items()):
                break
        return dict(examples)


def open_output(url: str) -> OpenedRun:
    """The run in a folder: live, dead or finished.

    Args:
        url: a local path or any fsspec URL.

    Raises:
        UsageError: the folder holds no run, or nothing is committed yet.
    """
    store = Store(url)
    plan = read_plan(store)
    if plan is None:
        raise UsageError(f"{url} holds no run: expected the --output of an `openbioner-batch annotate` or `deidentify`")
    ledger = Ledger.read(store, plan.ledger)
    totals, rows = Totals(), {}
    for shard, counts in read_counts(store, ledger):
        totals.add(counts)
        rows[shard] = counts["documents"]
    if not rows:
        raise UsageError(f"nothing is committed yet of the run in {url}: `openbioner-batch status` shows how far it is")
    done = ledger.count_finished(plan.wanted)
    with open_table(store, shard_file(plan.ledger, *next(iter(rows)))) as table:
        columns = tuple(table.schema_arrow.names)
    return OpenedRun(store, plan, rows, columns, totals, read_sessions(store), done)
