from __future__ import annotations

import datetime
import io
import math
import tempfile
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from formats.reading import documents, read_all, rejected
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.errors import UsageError
from openbioner_batch.formats import InputFile, ReadOptions, Split, get_format, list_inputs
from openbioner_batch.formats.parquet_writing import parquet_bytes
from openbioner_batch.formats.storage import SPLIT_BYTES
from openbioner_batch.records import UNREAD

PARQUET = get_format("parquet")

STRINGS = [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.string_view()]


@given(
    rows=st.lists(st.tuples(st.text(min_size=1), st.text(), st.integers(-(2**31), 2**31 - 1)), min_size=1),
    group=st.integers(1, 7),
    cuts=st.lists(st.integers(1, 20), max_size=4),
    kind=st.sampled_from(STRINGS),
)
def test_documents_come_back_exactly_once_however_the_row_groups_are_cut(
    rows: list[tuple[str, str, int]], group: int, cuts: list[int], kind: pa.DataType
) -> None:
    ids, texts, ages = zip(*rows, strict=True)
    table = pa.table({"id": pa.array(ids, kind), "text": pa.array(texts, kind), "age": pa.array(ages, pa.int32())})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.parquet"
        pq.write_table(table, path, row_group_size=group)
        file = list_inputs([str(path)])[0]
        options = PARQUET.resolve([file], ReadOptions(keep_fields=("age",)))
        groups = pq.read_metadata(path).num_row_groups
        bounds = sorted({0, *(cut for cut in cuts if cut < groups), groups})
        splits = [Split((file,), a, b) for a, b in pairwise(bounds)]
        found = [record for split in splits for record in PARQUET.read(split, options)]
    assert [record.record for record in found] == list(range(len(rows)))
    assert [(d.id, d.text, d.metadata["age"]) for d in documents(found)] == rows


def test_small_row_groups_share_a_split_and_large_ones_are_alone(tmp_path: Path) -> None:
    small = pa.table({"id": [str(n) for n in range(100)], "text": ["x" * 100] * 100})
    large = pa.table({"id": ["large"], "text": ["x" * (SPLIT_BYTES + 1)]})
    with pq.ParquetWriter(tmp_path / "x.parquet", small.schema, use_dictionary=False) as writer:
        for table in (small, small, large, small):
            writer.write_table(table)
    files = list_inputs([str(tmp_path)])
    assert PARQUET.splits(files) == [Split((files[0],), 0, 2), Split((files[0],), 2, 3), Split((files[0],), 3, 4)]
    found = read_all(PARQUET, [tmp_path])
    assert [record.record for record in found] == list(range(301))


KEPT: list[tuple[pa.DataType, list[Any]]] = [
    (pa.int8(), [1, None, -1]),
    (pa.float32(), [1.5, None, -0.25]),
    (pa.bool_(), [True, None, False]),
    (pa.string(), ["é", None, ""]),
    (pa.binary(), [b"\xff", None, b""]),
    (pa.decimal128(9, 2), [Decimal("1.20"), None, Decimal("-3.00")]),
    (pa.date32(), [datetime.date(2020, 2, 29), None, datetime.date(1900, 1, 1)]),
    (pa.timestamp("us", tz="UTC"), [1_600_000_000_000_001, None, -1]),
    (pa.timestamp("ns"), [1_600_000_000_000_000_001, None, -1]),
    (pa.time64("ns"), [1, None, 86_399_999_999_999]),
    (pa.list_(pa.int16()), [[1, None], None, []]),
    (pa.struct([("a", pa.string()), ("b", pa.list_(pa.float64()))]), [{"a": "x", "b": [1.0]}, None, {"a": None}]),
    (pa.map_(pa.string(), pa.int64()), [[("a", 1)], None, []]),
    (pa.dictionary(pa.int32(), pa.string()), ["x", None, "x"]),
]


@pytest.mark.parametrize(("kind", "values"), KEPT, ids=[str(kind) for kind, _ in KEPT])
def test_kept_columns_keep_their_types_and_values(tmp_path: Path, kind: pa.DataType, values: list[Any]) -> None:
    column = pa.array(values, kind)
    pq.write_table(pa.table({"id": ["a", "b", "c"], "text": ["x", "y", "z"], "k": column}), tmp_path / "x.parquet")
    options = ReadOptions("id", "text", ("k",))
    schema = PARQUET.kept_schema(list_inputs([str(tmp_path)]), options)
    assert schema == pa.schema([pa.field("k", kind)])
    found = [document.metadata["k"] for document in documents(read_all(PARQUET, [tmp_path], options))]
    assert pa.array(found, schema.field("k").type).equals(column)


def test_kept_types_must_agree_over_all_files(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["x"], "k": pa.array([1], pa.int64())}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"k": pa.array([1], pa.int32()), "text": ["x"]}), tmp_path / "b.parquet")
    files = list_inputs([str(tmp_path)])
    with pytest.raises(UsageError, match=r"b\.parquet: column 'k' is int32, but int64 in .*a\.parquet"):
        PARQUET.kept_schema(files, ReadOptions(text_field="text", keep_fields=("k",)))
    assert PARQUET.kept_schema(files, ReadOptions(text_field="text")) == pa.schema([])


