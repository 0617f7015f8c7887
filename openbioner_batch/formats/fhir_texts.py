"""The texts of a FHIR resource: of its plain-text attachments, and of every element that holds words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from openbioner_batch.formats.fhir_attachment import read_text

ATTACHMENTS = {"DocumentReference": "content", "DiagnosticReport": "presentedForm", "Patient": "photo"}
"""The resources that are read, and the elements of their attachments."""
_TEXTS = frozenset({"conclusion", "description", "title", "text"})
"""Elements whose values are always free text."""
_NO_TEXTS = frozenset({"name", "address", "contained", "extension", "modifierExtension", "meta", "data"})
"""Elements in which "text" is a name or an address, or that hold other resources."""


def texts_of(resource: Mapping[str, Any]) -> list[str]:
    """The texts of a resource: first those of its attachments, then those of other elements, in order.

    Raises:
        ValueError: an attachment breaks FHIR's rules; the message quotes nothing of its content.
    """
    attached = list(_attached(resource))
    return [*attached, *(text for text in dict.fromkeys(_written(resource)) if text not in attached)]


def _attached(resource: Mapping[str, Any]) -> Iterator[str]:
    held = resource.get(ATTACHMENTS[resource["resourceType"]], [])
    if not isinstance(held, list) or not all(isinstance(item, Mapping) for item in held):
        raise ValueError("the attachments are not a list of objects")
    for item in held:
        attachment = item.get("attachment", {}) if resource["resourceType"] == "DocumentReference" else item
        if not isinstance(attachment, Mapping):
            raise ValueError("an attachment is not an object")
        if (text := read_text(attachment)) is not None:
            yield text


def _written(found: Mapping[str, Any]) -> Iterator[str]:
    for name, value in found.items():
        if name in _NO_TEXTS or name.startswith("_"):
            continue
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Mapping):
                yield from _written(item)
            elif name in _TEXTS and isinstance(item, str) and any(map(str.isalnum, item)):
                yield item
