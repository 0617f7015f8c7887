"""Where sections begin, and how far they speak for the mentions in them."""

from __future__ import annotations

import pytest

from openbioner_batch.assertion import Asserter, SectionFinder, load_headers, load_rules
from openbioner_batch.records import Span

FINDER = SectionFinder(load_headers())
ASSERTER = Asserter(load_rules(), load_headers())


def kinds(text: str) -> list[str | None]:
    return [section.kind for section in FINDER.find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Final diagnoses:\n1. Sepsis\n2. PE\n3. Gout", ["diagnosis"]),
        ("Problem list:\n- DD\n- Gout", ["problem_list"]),
        ("Diagnoses:\nSepsis\nPE\nGout", ["diagnosis"]),
        ("A/P:\n1. PE: heparin\n2. Gout: rest", ["assessment_and_plan"]),
        ("? PE", []),
        ("Vitals:\nP: 72\nR: 14", ["vital_signs"]),
        ("P: 72, R: 14", []),
        ("PE\nLungs clear.\n", ["physical_examination"]),
        ("HPI: cough\n\nPE\n\nLungs clear", ["history_of_present_illness", "physical_examination"]),
        ("1. PMH: gout\n2. PE: clear", ["past_medical_history", "physical_examination"]),
        ("2. EXAMINATION\nClear.\n3. PLAN\nRest.", ["physical_examination", "plan"]),
        ("A: gout\nP: 5 days of rest", ["assessment", "plan"]),
        ("A: 65 yo man with gout", ["assessment"]),
        ("Patient's meds: none. Her past hx: gout", ["medications", "past_medical_history"]),
        ("Patient history: gout", ["indication"]),
    ],
)
def test_headers(text: str, expected: list[str]) -> None:
    assert kinds(text) == expected


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("PATIENTS AND TREATMENTS", "patients_and_treatments"),
        ("PATIENT CONCERNS", "patient_concerns"),
        ("PATIENTS AND METHODS", "methods"),
        ("PATIENTS", "methods"),
    ],
)
def test_labels_keep_their_words(label: str, kind: str) -> None:
    assert [one.kind for one in FINDER.labelled([{"label": label, "start": 0, "end": 9}])] == [kind]


@pytest.mark.parametrize(
    ("text", "historical"),
    [
        ("PMH:\nGout\nAsthma\n\nThe patient has cough.", False),
        ("Past Medical History:\n1. Gout\n2. Asthma\n\nShe now presents with cough.", False),
        ("PMH:\n- Gout\n\nMr. Smith denies pain.\n\nAlso cough.", False),
        ("PMH:\n- Gout\n\n- Chronic cough", True),
        ("PMH:\nGout, treated for years.\n\nHe has cough in winter.", True),
    ],
)
def test_a_list_ends_before_prose_about_the_patient(text: str, historical: bool) -> None:
    start = text.index("cough")
    span = Span(start, start + 5, "symptom", 1.0, "cough")
    assert ASSERTER.read(text, [span], FINDER.find(text))[0].historical is historical
