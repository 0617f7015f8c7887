"""What is written, read and validated by tools that are not ours."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pyarrow as pa
import pytest
from formats.annotating import ORIGIN, annotated, rows_of, titled
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities

from openbioner_batch.errors import UsageError
from openbioner_batch.formats import get_writer
from openbioner_batch.formats.omop import NOTE_NLP
from openbioner_batch.formats.writing import flat_spans, one_word
from openbioner_batch.records import Span

Annotated = tuple[str, tuple[Span, ...]]
CASES = st.lists(annotated(), min_size=1, max_size=3)
TEXT = "Aspirin for colds\nAspirin, 81 mg,\nhelps “Ann's” cold."
SPANS = (
    Span(0, 7, "drug", 0.9, "Aspirin"),
    Span(12, 17, "disease", 0.75, "colds"),
    Span(12, 25, "phrase", 0.5, "colds\nAspirin"),
    Span(18, 32, "dose", 0.625, "Aspirin, 81 mg"),
)
PLAIN = (TEXT, SPANS[:2] + SPANS[3:])


def write(name: str, cases: list[Annotated], with_titles: bool = False) -> bytes:
    kept, metadata = (titled("")[0], [titled(text)[1] for text, _ in cases]) if with_titles else (None, [])
    return get_writer(name).write(rows_of(cases, kept=kept, metadata=metadata), ORIGIN)


@settings(max_examples=30)
@given(CASES, st.booleans())
def test_bioc_is_valid_and_read_back_by_the_bioc_library(cases: list[Annotated], with_titles: bool) -> None:
    import bioc
    from bioc import biocjson, biocxml

    for load, name in ((biocxml.loads, "bioc-xml"), (biocjson.loads, "bioc-json")):
        collection = load(write(name, cases, with_titles).decode())
        bioc.validate(collection)
        for document, (text, spans) in zip(collection.documents, cases, strict=True):
            marks = [
                (mark.total_span.offset, mark.total_span.end, mark.infons["type"])
                for passage in document.passages
                for mark in passage.annotations
            ]
            assert sorted(marks) == sorted((span.start, span.end, span.type) for span in spans)
            found = bioc.utils.get_text(document)[1]
            assert len(found.rstrip("\n")) == len(text.rstrip("\n"))


def test_bioc_parts_title_and_abstract_unless_a_span_lies_in_both() -> None:
    from bioc import biocxml

    for spans, expected in ((PLAIN[1], [("title", 0), ("abstract", 18)]), (SPANS, [(None, 0)])):
        (document,) = biocxml.loads(write("bioc-xml", [(TEXT, spans)], with_titles=True).decode()).documents
        assert [(passage.infons.get("type"), passage.offset) for passage in document.passages] == expected
    assert document.passages[0].annotations[0].infons == {"type": "drug", "score": "0.9"}


def test_bioc_xml_keeps_to_the_elements_of_the_dtd() -> None:
    """The content models of BioC.dtd, as Relax NG."""
    from lxml import etree

    text = '<element name="{0}"><text/></element>'
    infon = '<zeroOrMore><element name="infon"><attribute name="key"/><text/></element></zeroOrMore>'
    location = '<element name="location"><attribute name="offset"/><attribute name="length"/></element>'
    annotation = (
        f'<zeroOrMore><element name="annotation"><attribute name="id"/>{infon}'
        f"<zeroOrMore>{location}</zeroOrMore>{text.format('text')}</element></zeroOrMore>"
    )
    passage = (
        f'<element name="passage">{infon}{text.format("offset")}<optional>{text.format("text")}</optional>'
        f"{annotation}</element>"
    )
    document = f'<element name="document">{text.format("id")}{infon}<oneOrMore>{passage}</oneOrMore></element>'
    heads = "".join(map(text.format, ("source", "date", "key")))
    schema = (
        '<element xmlns="http://relaxng.org/ns/structure/1.0" name="collection">'
        f"{heads}{infon}<zeroOrMore>{document}</zeroOrMore></element>"
    )
    validator = etree.RelaxNG(etree.fromstring(schema))
    for cases in ([(TEXT, SPANS)], [("", ())], []):
        validator.assertValid(etree.fromstring(write("bioc-xml", cases, with_titles=True)))


def test_pubtator_is_read_back_by_the_bioc_library() -> None:
    from bioc import pubtator

    first, second = pubtator.loads(write("pubtator", [PLAIN, ("Only a title.", ())]).decode())
    assert first.text == TEXT.replace("\nhelps", " helps")
    assert [(mark.start, mark.end, mark.text, mark.type) for mark in first.annotations] == [
        (span.start, span.end, span.text, span.type) for span in PLAIN[1]
    ]
    assert all(first.text[mark.start : mark.end] == mark.text for mark in first.annotations)
    assert (second.pmid, second.text, second.annotations) == ("doc-1", "Only a title.", [])


@settings(max_examples=30)
@given(CASES)
def test_iob_tags_are_seqevals(cases: list[Annotated]) -> None:
    tags = [line.split("\t")[-1] for line in write("iob", cases).decode().split("\n") if line]
    kept = [span for _, spans in cases for span in flat_spans(spans) if span.text.strip()]
    assert [kind for kind, _, _ in get_entities(tags)] == [one_word(span.type) for span in kept]


def test_tables_are_read_by_pandas_and_duckdb(tmp_path: Path) -> None:
    import duckdb
    import pandas as pd

    kept = pa.schema([("year", pa.int32()), ("type", pa.string()), ("tags", pa.list_(pa.string()))])
    metadata = [{"year": 2020, "type": 'a "b",\nc', "tags": ["x", "y"]}, {"year": None, "type": None, "tags": None}]
    rows = rows_of([(TEXT, SPANS), (TEXT, SPANS[:1])], kept=kept, metadata=metadata)
    for name in ("csv", "parquet-long"):
        writer = get_writer(name)
        (tmp_path / f"x{writer.suffix}").write_bytes(writer.write(rows, ORIGIN))
    by_pandas = [pd.read_csv(tmp_path / "x.csv"), pd.read_parquet(tmp_path / "x.parquet")]
    by_duckdb = [duckdb.sql(f"FROM '{tmp_path}/x{suffix}'").df() for suffix in (".csv", ".parquet")]
    for table in (*by_pandas, *by_duckdb):
        assert list(table.columns) == [
            *("document_id", "source", "record", "start", "end", "type", "score", "text", "year", "kept_type", "tags")
        ]
        assert table["text"].tolist() == [span.text for span in (*SPANS, SPANS[0])]
        assert table["score"].tolist() == pytest.approx([span.score for span in (*SPANS, SPANS[0])])
        assert table["year"].fillna(0).tolist() == [2020] * 4 + [0]
        assert table["kept_type"].tolist()[:4] == ['a "b",\nc'] * 4
        assert [TEXT[start:end] for start, end in zip(table["start"], table["end"], strict=True)] == table[
            "text"
        ].tolist()


def test_note_nlp_is_the_table_of_the_cdm(tmp_path: Path) -> None:
    """Loaded into the table as the CDM defines it, with its lengths checked."""
    import duckdb

    long = "w" * 300
    data = get_writer("omop-note-nlp").write(
        rows_of([(TEXT, SPANS), (long, (Span(0, 300, "x", 1.0, long),))], ["7", "8"]), ORIGIN
    )
    lengths = {"snippet": 250, "offset": 50, "lexical_variant": 250, "nlp_system": 250, "term_modifiers": 2000}
    for row in csv.DictReader(io.StringIO(data.decode())):
        assert all(len(row[name]) <= length for name, length in lengths.items())
    database = duckdb.connect()
    database.execute(
        "CREATE TABLE note_nlp (note_nlp_id integer NOT NULL PRIMARY KEY, note_id integer NOT NULL, "
        'section_concept_id integer, snippet varchar, "offset" varchar, lexical_variant varchar NOT NULL, '
        "note_nlp_concept_id integer, note_nlp_source_concept_id integer, nlp_system varchar, nlp_date date NOT NULL, "
        "nlp_datetime timestamp, term_exists varchar, term_temporal varchar, term_modifiers varchar)"
    )
    (tmp_path / "x.csv").write_bytes(data)
    database.execute(f"COPY note_nlp FROM '{tmp_path}/x.csv' (HEADER)")
    columns = [row[0] for row in database.execute("DESCRIBE note_nlp").fetchall()]
    assert columns == list(NOTE_NLP)
    found = database.execute(
        'SELECT note_nlp_id, note_id, "offset", lexical_variant, note_nlp_concept_id, nlp_date::varchar, term_exists, '
        "term_modifiers FROM note_nlp ORDER BY note_nlp_id"
    ).fetchall()
    assert found[0] == (11, 7, "0", "Aspirin", 0, "2026-01-31", None, "type=drug,score=0.9")
    assert [row[0] for row in found] == [11, 12, 13, 14, 15]
    assert database.execute("SELECT snippet FROM note_nlp").fetchall()[1] == (TEXT.replace("\n", " "),)


def test_note_nlp_refuses_ids_that_are_no_notes_and_quotes_no_text() -> None:
    with pytest.raises(UsageError, match=r"id of record 0 of in\.xml is not a whole number") as caught:
        write("omop-note-nlp", [(TEXT, SPANS)])
    assert "Aspirin" not in str(caught.value)


@settings(max_examples=20)
@given(CASES)
def test_docbin_is_read_by_spacy(cases: list[Annotated]) -> None:
    spacy = pytest.importorskip("spacy", reason="spaCy is not installed (the spacy extra)")
    from spacy.tokens import DocBin

    data = write("docbin", cases)
    assert data == write("docbin", cases)
    docs = list(DocBin().from_bytes(data).get_docs(spacy.blank("en").vocab))
    for number, (doc, (text, spans)) in enumerate(zip(docs, cases, strict=True)):
        assert doc.text == text
        group = doc.spans["sc"]
        assert [(span.start_char, span.end_char, span.label_) for span in group] == [
            (span.start, span.end, span.type) for span in spans
        ]
        assert group.attrs["scores"] == pytest.approx([span.score for span in spans])
        assert [(span.start_char, span.end_char) for span in doc.ents] == [
            (span.start, span.end) for span in flat_spans(spans)
        ]
        assert doc.user_data["document_id"] == f"doc-{number}"
