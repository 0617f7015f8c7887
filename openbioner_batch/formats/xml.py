"""Reading XML that nobody vouches for, element by element."""

from __future__ import annotations

from typing import Any

from openbioner_batch.formats.base import InputFile
from openbioner_batch.formats.storage import open_input

PARSER: dict[str, Any] = {
    "load_dtd": False,
    "no_network": True,
    "resolve_entities": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}
"""Options of `etree.iterparse`: no DTD, no entities, no network; libxml2's limits on depth and text size hold."""


def root_of(file: InputFile) -> str:
    """The name of the root element: a foreign file must be told before its whole tree is held."""
    from lxml import etree

    with open_input(file) as stream:
        _, element = next(etree.iterparse(stream, events=("start",), **PARSER))
        return str(element.tag)


def release(element: Any) -> None:
    """Gives back the memory of an element that has been read and of those before it."""
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]
