"""How each element of a FHIR R4 resource is treated: an element that is not listed here is dropped."""

from __future__ import annotations

from collections.abc import Mapping

Shape = Mapping[str, "str | Shape"]
"""Element to how it is treated: a word of `HOW`, or the shape of what is inside. Lists are treated item by item."""

HOW = {
    "kind": "stays if it has the form of a name of a kind of resource",
    "flag": "stays: true or false, or a number",
    "code": "stays if it is one of FHIR's own (`CODES`)",
    "language": "stays if it has the form of a language tag (BCP 47)",
    "profile": "stays if it is the address of a public standard",
    "system": "likewise, else it becomes a keyed hash",
    "coding": "code and display stay if the system is a public vocabulary and no identifier is found in them; else the "
    "code becomes a keyed hash",
    "concept": "codings; its free text is de-identified",
    "id": "becomes a keyed hash in the layout of a UUID",
    "reference": "its id becomes the same hash, its display goes by the policy",
    "identifier": "its value goes by the policy, as what its codes, its system or its words say",
    "date": "goes by the policy as a date of care",
    "instant": "likewise, and goes if a year is left",
    "birth": "goes by the policy as a date of birth",
    "death": "goes by the policy as a date of death",
    "period": "start and end as dates",
    "title": "a known title or credential stays",
    "name": "goes by the policy as a name of the patient",
    "relative": "goes by the policy as a name of a relative",
    "telecom": "goes by the policy as what its system says",
    "address": "goes by the policy, part by part",
    "attachment": "plain text is de-identified, all else dropped",
    "text": "free text, de-identified",
}

CODES = frozenset(
    # The value sets that R4 binds these elements to.
    """current superseded entered-in-error preliminary final amended corrected appended cancelled registered partial
    unknown replaces transforms signs male female other usual official temp nickname anonymous old maiden secondary
    home work mobile billing postal physical both phone fax email pager url sms replaced-by refer seealso
    replaced""".split()
)
"""Codes of FHIR's own that elements may keep."""

_META: Shape = {"profile": "profile", "security": "coding", "tag": "coding", "lastUpdated": "instant"}
_COMMON: Shape = {"resourceType": "kind", "id": "id", "meta": _META, "language": "language", "identifier": "identifier"}

RESOURCES: Mapping[str, Shape] = {
    "DocumentReference": {
        **_COMMON,
        "masterIdentifier": "identifier",
        "status": "code",
        "docStatus": "code",
        "type": "concept",
        "category": "concept",
        "subject": "reference",
        "date": "instant",
        "author": "reference",
        "authenticator": "reference",
        "custodian": "reference",
        "relatesTo": {"code": "code", "target": "reference"},
        "description": "text",
        "securityLabel": "concept",
        "content": {"attachment": "attachment", "format": "coding"},
        "context": {
            "encounter": "reference",
            "event": "concept",
            "period": "period",
            "facilityType": "concept",
            "practiceSetting": "concept",
            "sourcePatientInfo": "reference",
            "related": "reference",
        },
    },
    "DiagnosticReport": {
        **_COMMON,
        "basedOn": "reference",
        "status": "code",
        "category": "concept",
        "code": "concept",
        "subject": "reference",
        "encounter": "reference",
        "effectiveDateTime": "date",
        "effectivePeriod": "period",
        "issued": "instant",
        "performer": "reference",
        "resultsInterpreter": "reference",
        "specimen": "reference",
        "result": "reference",
        "imagingStudy": "reference",
        "conclusion": "text",
        "conclusionCode": "concept",
        "presentedForm": "attachment",
    },
    "Patient": {
        **_COMMON,
        "active": "flag",
        "name": "name",
        "telecom": "telecom",
        "gender": "code",
        "birthDate": "birth",
        "deceasedBoolean": "flag",
        "deceasedDateTime": "death",
        "address": "address",
        "maritalStatus": "concept",
        "multipleBirthBoolean": "flag",
        "contact": {
            "relationship": "concept",
            "name": "relative",
            "telecom": "telecom",
            "address": "address",
            "gender": "code",
            "organization": "reference",
            "period": "period",
        },
        "communication": {"language": "concept", "preferred": "flag"},
        "generalPractitioner": "reference",
        "managingOrganization": "reference",
        "link": {"other": "reference", "type": "code"},
    },
}
"""The resources that can be de-identified."""

TYPES_OF_REFERENCES = {
    "Patient": "patient_name",
    "RelatedPerson": "relative_name",
    "Practitioner": "clinician_name",
    "PractitionerRole": "clinician_name",
    "Organization": "organization",
    "CareTeam": "organization",
    "Location": "location",
    "Device": "device_identifier",
}
"""The type of a reference's display; that of another resource is dropped."""

TYPES_OF_PEOPLE = {
    "Patient": "patient_name",
    "RelatedPerson": "relative_name",
    "Practitioner": "clinician_name",
    "PractitionerRole": "clinician_name",
}
"""The type of a HumanName, by the kind of resource."""

TYPES_OF_TELECOM = {
    "phone": "phone_number",
    "sms": "phone_number",
    "fax": "fax_number",
    "pager": "pager_number",
    "email": "email_address",
    "url": "url",
}
"""System of a contact point to type of the PHI catalog; others are contact_detail."""

PARTS_OF_ADDRESSES = {
    "text": "location",
    "line": "street_address",
    "city": "city",
    "district": "county",
    "state": "state",
    "postalCode": "zip_code",
    "country": "country",
}

PARTS_OF_NAMES = ("text", "family", "given")

DROPPED = {
    "narrative": "text: the resource again, as XHTML",
    "extension": "extensions, also of single values",
    "contained": "contained resources, and references to them",
    "attachment": "attachments that are not plain text, or only its address",
    "date": "dates that the policy does not leave a FHIR date",
    "value": "single values that the policy redacts or that are of an unknown kind",
    "element": "other elements that are not on the list",
}
"""What is dropped, counted by kind."""
