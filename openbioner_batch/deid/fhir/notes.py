"""FHIR resources as notes: their patient, what they say about people, and each of their texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from openbioner_batch.deid.deidentifier import Deidentified
from openbioner_batch.deid.fhir.known import known_values_of
from openbioner_batch.deid.fhir.patients import known_patients
from openbioner_batch.deid.fhir.references import patient_of
from openbioner_batch.deid.fhir.transforming import transform
from openbioner_batch.deid.job import DeidJob, Tools
from openbioner_batch.deid.known import KnownIdentifiers
from openbioner_batch.deid.notes import Note
from openbioner_batch.deid.patients import patient_id
from openbioner_batch.deid.records import DeidentifiedRecord, RecordText
from openbioner_batch.deid.scope import Scope
from openbioner_batch.formats.fhir import PEOPLE, RESOURCE, SEPARATOR
from openbioner_batch.formats.fhir_texts import texts_of
from openbioner_batch.records import Span


class ResourceRecords:
    """Records that are FHIR resources: each names its patient, and holds several texts."""

    fields: tuple[str, ...] | None = (RESOURCE, PEOPLE)
    names_patients = True
    key_reason: str | None = "rewriting the ids of FHIR resources"

    def with_patient(self, note: Note, job: DeidJob) -> Note:
        """The note with its patient, and the identifiers in its own resource and the patient's."""
        resource = note.fields[RESOURCE]
        patient = patient_id(patient_of(resource))
        patients = known_patients(job.output) if job.with_patients else {}
        beside = [value for one in note.fields.get(PEOPLE) or () for value in known_values_of(one)]
        values = (*known_values_of(resource), *beside, *patients.get(patient or "", ()))
        return replace(note, patient=patient, known=KnownIdentifiers.of(values))

    def deidentify(self, note: Note, scope: Scope | None, job: DeidJob, tools: Tools) -> DeidentifiedRecord:
        """Replace what identifies in the resource's elements, and in each of its texts."""
        deidentifier = tools.deidentifier
        assert scope is not None, "without a key FHIR is refused"
        resource = note.fields[RESOURCE]
        spans = _spans_by_text(resource, note)
        parts: list[RecordText] = []

        def deidentify(text: str) -> str:
            found: Deidentified = deidentifier.deidentify(text, scope, note.known, spans.get(text, ()))
            parts.append(RecordText(f"text {len(parts)}", text, found))
            return found.text

        def tells(text: str) -> bool:
            return deidentifier.deidentify(text, scope, note.known).text != text

        done = transform(resource, deidentifier.policy, scope, deidentify, tells=tells)
        return DeidentifiedRecord(tuple(parts), done.resource, dict(done.dropped), dict(done.replaced))


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
