"""Addresses of systems in FHIR: which are public standards, and which kind of identifier some of them number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.recognizers.context import labels

_PUBLIC = re.compile(
    r"https?://(?:[\w-]+\.)*(?:hl7\.org|hl7\.eu|loinc\.org|snomed\.info|unitsofmeasure\.org|ihe\.net|nlm\.nih\.gov|"
    r"cdc\.gov|nubc\.org"
    r"|ama-assn\.org|nucc\.org)(?:[/:?#]|$)|urn:(?:ietf|iso|ihe):|urn:oid:2\.16\.840\.1\.113883\.(?:3\.26|4|5|6)\."
)

TYPES_OF_CODES = {
    "MR": "medical_record_number",
    "SS": "social_security_number",
    "SB": "social_security_number",
    "DL": "drivers_license_number",
    "PPN": "passport_number",
    "NPI": "license_number",
    "DEA": "license_number",
    "MD": "license_number",
    "MB": "health_plan_number",
    "MC": "health_plan_number",
    "MA": "health_plan_number",
    "AN": "account_number",
    "VN": "encounter_number",
    "ACSN": "specimen_number",
    "TAX": "national_id_number",
    "NI": "national_id_number",
    "NH": "national_id_number",
    "EI": "employee_id",
}
"""Code of HL7 table 0203 to type of the PHI catalog."""

_TYPES_OF_SYSTEMS = {
    # Of FHIR's own list of identifier systems, and of HL7's registry of object identifiers.
    r"http://hl7\.org/fhir/sid/us-ssn": "social_security_number",
    r"urn:oid:2\.16\.840\.1\.113883\.4\.1": "social_security_number",
    r"http://hl7\.org/fhir/sid/us-npi": "license_number",
    r"urn:oid:2\.16\.840\.1\.113883\.4\.(?:6|814)": "license_number",
    r"http://hl7\.org/fhir/sid/us-(?:mbi|medicare|hicn)": "health_plan_number",
    r"urn:oid:2\.16\.840\.1\.113883\.4\.(?:572|927)": "health_plan_number",
    r"urn:oid:2\.16\.840\.1\.113883\.4\.3\.\d+": "drivers_license_number",
    r"http://hl7\.org/fhir/sid/passport-\w+": "passport_number",
    r"urn:oid:2\.16\.840\.1\.113883\.4\.330\.\d+": "passport_number",
    r"https?://standardhealthrecord\.org/fhir/StructureDefinition/passportNumber": "passport_number",
    r"https?://fhir\.nhs\.(?:uk|net)/Id/nhs-number": "national_id_number",
    r"urn:oid:2\.16\.840\.1\.113883\.(?:2\.1\.4\.1|4\.4)": "national_id_number",
    r"http://ns\.electronichealth\.net\.au/id/(?:hi/)?ihi/\S+": "national_id_number",
    r"http://ns\.electronichealth\.net\.au/id/medicare-number": "health_plan_number",
}
_SSN = re.compile(r"\s*\d{3}-\d{2}-\d{4}\s*")
_ROLES = labels("fields")


def is_public(address: str) -> bool:
    """Whether an address belongs to a public standard, such as LOINC."""
    return _PUBLIC.match(address) is not None


def is_vocabulary(system: str) -> bool:
    """Whether a system's codes come from a public vocabulary and are not people's numbers."""
    return is_public(system) and type_of_system(system) is None


def type_of_system(system: str) -> str | None:
    """The type in the PHI catalog of a system's identifiers; None if unknown."""
    address = system.strip().rstrip("/")
    found = (type for pattern, type in _TYPES_OF_SYSTEMS.items() if re.fullmatch(pattern, address, re.IGNORECASE))
    return next(found, None)


def type_of_identifier(identifier: Mapping[str, Any]) -> str:
    """The type of an Identifier: by the code of its type, its system, the words of its type, or its form."""
    kind = identifier.get("type")
    kind = kind if isinstance(kind, Mapping) else {}
    codings = [coding for coding in _list(kind.get("coding")) if isinstance(coding, Mapping)]
    for coding in codings:
        if coding.get("code") in TYPES_OF_CODES:
            return TYPES_OF_CODES[coding["code"]]
    if isinstance(system := identifier.get("system"), str) and (type := type_of_system(system)):
        return type
    for words in (kind.get("text"), *(coding.get("display") for coding in codings)):
        name = re.sub(r"\W+", "_", re.sub("['’]", "", str(words or "").lower())).strip("_")
        if name in _ROLES and family_of(_ROLES[name]) in ("identifier", "ssn"):
            return _ROLES[name]
    if _SSN.fullmatch(str(identifier.get("value", ""))):
        return "social_security_number"
    return "other_identifier"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
