"""One patient's invented values agree over notes, processes and shards, and meet no original."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from deid.replaced import KEY, check_account, policy_of, scope
from hypothesis import given, settings
from hypothesis import strategies as st
from marked import marked

from openbioner_batch.deid.families import FAMILIES
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.normalising import comparable_forms
from openbioner_batch.deid.policy import load_policy
from openbioner_batch.deid.replacing import replace
from openbioner_batch.deid.surrogates import surrogate

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
        "from test_replacing_consistently import PHI, values\n"
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


def test_a_number_of_two_digits_that_stands_in_the_note_is_not_invented() -> None:
    text, findings = marked("<room_number>Room 41</room_number>")
    invented = replace(text, findings, load_policy("surrogate"), scope()).text.split()[1]
    beside = replace(text, findings, load_policy("surrogate"), scope(), [invented])
    assert (beside.text, beside.edits[0].outcome) == ("[ROOM]", "collision")


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
