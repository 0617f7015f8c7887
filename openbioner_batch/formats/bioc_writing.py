"""Writes BioC by the `bioc` library."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from openbioner_batch.formats.writing import DocumentWriter, Origin, OutputDocument
from openbioner_batch.records import ConceptLink, Span

# characters that XML 1.0 cannot contain, escaped or not
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class BioCXmlWriter(DocumentWriter):
    """A collection for each shard, whose offsets are code points.

    An annotation's infons are its type and its score, each flag of its assertion as "true" or "false", and its section.
    A document is a passage `title` and a passage `abstract` where the run distinguishes them (PubMed), else one
    passage; also where a span lies in both. Characters that XML cannot contain become U+FFFD, one for one.
    """

    name = "bioc-xml"
    suffix = ".bioc.xml"

    def render(self, documents: Sequence[OutputDocument], origin: Origin) -> bytes:
        from bioc import biocxml

        text: str = biocxml.dumps(_collection([_for_xml(found) for found in documents], origin))
        return text.encode()


class BioCJsonWriter(DocumentWriter):
    """The same in JSON, which can contain any character."""

    name = "bioc-json"
    suffix = ".bioc.json"

    def render(self, documents: Sequence[OutputDocument], origin: Origin) -> bytes:
        from bioc import biocjson

        text: str = biocjson.dumps(_collection(documents, origin), ensure_ascii=False)
        return text.encode()


def _collection(documents: Sequence[OutputDocument], origin: Origin) -> Any:
    import bioc

    collection = bioc.BioCCollection()
    collection.source = origin.system
    collection.date = origin.day.isoformat()
    for found in documents:
        document = bioc.BioCDocument()
        document.id = found.id
        for label, start, end in _passages(found):
            passage = bioc.BioCPassage()
            passage.offset = start
            passage.text = found.known_text[start:end]
            passage.infons = {"type": label} if label else {}
            for number, span in enumerate(found.spans):
                if start <= span.start < end:
                    annotation = bioc.BioCAnnotation()
                    annotation.id = f"T{number + 1}"
                    annotation.infons = {"type": span.type, "score": str(span.score), **_infons(span), **_concept(span)}
                    annotation.add_location(bioc.BioCLocation(span.start, span.end - span.start))
                    annotation.text = span.text
                    passage.add_annotation(annotation)
            document.add_passage(passage)
        collection.add_document(document)
    return collection


def _infons(span: Span) -> dict[str, str]:
    """Fields that spans have only in runs that request them."""
    flags = {} if span.assertion is None else asdict(span.assertion)
    return {name: str(value).lower() for name, value in flags.items()} | (
        {"section": span.section} if span.section else {}
    )


def _concept(span: Span) -> dict[str, str]:
    """The infons of a span's concepts: the best one, and the identifiers of all where there are several."""
    if span.concept is None:
        return {}
    found = {"identifier": span.concept.id, "concept": span.concept.name}
    if len(span.concepts or ()) > 1:
        found["identifiers"] = ",".join(concept.id for concept in span.concepts or ())
    return found


def _passages(found: OutputDocument) -> list[tuple[str, int, int]]:
    """Label, start and end of each passage: together, except for the line break between them, the whole text."""
    text = found.known_text
    title = (found.metadata.get("sections") or [{}])[0]
    end = title.get("end")
    if title.get("label") != "TITLE" or title["start"] != 0 or text[end : end + 1] not in ("\n", ""):
        return [("", 0, len(text))]
    if any(span.start < end + 1 and span.end > end for span in found.spans):
        return [("", 0, len(text))]
    return [("title", 0, end)] + ([("abstract", end + 1, len(text))] if end + 1 < len(text) else [])


def _for_xml(found: OutputDocument) -> OutputDocument:
    spans = tuple(
        replace(
            span,
            type=_legal(span.type),
            text=_legal(span.text),
            section=span.section and _legal(span.section),
            concepts=_legal_concepts(span.concepts),
        )
        for span in found.spans
    )
    return replace(found, id=_legal(found.id), text=_legal(found.known_text), spans=spans)


def _legal_concepts(concepts: tuple[ConceptLink, ...] | None) -> tuple[ConceptLink, ...] | None:
    return concepts and tuple(replace(found, id=_legal(found.id), name=_legal(found.name)) for found in concepts)


def _legal(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
