"""Clinical terms that look like names stay; people of that name do not."""

from __future__ import annotations

import re

import pytest
from deid.found import assert_found, shown

from openbioner_batch.deid.finder import Finder, FinderSettings
from openbioner_batch.deid.known import KnownIdentifiers
from openbioner_batch.records import Span

TERMS = (
    "Parkinson disease|Parkinson's disease|Foley catheter|Down syndrome|Graves disease|Babinski sign|Foley|"
    "Ewing sarcoma|McBurney point|Lachman test|Swan-Ganz catheter|Hodgkin lymphoma|Crohn's disease|Lasix|Medtronic|"
    "Gleason score|Apgar|Steinmann pin|Bell palsy|Thomas splint|Wilson disease|Turner syndrome".split("|")
)


def model_says(text: str, *names: str) -> list[Span]:
    """The model taking these parts of the text for names of patients."""
    return [Span(at := text.index(name), at + len(name), "patient_name", 0.99, name) for name in names]


@pytest.mark.parametrize("term", TERMS)
def test_a_term_stays_although_the_model_takes_it_for_a_name(term: str) -> None:
    text = f"Known for {term} and well."
    assert Finder().find(text, model_spans=model_says(text, term)) == []
    first = term.split()[0].removesuffix("'s")
    assert Finder().find(text, model_spans=model_says(text, first)) == []


@pytest.mark.parametrize("note", ["Mr. {} came", "Dr. {} was called", "Patient: {}", "{}, MD was called"])
@pytest.mark.parametrize("name", ["Parkinson", "Foley", "Graves"])
def test_a_title_makes_a_person_of_it(note: str, name: str) -> None:
    text = note.format(name)
    found = Finder().find(text, model_spans=model_says(text, name))
    assert [part for _, part in shown(text, found)] == [name]


@pytest.mark.parametrize("name", ["Wilson", "Turner", "Clark", "Bell"])
def test_a_frequent_surname_alone_is_a_name(name: str) -> None:
    text = f"This was discussed with {name} at length."
    assert shown(text, Finder().find(text, model_spans=model_says(text, name))) == [("patient_name", name)]


def test_a_given_name_makes_a_person_of_it() -> None:
    text = "We met Carol Parkinson today"
    assert shown(text, Finder().find(text, model_spans=model_says(text, "Carol Parkinson"))) == [
        ("patient_name", "Carol Parkinson")
    ]


def test_the_persons_name_is_found_again_but_not_the_disease() -> None:
    assert_found(
        "Mr. <patient_name>Parkinson</patient_name> has Parkinson's disease. "
        "<patient_name>Parkinson</patient_name> agrees."
    )


def test_the_list_never_overrides_known_values() -> None:
    text = "Foley was removed."
    known = KnownIdentifiers.from_fields({"name": "Ruth Foley"})
    assert shown(text, Finder().find(text, known)) == [("patient_name", "Foley")]


def test_the_list_can_be_switched_off_and_touches_names_only() -> None:
    text = "Foley placed."
    spans = model_says(text, "Foley")
    assert len(Finder(FinderSettings(allow_list=False)).find(text, model_spans=spans)) == 1
    town = [Span(0, 6, "city", 0.9, "Graves")]
    assert len(Finder().find("Graves it is.", model_spans=town)) == 1


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Reyes ate lunch, family here.", "Reyes"),  # no form of "Reye's"
        ("Winters slept well.", "Winters"),
        ("Edwards slept well.", "Edwards"),
        ("Kelley wants to go home.", "Kelley"),
        ("Smith 12B, CHF, DNR.", "Smith"),
        ("Wells ambulated x2.", "Wells"),
        ("Nash refused meds.", "Nash"),
        ("Patient Walker acknowledged this.", "Walker"),
        ("partner Lennox at bedside", "Lennox"),
        ("Surgeon Cooley scrubbed in", "Cooley"),
    ],
)
def test_frequent_surnames_are_no_terms_without_the_frame_of_one(text: str, name: str) -> None:
    spans = [Span(at := text.index(name), at + len(name), "person_name", 0.99, name)]
    assert name in [part for _, part in shown(text, Finder().find(text, model_spans=spans))]


@pytest.mark.parametrize(
    "text",
    [
        "s/p Whipple c/b leak",
        "Norwood then Glenn then Fontan",
        "Lund-Browder charted",
        "Starr-Edwards; goal 2.5",
        "Morse 65, Braden 14",
        "Berg 24/56, Tinetti 11/28",
        "Edwards Sapien 26",
        "Abbott MitraClip x2",
        "father Parkinson's, mother Alzheimer's",
        "Milan-in HCC",
        "Burr hole",
        "Wells score 4",
    ],
)
def test_terms_in_their_frames_stay_whatever_the_model_says(text: str) -> None:
    spans = model_says(text, *dict.fromkeys(re.findall(r"[A-Z][A-Za-z]+(?:-[A-Za-z]+)?(?:'s)?", text)))
    assert shown(text, Finder().find(text, model_spans=spans)) == []
