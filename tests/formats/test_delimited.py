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

from openbioner_batch.errors import UsageError
from openbioner_batch.formats import ReadOptions, get_format, list_inputs
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


def test_a_tsv_has_no_quotes_unless_it_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    path.write_text("id\ttext\n" + "".join(f'{n}\t"Zinc {n}\n' for n in range(5)) + '5\t"a ""b"""\n')
    assert [document.text for document in documents(read_all(TSV, [path]))] == [
        *(f'"Zinc {n}' for n in range(5)),
        '"a ""b"""',
    ]
    found = read_all(TSV, [path], ReadOptions(quoting="csv"))
    assert [document.text for document in documents(found)] == ['a "b"']
    assert len(rejected(found)) == 5
    path.write_text('"id"\t"text"\n"1"\t"x"\n')
    with pytest.raises(UsageError, match="in quotes; read it with --quoting csv"):
        read_all(TSV, [path])
    assert [document.id for document in documents(read_all(TSV, [path], ReadOptions(quoting="csv")))] == ["1"]


@pytest.mark.parametrize(
    ("name", "content", "options", "delimiter"),
    [
        ("a.csv", "id;text\n1;Zinc, iron\n2;x\n", ReadOptions(), ";"),
        ("a.csv", "id\ttext\n1\tZinc, iron\n2\tx\n", ReadOptions(), "\t"),
        ("a.csv", "id|text\n1|Zinc, iron\n", ReadOptions(), "|"),
        ("a.csv", "id;text\n1;Zinc\n2;Zinc, iron; lead\n3;Iron; lead: x\n", ReadOptions(), ";"),
        ("a.tsv", "id,text\n1,Zinc\n", ReadOptions(), ","),
        ("a.csv", "id~text\n1~Zinc, iron\n", ReadOptions(delimiter="~"), "~"),
        ("a.csv", "id\ttext\n1\tZinc, iron\n", ReadOptions(delimiter="tab"), "\t"),
        ("a.csv", '"id";"text"\n"1";"Zinc, ""x""; iron"\n', ReadOptions(), ";"),
        ("a.csv", '"id"|"text"\n"1"|"Zinc"\n', ReadOptions(), "|"),
        ("a.tsv", '"id";"text"\n"1";"Zinc"\n', ReadOptions(quoting="csv"), ";"),
        ("a.csv", "id , text\n1,Zinc\n", ReadOptions(), None),
        ("a.csv", "text\nZinc, iron\n", ReadOptions(), None),
    ],
)
def test_delimiters_are_guessed_from_the_header_or_named(
    tmp_path: Path, name: str, content: str, options: ReadOptions, delimiter: str | None
) -> None:
    path = tmp_path / name
    path.write_text(content)
    reader = CSV if name.endswith("csv") else TSV
    resolved = reader.resolve(list_inputs([str(path)]), options)
    assert resolved.delimiter == delimiter
    assert resolved.text_field == "text"
    found = read_all(reader, [path], options)
    if "id" in content:
        assert documents(found)[0].id == "1"
    else:
        assert [reason for _, reason in rejected(found)] == ["the row has 2 fields, the header 1"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "latin-1", "cp1252"])
def test_other_encodings_are_read_when_they_are_named(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("id,näme\n1,Naïve\n".encode(encoding))
    (document,) = documents(read_all(CSV, [path], ReadOptions(text_field="näme", encoding=encoding)))
    assert document.text == "Naïve"
    expected = "is UTF-16 text: read it with --encoding" if encoding == "utf-16" else "--encoding|no field 'näme'|NUL"
    with pytest.raises(UsageError, match=expected):
        read_all(CSV, [path], ReadOptions(text_field="näme"))


def test_what_is_not_in_its_encoding_costs_its_row(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("id,text\n1,é\n2,SECRET\n3,b\n".encode("utf-16-le").replace(b"S\0", b"\x00\xd8"))
    found = read_all(CSV, [path], ReadOptions(encoding="utf-16-le"))
    assert [document.text for document in documents(found)] == ["é", "b"]
    assert rejected(found) == [(1, "not valid utf-16-le")]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (ReadOptions(delimiter="ab"), "--delimiter 'ab': give one character"),
        (ReadOptions(quoting="all"), "--quoting all: give one of csv, none"),
        (ReadOptions(encoding="utf-7777"), "--encoding utf-7777: no such encoding"),
    ],
)
def test_options_that_mean_nothing_are_refused(tmp_path: Path, options: ReadOptions, message: str) -> None:
    (tmp_path / "x.csv").write_text("id,text\n")
    with pytest.raises(UsageError, match=message):
        read_all(CSV, [tmp_path], options)


