"""Writes spaCy's DocBin, for `spacy train` and `DocBin().from_disk`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

from openbioner_batch.formats.writing import DocumentWriter, Origin, OutputDocument, flat_spans
from openbioner_batch.records import Span

SPANS_KEY = "sc"


class DocBinWriter(DocumentWriter):
    """Docs with spaCy's English tokens, cut at the edges of spans too, so that every offset is exact.

    `doc.spans["sc"]` holds all spans, their scores in `attrs["scores"]`, the flags of their assertions that are set in
    `attrs["assertions"]`, their sections in `attrs["sections"]`; `doc.ents`, which cannot overlap, those that
    `flat_spans` keeps. `kb_id_` is the best concept's. `doc.user_data` names `document_id`, `source`
    and `record`.
    """

    name = "docbin"
    suffix = ".spacy"

    def render(self, documents: Sequence[OutputDocument], origin: Origin) -> bytes:
        from spacy.tokens import DocBin

        language = _language()
        # a note may be longer than the million characters at which spaCy warns because of its parsers
        language.max_length = max([1, *(len(found.known_text) for found in documents)])
        # otherwise the vocabulary would keep the words of every shard
        with language.memory_zone():
            docs = (_doc(found, language) for found in documents)
            data: bytes = DocBin(attrs=["ENT_IOB", "ENT_TYPE", "ENT_KB_ID"], store_user_data=True, docs=docs).to_bytes()
        return data


@lru_cache(maxsize=1)
def _language() -> Any:
    import spacy

    return spacy.blank("en")


def _doc(found: OutputDocument, language: Any) -> Any:
    from spacy.tokens import Doc, SpanGroup
    from spacy.tokens import Span as SpacySpan

    tokens = _tokens(language.make_doc(found.known_text), found.spans)
    doc = Doc(language.vocab, [word for word, _ in tokens], [space for _, space in tokens])
    starts = {token.idx: token.i for token in doc}
    ends = {token.idx + len(token): token.i + 1 for token in doc}

    def spacy_span(span: Span) -> Any:
        return SpacySpan(
            doc, starts[span.start], ends[span.end], span.type, kb_id=span.concept.id if span.concept else ""
        )

    spans = [spacy_span(span) for span in found.spans]
    attrs: dict[str, list[Any]] = {"scores": [span.score for span in found.spans]}
    if any(span.assertion for span in found.spans):
        attrs["assertions"] = [list(span.assertion.words) if span.assertion else [] for span in found.spans]
    if any(span.section for span in found.spans):
        attrs["sections"] = [span.section for span in found.spans]
    doc.spans[SPANS_KEY] = SpanGroup(doc, name=SPANS_KEY, spans=spans, attrs=attrs)
    doc.set_ents([spacy_span(span) for span in flat_spans(found.spans)])
    doc.user_data = {"document_id": found.id, "source": found.source, "record": found.record}
    return doc


def _tokens(doc: Any, spans: Sequence[Span]) -> list[tuple[str, bool]]:
    """The words of a spaCy document, cut at the edges of spans, each with whether a space follows."""
    text = doc.text
    starts, ends = {span.start for span in spans}, {span.end for span in spans}
    own = {edge for token in doc for edge in (token.idx, token.idx + len(token))}
    tokens: list[tuple[str, bool]] = []
    for low, high in pairwise(sorted({0, len(text)} | starts | ends | own)):
        # a single space belongs to the token before it, unless a span begins or ends with it
        if text[low:high] == " " and tokens and not tokens[-1][1] and low not in starts and high not in ends:
            tokens[-1] = (tokens[-1][0], True)
        else:
            tokens.append((text[low:high], False))
    return tokens
