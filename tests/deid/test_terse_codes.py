"""Rooms, plates, handles, numbers of staff and days by the forms that terse notes of many countries give them."""

from __future__ import annotations

import pytest
from deid.found import PATTERNS, assert_found, shown

from openbioner_batch.deid.deidentifier import Deidentifier
from openbioner_batch.deid.finder import Finder
from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.policy import load_policy


@pytest.mark.parametrize(
    ("text", "type", "value"),
    [
        ("rm 14 L THA, POD 2", "room_number", "rm 14"),
        ("bed 6 L wrist fx", "room_number", "bed 6"),
        ("ward 3 C diff", "room_number", "ward 3"),
        ("census 7W: 22/26", "room_number", "7W"),
        ("Pyxis discrepancy 5E, later", "room_number", "5E"),
        ("палата 14. И", "room_number", "палата 14"),
        ("reg LM21 KTR blue van", "license_plate", "LM21 KTR"),
        ("Medevac C-FTRX.", "license_plate", "C-FTRX"),
        ("seen with PC 3308 Oyelaran", "employee_id", "3308"),
        ("site initialed tqr 12MAR", "clinician_name", "tqr"),
        ("Paged crosscover #4417, no answer", "pager_number", "4417"),
        ("try FB moss.wendell.7 or", "social_media_handle", "moss.wendell.7"),
        ("paid by UPI tmalone@okbank. Then", "account_number", "tmalone@okbank"),
        ("w3w ///lemon.trace.velvet, then", "geographic_coordinates", "///lemon.trace.velvet"),
        ("clarity share TRXQ-LMKP-VWSA", "other_identifier", "TRXQ-LMKP-VWSA"),
        ("Activation code TX4RV-7KLMP", "other_identifier", "TX4RV-7KLMP"),
        ("she lives at CR5 3ZZ, alone", "zip_code", "CR5 3ZZ"),
        ("CVA 17/11, CT no bleed", "personal_date", "17/11"),
        ("HBV 8/29, hearing passed", "personal_date", "8/29"),
        ("TIA 10-14, NIHSS 0", "personal_date", "10-14"),
        ("NI KT 41 07 33 B. Review", "national_id_number", "KT 41 07 33 B"),
        ("tlf 55 40 03 27. Udskr", "phone_number", "55 40 03 27"),
        ("strip 21°14.6'S 131°02.9'E to", "geographic_coordinates", "21°14.6'S"),
    ],
)
def test_what_its_form_and_a_word_before_it_tell_is_found(text: str, type: str, value: str) -> None:
    assert (type, value) in shown(text, Finder(PATTERNS).find(text))


@pytest.mark.parametrize(
    "text",
    [
        "hallway 200 L, chair 2 hours, incubator 34 C, bed 9 L of fluid, bed 2 L NC, room 1 L saline",
        "D5 1NS at 100, O2 2LN, C4 2ND toe, L5 1ST",
        "PC 1400 Seen, PC 2100 Given, PS 12 over 5",
        "FB sensation, IG negative, signal loss e.g. mild",
        "share with HIGH-DOSE-VITAMIN group",
        "Form MR-2214 Rev 3",
    ],
)
def test_amounts_and_forms_of_paper_are_none(text: str) -> None:
    assert shown(text, Finder(PATTERNS).find(text)) == []


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("vom 17. bis 24.09.2025 bei uns", ["17.", "24.09.2025"]),
        ("stay 03.06.-11.06.2025. Then", ["03.06.", "11.06.2025"]),
        ("Aufenthalt 13.06. – 21.06.2025. Dann", ["13.06.", "21.06.2025"]),
    ],
)
def test_both_days_of_a_stretch_are_found_where_the_year_stands_at_its_end(text: str, days: list[str]) -> None:
    assert [value for _, value in shown(text, Finder(PATTERNS).find(text))] == days


@pytest.mark.parametrize("text", ["Crit called to J. Fairbank RN 5W @ 0655", "EMS K31 with pt", "crew C17 at scene"])
def test_wards_and_crews_by_their_form_alone_become_a_tag(text: str) -> None:
    worker = Deidentifier(load_policy("surrogate"), PATTERNS, Key(bytes(range(32))))
    new = worker.deidentify(text, worker.scope("p", "d")).text
    assert "[" in new
    assert not {"5W", "K31", "C17"} & set(new.split())


@pytest.mark.parametrize(
    "note",
    [
        "PC <employee_id>2207</employee_id> Adeyemi attended",
        "PC 2207 Daily dose",
        "CO Jones #<employee_id>4417</employee_id> brought him",
        "Take CO Daily #30",
        "user: none",
        "User ID: <username>hbrandt</username>. Left.",
        "at noon <username>jr44</username> opened the chart",
        "and <username>rn-roe</username> printed it",
        "activated by EGR1 in Coxsackievirus B4: an agent",
        "Seen. <clinician_name>JRM</clinician_name>/<username>klp</username> D: x",
        "qd/bid",
        "user: unknown, user: null, user: <username>hbrandt</username>",
        "prior slides12, author trials4, author pain.then",
        "verified OK, drawn PT/Xyz, user: <username>hbrandt</username>",
        "author <username>KLM12</username> wrote; prior EGR1: role of kinases",
        "Seen. MCL/klp. Seen",
        "Take CO ZYLORAN #30, CO Then #30",
        "<clinician_name>MCL</clinician_name>/<username>klp</username> DD 9",
        "0900 metop held <clinician_name>sjw</clinician_name>; 1300 APAP given <clinician_name>mcl</clinician_name>",
    ],
)
def test_codes_of_staff_in_marked_notes(note: str) -> None:
    assert_found(note)


@pytest.mark.parametrize(
    "note",
    [
        "Mr. <patient_name>Szabo</patient_name> came. <person_name>S Z A B O</person_name> it is, not K U C E R A",
        "SZABO was told: <person_name>s-z-a-b-o</person_name>",
        "<person_name>alpha bravo charlie delta</person_name> it was, alpha bravo charlie was not",
    ],
)
def test_a_name_is_spelled_where_its_word_stands_too_or_in_four_words_of_the_alphabet(note: str) -> None:
    assert_found(note)
