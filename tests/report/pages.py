"""Pages to look at, and what is in them: `from report.pages import make_page`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import lxml.html

from openbioner_batch.report.gathering import Mark, SampledDocument
from openbioner_batch.report.page.build import build_page
from openbioner_batch.report.page.markup import element
from openbioner_batch.report.page.sections import section

TYPES = ("drug", "disease", "gene")


def sampled(id: str, text: str, *places: tuple[int, int, str, float], keep_text: bool = True) -> SampledDocument:
    """A document with marks at these places."""
    marks = tuple(Mark(start, end, kind, score, text[start:end]) for start, end, kind, score in places)
    return SampledDocument(id, "in.jsonl, record 0", text if keep_text else None, marks)


def make_page(
    documents: Sequence[SampledDocument], title: str = "a run", types: Sequence[str] = TYPES, judging: bool = False
) -> str:
    """A page with little but documents in it."""
    head = element("header", element("h1", title))
    return build_page(title, head, [section("types", "Types")], types, documents, "A sample.", judging).decode()


def parsed(page: str) -> Any:
    """The page as a tree, as a browser without scripts has it."""
    return lxml.html.document_fromstring(page)


def data_of(page: str) -> dict[str, Any]:
    """What the page holds for its script."""
    (script,) = parsed(page).xpath("//script[@id='data']")
    found: dict[str, Any] = json.loads(script.text)
    return found
