"""What a writer writes, the reader of the same format reads: the text where the format can hold it, and every span."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from formats.annotating import ORIGIN, annotated, rows_of, titled
from formats.reading import documents, read_all, rejected
from hypothesis import given, settings
from hypothesis import strategies as st

from openbioner_batch.formats import ReadOptions, get_format, get_writer
from openbioner_batch.formats.brat import read_brat
from openbioner_batch.formats.gold_jsonl import read_gold_jsonl
from openbioner_batch.formats.iob import read_iob
from openbioner_batch.formats.pubtator import read_pubtator
from openbioner_batch.formats.writing import flat_spans, one_line, one_word
from openbioner_batch.records import Document, Span

KEEP = ReadOptions(keep_fields=("annotations",))
CASES = st.lists(annotated(), min_size=1, max_size=3)
Annotated = tuple[str, tuple[Span, ...]]


def write(folder: Path, name: str, cases: list[Annotated], with_titles: bool = False) -> Path:
    writer = get_writer(name)
    kept, metadata = None, []
    if with_titles:
        kept, metadata = titled("")[0], [titled(text)[1] for text, _ in cases]
    path = folder / f"x{writer.suffix}"
    data = writer.write(rows_of(cases, kept=kept, metadata=metadata), ORIGIN)
    assert data == writer.write(rows_of(cases, kept=kept, metadata=metadata), ORIGIN)
    path.write_bytes(data)
    return path


def read(name: str, path: object) -> list[Document]:
    found = read_all(get_format(name), [str(path)], KEEP)
    assert rejected(found) == []
    return documents(found)


def places(spans: object) -> list[tuple[int, int, str]]:
    return sorted((span["start"], span["end"], span["type"]) for span in spans)  # type: ignore[attr-defined]


def marks(spans: object, rename: object = str) -> list[tuple[int, int, str]]:
    return sorted((span.start, span.end, rename(span.type)) for span in spans)  # type: ignore[attr-defined,operator]


def assert_slices(document: Document) -> None:
    for span in document.metadata["annotations"]:
        assert document.text[span["start"] : span["end"]] == span["text"]


@settings(max_examples=30)
@given(CASES)
def test_pubtator(tmp_path_factory: pytest.TempPathFactory, cases: list[Annotated]) -> None:
    path = write(tmp_path_factory.mktemp("x"), "pubtator", cases)
    for document, gold, (text, spans) in zip(read("pubtator", path), read_pubtator(path), cases, strict=True):
        title, _, abstract = text.partition("\n")
        assert document.text == one_line(title) + ("\n" + one_line(abstract) if abstract else "") == gold.text
        assert places(document.metadata["annotations"]) == marks(spans) == marks(gold.spans)
        assert_slices(document)


@given(CASES, st.sampled_from(["bioc-xml", "bioc-json"]), st.booleans())
def test_bioc(tmp_path_factory: pytest.TempPathFactory, cases: list[Annotated], name: str, with_titles: bool) -> None:
    path = write(tmp_path_factory.mktemp("x"), name, cases, with_titles)
    for document, (text, spans) in zip(read(name, path), cases, strict=True):
        if name == "bioc-json":
            assert document.text.rstrip("\n") == text.rstrip("\n")
        assert len(document.text.rstrip("\n")) == len(text.rstrip("\n"))
        assert places(document.metadata["annotations"]) == marks(spans)
        scores = {
            (span["start"], span["end"], span["type"]): span["score"] for span in document.metadata["annotations"]
        }
        assert all(scores[span.start, span.end, span.type] == pytest.approx(span.score, abs=1e-7) for span in spans)
        assert_slices(document)


@settings(max_examples=30)
@given(CASES)
def test_brat(tmp_path_factory: pytest.TempPathFactory, cases: list[Annotated]) -> None:
    folder = tmp_path_factory.mktemp("x")
    path = write(folder, "brat", cases)
    found = read("brat", f"zip://*::{path}")
    assert [document.id for document in found] == [f"doc-{number}" for number in range(len(cases))]
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder / "out")
    for document, gold, (text, spans) in zip(found, read_brat(folder / "out"), cases, strict=True):
        assert document.text == gold.text == text
        assert places(document.metadata["annotations"]) == marks(gold.spans) == marks(spans, one_word)
        assert_slices(document)


@settings(max_examples=30)
@given(CASES)
def test_iob(tmp_path_factory: pytest.TempPathFactory, cases: list[Annotated]) -> None:
    """Such a file does not hold the white space: texts and spans are counted without."""
    path = write(tmp_path_factory.mktemp("x"), "iob", cases)
    found = read("iob", path)
    assert [document.id for document in found] == [f"doc-{number}" for number in range(len(cases))]
    for document, (text, spans) in zip(found, cases, strict=True):
        assert "".join(document.text.split()) == "".join(text.split())
        kept = [span for span in flat_spans(spans) if span.text.split()]
        assert [(solid(document.text, s["start"], s["end"]), s["type"]) for s in document.metadata["annotations"]] == [
            (solid(text, span.start, span.end), one_word(span.type)) for span in kept
        ]
        assert_slices(document)
    for sentence in read_iob(path):
        assert all(sentence.text[span.start : span.end] == span.text for span in sentence.spans)


def solid(text: str, start: int, end: int) -> tuple[int, int]:
    """Offsets that do not count white space."""
    return len("".join(text[:start].split())), len("".join(text[:end].split()))


@settings(max_examples=30)
@given(CASES)
def test_the_offsets_in_iob_columns_are_the_runs(cases: list[Annotated]) -> None:
    data = get_writer("iob").write(rows_of(cases), ORIGIN).decode()
    number = -1
    for line in filter(None, data.split("\n")):
        token, start, end, _ = line.split("\t")
        if token == "-DOCSTART-":
            number += 1
        else:
            assert cases[number][0][int(start) : int(end)] == token


@settings(max_examples=30)
@given(CASES)
def test_jsonl(tmp_path_factory: pytest.TempPathFactory, cases: list[Annotated]) -> None:
    path = write(tmp_path_factory.mktemp("x"), "jsonl", cases)
    found = documents(read_all(get_format("jsonl"), [path]))
    for document, gold, (text, spans) in zip(found, read_gold_jsonl(path), cases, strict=True):
        assert document.text == gold.text == text
        assert marks(gold.spans) == marks(spans)
    assert [document.id for document in found] == [f"doc-{number}" for number in range(len(cases))]
    for line, (_, spans) in zip(path.read_text("utf-8").split("\n"), cases, strict=False):
        scores = [np.float32(span["score"]) for span in json.loads(line)["spans"]]
        assert scores == [np.float32(span.score) for span in spans]


@settings(max_examples=30)
@given(CASES, st.sampled_from(["csv", "parquet-long"]))
def test_long_tables(tmp_path_factory: pytest.TempPathFactory, cases: list[Annotated], name: str) -> None:
    path = write(tmp_path_factory.mktemp("x"), name, cases)
    if name == "csv":
        with path.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
    else:
        rows = pq.read_table(path).to_pylist()
    assert [(row["document_id"], int(row["record"])) for row in rows] == [
        (f"doc-{number}", number) for number, (_, spans) in enumerate(cases) for _ in spans
    ]
    assert [
        Span(int(row["start"]), int(row["end"]), row["type"], np.float32(row["score"]), row["text"]) for row in rows
    ] == [span for _, spans in cases for span in spans]


@settings(max_examples=30)
@given(CASES)
def test_note_nlp(cases: list[Annotated]) -> None:
    data = get_writer("omop-note-nlp").write(rows_of(cases, [str(number) for number in range(len(cases))]), ORIGIN)
    rows = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    spans = [(number, text, span) for number, (text, spans) in enumerate(cases) for span in spans]
    for row, (number, text, span) in zip(rows, spans, strict=True):
        assert (int(row["note_id"]), int(row["offset"]), row["lexical_variant"]) == (number, span.start, span.text)
        kind, _, score = row["term_modifiers"].partition(",score=")
        assert (kind, np.float32(score)) == (f"type={span.type}", span.score)
        assert one_line(span.text) in row["snippet"]
        assert row["snippet"] in one_line(text)


@settings(max_examples=30)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1, max_size=4))
def test_omop_notes(tmp_path_factory: pytest.TempPathFactory, contents: list[str]) -> None:
    path = tmp_path_factory.mktemp("x") / "note.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream, quoting=csv.QUOTE_ALL)
        table.writerows([["note_id", "note_text"], *enumerate(contents)])
    found = documents(read_all(get_format("omop-note"), [path]))
    assert [(document.id, document.text) for document in found] == [(str(n), text) for n, text in enumerate(contents)]


@given(annotated())
def test_flat_spans_keep_a_longest_span_and_no_two_that_touch(case: Annotated) -> None:
    _, spans = case
    kept = flat_spans(spans)
    assert all(before.end <= after.start for before, after in pairwise(kept))
    for span in spans:
        rivals = [other for other in kept if other.start < span.end and span.start < other.end]
        assert rivals
        assert max(other.end - other.start for other in rivals) >= span.end - span.start


def test_brat_names_are_safe_and_all_different(tmp_path: Path) -> None:
    ids = ["a", "a", "A", "a~2", "/data/x/note 1.txt", "../up", ".hidden", "_under", "é" * 300]
    data = get_writer("brat").write(rows_of([("x", ())] * len(ids), ids), ORIGIN)
    (tmp_path / "x.zip").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        names = archive.namelist()
    assert len({name.lower() for name in names}) == 2 * len(ids)
    assert all("/" not in name and len(name.encode()) < 255 and name[0] not in "._" for name in names)
    found = {document.id for document in read("brat", f"zip://*::{tmp_path}/x.zip")}
    assert found >= {"a", "/data/x/note 1.txt", "../up", ".hidden", "_under"}
