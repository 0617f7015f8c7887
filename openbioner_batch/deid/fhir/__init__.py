"""De-identifies FHIR R4: which elements are kept, whose a resource is, and what it says about people."""

from __future__ import annotations

from openbioner_batch.deid.fhir.references import hashed_id, patient_of
from openbioner_batch.deid.fhir.transforming import TransformedResource, transform

__all__ = ["TransformedResource", "hashed_id", "patient_of", "transform"]
