"""What a record's columns hold: their types, their values, and full names from columns of their parts."""

from __future__ import annotations

import pytest
from deid.found import KNOWN, assert_found, shown

from openbioner_batch.deid.finder import Finder
from openbioner_batch.deid.known import KnownIdentifiers, KnownValue, role_of
from openbioner_batch.errors import UsageError


@pytest.mark.parametrize(
    ("field", "role"),
    [
        ("patient_name", "patient_name"),
        ("firstName", "patient_name"),
        ("DOB", "birth_date"),
        ("Date of Birth", "birth_date"),
        ("MRN", "medical_record_number"),
        ("phone2", "phone_number"),
        ("provider", "clinician_name"),
        ("patient_address", "street_address"),
        ("zip", "zip_code"),
        ("dateOfBirth", "birth_date"),
        ("patient_ssn", "social_security_number"),
        ("Patient-Email", "email_address"),
        ("_mrn_", "medical_record_number"),
        ("provider_name_2", "clinician_name"),
        ("admit_date10", "admission_date"),
        ("user_name", "username"),
        ("relative_name", "relative_name"),
    ],
)
def test_the_role_of_a_field_is_guessed_from_its_name(field: str, role: str) -> None:
    assert role_of(field) == role


def test_a_role_can_be_given_and_an_unknown_field_must_have_one() -> None:
    assert KnownIdentifiers.parse_fields(("dob", "partner2=relative_name")) == {
        "dob": "birth_date",
        "partner2": "relative_name",
    }
    assert KnownIdentifiers.from_fields({"x": "Ann"}, {"x": "relative_name"}).values == (
        KnownValue("relative_name", "Ann"),
    )
    with pytest.raises(UsageError, match="'shoe_size'"):
        KnownIdentifiers.from_fields({"shoe_size": 44})
    with pytest.raises(UsageError, match="not a type of the PHI catalog"):
        KnownIdentifiers.parse_fields(("x=thing",))


def test_empty_values_are_passed_over_and_lists_taken_apart() -> None:
    fields = {"name": "unknown", "phone": ["617-555-0123", None], "nok": "Ann Roe; Tom Roe", "mrn": 2208714}
    assert [one.value for one in KnownIdentifiers.from_fields(fields).values] == [
        "617-555-0123",
        "Ann Roe",
        "Tom Roe",
        "2208714",
    ]


def test_a_columns_value_may_be_of_any_type() -> None:
    fields = {"phone": {"home": "617-555-0123", "work": None, "others": ["617-555-0124"]}, "mrn": True, "nok": False}
    assert [one.value for one in KnownIdentifiers.from_fields(fields).values] == ["617-555-0123", "617-555-0124"]


def test_what_is_ignored_is_counted_by_reason() -> None:
    fields = {"name": "unknown", "nok": "n/a; self", "mrn": "12", "phone": "617-555-0123"}
    assert KnownIdentifiers.from_fields(fields).ignored == (("placeholder", 3), ("short", 1))


PERSON_COLUMNS = (
    ("first_name", "middle_name", "last_name"),
    ("givenName", "middleName", "familyName"),
    ("First Name", "Middle Name", "Last Name"),
    ("patient.first-name", "patient.middle-name", "patient.last-name"),
    ("firstname", "middlename", "surname"),
    ("PATIENT_FIRST_NAME", "PATIENT_MIDDLE_NAME", "PATIENT_LAST_NAME"),
    ("provider_first_name", "provider_middle_name", "provider_last_name"),
)


@pytest.mark.parametrize("columns", PERSON_COLUMNS)
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_a_short_name_in_columns_of_its_own_is_found_as_one(columns: tuple[str, ...], order: tuple[int, ...]) -> None:
    """Al, Jo and Ng are too short to stand for a person alone: only together do they."""
    role = "clinician_name" if columns[0].startswith("provider") else "patient_name"
    roles = {columns[1]: role}
    for parts, name in (((0, 1, 2), "Al Jo Ng"), ((0, 2), "Al Ng")):
        fields = {columns[place]: ("Al", "Jo", "Ng")[place] for place in order if place in parts}
        known = KnownIdentifiers.from_fields(fields, roles)
        assert KnownValue(role, name) in known.values
        text = f"{name} came."
        assert shown(text, Finder(KNOWN).find(text, known)) == [(role, name)]


def test_names_of_different_people_are_not_put_together() -> None:
    fields = {
        "first_name": "Al",
        "last_name": "Ng",
        "provider_first_name": "Jo",
        "provider_last_name": "Do",
        "mother_first_name": "Vi",
        "middle_name": "unknown",
    }
    roles = {"mother_first_name": "relative_name"}
    assert [(one.type, one.value) for one in KnownIdentifiers.from_fields(fields, roles).values[-2:]] == [
        ("patient_name", "Al Ng"),
        ("clinician_name", "Jo Do"),
    ]


@pytest.mark.parametrize(
    ("fields", "roles"),
    [
        ({"first_name": "Al"}, {}),
        ({"last_name": "Ng"}, {}),
        ({"middle_name": "Jo", "last_name": "Ng"}, {}),
        ({"first_name": "Al; Jo", "last_name": "Ng"}, {}),  # of which of the two is not told
        ({"first_name": "Al", "last_name": ["Ng", "Do"]}, {}),
        ({"first_name": "unknown", "last_name": "Ng"}, {}),
        ({"first_name": "Al", "last_name": None}, {}),
        ({"first_name": "Al", "last_name": "Dover"}, {"last_name": "city"}),
        ({"name": "Al", "last_names": "Ng"}, {"last_names": "patient_name"}),
    ],
)
def test_parts_that_make_no_full_name_stay_apart(fields: dict[str, object], roles: dict[str, str]) -> None:
    known = KnownIdentifiers.from_fields(fields, roles)
    assert not any(" " in one.value for one in known.values)
    assert len(known.values) < 4


@pytest.mark.parametrize(
    "name",
    [
        {"first": "Al", "last": "Ng"},
        {"firstName": "Al", "lastName": "Ng"},
        [{"given": ["Al"], "family": "Ng", "use": "official"}],
    ],
)
def test_a_name_given_as_an_object_is_put_together(name: object) -> None:
    known = KnownIdentifiers.from_fields({"name": name})
    assert_found("<patient_name>Ng, Al</patient_name> came", known, KNOWN)
