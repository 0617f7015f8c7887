"""Notes without identifiers: consistent, accounted for, and nothing else changed."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marked import marked

from openbioner_batch.deid.actions import ACTIONS, OUTCOMES, label
from openbioner_batch.deid.families import FAMILIES
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.normalising import comparable_forms
from openbioner_batch.deid.policy import PRESETS, Policy, load_policy
from openbioner_batch.deid.replacing import Replaced, replace
from openbioner_batch.deid.scope import Scope
from openbioner_batch.deid.surrogates import surrogate
from openbioner_batch.errors import UsageError

KEY = Key(b"a key of sixteen" * 2)
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


def scope(patient: str = "7", key: Key = KEY) -> Scope:
    return Scope.for_patient(key, patient)


def outside(text: str, spans: Sequence[tuple[int, int]]) -> list[str]:
    """What stands between spans."""
    edges = [0, *(edge for span in spans for edge in span), len(text)]
    return [text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]


def check_account(text: str, findings: Sequence[Finding], replaced: Replaced) -> None:
    """One edit for each finding, with right offsets, and the rest of the text as it was."""
    old = [(edit.start, edit.end) for edit in replaced.edits]
    new = [(edit.new_start, edit.new_end) for edit in replaced.edits]
    assert old == sorted((finding.start, finding.end) for finding in findings)
    assert outside(text, old) == outside(replaced.text, new)
    assert all(edit.outcome in OUTCOMES and edit.action in ACTIONS for edit in replaced.edits)


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


policy_of = cache(load_policy)
"""Parsing one takes longer than a note does."""

FAMILY_VALUES = {
    "patient_name": ["Anna Lee", "Lee, Anna", "LEE", "A. Lee", "Maria Cruz", "José"],
    "relative_name": ["Ruth Lee", "Tom", "Cruz"],
    "clinician_name": ["Dr. J. Whitfield, MD", "Patel"],
    "medical_record_number": ["2208714", "MRN-2208714", "00-44-18-2"],
    "phone_number": ["(617) 555-0123", "617.555.0123", "555-0142"],
    "email_address": ["anna.lee77@example.com"],
    "healthcare_facility": ["St. Brendan Medical Center", "SBMC"],
    "street_address": ["12 Elm St, Dover, NH 03820"],
    "city": ["Dover", "Cedar Falls"],
    "admission_date": ["03/04/2021", "March 9th, 2021", "2021-03-11T10:00"],
    "birth_date": ["3/27/1948"],
}
PHI = [(type, value) for type, values in FAMILY_VALUES.items() for value in values]
NOTES = st.lists(st.lists(st.sampled_from(PHI), min_size=1, max_size=8), min_size=1, max_size=6)


def written(note: Sequence[tuple[str, str]]) -> tuple[str, list[Finding]]:
    return marked(" then ".join(f"<{type}>{value}</{type}>" for type, value in note))


def values(note: Sequence[tuple[str, str]], patient: str, key: Key = KEY) -> dict[tuple[str, str], str]:
    """What each identifier of a note became, in a process that knows nothing of other notes."""
    text, findings = written(note)
    replaced = replace(text, findings, policy_of("surrogate"), scope(patient, key))
    check_account(text, findings, replaced)
    return {
        (edit.type, text[edit.start : edit.end]): replaced.text[edit.new_start : edit.new_end]
        for edit in replaced.edits
    }


@settings(max_examples=30)
@given(NOTES, st.text(max_size=6), st.randoms(use_true_random=False))
def test_a_patients_notes_agree_in_any_order_and_any_sharding(
    notes: list[list[tuple[str, str]]], patient: str, shuffler: random.Random
) -> None:
    first: dict[tuple[str, str], set[str]] = {}
    for note in notes:
        for identifier, new in values(note, patient).items():
            first.setdefault(identifier, set()).add(new)
    again = [note[:] for note in notes]
    shuffler.shuffle(again)
    for note in again:
        shuffler.shuffle(note)
        for identifier, new in values(note, patient).items():
            assert new in first[identifier]
    for (type, original), news in first.items():
        assert original not in news
        if len(news) > 1:
            # Only where a note holds the surrogate as an original: then less of the same is written.
            whole = surrogate(type, original, scope(patient))
            assert whole is not None
            originals = {form for _, value in PHI for form in comparable_forms(value)}
            assert whole.invented & originals


def test_another_process_chooses_alike() -> None:
    program = (
        "from test_replacing import PHI, values\n"
        "for n in range(5):\n"
        "    for identifier, new in values(PHI, str(n)).items(): print(identifier, repr(new))\n"
    )
    folder = Path(__file__).parent
    environment = {**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": os.pathsep.join([*sys.path, str(folder)])}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    here = [f"{identifier} {new!r}" for n in range(5) for identifier, new in values(PHI, str(n)).items()]
    assert done.stdout == "\n".join(here) + "\n"


def test_another_patient_or_key_gives_others() -> None:
    """A name coincides in about 1 of 50 cases, a shift in 1 of 102, a telephone number in 1 of 79,200."""
    coinciding = compared = 0
    for patient in range(30):
        mine = values(PHI, str(patient))
        for theirs in (values(PHI, f"other {patient}"), values(PHI, str(patient), Key(b"another key of 24 bytes!"))):
            same = sum(mine[identifier] == theirs[identifier] for identifier in mine)
            assert same < len(mine) / 2
            coinciding += same
            compared += len(mine)
    assert coinciding / compared < 0.03


@settings(max_examples=40)
@given(NOTES, st.text(max_size=6))
def test_no_original_of_a_note_or_of_its_known_fields_is_invented(
    notes: list[list[tuple[str, str]]], patient: str
) -> None:
    known = ["Sinead", "Parrish", "Cory", "Ruth", "4471902"]
    for note in notes:
        text, findings = written(note)
        replaced = replace(text, findings, policy_of("surrogate"), scope(patient), known)
        originals = {
            form for original in [*known, *(value for _, value in note)] for form in comparable_forms(original)
        }
        kept = set("medical center st elm dr md the".split())  # what is no name, and stays
        for edit in replaced.edits:
            if FAMILIES[edit.type] in ("name", "town", "organisation"):
                forms = comparable_forms(replaced.text[edit.new_start : edit.new_end])
                assert not {form for form in forms & originals if len(form) > 1} - kept


def test_a_collision_is_told_and_written_as_an_initial_or_a_tag() -> None:
    anna = surrogate("patient_name", "Anna", scope())
    number = surrogate("medical_record_number", "2208714", scope())
    assert anna is not None
    assert number is not None
    text, findings = marked(
        f"<patient_name>Anna</patient_name> <relative_name>{anna.text}</relative_name> "
        f"<medical_record_number>2208714</medical_record_number> <account_number>{number.text}</account_number>"
    )
    replaced = replace(text, findings, load_policy("surrogate"), scope())
    assert replaced.text.startswith(f"{anna.text[0]}. ")
    assert [edit.outcome for edit in replaced.edits][2] == "collision"
    assert "[MRN]" in replaced.text
    assert replace("Anna", [findings[0]], load_policy("surrogate"), scope(), [anna.text]).text == f"{anna.text[0]}."


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


def test_a_number_of_two_digits_that_stands_in_the_note_is_not_invented() -> None:
    text, findings = marked("<room_number>Room 41</room_number>")
    invented = replace(text, findings, load_policy("surrogate"), scope()).text.split()[1]
    beside = replace(text, findings, load_policy("surrogate"), scope(), [invented])
    assert (beside.text, beside.edits[0].outcome) == ("[ROOM]", "collision")


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


@pytest.mark.parametrize(
    ("type", "original"),
    [
        ("patient_name", "Anna Lee"),
        ("medical_record_number", "2208714"),
        ("healthcare_facility", "St. Brendan Medical Center"),
        ("city", "Dover"),
        ("email_address", "anna.lee77@example.com"),
    ],
)
def test_no_surrogate_is_a_value_of_the_records_own_columns_or_of_the_note(type: str, original: str) -> None:
    policy = load_policy("surrogate")
    found = [Finding(0, len(original), type, 1.0, ("me",))]
    invented = replace(original, found, policy, scope()).text
    assert invented != original
    told = replace(original, found, policy, scope(), known_originals=(invented,)).text
    assert invented not in told
    # The same where the invented value stands in the note itself, as another patient's.
    note = f"{original} and {invented}"
    both = [*found, Finding(len(original) + 5, len(note), type, 1.0, ("me",))]
    assert invented not in replace(note, both, policy, scope()).text
