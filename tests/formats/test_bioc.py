"""BioC: passages, sentences, annotations and scores as they are read; ids and odd characters as they are written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from formats.annotating import ORIGIN, rows_of
from formats.reading import documents, read_all, rejected

from openbioner_batch.formats import ReadOptions, get_format, get_writer
from openbioner_batch.records import Assertion, ConceptLink, Document, Record, Span

KEEP = ReadOptions(keep_fields=("annotations", "sections"))


def mark(offset: int, text: str | None, length: int = 4, **infons: object) -> dict[str, Any]:
    infons = {"type": "drug", **infons}
    return {"infons": infons, "locations": [{"offset": offset, "length": length}], **({"text": text} if text else {})}


def passage(text: str, offset: int = 0, *marks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"offset": offset, "text": text, "annotations": list(marks), **more}


def read(folder: Path, *passages: dict[str, Any]) -> list[Record]:
    (folder / "a.json").write_text(json.dumps({"documents": [{"id": "1", "passages": list(passages)}]}))
    return read_all(get_format("bioc-json"), [folder], KEEP)


def spans(document: Document) -> list[tuple[int, str]]:
    return [(span["start"], span["text"]) for span in document.metadata["annotations"]]


def test_annotations_of_a_passage_and_of_each_of_its_sentences_are_kept(tmp_path: Path) -> None:
    sentences = [passage("Zinc.", 10, mark(10, "Zinc")), passage("Iron, lead.", 20, mark(20, "Iron"), mark(26, "lead"))]
    (document,) = documents(read(tmp_path, passage("", 10, mark(20, "Iron"), sentences=sentences)))
    assert document.text == "Zinc. Iron, lead."
    assert sorted(spans(document)) == [(0, "Zinc"), (6, "Iron"), (6, "Iron"), (12, "lead")]


def test_sentences_beside_the_text_of_their_passage_bring_annotations_and_no_text(tmp_path: Path) -> None:
    sentences = [passage("Zinc.", 10, mark(10, "Zinc")), passage("Iron.", 16, mark(16, "Iron"))]
    (document,) = documents(read(tmp_path, passage("Zinc. Iron.", 10, sentences=sentences)))
    assert document.text == "Zinc. Iron."
    assert spans(document) == [(0, "Zinc"), (6, "Iron")]


def test_a_passage_without_text_takes_no_place_and_ends_nothing(tmp_path: Path) -> None:
    first = passage("Zinc", 0, mark(0, "Zinc"), infons={"type": "title"})
    (document,) = documents(read(tmp_path, first, passage("", 5), passage("Iron", 6, mark(6, "Iron"))))
    assert document.text == "Zinc\nIron"
    assert spans(document) == [(0, "Zinc"), (5, "Iron")]
    assert document.metadata["sections"] == [
        {"label": "TITLE", "start": 0, "end": 4},
        {"label": "", "start": 5, "end": 9},
    ]


def test_an_annotation_must_be_what_stands_there_if_it_says_what(tmp_path: Path) -> None:
    assert spans(documents(read(tmp_path, passage("Zinc", 0, mark(0, None))))[0]) == [(0, "Zinc")]
    assert rejected(read(tmp_path, passage("Zinc", 0, mark(0, "SECR")))) == [
        (0, "[0, 4) of the text is not the mention that the line gives")
    ]
    assert rejected(read(tmp_path, passage("Zinc", 10, mark(4, "Zinc")))) == [
        (0, "an annotation lies outside of its passage")
    ]
    assert rejected(read(tmp_path, passage("Zinc", 0, mark(0, "Zinc", type="")))) == [
        (0, "an annotation without an infon `type`")
    ]


@pytest.mark.parametrize(
    ("said", "score"), [(0, 0.0), ("0.25", 0.25), ("1", 1.0), (1.5, 1.0), (-1, 1.0), ("high", 1.0), ("nan", 1.0)]
)
def test_scores_are_those_of_the_file_where_they_are_scores(tmp_path: Path, said: object, score: float) -> None:
    (document,) = documents(read(tmp_path, passage("Zinc", 0, mark(0, "Zinc", score=said))))
    assert [span["score"] for span in document.metadata["annotations"]] == [score]


def test_a_damaged_document_in_xml_costs_no_other(tmp_path: Path) -> None:
    texts = ("Zinc", "a & b", "Iron")
    held = "".join(
        f"<document><id>{text[:4]}</id><passage><text>{text}</text></passage></document>\n" for text in texts
    )
    (tmp_path / "a.xml").write_text(f"<collection>{held}</collection>")
    found = read_all(get_format("bioc-xml"), [tmp_path])
    assert [document.id for document in documents(found)] == ["Zinc", "Iron"]
    assert [number for number, _ in rejected(found)] == [1]


def test_ids_and_letters_are_written_as_they_are() -> None:
    data = get_writer("bioc-json").write(rows_of([("α", ()), ("", ())], ["7", "ü"]), ORIGIN)
    assert "α".encode() in data
    collection = json.loads(data)
    assert [document["id"] for document in collection["documents"]] == ["7", "ü"]
    assert (collection["source"], collection["date"]) == (ORIGIN.system, "2026-01-31")


def test_what_xml_cannot_hold_is_replaced_one_for_one_wherever_it_stands() -> None:
    from bioc import biocxml

    concepts = (ConceptLink("X\x01", "na\x02me", 1.0), ConceptLink("Y", "z", 0.5))
    span = Span(1, 4, "dr\x00ug", 0.5, "a\x0cb", Assertion(), "sec\x1ftion", concepts)
    rows = rows_of([("\ufffea\x0cb", (span,))], ["i\x08d"], extras=("assertion", "section", "concepts"))
    (document,) = biocxml.loads(get_writer("bioc-xml").write(rows, ORIGIN).decode()).documents
    assert (document.id, document.passages[0].text) == ("i\ufffdd", "\ufffda\ufffdb")
    (annotation,) = document.passages[0].annotations
    assert (annotation.text, annotation.infons["type"], annotation.infons["section"]) == (
        *("a\ufffdb", "dr\ufffdug", "sec\ufffdtion"),
    )
    named = [annotation.infons[name] for name in ("identifier", "concept", "identifiers")]
    assert named == ["X\ufffd", "na\ufffdme", "X\ufffd,Y"]


@pytest.mark.parametrize("name", ["bioc-xml", "bioc-json"])
def test_the_flags_of_an_assertion_are_written_as_true_or_false(name: str) -> None:
    import bioc

    span = Span(0, 4, "drug", 0.5, "Zinc", Assertion(negated=True), None)
    data = get_writer(name).write(rows_of([("Zinc", (span,))], extras=("assertion", "section")), ORIGIN).decode()
    read = bioc.biocxml.loads if name == "bioc-xml" else bioc.biocjson.loads
    infons = read(data).documents[0].passages[0].annotations[0].infons
    assert (infons["negated"], infons["family"]) == ("true", "false")
    assert "section" not in infons


def test_an_annotation_that_names_no_type_at_all_is_none(tmp_path: Path) -> None:
    untyped = {"infons": {}, "locations": [{"offset": 0, "length": 4}]}
    assert rejected(read(tmp_path, passage("Zinc", 0, untyped))) == [(0, "an annotation without an infon `type`")]


def test_json_may_be_a_list_of_collections_in_any_encoding(tmp_path: Path) -> None:
    collections = [{"documents": [{"id": id, "passages": [passage("Käse")]}]} for id in "12"]
    (tmp_path / "a.json").write_text(json.dumps(collections, ensure_ascii=False), "utf-16")
    found = documents(read_all(get_format("bioc-json"), [tmp_path], ReadOptions(encoding="utf-16")))
    assert [(document.id, document.text) for document in found] == [("1", "Käse"), ("2", "Käse")]


def test_a_document_of_json_has_passages(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"documents": [{"id": "1"}, {"id": "2", "passages": []}]}))
    found = read_all(get_format("bioc-json"), [tmp_path])
    assert [document.id for document in documents(found)] == ["2"]
    assert [number for number, _ in rejected(found)] == [0]


def test_annotations_of_xml_are_looked_at_only_where_they_are_kept(tmp_path: Path) -> None:
    mark = '<annotation><infon key="type">drug</infon><location offset="{}" length="4"/><text>Zinc</text></annotation>'
    body = "<passage><offset>10</offset><text>Zinc</text>{}</passage>"
    held = "".join(f"<document><id>{at}</id>{body.format(mark.format(at))}</document>" for at in (10, "ten"))
    (tmp_path / "a.xml").write_text(f"<collection>{held}</collection>")
    chosen = get_format("bioc-xml")
    assert [document.text for document in documents(read_all(chosen, [tmp_path]))] == ["Zinc", "Zinc"]
    kept = read_all(chosen, [tmp_path], KEEP)
    assert [spans(document) for document in documents(kept)] == [[(0, "Zinc")]]
    assert rejected(kept) == [(1, "an offset or a length is not a whole number")]
