"""Notes without identifiers: accounted for, nothing else changed, dates read beside each other."""

from __future__ import annotations

from datetime import date

import pytest
from deid.replaced import KEY, check_account, policy_of, scope
from hypothesis import given, settings
from hypothesis import strategies as st
from marked import marked

from openbioner_batch.deid.actions import label
from openbioner_batch.deid.families import FAMILIES
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.policy import PRESETS, Policy, load_policy
from openbioner_batch.deid.replacing import replace
from openbioner_batch.errors import UsageError

NOTE = """Patient: <patient_name>Lee, Anna</patient_name>  MRN: <medical_record_number>2208714</medical_record_number>
DOB: <birth_date>03/27/1948</birth_date>, <age_over_89>ninety-four</age_over_89> years old
Address: <street_address>12 Elm St, Dover, NH 03820</street_address>, ZIP <zip_code>03601</zip_code>
Phone <phone_number>(617) 555-0123</phone_number>, <email_address>anna.lee77@example.com</email_address>
Seen on <admission_date>Tuesday, March 2, 2021</admission_date> and <personal_date>Mar 9</personal_date>, first in
<personal_date>Sept 2019</personal_date>; never on <personal_date>31/02/2021</personal_date>. Mrs.
<patient_name>LEE</patient_name>'s mother, <relative_name>Ruth Lee</relative_name>, is well.
<patient_name>Anna's</patient_name> doctor is <clinician_name>Dr. J. Whitfield, MD</clinician_name> of
<healthcare_facility>St. Brendan Medical Center</healthcare_facility> in <state>New Hampshire</state>.
Known as <unique_characteristic>the mayor</unique_characteristic>."""


def test_safe_harbor() -> None:
    replaced = replace(*marked(NOTE), load_policy("safe-harbor"))
    assert replaced.text == (
        """Patient: [PATIENT]  MRN: [MRN]
DOB: 1948, 90+ years old
Address: [ADDRESS], NH 038, ZIP 000
Phone [PHONE], [EMAIL_ADDRESS]
Seen on 2021 and [DATE], first in
2019; never on [DATE]. Mrs.
[PATIENT]'s mother, [RELATIVE], is well.
[PATIENT] doctor is [CLINICIAN] of
[FACILITY] in New Hampshire.
Known as [UNIQUE_CHARACTERISTIC]."""
    )
    assert [edit.outcome for edit in replaced.edits].count("unreadable") == 1
    assert {edit.recognizers for edit in replaced.edits} == {("model", "me")}


def test_limited_dataset_keeps_dates_and_towns() -> None:
    text = replace(*marked(NOTE), load_policy("limited-dataset")).text
    for kept in ("03/27/1948", "ninety-four", ", Dover, NH 03820", "03601", "Tuesday, March 2, 2021", "31/02/2021"):
        assert kept in text
    for gone in ("Anna", "LEE", "2208714", "12 Elm", "555", "Whitfield", "mayor"):
        assert gone not in text


def test_numbered_tags_tell_people_apart_within_a_note() -> None:
    text, findings = marked(
        "<patient_name>Mrs. Lee</patient_name>, <patient_name>Lee, Anna</patient_name>, "
        "<patient_name>Tom Baker</patient_name>, <patient_name>BAKER</patient_name> "
        "<medical_record_number>22-08</medical_record_number> <medical_record_number>2208</medical_record_number>"
        " <medical_record_number>7</medical_record_number>"
    )
    assert replace(text, findings, load_policy("tags")).text == (
        "[PATIENT_1], [PATIENT_1], [PATIENT_2], [PATIENT_2] [MRN_1] [MRN_1] [MRN_2]"
    )


def test_redact_mask_hash_and_keep() -> None:
    actions = {"patient_name": "mask", "relative_name": "keep", "medical_record_number": "hash", "city": "redact"}
    text, findings = marked(
        "<patient_name>Anna\nLee</patient_name> <relative_name>Ruth</relative_name> <city>Dover</city> "
        "<medical_record_number>22-08</medical_record_number> <medical_record_number>2208</medical_record_number>"
    )
    policy = Policy("mine", actions)
    new = replace(text, findings, policy, scope()).text
    mark = KEY.hashed("medical_record_number", "2208")
    assert new == f"****\n*** Ruth [REDACTED] [MRN:{mark}] [MRN:{mark}]"
    assert replace(text, findings, policy, scope("8")).text == new
    assert replace(text, findings, policy, scope(key=Key(bytes(16)))).text != new


