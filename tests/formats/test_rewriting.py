"""Records that are written back can be read with the options with which they were read."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from formats.reading import documents, read_all
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.formats import FORMATS, ReadOptions, get_format, rewritable_formats
from openbioner_batch.formats.base import NewRecord

TEXT = st.text(st.characters(codec="latin-1", exclude_characters="\0"), min_size=1, max_size=20)


@pytest.mark.parametrize("encoding", [None, "latin-1", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("quoting", ["csv", "none"])
@pytest.mark.parametrize(("name", "delimiter"), [("csv", None), ("csv", ";"), ("tsv", None), ("tsv", "|")])
@given(texts=st.lists(TEXT, max_size=5))
def test_tables(
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    delimiter: str | None,
    quoting: str,
    encoding: str | None,
    texts: list[str],
) -> None:
    folder = tmp_path_factory.mktemp("x")
    options = ReadOptions("id", "text", ("kind",), encoding=encoding, delimiter=delimiter, quoting=quoting)
    chosen = get_format(name)
    assert chosen.rewriting is not None
    records = [NewRecord(str(n), text, {"id": str(n), "text": text}, {"kind": "a b"}) for n, text in enumerate(texts)]
    ((file, data),) = chosen.rewriting.files("x", records, ["id", "text"], ["kind"], pa.table({}), options)
    (folder / file).write_bytes(data)
    found = documents(read_all(chosen, [folder / file], options))
    if quoting == "none":  # then nothing says where a field ends, but what would end it becomes a space
        ends = dict.fromkeys(map(ord, "\r\n" + (delimiter or {"csv": ",", "tsv": "\t"}[name])), " ")
        texts = [text.translate(ends) for text in texts]
    assert [document.text for document in found] == texts
    assert [len(document.text) for document in found] == [len(record.text) for record in records]


@pytest.mark.parametrize("name", ["jsonl", "text"])
@pytest.mark.parametrize("encoding", [None, "cp1252", "utf-16"])
def test_texts(tmp_path: Path, name: str, encoding: str | None) -> None:
    chosen = get_format(name)
    options = ReadOptions(*(("id", "text") if name == "jsonl" else ()), encoding=encoding)
    assert chosen.rewriting is not None
    record = NewRecord("1", "Naïve …", {"id": "1", "text": "Naïve …"}, {})
    ((file, data),) = chosen.rewriting.files("x", [record], ["id", "text"], [], pa.table({}), options)
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_bytes(data)
    assert [document.text for document in documents(read_all(chosen, [tmp_path], options))] == ["Naïve …"]


def test_resources_are_read_back_whole(tmp_path: Path) -> None:
    fhir = get_format("fhir")
    assert fhir.rewriting is not None
    resources = [{"resourceType": "Patient", "id": "é"}, {"resourceType": "DiagnosticReport", "conclusion": "a\nb"}]
    records = [NewRecord(str(n), "", {}, {}, resource) for n, resource in enumerate(resources)]
    ((file, data),) = fhir.rewriting.files("x", records, [], [], pa.table({}), ReadOptions())
    (tmp_path / file).write_bytes(data)
    found = documents(read_all(fhir, [tmp_path], ReadOptions(keep_fields=("resource",))))
    assert [json.loads(document.metadata["kept"])["resource"] for document in found] == resources


@pytest.mark.parametrize("count", [0, 2])
def test_parquet_has_its_types_with_and_without_rows(count: int) -> None:
    parquet = get_format("parquet")
    assert parquet.rewriting is not None
    rows = pa.table({"year": pa.array([2020, None][:count], pa.int16()), "text": pa.array(["old"] * count)})
    records = [NewRecord(str(n), "", {"text": f"new {n}", "id": None}, {}) for n in range(count)]
    ((file, data),) = parquet.rewriting.files("x", records, ["id", "text"], ["year"], rows, ReadOptions())
    table = pq.read_table(io.BytesIO(data))
    assert file == "x.parquet"
    assert [(field.name, str(field.type)) for field in table.schema] == [
        *(("id", "string"), ("text", "string"), ("year", "int16"))
    ]
    assert (
        table.to_pylist()
        == [
            {"id": None, "text": "new 0", "year": 2020},
            {"id": None, "text": "new 1", "year": None},
        ][:count]
    )


def test_the_registry_knows_which_formats_can_be_written_back() -> None:
    assert rewritable_formats() == [name for name in FORMATS if get_format(name).rewriting is not None]


@pytest.mark.parametrize("name", ["jsonl", "csv", "tsv", "text"])
def test_of_an_invented_value_a_letter_that_the_encoding_lacks_becomes_a_question_mark(name: str) -> None:
    rewriting = get_format(name).rewriting
    assert rewriting is not None
    record = NewRecord("1", "Łódź", {"id": "1", "text": "Łódź"}, {})
    options = ReadOptions("id", "text", encoding="cp1252")
    ((_, data),) = rewriting.files("x", [record], ["id", "text"], [], pa.table({}), options)
    assert "?ód?".encode("cp1252") in data