def strings(*values: bytes | None) -> pa.Array:
    """A string column of any bytes, as a careless writer makes it."""
    return pa.Array.from_buffers(pa.string(), len(values), pa.array(values, pa.binary()).buffers())


def test_bad_rows_are_set_aside_and_the_rest_goes_on(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": strings(b"a", b"\xffSECRET", None, b"", b"e", b"f"),
            "text": strings(b"one", b"two", b"three", None, b"\xffSECRET", b"six"),
            "k": strings(b"1", b"2", b"3", b"4", b"5", b"\xffSECRET"),
        }
    )
    pq.write_table(table, tmp_path / "x.parquet")
    found = read_all(PARQUET, [tmp_path], ReadOptions(keep_fields=("k",)))
    assert [(d.id, d.text) for d in documents(found)] == [("a", "one"), (f"{tmp_path}/x.parquet:2", "three")]
    assert rejected(found) == [
        (1, "not valid UTF-8"),
        (3, "the text is null"),
        (4, "not valid UTF-8"),
        (5, "not valid UTF-8"),
    ]


def test_binary_text_is_decoded(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": pa.array(["é".encode(), b"SECRET\xff"], pa.binary())}), tmp_path / "x.parquet")
    found = read_all(PARQUET, [tmp_path], ReadOptions(text_field="text"))
    assert [document.text for document in documents(found)] == ["é"]
    assert rejected(found) == [(1, "the text is not valid UTF-8 at byte 6")]


@pytest.mark.parametrize("kind", [pa.date32(), pa.timestamp("us", "UTC"), pa.list_(pa.date32())])
def test_a_day_that_no_calendar_has_costs_its_row_alone(tmp_path: Path, kind: pa.DataType) -> None:
    days: list[Any] = [1, 2**62 if pa.types.is_timestamp(kind) else 2**31 - 1, None, 3]
    column = pa.array([day if day is None or not pa.types.is_list(kind) else [day] for day in days], kind)
    table = pa.table({"text": ["one", "two", "three", "four"], "day": column})
    pq.write_table(table, tmp_path / "a.parquet")
    found = read_all(PARQUET, [tmp_path], ReadOptions(text_field="text", keep_fields=("day",)))
    assert [document.text for document in documents(found)] == ["one", "three", "four"]
    assert rejected(found) == [(1, "a date or time outside of the calendar's years")]


def test_integer_ids_and_guesses(tmp_path: Path) -> None:
    pq.write_table(pa.table({"Note_ID": [7], "text": [1], "body": ["x"]}), tmp_path / "x.parquet")
    files = list_inputs([str(tmp_path)])
    assert PARQUET.resolve(files, ReadOptions()) == ReadOptions("Note_ID", "body")
    assert documents(read_all(PARQUET, [tmp_path]))[0].id == "7"


def damaged(path: Path) -> None:
    """A file whose footer is sound and whose second of three row groups is not."""
    table = pa.table({"id": [str(n) for n in range(2000)], "text": [f"{n**5} {n**7}" for n in range(2000)]})
    pq.write_table(table, path, row_group_size=700, use_dictionary=False, compression="snappy")
    chunk = pq.read_metadata(path).row_group(1).column(1)
    content = bytearray(path.read_bytes())
    for offset in range(chunk.data_page_offset, chunk.data_page_offset + chunk.total_compressed_size):
        content[offset] = 0xFF
    path.write_bytes(content)


def test_a_damaged_file_is_one_rejected_record_where_it_breaks(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["first"], "text": ["x"]}), tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-20])
    damaged(tmp_path / "c.parquet")
    pq.write_table(pa.table({"id": ["last"], "text": ["x"]}), tmp_path / "d.parquet")
    found = read_all(PARQUET, [tmp_path])
    sound = [*range(700), *range(1400, 2000)]
    assert [d.id for d in documents(found)] == ["first", *map(str, sound), "last"]
    assert rejected(found) == [
        (0, f"damaged Parquet: {UNREAD}"),
        *((row, "damaged Parquet: the row cannot be read") for row in range(700, 1400)),
    ]


def test_a_store_that_fails_is_not_taken_for_a_damaged_file(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["a"], "text": ["x"]}), tmp_path / "x.parquet")
    file = list_inputs([str(tmp_path)])[0]
    gone = InputFile(file.uri + ".gone", file.size, file.etag)
    with pytest.raises(FileNotFoundError):
        list(PARQUET.read(Split((gone,), 0, 1), ReadOptions("id", "text")))


