"""The fields of JSON Lines: ids, texts, kept fields, guesses, paths and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from formats.reading import documents, read_all, rejected

from openbioner_batch.errors import UsageError
from openbioner_batch.formats import ReadOptions, Split, get_format, list_inputs
from openbioner_batch.records import Parsed

JSONL = get_format("jsonl")
OPTIONS = ReadOptions(id_field="id", text_field="text", keep_fields=("a", "b"))


def write(path: Path, *lines: bytes | dict[str, Any]) -> Path:
    path.write_bytes(
        b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
    )
    return path


def test_a_missing_id_becomes_one_that_same_named_files_do_not_share(tmp_path: Path) -> None:
    for folder in ("p", "q"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / "x.jsonl", {"text": "1"}, {"id": None, "text": "2"}, {"id": "", "text": "3"})
    found = read_all(JSONL, [tmp_path])
    assert [record.document.id for record in found if isinstance(record, Parsed)] == [
        f"{record.source}:{record.record}" for record in found
    ]
    assert len({document.id for document in documents(found)}) == 6


def test_big_integer_ids_stay_exact(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", {"id": 123456789012345678901, "text": "x"})
    assert documents(read_all(JSONL, [path]))[0].id == "123456789012345678901"


def test_nan_in_a_kept_field_is_null(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", b'{"id": 1, "text": "x", "a": [NaN, -Infinity, 1.5], "b": "\xc3\xa9"}')
    assert documents(read_all(JSONL, [path], OPTIONS))[0].metadata == {"kept": '{"a": [null, null, 1.5], "b": "é"}'}


def test_the_kept_column_is_there_only_when_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", {"id": 1, "text": "x"})
    files = list_inputs([str(path)])
    assert JSONL.kept_schema(files, ReadOptions()).names == []
    assert JSONL.kept_schema(files, OPTIONS).names == ["kept"]
    assert documents(read_all(JSONL, [path]))[0].metadata == {}


@pytest.mark.parametrize(
    ("record", "id_field", "text_field"),
    [
        ({"id": 1, "text": "x"}, "id", "text"),
        ({"ROW_ID": 1, "TEXT": "x"}, "ROW_ID", "TEXT"),
        ({"pmid": "1", "title": "t", "abstract": "x"}, "pmid", "abstract"),
        ({"text": 5, "body": "x"}, None, "body"),
        ({"id": [1], "doc_id": "1", "note": "x"}, "doc_id", "note"),
    ],
)
def test_fields_are_guessed(tmp_path: Path, record: dict[str, Any], id_field: str | None, text_field: str) -> None:
    files = list_inputs([str(write(tmp_path / "x.jsonl", b"broken", record))])
    assert JSONL.resolve(files, ReadOptions()) == ReadOptions(id_field, text_field)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ReadOptions(text_field="txet"),
            r"--text-field: .*x.jsonl \(first 1 records\) has no field 'txet'; there are:",
        ),
        (ReadOptions(id_field="di"), "--id-field: .* has no field 'di'; there are: key, words, note_text"),
        (ReadOptions(keep_fields=("w",)), "--keep-fields: .* has no field 'w'"),
        (ReadOptions(keep_fields=("key", "key")), "--keep-fields names 'key' more than once"),
    ],
)
def test_a_field_that_is_not_there_is_a_usage_error(tmp_path: Path, options: ReadOptions, message: str) -> None:
    files = list_inputs([str(write(tmp_path / "x.jsonl", {"key": 1, "words": "x", "note_text": "y"}))])
    with pytest.raises(UsageError, match=message):
        JSONL.resolve(files, options)


def test_what_cannot_be_guessed_is_asked_for(tmp_path: Path) -> None:
    unnamed = list_inputs([str(write(tmp_path / "x.jsonl", {"key": 1, "words": "x"}))])
    with pytest.raises(UsageError, match="Name it with --text-field; there are: key, words"):
        JSONL.resolve(unnamed, ReadOptions())
    pretty = list_inputs([str(write(tmp_path / "y.json", b"[", b"1", b"]"))])
    with pytest.raises(UsageError, match="no JSON object among the first lines"):
        JSONL.resolve(pretty, ReadOptions())
    assert JSONL.resolve(pretty, OPTIONS) == OPTIONS


def test_unresolved_options_are_refused(tmp_path: Path) -> None:
    file = list_inputs([str(write(tmp_path / "x.jsonl", {"text": "x"}))])[0]
    with pytest.raises(ValueError, match="resolve"):
        list(JSONL.read(Split((file,), 0, file.size), ReadOptions()))


def test_paths_titles_and_folders(tmp_path: Path) -> None:
    folder = tmp_path / "year=2024"
    folder.mkdir()
    rows = [
        {"doc": {"id": 1.5, "text": "Zinc"}, "title": "On", "a.b": 7},
        {"doc": {"text": None}, "title": "Alone"},
        {"doc": 5},
    ]
    write(folder / "x.jsonl", *(json.dumps(row).encode() for row in rows))
    options = ReadOptions("doc.id", "doc.text", ("year", "a.b"), title_field="title")
    found = read_all(JSONL, [tmp_path], options)
    assert [(document.id, document.text) for document in documents(found)] == [
        ("1.5", "On\nZinc"),
        (f"{folder}/x.jsonl:{found[1].record}", "Alone"),
    ]
    assert json.loads(documents(found)[0].metadata["kept"]) == {"year": "2024", "a.b": 7}
    assert [reason for _, reason in rejected(found)] == ["the title and the text are null"]
    files = list_inputs([str(tmp_path)])
    assert JSONL.nested_fields(files, options) == ["doc.id", "doc.text"]
    with pytest.raises(
        UsageError, match=r"cannot determine which .* there are: doc, title, a\.b, year, doc\.id, doc\.text"
    ):
        JSONL.resolve(files, ReadOptions())


@pytest.mark.parametrize(("key", "expected"), [("documents", "bioc-json"), ("resourceType", "fhir")])
def test_other_formats_of_json_are_named(tmp_path: Path, key: str, expected: str) -> None:
    path = write(tmp_path / "x.json", json.dumps({key: []}).encode())
    with pytest.raises(UsageError, match=f"It looks like {expected}: say --format {expected}"):
        read_all(JSONL, [path])


def test_paths_are_told_in_other_encodings_too(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"doc": {"text": "x"}, "a.b": 1}\n', encoding="utf-16")
    options = ReadOptions(text_field="doc.text", keep_fields=("a.b",), encoding="utf-16")
    assert get_format("jsonl").nested_fields(list_inputs([str(tmp_path)]), options) == ["doc.text"]
