"""Reads PubMed XML: the annual baseline, the daily update files, and responses of E-utilities."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from openbioner_batch.formats import fields
from openbioner_batch.formats.base import Format, InputFile, ReadOptions, Split
from openbioner_batch.formats.registry import FORMATS
from openbioner_batch.formats.xml import BrokenXml, RecordTags, elements
from openbioner_batch.records import Deletion, Document, Parsed, Record, Rejected

COLUMNS = pa.schema(
    [
        pa.field("pmid", pa.string()),
        pa.field("version", pa.int32()),
        pa.field("year", pa.int32()),
        pa.field("date", pa.string()),
        pa.field("date_revised", pa.string()),
        pa.field("journal", pa.string()),
        pa.field(
            "sections",
            pa.list_(pa.struct([("label", pa.string()), ("start", pa.int32()), ("end", pa.int32())])),
        ),
    ]
)
"""Fields of a citation besides its text; dates are ISO 8601, as exact as in the citation."""

_CITATIONS = ("PubmedArticle", "PubmedBookArticle")
_WITHDRAWALS = ("DeleteCitation", "DeleteDocument")
_TAGS = RecordTags("PubMed XML", ("PubmedArticleSet", "PubmedBookArticleSet"), (*_CITATIONS, *_WITHDRAWALS))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class PubMed(Format):
    """Citations as documents: the title, then each part of the abstract on a separate line, `LABEL: ...` if labelled.

    A record's position counts citations, books and withdrawn ids in file order. `sections` has the offsets of the title
    (label TITLE) and of each part of the abstract, without the label itself; a part without a label is ABSTRACT.
    Abstracts in other languages (OtherAbstract) and vernacular titles are left out. Line breaks inside a title or a
    part are the XML file's layout and become spaces; the rest is unchanged.
    """

    name = "pubmed"
    suffixes = FORMATS["pubmed"].folder_suffixes

    def read(self, split: Split, options: ReadOptions) -> Iterator[Record]:
        file = split.files[0]
        number = 0
        for element in elements(file, _TAGS):
            for record in _records(element, file, number, options):
                yield record
                number += 1

    def resolve(self, files: Sequence[InputFile], options: ReadOptions) -> ReadOptions:
        """Sets the columns to keep: all, where none is named."""
        options = fields.canonical_options(options, self)
        fields.require(options, "PubMed", [*COLUMNS.names, *fields.folder_columns(files[0].uri)])
        return replace(options, keep_fields=options.keep_fields or tuple(COLUMNS.names))

    def kept_schema(self, files: Sequence[InputFile], options: ReadOptions) -> pa.Schema:
        return fields.schema_of(options.keep_fields, COLUMNS)


def _records(element: Any, file: InputFile, number: int, options: ReadOptions) -> Iterator[Record]:
    if isinstance(element, BrokenXml):
        yield Rejected(file.uri, number, element.reason)
        return
    if element.tag in _CITATIONS:
        yield Parsed(file.uri, number, _document(element, file, number, options.keep_fields))
        return
    for offset, pmid in enumerate(element.iterfind("PMID")):
        name = (pmid.text or "").strip()
        if name:
            yield Deletion(file.uri, number + offset, name)
        else:
            yield Rejected(file.uri, number + offset, "a withdrawn citation without an id")


def _document(element: Any, file: InputFile, number: int, keep_fields: Sequence[str]) -> Document:
    if element.tag == "PubmedArticle":
        citation = element.find("MedlineCitation")
        body = citation.find("Article") if citation is not None else None
        title, journal = _text(body, "ArticleTitle"), _text(body, "Journal/Title")
        published = _find(body, "Journal/JournalIssue/PubDate")
    else:
        citation = body = element.find("BookDocument")
        journal = _text(body, "Book/BookTitle")
        title, published = _text(body, "ArticleTitle") or journal, _find(body, "Book/PubDate")
    pmid = _find(citation, "PMID")
    name = (pmid.text or "").strip() if pmid is not None else ""
    text, sections = _compose(title, _find(body, "Abstract"))
    date = _date(published) or _date(_find(body, "ArticleDate"))
    metadata = {
        **fields.folder_columns(file.uri),
        "pmid": name or None,
        "version": _integer(pmid.get("Version")) if pmid is not None else None,
        "year": int(date[:4]) if date else None,
        "date": date,
        "date_revised": _date(_find(citation, "DateRevised")),
        "journal": journal or None,
        "sections": sections,
    }
    return Document(fields.document_id(name, file, number), text, {key: metadata.get(key) for key in keep_fields})


def _compose(title: str, abstract: Any) -> tuple[str, list[dict[str, Any]]]:
    """The document's text and the offsets of its sections, in code points."""
    lines: list[str] = []
    sections: list[dict[str, Any]] = []
    length = 0
    parts = [("TITLE", "", title)]
    for part in abstract.iterfind("AbstractText") if abstract is not None else ():
        # PubMed writes UNLABELLED for a part without a label among labelled ones
        label = (part.get("Label") or "").strip().replace("UNLABELLED", "")
        parts.append((label or "ABSTRACT", f"{label}: " if label else "", _flat(part)))
    for label, prefix, content in parts:
        if content:
            start = length + len(prefix)
            sections.append({"label": label, "start": start, "end": start + len(content)})
            lines.append(prefix + content)
            length = start + len(content) + 1
    return "\n".join(lines), sections


def _find(element: Any, path: str) -> Any:
    return element.find(path) if element is not None else None


def _text(element: Any, path: str) -> str:
    found = _find(element, path)
    return _flat(found) if found is not None else ""


def _flat(element: Any) -> str:
    """The characters of an element without its markup."""
    return re.sub(r"\s*\n\s*", " ", "".join(element.itertext())).strip()


def _date(element: Any) -> str | None:
    """An ISO 8601 date as exact as a PubMed date is (`2021-03-15`, `2021-03`, `2021`); for a range, its beginning."""
    if element is None:
        return None
    year, month, day = (_text(element, name) for name in ("Year", "Month", "Day"))
    if not year:
        words = _text(element, "MedlineDate")
        found = re.search(r"\b(?:1[5-9]|20)\d\d\b", words)
        if found is None:
            return None
        year = found.group()
        following = re.match(r"\s+([A-Za-z]{3})", words[found.end() :])
        month = following.group(1) if following else ""
    if not re.fullmatch(r"\d{4}", year):
        return None
    name = month[:3].lower()
    number = _MONTHS.index(name) + 1 if name in _MONTHS else _integer(month) or 0
    if not 1 <= number <= 12:
        return year
    date = f"{year}-{number:02}"
    return f"{date}-{int(day):02}" if re.fullmatch(r"[0-3]?\d", day) and 1 <= int(day) <= 31 else date


def _integer(value: str | None) -> int | None:
    return int(value) if value and re.fullmatch(r"\d{1,9}", value) else None