def test_surrogates_and_shifted_dates_hang_together() -> None:
    anna = scope()
    replaced = replace(*marked(NOTE), load_policy("surrogate"), anna)
    old, findings = marked(NOTE)
    new = {old[e.start : e.end]: replaced.text[e.new_start : e.new_end] for e in replaced.edits}
    surname, first = new["Lee, Anna"].split(", ")
    assert new["LEE"] == surname.upper()
    assert new["Anna's"] == f"{first}'s"
    assert new["Ruth Lee"].split()[1] == surname
    assert new["anna.lee77@example.com"].startswith(f"{first.lower()}.{surname.lower()}")
    assert new["ninety-four"] == "90+"
    assert new["31/02/2021"] == "[DATE]"
    days = anna.shift_days
    moved = date.fromordinal(date(2021, 3, 2).toordinal() + days)
    assert new["Tuesday, March 2, 2021"] == f"Tuesday, {moved:%B} {moved.day}, {moved.year}"
    ninth = date.fromordinal(moved.toordinal() + 7)
    assert new["Mar 9"] == f"{ninth:%b} {ninth.day}" or ninth.month == 5
    assert new["Sept 2019"] == str(date.fromordinal(date(2019, 9, 15).toordinal() + days).year)
    outcomes = {old[edit.start : edit.end]: edit.outcome for edit in replaced.edits}
    assert outcomes["Sept 2019"] == "generalised"
    assert outcomes["31/02/2021"] == "unreadable"
    for finding in findings:
        original = old[finding.start : finding.end]
        assert new[original] != original


@pytest.mark.parametrize("name", PRESETS)
@settings(max_examples=30)
@given(
    pieces=st.lists(
        st.tuples(st.text(max_size=12), st.sampled_from(sorted(FAMILIES)), st.text(min_size=1, max_size=14)), max_size=6
    )
)
def test_any_text_under_any_type_is_replaced_and_accounted_for(name: str, pieces: list[tuple[str, str, str]]) -> None:
    text, findings = "", []
    for before, type, value in pieces:
        text += before
        findings.append(Finding(len(text), len(text) + len(value), type, 0.5, ("model",)))
        text += value
    check_account(text, findings, replace(text, reversed(findings), policy_of(name), scope()))


def test_a_year_that_tells_an_age_over_89_counts_as_of_the_later_of_run_and_note() -> None:
    text, findings = marked("born <birth_date>1932</birth_date>")
    policy = Policy("mine", {"birth_date": "generalise"}, reference_date=date(2021, 6, 1))
    assert replace(text, findings, policy).text == "born 1932"
    assert replace(text, findings, policy, note_date=date(2022, 1, 1)).text == "born [BIRTH_DATE]"
    assert replace(text, findings, policy, note_date=date(1990, 1, 1)).text == "born 1932"


def test_dates_without_a_year_are_read_beside_the_notes_date() -> None:
    policy = Policy("mine", {"personal_date": "shift"})
    patient = next(str(n) for n in range(1000) if scope(str(n)).shift_days == 28)
    alone, findings = marked("<personal_date>2/10</personal_date>")
    assert replace(alone, findings, policy, scope(patient), note_date=date(2020, 2, 12)).text == "3/9"
    assert replace(alone, findings, policy, scope(patient), note_date=date(2021, 2, 12)).text == "3/10"
    beside, findings = marked("<personal_date>2/10</personal_date> <personal_date>02/12/2020</personal_date>")
    assert replace(beside, findings, policy, scope(patient)).text == "3/9 03/11/2020"


def test_a_date_of_birth_is_not_the_notes_date() -> None:
    policy = Policy("mine", {"personal_date": "shift", "birth_date": "shift"})
    patient = next(str(n) for n in range(1000) if scope(str(n)).shift_days == 28)
    for before, after in (
        ("<birth_date>02/12/1996</birth_date> <personal_date>2/10</personal_date>", "03/11/1996 3/10"),
        ("<birth_date>02/12/1997</birth_date> <personal_date>2/10</personal_date>", "03/12/1997 3/10"),
    ):
        assert replace(*marked(before), policy, scope(patient), note_date=None).text == after
    told = "<birth_date>2/12/21</birth_date> <personal_date>02/12/2020</personal_date>"
    assert replace(*marked(told), Policy("mine", {"birth_date": "generalise"}), scope(patient)).text.startswith("[")


@pytest.mark.parametrize(
    ("note", "after"),
    [
        ("Het gaat goed met de patient op {}.", "19 mei 2021"),
        ("The patient is well on {}.", "19 May 2021"),
    ],
)
def test_a_month_moves_in_the_notes_language(note: str, after: str) -> None:
    patient = next(str(n) for n in range(1000) if scope(str(n)).shift_days == 28)
    text, findings = marked(note.format("<personal_date>21 april 2021</personal_date>"))
    new = replace(text, findings, Policy("mine", {"personal_date": "shift"}), scope(patient)).text
    assert new.lower() == note.format(after).lower()


def test_what_cannot_be_done_is_refused() -> None:
    text, findings = marked("<patient_name>Anna</patient_name> <city>Dover</city>")
    with pytest.raises(UsageError, match="needs a key: `openbioner-batch keygen PATH`"):
        replace(text, findings, load_policy("surrogate"))
    with pytest.raises(ValueError, match="overlap"):
        replace(text, [*findings, Finding(2, 6, "city", 0.5, ("model",))], load_policy("tags"))
    with pytest.raises(ValueError, match="a finding ends at 99"):
        replace(text, [Finding(2, 99, "city", 0.5, ("model",))], load_policy("tags"))


def test_labels_of_tags_are_short() -> None:
    assert [label(type) for type in ("patient_name", "passport_number", "city", "someone's own")] == [
        "PATIENT",
        "PASSPORT",
        "CITY",
        "SOMEONE'S OWN",
    ]
