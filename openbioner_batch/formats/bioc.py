"""Reads BioC in XML and in JSON: collections of documents, which are passages with annotations."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from openbioner_batch.formats.annotated import ANNOTATIONS, AnnotatedFormat, document
from openbioner_batch.formats.base import InputFile, ReadOptions, Split
from openbioner_batch.formats.byte_lines import pieces_of
from openbioner_batch.formats.gold import GoldDocument, gold_span
from openbioner_batch.formats.json_values import MalformedValue, json_values
from openbioner_batch.formats.registry import FORMATS
from openbioner_batch.formats.storage import open_text
from openbioner_batch.formats.xml import BrokenXml, RecordTags, elements
from openbioner_batch.records import Parsed, Record, Rejected, Span

_TAGS = RecordTags("BioC XML", ("collection",), ("document",), ("source", "date", "key", "infon"))


@dataclass(slots=True)
class _Mark:
    """An annotation."""

    places: list[tuple[int, int]]
    """Offset and length of each of its locations."""
    text: str
    infons: dict[str, str]


@dataclass(slots=True)
class _Passage:
    """A passage: its texts (one, or one for each sentence) with their offsets, and its annotations."""

    label: str
    texts: list[tuple[int, str]] = field(default_factory=list)
    marks: list[_Mark] = field(default_factory=list)


class BioC(AnnotatedFormat):
    """Documents of passages, each on a separate line; sentences of a passage are joined by spaces.

    So a document whose passages follow each other with one character between them, as title and abstract do, has the
    file's own offsets; annotations of others are moved with their passage. A record's position is its document's
    number in the file, from 0.
    """

    has_sections = True

    def read(self, split: Split, options: ReadOptions) -> Iterator[Record]:
        file = split.files[0]
        with_spans = ANNOTATIONS in options.keep_fields
        for number, found in enumerate(self._documents(file, options.encoding, with_spans)):
            try:
                if isinstance(found, str):
                    raise ValueError(found)
                name, passages = found
                gold, sections = _compose(name, passages, with_spans)
                yield Parsed(file.uri, number, document(gold, file, number, options, sections))
            except ValueError as error:
                yield Rejected(file.uri, number, str(error))

    @abstractmethod
    def _documents(
        self, file: InputFile, encoding: str | None, with_spans: bool
    ) -> Iterator[tuple[str, list[_Passage]] | str]:
        """Id and passages of each document, or the reason why it cannot be read.

        Annotations and offsets are read only `with_spans`.
        """


class BioCXml(BioC):
    """A `collection` of `document` elements, read one at a time."""

    takes = ()
    name = "bioc-xml"
    suffixes = FORMATS["bioc-xml"].folder_suffixes

    def _documents(
        self, file: InputFile, encoding: str | None, with_spans: bool
    ) -> Iterator[tuple[str, list[_Passage]] | str]:
        for element in elements(file, _TAGS):
            if isinstance(element, BrokenXml):
                yield element.reason
                continue
            try:
                yield (element.findtext("id") or "").strip(), _xml_passages(element, with_spans)
            except ValueError as error:
                yield str(error)


class BioCJson(BioC):
    """Collections, documents and lists of these, one or several a file, and PubTator3's responses.

    A value at the top of the file, or of a list there, is read whole, so it has at most 64 MiB.
    """

    name = "bioc-json"
    suffixes = FORMATS["bioc-json"].folder_suffixes

    def _documents(
        self, file: InputFile, encoding: str | None, with_spans: bool
    ) -> Iterator[tuple[str, list[_Passage]] | str]:
        with open_text(file, encoding) as stream:
            for _, value in json_values(pieces_of(stream)):
                for found in [value] if isinstance(value, MalformedValue) else _json_documents(value):
                    try:
                        yield _json_document(found, with_spans)
                    except ValueError as error:
                        yield str(error)


_UNFIT = "not BioC JSON: expected a collection with `documents`, or documents with `passages`"
_COLLECTIONS = ("documents", "PubTator3")
"""Keys of documents; the second is that of PubTator3's responses."""


def _json_documents(value: Any) -> Iterator[Any]:
    for item in value if isinstance(value, list) else [value]:
        held = next((item[key] for key in _COLLECTIONS if key in item), None) if isinstance(item, dict) else None
        if isinstance(held, list):
            yield from held
        else:
            yield item


