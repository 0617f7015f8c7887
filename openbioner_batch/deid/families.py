"""The family of each PHI type: it decides which actions suit a type, and how values are generalised or invented."""

from __future__ import annotations

_MEMBERS = {
    "name": "patient_name relative_name clinician_name person_name",
    "organisation": "employer_name healthcare_facility organization",
    "account": "username social_media_handle",
    "contact": "contact_detail",
    "phone": "phone_number pager_number fax_number",
    "email": "email_address",
    "url": "url",
    "ip": "ip_address",
    "address": "street_address location",
    "town": "city",
    "county": "county",
    "zip": "zip_code",
    "state": "state",
    "country": "country",
    "room": "room_number",
    "coordinates": "geographic_coordinates",
    "date": "birth_date admission_date discharge_date death_date personal_date",
    "age": "age_over_89",
    "ssn": "social_security_number",
    "identifier": (
        "medical_record_number health_plan_number account_number credit_card_number license_number "
        "drivers_license_number passport_number national_id_number employee_id vehicle_identifier license_plate "
        "device_identifier specimen_number encounter_number prescription_number biometric_identifier other_identifier"
    ),
    "file": "photograph",
    "description": "unique_characteristic",
}

FAMILIES = {type: family for family, members in _MEMBERS.items() for type in members.split()}
"""The family of each type of the PHI catalog."""


def family_of(type: str) -> str:
    """The family of a type; a type that the catalog does not know is an identifier."""
    return FAMILIES.get(type, "identifier")
