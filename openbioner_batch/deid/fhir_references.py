"""Ids, references and addresses of systems in FHIR, as keyed hashes that agree in every resource."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from openbioner_batch.deid.keys import Key

_REFERENCE = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/.*)?")
_CONDITIONAL = re.compile(r"([A-Z][A-Za-z]+)\?identifier=(?:([^|]*)\|)?(.+)", re.DOTALL)
_PUBLIC = re.compile(
    r"https?://(?:[\w-]+\.)*(?:hl7\.org|hl7\.eu|loinc\.org|snomed\.info|unitsofmeasure\.org|ihe\.net|nlm\.nih\.gov|cdc\.gov|nubc\.org"
    r"|ama-assn\.org|nucc\.org)(?:[/:?#]|$)|urn:(?:ietf|iso|ihe):|urn:oid:2\.16\.840\.1\.113883\.(?:3\.26|4|5|6)\."
)
_URN = re.compile(r"urn:(?:uuid|oid):(.+)", re.DOTALL)


def patient_of(resource: Mapping[str, Any]) -> str | None:
    """The id of the patient that a resource is about: its own if it is one, else its subject's; None without one."""
    if resource.get("resourceType") == "Patient":
        id = resource.get("id")
        return id if isinstance(id, str) else None
    subject = resource.get("subject")
    found = _REFERENCE.fullmatch(str(subject.get("reference"))) if isinstance(subject, Mapping) else None
    return found[2] if found and found[1] == "Patient" else None


def hashed_id(key: Key, id: str) -> str:
    """What an id becomes in ids and references: the same in every resource under a key, and a valid id."""
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


def is_public(address: str) -> bool:
    """Whether an address is one of a public standard, such as LOINC."""
    return _PUBLIC.match(address) is not None


def public_or_hashed(key: Key, address: str) -> str:
    """The address of a public standard; that of anybody else, such as a hospital, becomes a keyed hash."""
    return address if is_public(address) else f"urn:uuid:{hashed_id(key, address)}"
