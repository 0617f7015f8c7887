"""What a record's own columns say of its patient and of others: the values to find in its note."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openbioner_batch.deid.families import FAMILIES
from openbioner_batch.errors import UsageError

ROLES = {
    "patient_name": """name, patient, patient_name, full_name, fullname, first_name, firstname, given_name, given, forename, middle_name, last_name,
        lastname, surname, family_name, family, maiden_name, nickname, preferred_name, alias, patient_first_name, patient_last_name, patient_full_name, prefix_name""",
    "relative_name": """relative, relatives, next_of_kin, nok, nok_name, emergency_contact, emergency_contact_name, mother, father, spouse, wife, husband, partner, guardian,
        mother_name, father_name, spouse_name, mothers_maiden_name, guarantor, guarantor_name, contact_name, family_members""",
    "clinician_name": """provider, provider_name, physician, physician_name, doctor, doctor_name, clinician, clinician_name, attending, attending_physician, attending_name, author,
        surgeon, pcp, referring, referring_physician, nurse, practitioner, radiologist, pathologist, signed_by, dictated_by, provider_first_name, provider_last_name, clinicians""",
    "person_name": "person, person_name, witness, other_names, staff",
    "birth_date": "dob, birth_date, birthdate, date_of_birth, birthday, patient_dob, born",
    "admission_date": "admission_date, admit_date, admitted, date_of_admission, admitted_on, adm_date",
    "discharge_date": "discharge_date, discharged, date_of_discharge, discharged_on, disch_date",
    "death_date": "death_date, date_of_death, dod, deceased_date, died",
    "personal_date": "date, visit_date, service_date, date_of_service, dos, note_date, encounter_date, exam_date, procedure_date, surgery_date, report_date, signed_date",
    "medical_record_number": "mrn, medical_record_number, patient_id, patientid, subject_id, chart_number, record_number, mpi, empi, hospital_number, patient_number, pid",
    "encounter_number": "encounter, encounter_id, visit_id, hadm_id, csn, fin, encounter_number, visit_number, claim_number, admission_id, case_number, claim_id",
    "account_number": "account, account_number, acct, account_id, billing_number, har, iban, bank_account",
    "specimen_number": "accession, accession_number, specimen_id, specimen_number, study_id, order_number",
    "prescription_number": "rx_number, prescription_number, rx",
    "health_plan_number": "insurance, insurance_id, insurance_number, member_id, policy_number, subscriber_id, health_plan_number, medicare_number, medicaid_number, plan_id, group_number, mbi",
    "social_security_number": "ssn, social_security_number, social_security, ss",
    "drivers_license_number": "drivers_license, driver_license, license_dl, drivers_license_number, dl",
    "passport_number": "passport, passport_number",
    "national_id_number": "national_id, nid, nhs_number, tax_id, national_id_number",
    "employee_id": "employee_id, staff_id, emp_id",
    "license_number": "npi, dea, license, license_number, provider_npi",
    "device_identifier": "device_id, serial, serial_number, udi, device_serial",
    "vehicle_identifier": "vin",
    "license_plate": "plate, license_plate",
    "phone_number": "phone, phone_number, telephone, tel, mobile, cell, home_phone, work_phone, cell_phone, mobile_phone, contact_phone, emergency_contact_phone, provider_phone, nok_phone",
    "fax_number": "fax, fax_number",
    "pager_number": "pager, pager_number, beeper",
    "email_address": "email, e_mail, email_address, mail, patient_email, provider_email",
    "url": "url, website",
    "username": "username, user_name, login, user_id",
    "street_address": "address, street, street_address, address_line_1, address_line_2, address1, address2, home_address, mailing_address, residence, addr, patient_address, line1",
    "city": "city, town, municipality",
    "county": "county",
    "zip_code": "zip, zip_code, zipcode, postal_code, postcode, postalcode",
    "state": "state, province",
    "country": "country",
    "healthcare_facility": "hospital, facility, facility_name, hospital_name, clinic, clinic_name, site",
    "employer_name": "employer, employer_name, company, organization, school, workplace",
    "room_number": "room, bed, ward, room_number",
}
"""For each role, a type of the PHI catalog, the field names that are taken for it when none is given."""

_ROLE_OF_FIELD = {name.strip(): role for role, names in ROLES.items() for name in names.replace("\n", " ").split(",")}
_MANY = re.compile(r"\s*[;|\n]\s*")
_EMPTY = frozenset("unknown none null nan n/a na not available unspecified - ? unk tbd".split())


@dataclass(frozen=True, slots=True)
class KnownValue:
    """One value and what it is."""

    type: str
    """A type of the PHI catalog."""
    value: str


@dataclass(frozen=True, slots=True)
class KnownIdentifiers:
    """The values to find in the notes of one record; hashable, so that what is prepared from it is kept."""

    values: tuple[KnownValue, ...]

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any], roles: Mapping[str, str] | None = None) -> KnownIdentifiers:
        """From a record's columns; lists and values separated by ";" or "|" count each.

        First and last names of one person given in columns of their own are put together as well. Numbers, dates
        and booleans are taken as their text. Empty values and words such as "unknown" are passed over.

        Args:
            fields: column -> value.
            roles: column -> type of the PHI catalog, for columns that `role_of` does not know or means otherwise;
                with roles given, the other columns are still guessed.

        Raises:
            UsageError: a column has no role that can be guessed, or a role is no type of the PHI catalog.
        """
        values = []
        for field, value in fields.items():
            role = (roles or {}).get(field) or role_of(field)
            if role not in FAMILIES:
                raise UsageError(
                    f"--known-fields: {role!r} is no type of the PHI catalog: give one of {', '.join(ROLES)}"
                )
            values += [KnownValue(role, text) for text in _texts(value)]
        values += _joined_names(fields, roles or {})
        return cls(tuple(dict.fromkeys(values)))

    @staticmethod
    def parse_fields(names: tuple[str, ...]) -> dict[str, str]:
        """Field -> role, from "name", "dob" or "contact2=relative_name" as a user writes them.

        Raises:
            UsageError: a field has no role that can be guessed, or a role is no type of the PHI catalog.
        """
        roles = {}
        for name in names:
            field, sign, role = name.partition("=")
            roles[field.strip()] = role.strip() if sign else role_of(field.strip())
            if roles[field.strip()] not in FAMILIES:
                raise UsageError(
                    f"--known-fields: {roles[field.strip()]!r} is no type of the PHI catalog: give one of {', '.join(ROLES)}"
                )
        return roles


def role_of(field: str) -> str:
    """The type of the PHI catalog that a column's name tells: case, "-", "_" and blanks make no difference.

    Raises:
        UsageError: the name is not in `ROLES`.
    """
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", field.strip())
    name = re.sub(r"[\s.\-]+", "_", name).lower().strip("_")
    for guess in (name, name.removeprefix("patient_"), name.rstrip("0123456789").rstrip("_"), name.replace("_", "")):
        if (role := _ROLE_OF_FIELD.get(guess)) is not None:
            return role
        if guess in ROLES:
            return guess
    raise UsageError(
        f"--known-fields: nothing is known of the field {field!r}: say what it holds, such as {field}=patient_name "
        f"({', '.join(ROLES)})"
    )


def _texts(value: Any) -> list[str]:
    """The texts that a column's value holds."""
    if value is None or isinstance(value, bool):
        return []
    if isinstance(value, list | tuple | set):
        return [text for item in value for text in _texts(item)]
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    parts = (part.strip() for part in _MANY.split(str(value)))
    return [part for part in parts if part and part.lower() not in _EMPTY]


def _joined_names(fields: Mapping[str, Any], roles: Mapping[str, str]) -> list[KnownValue]:
    """Full names from columns such as first_name and last_name, for each prefix that they share."""
    people: dict[str, dict[str, str]] = {}
    for field, value in fields.items():
        name = re.sub(r"[\s.\-]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", field)).lower()
        match = re.fullmatch(r"(?P<who>\w*?)_?(?P<part>first|given|middle|last|family|sur)_?name", name)
        texts = _texts(value)
        if match and len(texts) == 1 and FAMILIES.get(roles.get(field) or role_of(field)) == "name":
            part = {"first": "1", "given": "1", "middle": "2"}.get(match["part"], "3")
            people.setdefault(match["who"], {"role": roles.get(field) or role_of(field)})[part] = texts[0]
    return [
        KnownValue(parts["role"], " ".join(parts[place] for place in "123" if place in parts))
        for parts in people.values()
        if "1" in parts and "3" in parts
    ]
