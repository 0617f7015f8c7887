"""FHIR resources as notes: whose they are, what they say of people, and each of their texts on its way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from openbioner_batch.deid.deidentifier import Deidentified, Deidentifier
from openbioner_batch.deid.fhir import patient_of, transform
from openbioner_batch.deid.fhir_elements import (
    PARTS_OF_ADDRESSES,
    TYPES_OF_IDENTIFIERS,
    TYPES_OF_REFERENCES,
    TYPES_OF_TELECOM,
)
from openbioner_batch.deid.known import KnownIdentifiers, KnownValue
from openbioner_batch.deid.notes import Note
from openbioner_batch.deid.records import Part, Result
from openbioner_batch.deid.scope import Scope
from openbioner_batch.formats.fhir import RESOURCE, SEPARATOR, texts_of
from openbioner_batch.records import Span


def resource_note(note: Note, patients: Mapping[str, tuple[KnownValue, ...]]) -> Note:
    """The note with its patient, and the identifiers that its own resource and the patient's tell.

    Args:
        note: as it is read.
        patients: what is known of patients, by their ids.
    """
    resource = note.fields[RESOURCE]
    patient = patient_of(resource)
    values = (*known_of(resource), *patients.get(patient or "", ()))
    return replace(note, patient=patient, known=KnownIdentifiers(tuple(dict.fromkeys(values))))


def deidentify_resource(note: Note, deidentifier: Deidentifier, scope: Scope) -> Result:
    """The note's resource without identifiers.

    Args:
        note: made by `resource_note`; its text is that of the attachments, one after the other, as are the spans in it.
        deidentifier: for the texts.
        scope: of the patient.

    Raises:
        ValueError: something in the resource is not as FHIR says; nothing of its content is told.
    """
    resource = note.fields[RESOURCE]
    spans = _spans_by_text(resource, note)
    parts: list[Part] = []

    def deidentify(text: str) -> str:
        found: Deidentified = deidentifier.deidentify(text, scope, note.known, spans.get(text, ()), note.date)
        parts.append(Part(f"text {len(parts)}", text, found))
        return found.text

    done = transform(resource, deidentifier.policy, scope, deidentify, note.date)
    return Result(tuple(parts), done.resource, dict(done.dropped), dict(done.replaced))


def _spans_by_text(resource: Mapping[str, Any], note: Note) -> dict[str, list[Span]]:
    """The model's spans of each text that lie inside of it, with offsets into it."""
    found: dict[str, list[Span]] = {}
    start = 0
    for text in texts_of(resource):
        end = start + len(text)
        found[text] = [
            replace(span, start=span.start - start, end=span.end - start)
            for span in note.spans
            if start <= span.start and span.end <= end
        ]
        start = end + len(SEPARATOR)
    return found


def known_of(resource: Mapping[str, Any]) -> Iterator[KnownValue]:
    """What a resource says of people and places in its own elements: names, numbers, contacts, addresses."""
    for name, value in resource.items():
        for item in value if isinstance(value, list) else [value]:
            if not isinstance(item, Mapping):
                if name == "birthDate" and isinstance(item, str):
                    yield KnownValue("birth_date", item)
                continue
            yield from _known_of_element(name, item)


def _known_of_element(name: str, item: Mapping[str, Any]) -> Iterator[KnownValue]:
    if isinstance(item.get("display"), str) and isinstance(item.get("reference"), str):
        kind = item["reference"].partition("/")[0].partition("?")[0]
        if kind in TYPES_OF_REFERENCES:
            yield KnownValue(TYPES_OF_REFERENCES[kind], item["display"])
    elif name == "name":
        yield from _names(item, "patient_name")
    elif name == "contact" and isinstance(item.get("name"), Mapping):
        yield from _names(item["name"], "relative_name")
    elif name == "telecom" and isinstance(item.get("value"), str):
        yield KnownValue(TYPES_OF_TELECOM.get(str(item.get("system")), "contact_detail"), item["value"])
    elif name == "address":
        for part in ("line", "city", "postalCode"):
            for value in _strings(item.get(part)):
                yield KnownValue(PARTS_OF_ADDRESSES[part], value)
    elif name == "identifier" and isinstance(item.get("value"), str):
        kind = item.get("type")
        codings = kind.get("coding", []) if isinstance(kind, Mapping) else []
        codes = [coding.get("code") for coding in codings if isinstance(coding, Mapping)]
        types = [TYPES_OF_IDENTIFIERS[code] for code in codes if code in TYPES_OF_IDENTIFIERS]
        yield KnownValue(types[0] if types else "other_identifier", item["value"])


def _names(item: Mapping[str, Any], type: str) -> Iterator[KnownValue]:
    parts = [*_strings(item.get("given")), *_strings(item.get("family"))]
    for value in [" ".join(parts), *_strings(item.get("text"))]:
        if value:
            yield KnownValue(type, value)


def _strings(value: Any) -> list[str]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]