def test_a_title_stands_before_the_text(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("id,title,abstract\n1,Zinc,For colds.\n2,,Alone\n3,Title,\n")
    found = read_all(CSV, [tmp_path], ReadOptions(title_field="title"))
    assert [document.text for document in documents(found)] == ["Zinc\nFor colds.", "Alone", "Title"]


def test_columns_of_folders_can_be_kept(tmp_path: Path) -> None:
    for year in ("2023", "__HIVE_DEFAULT_PARTITION__"):
        folder = tmp_path / f"year={year}" / "ward=a%20b"
        folder.mkdir(parents=True)
        (folder / "x.csv").write_text("id,text\n1,x\n")
    found = read_all(CSV, [tmp_path], ReadOptions(keep_fields=("year", "ward")))
    assert [json.loads(document.metadata["kept"]) for document in documents(found)] == [
        {"year": "2023", "ward": "a b"},
        {"year": None, "ward": "a b"},
    ]


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


def test_missing_ids_and_files_without_id_column(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b'id,text\n,one\n"",two\n7,three\n')
    path = tmp_path / "x.csv"
    assert [document.id for document in documents(read_all(CSV, [path]))] == [f"{path}:0", f"{path}:1", "7"]
    (tmp_path / "y.csv").write_bytes(b"text\none\n")
    assert documents(read_all(CSV, [tmp_path / "y.csv"]))[0].id == f"{tmp_path / 'y.csv'}:0"


def test_fields_are_guessed_and_the_options_returned_name_them(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"ROW_ID,CATEGORY,TEXT\n1,a,x\n")
    files = list_inputs([str(tmp_path)])
    assert CSV.resolve(files, ReadOptions(keep_fields=("CATEGORY",))) == ReadOptions(
        "ROW_ID", "TEXT", ("CATEGORY",), quoting="csv"
    )


@pytest.mark.parametrize(
    ("second", "options", "message"),
    [
        (b"id,note\n1,x\n", ReadOptions(), "--text-field: .*b.csv has no field 'text'; there are: id, note"),
        (b"id,text\n", ReadOptions(keep_fields=("age",)), "--keep-fields: .*a.csv has no field 'age'"),
        (b"id,text,text\n", ReadOptions(), "--text-field: .*b.csv has more than one field 'text'"),
        (b"id,text\xe9\n", ReadOptions(), "b.csv: the header line is not UTF-8; name its --encoding"),
    ],
)
def test_every_header_is_checked_before_the_run(
    tmp_path: Path, second: bytes, options: ReadOptions, message: str
) -> None:
    (tmp_path / "a.csv").write_bytes(b"id,text\n1,x\n")
    (tmp_path / "b.csv").write_bytes(second)
    with pytest.raises(UsageError, match=message):
        CSV.resolve(list_inputs([str(tmp_path)]), options)


def test_an_empty_file_has_no_records_but_someone_must_name_the_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"")
    with pytest.raises(UsageError, match="no header line to name the columns"):
        read_all(CSV, [tmp_path])
    (tmp_path / "b.csv").write_bytes(b"id,text\n1,x\n")
    assert len(read_all(CSV, [tmp_path])) == 1


def test_a_table_without_a_header_is_refused_without_telling_its_first_record(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"1,Seen in clinic for {'a long story ' * 9}\n2,Another\n")
    with pytest.raises(UsageError, match=r"look like values \(is the first line a header\?\)$") as caught:
        read_all(get_format("csv"), [tmp_path])
    assert "clinic" not in str(caught.value)