def test_the_first_footer_must_be_readable(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(UsageError, match=r"a\.parquet: not a Parquet file, or its footer is damaged"):
        read_all(PARQUET, [tmp_path])


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ({"text": [1]}, ReadOptions(text_field="text"), r"the text column 'text' is int64, expected strings"),
        ({"text": ["x"], "id": [[1]]}, ReadOptions(id_field="id"), "the id column 'id' is list<"),
        ({"text": ["x"]}, ReadOptions(keep_fields=("k",)), "--keep-fields: .* has no field 'k'; there are: text"),
        ({"text": ["x"], "spans": [1]}, ReadOptions(keep_fields=("spans",)), "'spans' is the name of an output column"),
        ({"key": [1]}, ReadOptions(), "cannot determine which field holds the text"),
    ],
)
def test_columns_that_do_not_fit_are_a_usage_error(
    tmp_path: Path, columns: dict[str, Any], options: ReadOptions, message: str
) -> None:
    pq.write_table(pa.table(columns), tmp_path / "x.parquet")
    with pytest.raises(UsageError, match=message):
        read_all(PARQUET, [tmp_path], options)


def test_a_packed_parquet_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.parquet.gz").write_bytes(b"")
    with pytest.raises(UsageError, match="unpack the file first"):
        read_all(PARQUET, [tmp_path])


def test_a_column_name_that_is_no_utf_8_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": ["1"], "text": ["x"], "zzzz": [1]}), path)
    path.write_bytes(path.read_bytes().replace(b"zzzz", b"z\xff\xffz"))
    with pytest.raises(UsageError, match="its footer is damaged"):
        read_all(get_format("parquet"), [path])


def test_a_text_over_the_limit_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openbioner_batch.formats.parquet.LARGEST_RECORD", 100)
    pq.write_table(pa.table({"id": list("abc"), "text": ["x" * 100, "x" * 101, "y"]}), tmp_path / "a.parquet")
    found = read_all(get_format("parquet"), [tmp_path])
    assert [document.id for document in documents(found)] == ["a", "c"]
    assert rejected(found) == [(1, "a text of more than 100 characters")]


def test_numbers_are_ids_as_they_are_printed(tmp_path: Path) -> None:
    for number, ids in enumerate(([1.0, None, 2.5], [Decimal("1.50"), None, Decimal("2.00")], [1.0, math.nan, 3.0])):
        path = tmp_path / f"{number}.parquet"
        pq.write_table(pa.table({"id": ids, "text": ["a", "b", "c"]}), path)
        first, missing, last = (document.id for document in documents(read_all(PARQUET, [path])))
        assert (first, last) == (str(ids[0]), str(ids[2]))
        assert missing == f"{path}:1"


def test_paths_lead_into_structs_and_folders_are_columns(tmp_path: Path) -> None:
    folder = tmp_path / "ward=icu"
    folder.mkdir()
    rows = [{"doc": {"id": "7", "body": {"text": "Zinc"}, "title": "On"}, "n": 1}, {"doc": None, "n": 2}]
    pq.write_table(pa.Table.from_pylist(rows), folder / "x.parquet")
    options = ReadOptions("doc.id", "doc.body.text", ("n", "ward", "doc.title"), title_field="doc.title")
    files = list_inputs([str(tmp_path)])
    assert PARQUET.kept_schema(files, PARQUET.resolve(files, options)).types == [pa.int64(), pa.string(), pa.string()]
    assert PARQUET.nested_fields(files, options) == ["doc.id", "doc.body.text", "doc.title"]
    found = read_all(PARQUET, [tmp_path], options)
    (document,) = documents(found)
    assert (document.id, document.text) == ("7", "On\nZinc")
    assert document.metadata == {"n": 1, "ward": "icu", "doc.title": "On"}
    assert rejected(found) == [(1, "the title and the text are null")]
    with pytest.raises(UsageError, match=r"has no field 'doc\.txt'; there are: doc, n, ward, doc\.id, doc\.body"):
        PARQUET.resolve(files, ReadOptions(text_field="doc.txt"))


def test_a_table_is_written_as_one_row_group_packed_and_with_checksums() -> None:
    many = pq.ParquetFile(io.BytesIO(parquet_bytes(pa.table({"n": pa.nulls(1_100_000, pa.int8())}))))
    assert many.metadata.num_row_groups == 1

    table = pa.table({"text": ["fever and chills " * 50, "cough"]})
    stored = parquet_bytes(table)
    assert parquet_bytes(pa.table(table)) == stored
    assert pq.read_table(io.BytesIO(stored)) == table
    column = pq.ParquetFile(io.BytesIO(stored)).metadata.row_group(0).column(0)
    assert column.compression == "ZSTD"
    damaged = bytearray(stored)
    first = column.dictionary_page_offset
    damaged[first + column.total_compressed_size - 1] ^= 1
    with pytest.raises(OSError, match="CRC checksum verification failed"):
        pq.read_table(io.BytesIO(bytes(damaged)), page_checksum_verification=True)
    assert pq.read_table(io.BytesIO(parquet_bytes(table.slice(0, 0)))).num_rows == 0
