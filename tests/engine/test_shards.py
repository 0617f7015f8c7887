"""Shards are a function of the records alone, and hold every record once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.engine.shards import SHARD_BYTES, SURROGATE, Shard, cut_shards, documents_schema, documents_table
from openbioner_batch.records import Deletion, Document, Parsed, Record, Rejected

RECORDS = st.lists(
    st.one_of(
        st.builds(lambda text: Parsed("a", 0, Document("d", text)), st.text(max_size=20)),
        st.just(Rejected("a", 0, "bad")),
        st.just(Deletion("a", 0, "d")),
    )
)


def held(shards: list[Shard]) -> list[Record]:
    return list(chain.from_iterable([*shard.documents, *shard.rejected, *shard.deletions] for shard in shards))


@given(RECORDS, st.integers(1, 5))
def test_every_record_is_in_one_shard(records: list[Record], most: int) -> None:
    shards = list(cut_shards(records, most))

    assert len(held(shards)) == len(records)
    assert [shard.index for shard in shards] == list(range(len(shards)))
    assert all(shard.records and len(shard.documents) <= most for shard in shards)
    assert [record for shard in shards for record in shard.documents] == [
        record for record in records if isinstance(record, Parsed)
    ]
    assert shards == list(cut_shards(iter(records), most))


@given(RECORDS, st.integers(1, 10))
def test_the_limit_takes_the_first_records_and_counts_no_deletions(records: list[Record], limit: int) -> None:
    taken = held(list(cut_shards(records, 3, limit)))

    counted = [record for record in taken if not isinstance(record, Deletion)]
    available = [record for record in records if not isinstance(record, Deletion)]
    assert len(counted) == min(limit, len(available))


def test_a_shard_holds_no_more_text_than_its_bytes_and_a_giant_stands_alone() -> None:
    texts = ["x" * (SHARD_BYTES // 2)] * 3 + ["é" * SHARD_BYTES] + ["y"]

    shards = list(cut_shards((Parsed("a", n, Document(str(n), text)) for n, text in enumerate(texts)), 1000))

    assert [[parsed.record for parsed in shard.documents] for shard in shards] == [[0, 1], [2], [3], [4]]


def test_a_kept_value_that_does_not_fit_sets_only_its_document_aside() -> None:
    documents = [Parsed("a", n, Document(str(n), "x", {"year": year})) for n, year in enumerate([1, "later", None])]
    shard = Shard(0, documents)

    table = documents_table(shard, pa.schema([("year", pa.int16())]))

    assert table["record"].to_pylist() == [0, 2]
    assert [rejected.record for rejected in shard.rejected] == [1]
    assert "later" not in shard.rejected[0].reason


def parsed(number: int, text: str = "x") -> Parsed:
    return Parsed("a", number, Document(str(number), text))


def test_what_is_no_document_joins_a_shard_that_is_full_of_documents() -> None:
    records = [parsed(0), parsed(1), Rejected("a", 2, "bad"), Deletion("a", 3, "d"), parsed(4), Rejected("b", 5, "bad")]

    first, second = cut_shards(records, 2)

    assert held([first]) == [records[0], records[1], records[2], records[3]]
    assert held([second]) == [records[4], records[5]]
    assert (first.sources, second.sources) == ({"a"}, {"a", "b"})


def test_a_shard_holds_no_more_records_of_any_kind_than_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openbioner_batch.engine.shards.SHARD_RECORDS", 3)
    records = [
        Rejected("a", 0, "bad"),
        Deletion("a", 1, "d"),
        parsed(2),
        parsed(3),
        *(Rejected("a", n, "bad") for n in range(4, 10)),
    ]

    assert [shard.records for shard in cut_shards(records, 1000)] == [3, 3, 3, 1]


def test_a_lone_surrogate_sets_its_document_aside_without_a_place_in_the_text_of_the_shard() -> None:
    (shard,) = cut_shards([parsed(0, "ab"), parsed(1, "c\ud800"), parsed(2, "é")], 1000)

    assert [one.record for one in shard.documents] == [0, 2]
    assert shard.rejected == [Rejected("a", 1, SURROGATE)]
    assert shard.text_bytes == 4


def test_the_limit_ends_within_a_shard_and_reads_no_further() -> None:
    def records() -> Iterator[Record]:
        yield from (parsed(0), Rejected("a", 1, "bad"), Deletion("a", 2, "d"), parsed(3))
        pytest.fail("read beyond the limit")

    (shard,) = cut_shards(records(), 1000, 3)

    assert shard.records == 4


def test_only_what_is_kept_may_be_missing() -> None:
    schema = documents_schema(pa.schema([("year", pa.int16())]))

    assert [field.name for field in schema if field.nullable] == ["year"]
