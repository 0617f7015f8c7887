"""PubTator, BioC, brat, IOB, OMOP NOTE and FHIR as inputs of a run: what becomes a document, and what is set aside."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from formats.reading import documents, read_all, rejected
from hypothesis import given, settings
from hypothesis import strategies as st

from openbioner_batch.errors import UsageError
from openbioner_batch.formats import ReadOptions, get_format, iob, lines, list_inputs
from openbioner_batch.formats.fhir_attachment import with_text
from openbioner_batch.records import Record

PLAIN = {"contentType": "text/plain"}
KEEP = ReadOptions(keep_fields=("annotations",))
PUBTATOR = (
    "1|t|Zinc\n1|a|For colds.\n1\t0\t4\tZinc\tdrug\t-\n\n2|t|Bad\n2|a|offsets\n2\t0\t40\tBad\tx\t-\n\n3|t|Last\n3|a|\n"
)


def texts(found: list[Record]) -> list[str]:
    return [document.text for document in documents(found)]


def test_annotations_matter_only_where_they_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.pubtator.gz"
    path.write_bytes(gzip.compress(PUBTATOR.encode()))
    plain = read_all(get_format("pubtator"), [path])
    assert texts(plain) == ["Zinc\nFor colds.", "Bad\noffsets", "Last"]
    assert documents(plain)[0].metadata == {
        "sections": [{"label": "TITLE", "start": 0, "end": 4}, {"label": "ABSTRACT", "start": 5, "end": 15}]
    }
    strict = read_all(get_format("pubtator"), [path], KEEP)
    assert [document.id for document in documents(strict)] == ["1", "3"]
    assert rejected(strict) == [(1, "line 7: [0, 40) does not lie in a text of 11 characters")]
    assert documents(strict)[0].metadata["annotations"][0]["text"] == "Zinc"


def test_a_line_that_is_no_pubtator_costs_only_its_document(tmp_path: Path) -> None:
    path = tmp_path / "x.pubtator"
    path.write_bytes(b"secret line\n\n1|t|one\n1|a|\xff\n\n2|t|two\n2|a|2\n")
    found = read_all(get_format("pubtator"), [path])
    assert texts(found) == ["two\n2"]
    assert rejected(found) == [(0, "line 1: expected ID|t|title"), (1, "line 4: not valid UTF-8 at byte 4")]


def bioc(*passages: str, root: str = "collection") -> str:
    return f"<{root}><source/><date/><key/><document><id>7</id>{''.join(passages)}</document></{root}>"


def test_bioc_passages_are_lines_and_annotations_move_with_them(tmp_path: Path) -> None:
    """In this file passages lie a hundred characters apart, and the second is given in sentences."""
    mark = (
        '<annotation id="1"><infon key="type">drug</infon><location offset="{}" length="4"/>'
        "<text>{}</text></annotation>"
    )
    first = f'<infon key="type">front</infon><offset>0</offset><text>Zinc</text>{mark.format(0, "Zinc")}'
    second = (
        "<offset>104</offset><sentence><offset>104</offset><text>It helps.</text></sentence>"
        f"<sentence><offset>114</offset><text>Iron too.</text></sentence>{mark.format(114, 'Iron')}"
    )
    (tmp_path / "x.xml").write_text(bioc(*(f"<passage>{passage}</passage>" for passage in (first, second))))
    options = ReadOptions(keep_fields=("annotations", "sections"))
    (document,) = documents(read_all(get_format("bioc-xml"), [tmp_path], options))
    assert (document.id, document.text) == ("7", "Zinc\nIt helps. Iron too.")
    assert [(span["start"], span["text"]) for span in document.metadata["annotations"]] == [(0, "Zinc"), (15, "Iron")]
    assert document.metadata["sections"] == [
        {"label": "FRONT", "start": 0, "end": 4},
        {"label": "", "start": 5, "end": 24},
    ]


def test_bioc_that_is_not_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<PubmedArticleSet/>")
    (tmp_path / "b.xml").write_text(bioc("<passage><offset>secret</offset><text>x</text></passage>"))
    (tmp_path / "c.xml").write_text(bioc("<passage><text>x</text></passage>").replace("</document>", "", 1))
    found = read_all(get_format("bioc-xml"), [tmp_path], KEEP)
    assert [reason for _, reason in rejected(found)] == [
        "not BioC XML: expected one of collection, document as the root element; say --format pubmed",
        "an offset or a length is not a whole number",
        "malformed XML at line 1: the record that begins there does not end",
    ]
    assert texts(read_all(get_format("bioc-xml"), [tmp_path / "b.xml"])) == ["x"]
    for name, content in {
        "a": "{",
        "b": "[1]",
        "c": '{"documents": [{"id": 1, "passages": 3}, {"passages": []}]}',
    }.items():
        (tmp_path / f"{name}.json").write_text(content)
    found = read_all(get_format("bioc-json"), [tmp_path])
    unfit = "not BioC JSON: expected a collection with `documents`, or documents with `passages`"
    assert [reason for _, reason in rejected(found)] == ["malformed JSON: the value does not end", unfit, unfit]
    assert [document.text for document in documents(found)] == [""]


def test_xml_entities_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("SECRET")
    body = bioc("<passage><offset>0</offset><text>a &file; b</text></passage>")
    (tmp_path / "x.xml").write_text(
        f'<!DOCTYPE collection [<!ENTITY file SYSTEM "file://{tmp_path}/secret.txt">]>{body}'
    )
    assert "SECRET" not in "".join(texts(read_all(get_format("bioc-xml"), [tmp_path])))


def test_brat_pairs_stay_together_and_texts_need_no_annotations(tmp_path: Path) -> None:
    for name, content in {"a.txt": "Zinc.", "a.ann": "T1\tdrug 0 4\tZinc\n", "a.b.txt": "Iron", "c.ann": ""}.items():
        (tmp_path / name).write_text(content)
    found = read_all(get_format("brat"), [tmp_path], KEEP)
    assert [(document.id, len(document.metadata["annotations"])) for document in documents(found)] == [
        *(("a", 1), ("a.b", 0))
    ]
    assert rejected(found) == [
        (0, "annotations without a text: give NAME.txt too, or the folder that holds it and NAME.ann")
    ]
    assert [document.id for document in documents(read_all(get_format("brat"), [tmp_path]))] == ["a", "a.b"]


def test_iob_documents_begin_where_the_file_says_so_else_a_sentence_is_one(tmp_path: Path) -> None:
    marked = tmp_path / "a.conll"
    marked.write_text(
        "-DOCSTART- -X- O O\n\nLung NN B-site\n. . O\n\nGone NN O\n\n-DOCSTART-\tn7\t-X-\tO\n\nIron\tB-drug\n"
    )
    found = documents(read_all(get_format("iob"), [marked], KEEP))
    assert [(document.id, document.text) for document in found] == [(f"{marked}:0", "Lung .\nGone"), ("n7", "Iron")]
    plain = tmp_path / "b.iob"
    plain.write_text("Lung\tO\n\nsecret\n\nIron\tB-drug\n")
    found = read_all(get_format("iob"), [plain])
    assert texts(found) == ["Lung", "Iron"]
    assert rejected(found) == [(1, "line 3: expected token<TAB>tag, or a blank line between sentences")]


@pytest.mark.parametrize("begin", ["", "-DOCSTART-\tO\n\n"])
def test_iob_of_too_many_lines_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begin: str) -> None:
    for module in (iob, lines):
        monkeypatch.setattr(module, "MOST_LINES", 3)
    path = tmp_path / "a.iob"
    sentences = "x\tO\n" * 4 if not begin else "x\tO\nx\tO\n\n" * 2
    most = begin + "z\tO\n" * (2 if begin else 3)
    path.write_text(f"{most}\n{begin}{sentences}\n{begin}y\tO\n\n{most}")
    found = read_all(get_format("iob"), [path])
    assert texts(found) == [fit := "z z" if begin else "z z z", "y", fit]
    assert "more than" in rejected(found)[0][1]


@pytest.mark.parametrize("case", [str.lower, str.upper])
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet"])
def test_omop_notes(tmp_path: Path, case: object, suffix: str) -> None:
    names = [case(name) for name in ("note_id", "person_id", "note_text", "note_date")]  # type: ignore[operator]
    rows = [["11", "5", "Fever.", "2020-01-02"], ["12", "5", "No fever.", "2020-01-03"]]
    path = tmp_path / f"note{suffix}"
    if suffix == ".parquet":
        pq.write_table(pa.table({name: [row[place] for row in rows] for place, name in enumerate(names)}), path)
    else:
        mark = "," if suffix == ".csv" else "\t"
        path.write_text("".join(mark.join(row) + "\n" for row in [names, *rows]))
    found = documents(read_all(get_format("omop-note"), [path], ReadOptions(keep_fields=(names[3],))))
    assert [(document.id, document.text) for document in found] == [("11", "Fever."), ("12", "No fever.")]
    assert "2020-01-02" in str(found[0].metadata)


def test_a_table_that_is_no_note_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("id,text\n1,a\n")
    with pytest.raises(UsageError, match="is not an OMOP NOTE table: it has no columns note_id and note_text"):
        read_all(get_format("omop-note"), [tmp_path])


def reference(text: str, **more: object) -> dict[str, object]:
    return {"resourceType": "DocumentReference", **more, "content": [{"attachment": with_text(PLAIN, text)}]}


def write_resources(path: Path, *resources: dict[str, object]) -> Path:
    path.write_text("".join(json.dumps(resource) + "\n" for resource in resources))
    return path


@settings(max_examples=30)
@given(st.lists(st.text(), min_size=1, max_size=4))
def test_fhir_attachments_are_the_texts_that_went_into_them(
    tmp_path_factory: pytest.TempPathFactory, contents: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("fhir")
    report = {"resourceType": "DiagnosticReport", "presentedForm": [with_text(PLAIN, text) for text in contents]}
    path = write_resources(folder / "x.ndjson", report, *(reference(text) for text in contents))
    assert texts(read_all(get_format("fhir"), [path])) == ["\n\n".join(contents), *contents]


def test_fhir_elements_are_kept_by_name_and_a_resource_without_text_is_set_aside(tmp_path: Path) -> None:
    html = {"resourceType": "DiagnosticReport", "id": "2", "presentedForm": [{"contentType": "text/html", "data": ""}]}
    subject = {"reference": "Patient/7"}
    resources = [reference("Zinc.", id="1", subject=subject), html, {"resourceType": "Observation", "id": "3"}]
    path = write_resources(tmp_path / "x.ndjson", *resources)
    fhir = get_format("fhir")
    files = list_inputs([str(path)])
    assert fhir.kept_schema(files, fhir.resolve(files, ReadOptions())).names == []
    found = read_all(fhir, [path], ReadOptions(keep_fields=("subject",)))
    (document,) = documents(found)
    assert (document.id, document.text, json.loads(document.metadata["kept"])) == ("1", "Zinc.", {"subject": subject})
    assert [reason for _, reason in rejected(found)] == [
        "the resource holds no text",
        "no resource of a kind that is read: DocumentReference, DiagnosticReport, Patient",
    ]
    whole = read_all(fhir, [path], ReadOptions(keep_fields=("resource",)))
    assert [json.loads(one.metadata["kept"])["resource"] for one in documents(whole)] == resources[:2]
    with pytest.raises(UsageError, match="has no field 'subjct'; there are: resourceType, id, subject"):
        fhir.resolve(files, ReadOptions(keep_fields=("subjct",)))


def test_a_bulk_export_of_fhir_is_read_whole(shared: Path) -> None:
    path = shared / "corpora" / "fhir" / "DocumentReference.000.ndjson.gz"
    found = read_all(get_format("fhir"), [path])
    lines = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    assert [document.id for document in documents(found)] == [line["id"] for line in lines]
    assert all(document.text.strip() for document in documents(found))


def test_sections_of_a_pubtator_record_are_where_they_stand_in_its_text(tmp_path: Path) -> None:
    path = tmp_path / "x.pubtator"
    path.write_text("1|t|Aspirin\n1|a|It helps.\n\n2|t|No abstract\n2|a|\n\n3|t|\n3|a|No title\n\n")
    options = ReadOptions(keep_fields=("sections",))

    found = documents(read_all(get_format("pubtator"), [path], options))

    assert [document.id for document in found] == ["1", "2", "3"]
    assert [
        [(part["label"], document.text[part["start"] : part["end"]]) for part in document.metadata["sections"]]
        for document in found
    ] == [[("TITLE", "Aspirin"), ("ABSTRACT", "It helps.")], [("TITLE", "No abstract")], [("ABSTRACT", "No title")]]