def _json_document(found: Any, with_spans: bool) -> tuple[str, list[_Passage]] | str:
    if isinstance(found, MalformedValue):
        return found.holding(*_COLLECTIONS).reason
    if not isinstance(found, dict):
        return _UNFIT
    return str(found.get("id") or ""), _json_passages(found, with_spans)


def _json_passages(found: dict[str, Any], with_spans: bool) -> list[_Passage]:
    passages = []
    for element in _dicts(found, "passages"):
        passage = _Passage(str(_dict(element, "infons").get("type") or ""))
        for unit in (element, *_dicts(element, "sentences")):
            text = unit.get("text") or ""
            if not isinstance(text, str):
                raise ValueError("a text is not a string")
            passage.texts.append((_whole(unit.get("offset") or 0) if with_spans else 0, text))
            passage.marks += map(_json_mark, _dicts(unit, "annotations")) if with_spans else ()
        passages.append(passage)
    return passages


def _json_mark(found: dict[str, Any]) -> _Mark:
    places = [(_whole(place.get("offset")), _whole(place.get("length"))) for place in _dicts(found, "locations")]
    infons = {name: str(value) for name, value in _dict(found, "infons").items()}
    return _Mark(places, str(found.get("text") or ""), infons)


def _dicts(found: dict[str, Any], name: str) -> list[dict[str, Any]]:
    items = found.get(name) if name == "passages" else found.get(name) or []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ValueError(_UNFIT if name == "passages" else f"`{name}` is not a list of objects")
    return items


def _dict(found: dict[str, Any], name: str) -> dict[str, Any]:
    value = found.get(name) or {}
    if not isinstance(value, dict):
        raise ValueError(f"`{name}` is no object")
    return value


def _xml_passages(document: Any, with_spans: bool) -> list[_Passage]:
    passages = []
    for element in document.iterfind("passage"):
        passage = _Passage(_infons(element).get("type", ""))
        for unit in (element, *element.iterfind("sentence")):
            passage.texts.append((_whole(unit.findtext("offset") or "0") if with_spans else 0, _content(unit)))
            passage.marks += map(_xml_mark, unit.iterfind("annotation")) if with_spans else ()
        passages.append(passage)
    return passages


def _xml_mark(element: Any) -> _Mark:
    places = [(_whole(place.get("offset")), _whole(place.get("length"))) for place in element.iterfind("location")]
    return _Mark(places, _content(element), _infons(element))


def _content(element: Any) -> str:
    text = element.find("text")
    return "" if text is None else "".join(text.itertext())


def _infons(element: Any) -> dict[str, str]:
    return {infon.get("key", ""): infon.text or "" for infon in element.iterfind("infon")}


def _whole(value: Any) -> int:
    """A number in the file, which may be written as text."""
    text = str(value).strip()
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ValueError("an offset or a length is not a whole number")
    return int(text)


def _compose(name: str, passages: list[_Passage], with_spans: bool) -> tuple[GoldDocument, list[tuple[str, int, int]]]:
    """The text of a document's passages, and label, start and end of each."""
    text = ""
    sections: list[tuple[str, int, int]] = []
    spans: list[Span] = []
    for passage in passages:
        # a passage with a text may have its sentences too: they repeat it
        units = passage.texts[:1] if passage.texts[0][1] else [unit for unit in passage.texts if unit[1]]
        if not units:
            continue
        first = len(text) + bool(text)
        placed = []
        for number, (offset, content) in enumerate(units):
            text += (" " if number else "\n") * bool(text) + content
            placed.append((offset, content, len(text) - len(content)))
        sections.append((passage.label.upper(), first, len(text)))
        for mark in passage.marks if with_spans else ():
            if len(mark.places) == 1:  # no span can be a mention of several parts
                spans.append(_span(text, placed, mark))
    return GoldDocument(name, text, tuple(spans)), sections


def _span(text: str, placed: list[tuple[int, str, int]], mark: _Mark) -> Span:
    """The span of an annotation, given offset, content and position in `text` of its surroundings."""
    offset, length = mark.places[0]
    kind = mark.infons.get("type", "")
    if not kind:
        raise ValueError("an annotation without an infon `type`")
    for begin, content, place in placed:
        if begin <= offset < begin + len(content):
            start = place + offset - begin
            return replace(gold_span(text, start, start + length, kind, mark.text or None), score=_score(mark))
    raise ValueError("an annotation lies outside of its passage")


def _score(mark: _Mark) -> float:
    try:
        score = float(mark.infons.get("score", 1))
    except ValueError:
        return 1.0
    return score if 0 <= score <= 1 else 1.0
