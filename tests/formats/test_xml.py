"""XML as it comes: files strung together, records without a root, damage. Each record is read or is set aside."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from formats.reading import documents, read_all, rejected
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.formats import get_format, xml_scanning

PUBMED, BIOC = get_format("pubmed"), get_format("bioc-xml")
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
DOCTYPE = '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle//EN" "https://dtd.test/pubmed.dtd">\n'


def article(number: int, title: str = "Zinc") -> str:
    return (
        f'<PubmedArticle><MedlineCitation Status="x"><PMID Version="1">{number}</PMID><Article><ArticleTitle>{title} '
        f"{number}</ArticleTitle></Article></MedlineCitation></PubmedArticle>"
    )


def whole(*numbers: int) -> str:
    return f"{DECLARATION}{DOCTYPE}<PubmedArticleSet>{''.join(map(article, numbers))}\n</PubmedArticleSet>\n"


def ids(path: Path) -> list[str]:
    return [document.id for document in documents(read_all(PUBMED, [path]))]


@pytest.mark.parametrize(
    "content",
    [
        whole(1, 2) + whole(3),
        whole(1) + "﻿" + whole(2, 3),
        article(1) + "\n" + article(2) + article(3),
        DECLARATION + article(1) + article(2) + whole(3),
        f"<PubmedArticleSet>{article(1)}<!-- {article(9)} -->{article(2)}<?pi x?>{article(3)}</PubmedArticleSet>",
        f"<PubmedArticleSet><!-- </PubmedArticle> -->{article(1, '<![CDATA[</PubmedArticle>]]>')}{article(2)}"
        f"{article(3)}</PubmedArticleSet >",
        whole(1, 2, 3).replace("\n", "\r\n"),
        whole(1, 2, 3).replace("\n", "\r"),
        f"<PubmedArticleSet>{''.join(map(article, (1, 2, 3)))}</PubmedArticleSet><PubmedArticleSet/>\0\0\0",
    ],
)
@pytest.mark.parametrize("piece", [7, 1 << 20])
def test_documents_strung_together_and_bare_records_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, piece: int
) -> None:
    monkeypatch.setattr(xml_scanning, "_PIECE", piece)
    path = tmp_path / "a.xml"
    path.write_bytes(content.encode())
    found = read_all(PUBMED, [path])
    assert [document.id for document in documents(found)] == ["1", "2", "3"]
    assert rejected(found) == []


def test_gzip_members_are_one_file(tmp_path: Path) -> None:
    path = tmp_path / "a.xml.gz"
    path.write_bytes(gzip.compress(whole(1, 2).encode()) + gzip.compress(whole(3).encode()))
    assert ids(path) == ["1", "2", "3"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "iso-8859-1", "windows-1252", "utf-8"])
def test_the_encoding_is_the_one_that_the_file_says(tmp_path: Path, encoding: str) -> None:
    content = whole(1).replace("UTF-8", encoding).replace("Zinc", "Naïve")
    path = tmp_path / "a.xml"
    path.write_bytes(content.encode(encoding))
    (document,) = documents(read_all(PUBMED, [path]))
    assert document.text == "Naïve 1"


DAMAGES = {
    "a tag inside": lambda text: text.replace("</Article>", "</Artocle>", 1),
    "the start tag": lambda text: text.replace("<PubmedArticle>", "<PubmedArticl>", 1),
    "the start tag's end": lambda text: text.replace("<PubmedArticle>", "<PubmedArticle ", 1),
    "the end tag": lambda text: text.replace("</PubmedArticle>", "</PubmedArticl>", 1),
    "no UTF-8": lambda text: text.replace("Zinc", "\udcff", 1),
    "a control character": lambda text: text.replace("Zinc", "\x01", 1),
    "an entity": lambda text: text.replace("Zinc", "&secret;", 1),
    "a comment that never ends": lambda text: text.replace("Zinc", "<!-- Zinc", 1),
    "CDATA that never ends": lambda text: text.replace("Zinc", "<![CDATA[ Zinc", 1),
    "cut": lambda text: text[: len(text) // 2],
    "an attribute": lambda text: text.replace('Status="x"', 'Status="x', 1),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("rootless", [False, True])
@given(bad=st.sets(st.integers(0, 6), min_size=1, max_size=3), piece=st.sampled_from([5, 64, 1 << 20]))
def test_a_damaged_record_is_set_aside_alone(
    tmp_path_factory: pytest.TempPathFactory, damage: str, rootless: bool, bad: set[int], piece: int
) -> None:
    parts = [DAMAGES[damage](article(number)) if number in bad else article(number) for number in range(7)]
    content = "".join(parts) if rootless else f"{DECLARATION}<PubmedArticleSet>{''.join(parts)}</PubmedArticleSet>"
    path = tmp_path_factory.mktemp("x") / "a.xml"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xml_scanning, "_PIECE", piece)
        found = read_all(PUBMED, [path])
    assert [document.id for document in documents(found)] == [str(n) for n in range(7) if n not in bad]
    assert len(rejected(found)) == len(bad)
    assert [record.record for record in found] == list(range(7))


@given(cut=st.floats(0, 1), packed=st.booleans())
def test_a_file_that_is_cut_gives_what_is_whole_and_one_rejected_record(
    tmp_path_factory: pytest.TempPathFactory, cut: float, packed: bool
) -> None:
    content = whole(1, 2, 3, 4).encode()
    content = content[: int(cut * (content.index(b"</PubmedArticleSet>")))]
    path = tmp_path_factory.mktemp("x") / ("a.xml.gz" if packed else "a.xml")
    path.write_bytes(gzip.compress(content) if packed else content)
    found = read_all(PUBMED, [path])
    ends = content.count(b"</PubmedArticle>")
    assert [document.id for document in documents(found)] == [str(n + 1) for n in range(ends)]
    assert len(rejected(found)) == 1


def test_what_belongs_to_no_record_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text(f"{whole(1)}SECRET words\n{whole(2)}")
    found = read_all(PUBMED, [path])
    assert [document.id for document in documents(found)] == ["1", "2"]
    [(number, reason)] = rejected(found)
    assert (number, reason.partition(":")[0]) == (1, "malformed XML after line 3")
    assert "SECRET" not in reason


def test_collections_of_bioc_may_be_strung_together(tmp_path: Path) -> None:
    def collection(*names: str) -> str:
        inside = "".join(f"<document><id>{name}</id><passage><text>Zinc</text></passage></document>" for name in names)
        head = '<source>s</source><date/><key>k</key><infon key="a">b</infon>'
        return f'<?xml version="1.0"?><!DOCTYPE collection SYSTEM "BioC.dtd"><collection>{head}{inside}</collection>'

    path = tmp_path / "a.bioc"
    path.write_text(collection("1", "2") + collection("3"))
    found = read_all(BIOC, [path])
    assert [document.id for document in documents(found)] == ["1", "2", "3"]
    assert rejected(found) == []


def test_each_document_of_a_file_is_in_the_encoding_that_it_says(tmp_path: Path) -> None:
    """One that says none is in UTF-8, whatever the one before it said."""
    path = tmp_path / "a.xml"
    first = whole(1).replace("UTF-8", "latin-1").replace("Zinc", "Na\u00efve").encode("latin-1")
    second = whole(2).replace(' encoding="UTF-8"', "").replace("Zinc", "Na\u00efve").encode()
    path.write_bytes(first + second + first)
    found = [document.text for document in documents(read_all(PUBMED, [path]))]
    assert found == ["Na\u00efve 1", "Na\u00efve 2", "Na\u00efve 1"]
