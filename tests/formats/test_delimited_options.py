"""How CSV and TSV are read: quotes, delimiters, encodings, titles, columns and headers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from formats.reading import documents, read_all, rejected

from openbioner_batch.errors import UsageError
from openbioner_batch.formats import ReadOptions, get_format, list_inputs

CSV, TSV = get_format("csv"), get_format("tsv")


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
