"""Reads an LLM's answer: JSON as requested, or the complete items in something close to it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

TEXT_KEYS = ("text", "mention", "entity", "span", "name", "value")
TYPE_KEYS = ("type", "entity_type", "label", "category", "class")
"""Names that models give the two parts of an item, the requested name first."""
MOST_ITEMS = 500
"""A limit, since a model that repeats itself may continue until its tokens run out."""
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_OPENING = re.compile(r"[\[{]")
_ITEMS_OPENED = re.compile(r"\[\s*$|\[\s*\{[^{}]*$")
_DECODER = json.JSONDecoder()
_Errors = (ValueError, RecursionError)


@dataclass(frozen=True, slots=True)
class Mentions:
    """The mentions that an answer lists, without doubles, in its order."""

    items: tuple[tuple[str, str], ...]
    """Surface form and type, as the model wrote them."""
    malformed: int = 0
    """How many items are not a text with a type."""
    salvaged: bool = False
    """Whether the answer was not complete JSON, and these are the complete items in it."""


def read_mentions(content: str) -> Mentions | None:
    """The mentions in an answer; None where it holds no list of them.

    Read are a JSON list, or an object with one, of objects with a text and a type or of such pairs; and an object of
    types with lists of texts. Prose and code fences around it, trailing commas and a missing end are tolerated.
    """
    value = first_json(content)
    if value is not None:
        listed = _listed(value)
        return None if listed is None else _mentions(listed, salvaged=False)
    whole = [item for item in _objects(content) if _item(item) is not None]
    if whole:
        return _mentions(whole, salvaged=True)
    return Mentions((), salvaged=True) if _ITEMS_OPENED.search(content) else None


def first_json(content: str) -> Any:
    """The first whole JSON object or list in a text, None where there is none (trailing commas are tolerated)."""
    opening = _OPENING.search(content)
    if opening is None:
        return None
    for text in (content, _TRAILING_COMMA.sub(r"\1", content)):
        try:
            return _DECODER.raw_decode(text, opening.start())[0]
        except _Errors:
            continue
    return None


def _objects(content: str) -> Iterator[Any]:
    """The whole JSON objects in a text, wherever one begins."""
    place, failures = content.find("{"), 0
    while place >= 0 and failures < MOST_ITEMS:
        try:
            value, end = _DECODER.raw_decode(content, place)
            yield value
        except _Errors:
            end = place + 1
            failures += 1
        place = content.find("{", end)


def _listed(value: Any) -> list[Any] | None:
    """The list of items in a JSON value."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        return None
    if _item(value) is not None:
        return [value]
    lists = [part for part in value.values() if isinstance(part, list)]
    if len(value) == 1 and not lists:
        (inner,) = value.values()
        return _listed(inner) if isinstance(inner, dict) else None
    if lists and all(isinstance(item, str) for part in lists for item in part) and any(lists):
        return [(text, kind) for kind, part in value.items() if isinstance(part, list) for text in part]
    return lists[0] if lists else None


def _mentions(items: list[Any], salvaged: bool) -> Mentions:
    found = [_item(item) for item in items[:MOST_ITEMS]]
    good = dict.fromkeys(item for item in found if item is not None)
    return Mentions(tuple(good), sum(item is None for item in found), salvaged)


def _item(value: Any) -> tuple[str, str] | None:
    """An item's text and type, None where it is something else."""
    if isinstance(value, dict):
        text = next((value[key] for key in TEXT_KEYS if key in value), None)
        kind = next((value[key] for key in TYPE_KEYS if key in value), None)
    elif isinstance(value, list | tuple) and len(value) == 2:
        text, kind = value
    else:
        return None
    if isinstance(text, str) and isinstance(kind, str) and text.strip() and kind.strip():
        return text.strip(), kind.strip()
    return None
