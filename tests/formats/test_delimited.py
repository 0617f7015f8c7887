from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import io
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from formats.reading import documents, read_all, rejected
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.formats import ReadOptions, get_format
from openbioner_batch.formats.rows import _Lines

CSV, TSV = get_format("csv"), get_format("tsv")
KEEP = ReadOptions(keep_fields=("age", "ward"))
cells = st.text(max_size=20)


def write(path: Path, rows: list[list[str]], delimiter: str = ",", terminator: str = "\r\n") -> bytes:
    buffer = io.StringIO(newline="")
    # Python's writer leaves a lone carriage return unquoted unless the line end holds one.
    quoting = csv.QUOTE_MINIMAL if "\r" in terminator else csv.QUOTE_ALL
    csv.writer(buffer, delimiter=delimiter, lineterminator=terminator, quoting=quoting).writerows(rows)
    path.write_bytes(buffer.getvalue().encode())
    return path.read_bytes()


@given(
    rows=st.lists(st.tuples(st.text(min_size=1, max_size=9), cells, cells, cells), max_size=8),
    tab=st.booleans(),
    terminator=st.sampled_from(["\r\n", "\n"]),
    bom=st.booleans(),
)
def test_documents_come_back_as_they_were_written(
    rows: list[tuple[str, ...]], tab: bool, terminator: str, bom: bool
) -> None:
    options = replace(KEEP, quoting="csv")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("x.tsv" if tab else "x.csv")
        header = ["id", "age", "text", "ward"]
        content = write(path, [header, *map(list, rows)], "\t" if tab else ",", terminator)
        path.write_bytes(codecs.BOM_UTF8 * bom + content)
        found = read_all(TSV if tab else CSV, [path], options)
    assert [record.record for record in found] == list(range(len(rows)))
    assert [(d.id, d.text, json.loads(d.metadata["kept"])) for d in documents(found)] == [
        (id_, text, {"age": age, "ward": ward}) for id_, age, text, ward in rows
    ]


def test_quoted_line_breaks_quotes_and_nuls_stand_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b'id,text\r\n1,"a\r\nb\rc\nd ""e"", \0"\n\n2,plain\n')
    found = read_all(CSV, [tmp_path])
    assert [(record.record, document.text) for record, document in zip(found, documents(found), strict=True)] == [
        *((0, 'a\r\nb\rc\nd "e", \0'), (1, "plain"))
    ]


def test_packed_files_and_long_fields(tmp_path: Path) -> None:
    long = "word " * 200_000
    content = write(tmp_path / "x.csv", [["id", "text"], ["1", long]])
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(content))
    (tmp_path / "x.csv.bz2").write_bytes(bz2.compress(content))
    assert [document.text for document in documents(read_all(CSV, [tmp_path]))] == [long] * 3


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"SECRET", "the row has 1 fields, the header 2"),
        (b"1,SECRET,SECRET", "the row has 3 fields, the header 2"),
        (b'1,"SECRET" SECRET', "malformed row: "),
        (b"1,SECRET \xff", "not valid UTF-8"),
        (b"1,\xed\xb0\x80", "not valid UTF-8"),
    ],
)
def test_a_bad_row_is_set_aside_without_a_word_of_it_and_the_rest_goes_on(
    tmp_path: Path, row: bytes, reason: str
) -> None:
    (tmp_path / "x.csv").write_bytes(b"id,text\n1,good\n" + row + b"\n2,good\n")
    found = read_all(CSV, [tmp_path])
    assert [document.id for document in documents(found)] == ["1", "2"]
    [(number, why)] = rejected(found)
    assert number == 1
    assert why.startswith(reason)
    assert "SECRET" not in why


def test_an_open_quote_is_set_aside_at_the_end_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'id,text\n1,good\n2,"open\n3,read\n')
    (tmp_path / "b.csv").write_bytes(b"id,text\n4,good\n")
    found = read_all(CSV, [tmp_path])
    assert [document.id for document in documents(found)] == ["1", "3", "4"]
    assert rejected(found) == [(1, "malformed row: unexpected end of data")]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@given(
    bad=st.sets(st.integers(0, 19), min_size=1, max_size=4),
    quoted=st.sets(st.integers(0, 19), max_size=6),
    several=st.sets(st.integers(0, 19), max_size=3),
)
def test_an_open_quote_costs_its_line_and_no_other(
    tmp_path_factory: pytest.TempPathFactory, ending: str, bad: set[int], quoted: set[int], several: set[int]
) -> None:
    def row(number: int) -> str:
        if number in bad:
            return f'{number},"open {number}'
        if number in quoted:
            return f'"{number}","Zinc, ""{number}"""'
        return f'{number},"Zinc{ending}{ending}{number}"' if number in several else f"{number},Zinc {number}"

    path = tmp_path_factory.mktemp("x") / "x.csv"
    path.write_bytes(("id,text" + ending + "".join(row(number) + ending for number in range(20))).encode())
    found = read_all(CSV, [path])
    ids = [document.id for document in documents(found)]
    assert ids == [str(number) for number in range(20) if number not in bad]
    assert len(rejected(found)) == len(bad)


def test_a_truncated_gzip_gives_the_rows_before_and_one_rejected_record(tmp_path: Path) -> None:
    stored = gzip.compress(write(tmp_path / "plain", [["id", "text"]] + [[str(n), str(n**7)] for n in range(20_000)]))
    (tmp_path / "a.csv.gz").write_bytes(stored[: len(stored) // 2])
    found = read_all(CSV, [tmp_path])
    ids = [document.id for document in documents(found)]
    assert ids == [str(n) for n in range(len(ids))]
    assert len(ids) > 5000
    assert rejected(found) == [(len(ids), "the .gz stream ends early")]


def test_a_file_that_breaks_in_its_header_is_one_rejected_record(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,text\n1,Zinc\n")
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"id,text\n2,Iron\n")[:12])
    found = read_all(CSV, [tmp_path])
    assert [document.id for document in documents(found)] == ["1"]
    assert rejected(found) == [(0, "the .gz stream ends early: the rest of the file is unread")]


def test_a_line_that_is_too_long_is_skipped_and_the_next_is_read() -> None:
    text = io.TextIOWrapper(io.BytesIO(b"ab\n" + b"x" * 100 + b"\nlast"), newline="")
    lines = _Lines(text, 10)
    assert next(lines) == "ab\n"
    with pytest.raises(csv.Error, match="a record of 10 characters or more"):
        next(lines)
    lines.begin()
    assert list(lines) == ["last"]


def test_a_record_of_many_lines_is_bounded_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openbioner_batch.formats.rows.LARGEST_RECORD", 1000)
    many = ",".join('"' + "a line\n" * 20 + '"' for _ in range(20))
    (tmp_path / "x.csv").write_text(f"id,text\n1,one\n2,{many}\n")
    found = read_all(CSV, [tmp_path])
    assert [document.text for document in documents(found)] == ["one"]
    assert rejected(found)[0] == (1, "malformed row: a record of 1000 characters or more")
