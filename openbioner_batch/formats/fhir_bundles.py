"""Bundles of FHIR: their resources one by one, with references between them, and the people among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from openbioner_batch.formats.json_values import MalformedValue
from openbioner_batch.records import UNREAD

BUNDLE = "Bundle"
_PEOPLE = ("Patient", "RelatedPerson", "Practitioner", "Person", "Organization", "Location")
_IDENTIFYING = (
    "resourceType",
    "id",
    "name",
    "identifier",
    "telecom",
    "address",
    "birthDate",
    "deceasedDateTime",
    "contact",
)
"""Elements of people that texts may mention; photographs and the like are left out."""
_MOST_PEOPLE = 200
"""The most people of a Bundle; one with more holds lists, not the people of its notes."""

Resource = dict[str, Any]


class Entry(NamedTuple):
    """A resource, and the people and places beside it that its texts may name."""

    resource: Resource | MalformedValue
    people: tuple[Resource, ...] = ()


def entries_of(found: Resource) -> list[Entry]:
    """The resource itself, or those in a Bundle.

    An entry without an id gets that of its `fullUrl`, and references to a `fullUrl` become relative ones. A resource's
    people include only one patient: its subject, or the only one.
    """
    if found.get("resourceType") != BUNDLE:
        return [Entry(found)]
    entries = found.get("entry", [])
    if not isinstance(entries, list):
        return [Entry(MalformedValue(f"the entries of a Bundle are not a list: {UNREAD}"))]
    addresses: dict[str, str] = {}
    held: list[Resource | None] = []
    for entry in entries:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        held.append(resource if isinstance(resource, dict) else None)
        if isinstance(resource, dict) and isinstance(url := entry.get("fullUrl"), str) and url:
            resource.setdefault("id", url.rpartition("/")[2].rpartition(":")[2])
            addresses[url] = f"{resource.get('resourceType')}/{resource['id']}"
    resources = [_resolved(one, addresses) if one is not None else None for one in held]
    people = [_identifying(one) for one in resources if one is not None and one.get("resourceType") in _PEOPLE]
    return [
        Entry(MalformedValue("an entry of a Bundle holds no resource"))
        if one is None
        else Entry(one, _beside(one, people))
        for one in resources
    ]


def _resolved(value: Any, addresses: Mapping[str, str]) -> Any:
    """The value with relative references to addresses of entries."""
    if isinstance(value, list):
        return [_resolved(one, addresses) for one in value]
    if isinstance(value, dict):
        return {
            name: addresses.get(one, one) if name == "reference" and isinstance(one, str) else _resolved(one, addresses)
            for name, one in value.items()
        }
    return value


def _identifying(resource: Resource) -> Resource:
    return {name: resource[name] for name in _IDENTIFYING if name in resource}


def _beside(resource: Resource, people: list[Resource]) -> tuple[Resource, ...]:
    """The people that a resource's texts may name, without itself."""
    if len(people) > _MOST_PEOPLE:
        people = [one for one in people if one["resourceType"] == "Patient"]
    patients = [one for one in people if one["resourceType"] == "Patient"]
    subjects = {
        str(subject.get("reference"))
        for name in ("subject", "patient")
        if isinstance(subject := resource.get(name), dict)
    }
    own = patients if len(patients) == 1 else [one for one in patients if f"Patient/{one.get('id')}" in subjects]
    others = [one for one in people if one["resourceType"] != "Patient"]
    return tuple(one for one in (*own, *others) if _key(one) != _key(resource))


def _key(resource: Resource) -> tuple[Any, Any]:
    """The key of a resource in its Bundle: an id is unique only with the type."""
    return resource.get("resourceType"), resource.get("id")
