"""Ids and references in FHIR: reads their targets, and replaces them by keyed hashes that agree in every resource."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from openbioner_batch.deid.fhir.systems import is_public
from openbioner_batch.deid.keys import Key

_REFERENCE = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/.*)?(?:[?#].*)?", re.DOTALL)
_CONDITIONAL = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)\?identifier=(?:([^|]*)\|)?(.+)", re.DOTALL)
_URN = re.compile(r"urn:(?:uuid|oid):(.+)", re.DOTALL | re.IGNORECASE)

KINDS_OF_ELEMENTS = {
    "subject": "Patient",
    "patient": "Patient",
    "sourcePatientInfo": "Patient",
    "author": "Practitioner",
    "authenticator": "Practitioner",
    "performer": "Practitioner",
    "resultsInterpreter": "Practitioner",
    "generalPractitioner": "Practitioner",
    "custodian": "Organization",
    "managingOrganization": "Organization",
    "organization": "Organization",
    "assigner": "Organization",
    "other": "Patient",
}
"""The usual target of an element's references, where neither they nor their `type` state it."""


@dataclass(frozen=True, slots=True)
class Target:
    """The target of a reference."""

    kind: str | None
    """The kind of resource; None if unknown."""
    id: str | None
    """Its id; None for a contained resource or without one."""


def target_of(reference: Mapping[str, Any], element: str, contained: Mapping[str, str] | None = None) -> Target:
    """The target of a Reference that is relative, absolute, a URN, conditional, contained or only an identifier.

    Args:
        reference: the Reference.
        element: the name of its element.
        contained: the kinds of the contained resources by their ids.
    """
    named = reference.get("type")
    kind: str | None = named.rpartition("/")[2] if isinstance(named, str) and named else None
    text = reference.get("reference")
    id: str | None = None
    if isinstance(text, str):
        if found := _CONDITIONAL.fullmatch(text) or _REFERENCE.fullmatch(text):
            kind, id = found[1], found[found.re.groups]
        elif found := _URN.fullmatch(text):
            id = found[1]
        elif text.startswith("#"):
            kind = (contained or {}).get(text[1:], kind)
    elif isinstance(identifier := reference.get("identifier"), Mapping) and isinstance(identifier.get("value"), str):
        id = identifier["value"]
    return Target(kind or KINDS_OF_ELEMENTS.get(element), id)


def contained_in(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The resources that a resource contains."""
    found = resource.get("contained")
    yield from (one for one in (found if isinstance(found, list) else []) if isinstance(one, Mapping))


def contained_kinds(resource: Mapping[str, Any]) -> dict[str, str]:
    """The kinds of the contained resources by their ids."""
    return {str(one.get("id")): str(one.get("resourceType")) for one in contained_in(resource)}


def patient_of(resource: Mapping[str, Any]) -> str | None:
    """The id of the patient that a resource is about: its own if it is one, else its subject's; None without one."""
    if resource.get("resourceType") == "Patient":
        id = resource.get("id")
        return id if isinstance(id, str) else None
    for name in ("subject", "patient"):
        if isinstance(subject := resource.get(name), Mapping):
            target = target_of(subject, name)
            return target.id if target.kind == "Patient" else None
    return None


def hashed_id(key: Key, id: str) -> str:
    """The hash of an id in ids and references: the same in every resource under a key, and a valid id."""
    return key.hashed_uuid("fhir id", id)


def hashed_reference(key: Key, text: str) -> str | None:
    """A reference in any form with its id hashed, relative to its server; None for one to a contained resource."""
    if found := _CONDITIONAL.fullmatch(text):
        system = f"{public_or_hashed(key, found[2])}|" if found[2] else ""
        return f"{found[1]}?identifier={system}{hashed_id(key, found[3])}"
    if found := _REFERENCE.fullmatch(text):
        return f"{found[1]}/{hashed_id(key, found[2])}"
    if found := _URN.fullmatch(text):
        return f"urn:uuid:{hashed_id(key, found[1])}"
    return None


def public_or_hashed(key: Key, address: str) -> str:
    """The address of a public standard; any other, such as a hospital's, becomes a keyed hash."""
    return address if is_public(address) else f"urn:uuid:{hashed_id(key, address)}"
