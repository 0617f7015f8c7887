"""FHIR R4 without identifiers: what of a resource may come out, whose it is, and what it says of people."""

from __future__ import annotations

from openbioner_batch.deid.fhir.references import hashed_id, patient_of
from openbioner_batch.deid.fhir.transforming import TransformedResource, transform

__all__ = ["TransformedResource", "hashed_id", "patient_of", "transform"]
