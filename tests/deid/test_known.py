"""What a record's columns say is found in its note, with small variations."""

from __future__ import annotations

import datetime

import pytest
from deid.found import KNOWN, assert_found, shown
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.deid.finder import Finder, FinderSettings
from openbioner_batch.deid.known import KnownIdentifiers, KnownValue, role_of
from openbioner_batch.deid.recognizers.known_names import one_edit
from openbioner_batch.errors import UsageError

FIELDS = {
    "first_name": "Katherine",
    "last_name": "O'Neil-Martinez",
    "dob": "1950-03-04",
    "mrn": "MRN-2208714",
    "phone": "(617) 555-0123",
    "address": "418 Maple Street, Apt 4, Springfield, IL 62704",
    "provider": "Robert Brown, MD",
    "ssn": "123-45-6789",
    "nok": "Young, Peter J.",
}
RECORD = KnownIdentifiers.from_fields(FIELDS)


@pytest.mark.parametrize(
    "note",
    [
        "<patient_name>KATHERINE ONEIL-MARTINEZ</patient_name> was seen",
        "<patient_name>O'Neil-Martinez, Katherine</patient_name> was seen",
        "and <patient_name>Katherine Shelby O'Neil-Martinez</patient_name>, "
        "<clinician_name>Brown, Robert S</clinician_name> 06-29-22, <clinician_name>ROBERT J. BROWN</clinician_name>",
        "<clinician_name>ROBERT</clinician_name> SAW BROWN SPUTUM; <relative_name>Peter Young</relative_name> I know",
        "we know <patient_name>K. O'Neil-Martinez</patient_name> well",
        "and <patient_name>Katherine O.</patient_name> too",
        "that is <patient_name>katherine</patient_name>'s",
        "that is <patient_name>Katherien</patient_name> and <patient_name>Martines</patient_name>",
        "then <patient_name>Kathy Martinez</patient_name> came",
        "Dr. <clinician_name>Brown</clinician_name> saw brown sputum",
        "a young man with <relative_name>Peter Young</relative_name> or <relative_name>P.J. Young</relative_name>",
        "known: <birth_date>3/4/50</birth_date> <birth_date>March 4, 1950</birth_date> "
        "<birth_date>04-MAR-1950</birth_date> <birth_date>4 March</birth_date> <birth_date>19500304</birth_date>",
        "strength 3/4, 3/4 of the time",
        "<phone_number>617.555.0123</phone_number> or <phone_number>6175550123</phone_number> or "
        "<phone_number>555-0123</phone_number>",
        "<medical_record_number>2208714</medical_record_number> "
        "<medical_record_number>MRN2208714</medical_record_number> "
        "<medical_record_number>22-087-14</medical_record_number> but 12208714",
        "<street_address>418 Maple St</street_address>. in <city>SPRINGFIELD</city> <zip_code>62704</zip_code>",
        "<social_security_number>123456789</social_security_number>",
    ],
)
def test_known_values_and_their_variations(note: str) -> None:
    assert_found(note, RECORD, KNOWN)


def test_typos_and_nicknames_can_be_switched_off() -> None:
    settings = FinderSettings(recognizers=("known",), typos=False, nicknames=False)
    assert_found("that is Katherien or Kathy", RECORD, settings)


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
    with pytest.raises(UsageError, match="no type of the PHI catalog"):
        KnownIdentifiers.parse_fields(("x=thing",))


def test_empty_values_are_passed_over_and_lists_taken_apart() -> None:
    fields = {"name": "unknown", "phone": ["617-555-0123", None], "nok": "Ann Roe; Tom Roe", "mrn": 2208714}
    assert [one.value for one in KnownIdentifiers.from_fields(fields).values] == [
        "617-555-0123",
        "Ann Roe",
        "Tom Roe",
        "2208714",
    ]


LETTERS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=9)


@given(LETTERS, st.integers(0, 8), st.sampled_from("abcxyz"), st.sampled_from(["swap", "drop", "add", "change"]))
def test_one_edit_is_one_letter_changed_added_dropped_or_two_swapped(
    word: str, place: int, letter: str, kind: str
) -> None:
    place %= len(word)
    changed = {
        "swap": word[:place] + word[place + 1 : place + 2] + word[place] + word[place + 2 :],
        "drop": word[:place] + word[place + 1 :],
        "add": word[:place] + letter + word[place:],
        "change": word[:place] + letter + word[place + 1 :],
    }[kind]
    assert one_edit(word, changed) == (word != changed)
    assert not one_edit(word, word + "qq")


@given(st.dates(datetime.date(1930, 1, 1), datetime.date(2024, 12, 31)))
def test_a_birth_date_is_found_in_every_format(date: datetime.date) -> None:
    known = KnownIdentifiers.from_fields({"dob": date.isoformat()})
    for form in ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y", "%Y%m%d", "%d %B %Y", "%B %d, %Y", "%d-%b-%Y", "%d.%m.%Y"):
        text = f"with {date.strftime(form)} as told"
        assert shown(text, Finder(KNOWN).find(text, known)) == [("birth_date", date.strftime(form))]


@given(
    st.from_regex(r"[A-Z][a-z]{6,9}", fullmatch=True),
    st.from_regex(r"[A-Z][a-z]{6,9}", fullmatch=True),
    st.sampled_from(["{0} {1}", "{1}, {0}", "{0} X. {1}"]),
    st.sampled_from([str, str.upper, str.lower]),
)
def test_no_letter_of_a_known_name_is_left(first: str, last: str, order: str, case) -> None:  # type: ignore[no-untyped-def]
    known = KnownIdentifiers.from_fields({"name": f"{first} {last}"})
    text = f"we saw {case(order.format(first, last))} again"
    covered = "".join(part for _, part in shown(text, Finder(KNOWN).find(text, known))).lower()
    assert first.lower() in covered
    assert last.lower() in covered
