"""A shard's files appear whole, and the one that stands for all comes last."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from openbioner_batch.engine.attempts import Attempts
from openbioner_batch.engine.committing import commit_shard
from openbioner_batch.engine.ledger import Ledger
from openbioner_batch.engine.names import ATTEMPTS, DATA, QUARANTINE, shard_name
from openbioner_batch.engine.rows import annotation_rows
from openbioner_batch.engine.shards import documents_schema
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.tables import open_table, read_counts_of
from openbioner_batch.engine.work import (
    Job,
    counts_metadata,
    deletions_table,
    rejected_table,
    row_table,
    row_values,
    table_to_bytes,
)
from openbioner_batch.errors import RunFailedError
from openbioner_batch.formats import ReadOptions, get_format
from openbioner_batch.records import Deletion, Rejected
from openbioner_batch.schemas import DELETIONS_SCHEMA, QUARANTINE_SCHEMA

NO_KEPT = pa.schema([])


def batch(rejected: list[Rejected], deletions: list[Deletion]) -> pa.Table:
    documents = documents_schema(NO_KEPT).empty_table()
    rows, aside = annotation_rows(documents, [], rejected, len(deletions), NO_KEPT, True)
    parts = {
        "data": table_to_bytes(rows),
        "rejected": table_to_bytes(rejected_table(aside)),
        "deletions": table_to_bytes(deletions_table(deletions)),
    }
    return row_table(3, 7, **parts, deaths=2, read=0.5)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(str(tmp_path / "run"), "s", get_format("jsonl"), ReadOptions(), NO_KEPT, True, 10)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of objects in the order in which they are written."""
    names: list[str] = []
    put = Store.put

    def noted(self: Store, name: str, data: bytes) -> None:
        put(self, name, data)
        names.append(name)

    monkeypatch.setattr(Store, "put", noted)
    return names


def test_the_data_file_comes_last_since_it_says_that_the_shard_is_done(job: Job, written: list[str]) -> None:
    rejected, deletions = [Rejected("a", 4, "line 4: bad")], [Deletion("a", 5, "17")]

    committed = row_values(commit_shard(batch(rejected, deletions), job))

    assert written == [f"{folder}/000003-00007.parquet" for folder in ("quarantine", "deletions", "data")]
    store = Store(job.output)
    assert read_counts_of(store, written[-1])["quarantined"] == {"line #: bad": 1}
    with open_table(store, written[0]) as table:
        assert table.read().to_pylist() == [{"source": "a", "record": 4, "reason": "line 4: bad"}]
    with open_table(store, written[1]) as table:
        assert table.read().to_pylist() == [{"source": "a", "record": 5, "document_id": "17"}]
    assert (committed["split"], committed["shard"], committed["deaths"], committed["read"]) == (3, 7, 2, 0.5)


def test_the_columns_are_those_of_the_contract_and_a_footer_does_not_depend_on_the_order_of_counts(
    job: Job, written: list[str]
) -> None:
    commit_shard(batch([Rejected("a", 4, "bad")], [Deletion("a", 5, "17")]), job)

    store = Store(job.output)
    for name, schema in zip(written[:2], (QUARANTINE_SCHEMA, DELETIONS_SCHEMA), strict=True):
        with open_table(store, name) as table:
            assert table.schema_arrow == schema
    assert counts_metadata({"b": {"d": 1, "c": 2}, "a": 3}) == counts_metadata({"a": 3, "b": {"c": 2, "d": 1}})


def test_what_an_earlier_attempt_had_set_aside_goes_with_it(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    commit_shard(batch([Rejected("a", 4, "no answer")], []), job)
    store = Store(job.output)
    (data,) = store.names(DATA)
    store.remove([f"{DATA}/{data}"])  # as a user does who wants the shard anew
    there: list[list[str]] = []
    put = Store.put

    def noted(self: Store, name: str, data: bytes) -> None:
        there.append(self.names(QUARANTINE))
        put(self, name, data)

    monkeypatch.setattr(Store, "put", noted)
    commit_shard(batch([], []), job)

    assert there == [[]]  # before the data is there
    assert store.names() == [f"{DATA}/{data}"]


def test_what_a_shard_does_not_have_has_no_file(job: Job, written: list[str]) -> None:
    commit_shard(batch([], []), job)

    assert written == ["data/000003-00007.parquet"]


def test_a_shard_whose_data_file_cannot_be_written_is_not_done_and_keeps_its_markers(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(job.output)
    dead = Attempts(store, shard_name(3, 7), "s").attempt("whole")
    dead.__enter__()  # as of a process that was killed
    put = Store.put

    def full(self: Store, name: str, data: bytes) -> None:
        if name.startswith(DATA):
            raise RunFailedError("no space")
        put(self, name, data)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "put", full)
        with pytest.raises(RunFailedError):
            commit_shard(batch([Rejected("a", 4, "bad")], []), job)
    assert Ledger.read(store, DATA).committed == {}
    assert len(store.names(ATTEMPTS)) == 1

    commit_shard(batch([Rejected("a", 4, "bad")], []), job)

    assert Ledger.read(store, DATA).committed == {3: {7}}
    assert store.names(ATTEMPTS) == []
