"""Builds the page as one file: styles, script and data in `page.html`, without external resources."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from importlib.resources import files
from string import Template
from typing import Any

from openbioner_batch.report.gathering import SampledDocument
from openbioner_batch.report.page.markup import Markup, concatenated, element, escaped
from openbioner_batch.report.page.sections import PageSection

MOST_CHARACTERS = 20_000
"""The most characters of a document's text; the rest is left out."""
_STYLES = ("page.css", "documents.css")
_SCRIPTS = ("marking.js", "documents.js")
_JUDGING = "judging"
"""Names of the markup, style and script for judging spans on the page."""


def build_page(
    title: str,
    head: Markup,
    sections: Sequence[PageSection],
    types: Sequence[str],
    documents: Sequence[SampledDocument],
    drawn: str,
    judging: bool = False,
) -> bytes:
    """The file.

    Args:
        title: shown by browsers.
        head: the page's header.
        sections: its parts.
        types: the entity types, in the order of their colours.
        documents: to be browsed; without any, that part is left out.
        drawn: how the documents were chosen, in words.
        judging: whether spans can be judged right, wrong or missing, and saved as examples.
    """
    data = {"types": list(types), "documents": [_as_json(one, types) for one in documents], _JUDGING: judging}
    parts = {name: _asset(f"{name}.html") if judging else "" for name in (_JUDGING, f"{_JUDGING}_keys")}
    browser = filled("documents.html", drawn=escaped(drawn), **parts) if documents else Markup("")
    links = [("documents", "Documents")] if documents else []
    styles = (*_STYLES, *((f"{_JUDGING}.css",) if judging else ()))
    first, last = _SCRIPTS
    scripts = (first, *((f"{_JUDGING}.js",) if judging else ()), last)  # the last one starts running at once
    return put_together(title, head, sections, browser, links, data, styles, scripts)


def put_together(
    title: str,
    head: Markup,
    sections: Sequence[PageSection],
    last: Markup,
    links: Sequence[tuple[str, str]],
    data: Any,
    styles: Sequence[str],
    scripts: Sequence[str],
) -> bytes:
    """The file from its parts.

    Args:
        title: shown by browsers.
        head: the page's header.
        sections: its parts.
        last: what comes after them.
        links: id and label of what in `last` is linked to.
        data: what the script reads, as JSON.
        styles: names of style sheets in this folder.
        scripts: names of scripts in this folder.
    """
    style, script = ("\n".join(map(_asset, names)).strip() for names in (styles, scripts))
    targets = [*((part.id, part.heading) for part in sections), *links]
    page = Template(_asset("page.html")).substitute(
        title=escaped(title),
        style_hash=_hash(style),
        script_hash=_hash(script),
        style=style,
        links=concatenated(element("li", element("a", label, href=f"#{id}")) for id, label in targets),
        header=head,
        sections=concatenated(part.markup for part in sections),
        documents=last,
        data=json_in_html(data),
        script=script,
    )
    return page.encode()


def filled(name: str, **values: str) -> Markup:
    """A piece of markup in this folder, with its values, which are markup."""
    return Markup(Template(_asset(name)).substitute(values))


def _asset(name: str) -> str:
    return (files(__package__) / name).read_text("utf-8")


def _hash(text: str) -> str:
    """The hash by which a Content-Security-Policy allows a script or style."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def json_in_html(value: Any) -> Markup:
    """JSON that is safe in a script element: it cannot end the element or begin another."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def _as_json(document: SampledDocument, types: Sequence[str]) -> dict[str, Any]:
    """A document for the script: its text as far as it is shown, and marks with offsets in code points."""
    place = {name: number for number, name in enumerate(types)}
    text = document.text
    shown = text if text is None else text[:MOST_CHARACTERS]
    marks = [mark for mark in document.marks if shown is None or mark.end <= len(shown)]
    found: dict[str, Any] = {
        "id": document.id,
        "place": document.place,
        "marks": [
            [
                mark.start,
                mark.end,
                place[mark.type],
                round(mark.score, 4),
                mark.text if shown is None else "",
                mark.note,
            ]
            for mark in sorted(marks, key=lambda mark: (mark.start, -mark.end, place[mark.type]))
        ],
    }
    if shown is not None and text is not None:
        found["text"] = shown
        found["cut"] = [len(text) - len(shown), len(document.marks) - len(marks)]
    return found
