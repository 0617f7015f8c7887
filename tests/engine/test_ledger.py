"""What of a run is done is read off the names and footers of its files."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.engine.ledger import Ledger, SplitEnd, Totals, read_counts, read_totals
from openbioner_batch.engine.names import DATA, ENDS, end_file, parse_shard, shard_file, shard_name
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.tables import parquet_bytes
from openbioner_batch.engine.work import counts_metadata

COUNTS = {
    "documents": 3,
    "quarantined": {"line #: bad": 2, "too long": 1},
    "deletions": 4,
    "spans": {"drug": 5},
    "windows": 6,
    "tokens": 70,
    "text_bytes": 800,
}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "run"))


def commit(store: Store, split: int, shard: int, **counts: object) -> None:
    table = pa.table({"n": [1]}).replace_schema_metadata(counts_metadata({**COUNTS, **counts}))
    store.put(shard_file(DATA, split, shard), parquet_bytes(table))


def end(store: Store, split: int, shards: int) -> SplitEnd:
    marker = SplitEnd(shards, 3, 2, 1, 90)
    store.put(end_file(split), json.dumps(asdict(marker)).encode())
    return marker


@given(st.integers(0, 10**8), st.integers(0, 10**7))
def test_a_shards_name_is_read_as_it_was_written(split: int, shard: int) -> None:
    assert parse_shard(f"{shard_name(split, shard)}.parquet") == (split, shard)


@pytest.mark.parametrize(
    "name",
    [
        "000001-00002",
        "000001-00002.",
        "000001-00002.json",
        "000001-00002.parquet.tmp",
        "000001.parquet",
        "000001-.parquet",
        "-00002.parquet",
        "000001-00002-3.parquet",
        "00000x-00002.parquet",
        "000001-0000x.parquet",
        ".parquet",
        "deep/000001-00002.parquet",
    ],
)
def test_another_name_is_no_shards(name: str) -> None:
    assert parse_shard(name) is None


def test_names_in_the_order_of_the_alphabet_are_in_the_order_of_the_run() -> None:
    places = [(split, shard) for split in (0, 9, 10, 99_999) for shard in (0, 9, 10, 9_999)]
    assert sorted(shard_name(*place) for place in places) == [shard_name(*place) for place in places]


def test_committed_shards_are_found_in_order_and_nothing_else_is_taken_for_one(store: Store) -> None:
    for place in ((10, 0), (2, 1), (2, 0)):
        commit(store, *place)
    store.put(f"{DATA}/notes.txt", b"")
    store.put("quarantine/000007-00000.parquet", b"")

    ledger = Ledger.read(store, DATA)

    assert list(ledger.shards) == [(2, 0), (2, 1), (10, 0)]
    assert ledger.ends == {}
    assert not any(ledger.is_finished(split) for split in (2, 7, 10))


def test_a_split_is_finished_once_its_end_is_known_and_every_shard_of_it_committed(store: Store) -> None:
    commit(store, 0, 0)
    commit(store, 0, 2)
    ends = {0: end(store, 0, 3), 1: end(store, 1, 0), 2: end(store, 2, 1)}

    ledger = Ledger.read(store, DATA)

    assert ledger.ends == ends
    assert [ledger.is_finished(split) for split in range(4)] == [False, True, False, False]
    commit(store, 0, 1)
    assert Ledger.read(store, DATA).is_finished(0)


def test_a_damaged_end_is_none_until_it_is_written_again(store: Store) -> None:
    for damaged in (b"", b"{", b"[]", b'{"shards": 1}', b"\xff", b'{"shards": 1, "more": 2}'):
        store.put(end_file(0), damaged)
        ledger = Ledger.read(store, DATA)
        assert ledger.ends == {}, damaged
    other, marker = end(store, 1, 2), end(store, 0, 1)

    ledger.refresh_ends(store)

    assert ledger.ends == {0: marker, 1: other}


def test_other_files_beside_the_ends_are_no_ends(store: Store) -> None:
    marker = end(store, 1, 0)
    for name in (".DS_Store", "._000001.json", "000002.json.bak", "000003"):
        store.put(f"{ENDS}/{name}", b"{}")

    assert Ledger.read(store, DATA).ends == {1: marker}


def test_totals_are_the_sums_over_shards(store: Store) -> None:
    commit(store, 0, 0, amounts={"repeated_windows": 2})
    commit(store, 0, 1, spans={"drug": 1, "gene": 1}, quarantined={}, amounts={"repeated_windows": 1, "requested": 7})
    commit(store, 1, 0)
    ledger = Ledger.read(store, DATA)

    totals = read_totals(store, ledger)

    assert (totals.shards, totals.documents, totals.deletions) == (3, 9, 12)
    assert (totals.windows, totals.tokens, totals.text_bytes) == (18, 210, 2400)
    assert totals.spans == {"drug": 11, "gene": 1}
    assert totals.quarantined == {"line #: bad": 4, "too long": 2}
    assert totals.amounts == {"repeated_windows": 3, "requested": 7}
    assert (totals.set_aside, totals.records) == (6, 15)
    assert [place for place, _ in read_counts(store, ledger)] == [(0, 0), (0, 1), (1, 0)]


def test_of_no_shards_the_totals_are_nothing(store: Store) -> None:
    assert read_totals(store, Ledger.read(store, DATA)) == Totals()
