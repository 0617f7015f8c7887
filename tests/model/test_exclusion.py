"""What a description excludes is read from the plain forms of a complement, and from nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.model.exclusion import excluded

TAKEN = [
    ("Anything that is not a disease.", "a disease"),
    ("Anything that isn't a disease", "a disease"),
    ("Something that’s not a disease", "a disease"),
    ("Anything but a medicine.", "a medicine"),
    ("A word that is no gene.", "gene"),
    ("Something that is not a part of any body.", "a part of any body"),
    ("a bone that is not part of the skull", "part of the skull"),
    ("substances that are not proteins or genes", "proteins or genes"),
    ("any drug, old or new, that is not an opioid", "an opioid"),
    ("Any animal other than a bird.", "a bird"),
    ("animals, other than mammals", "mammals"),
    ("A disease other than cancer", "cancer"),
    ("A part of the body other than the head", "the head"),
    ("parts of a plant other than flower or fruit", "flower or fruit"),
    ("A drug that restrains immunity, other than a steroid", "a steroid"),
    ("A metabolite other than a sugar, fat or vitamin", "a sugar, fat or vitamin"),
    ("A medicine that is not for pain.", "A medicine for pain"),
    ("A body part that is not in the hand.", "A body part in the hand"),
    ("drugs which are not taken by mouth", "drugs taken by mouth"),
    ("A substance that is not used to treat pain", "A substance used to treat pain"),
    ("A disease of any part except the skin.", "A disease of the skin"),
    ("A disease of any part of the body except the skin", "A disease of the skin"),
    ("an illness of every organ other than the heart", "an illness of the heart"),
    ("All drugs except opioids", "opioids"),
    ("Any animal except for birds", "birds"),
    ("Every organ but the liver", "the liver"),
    ("Treatments other than operations, e.g. metformin or physiotherapy", "operations"),
    ("Any therapy except an operation: drugs, radiotherapy, exercises.", "an operation"),
]
LEFT = [
    # Remarks, not complements.
    "A drug for epilepsy, not for depression or pain",
    "A disease, not a symptom",
    "An animal, which is not a bird",
    "A finding such as jaundice, but not a diagnosis",
    "No medicine, but something else given to patients",
    "Nothing but a bird",
    "Illnesses and fixed personality dimensions are kept apart",
    # The negation is a part of what is meant, or may be.
    "Whether the patient is not able to walk",
    "A treatment that was not carried out",
    "Patients who are not pregnant",
    "A medicine that is no longer sold",
    "A medicine that is not in use",
    "patients that are not taking opioids",
    "A disease that is not infectious",
    # What is excluded from what is not clear.
    "A disease of an organ other than the liver",
    "drugs treating diseases other than cancer",
    "A medicine that stops a virus other than HIV from multiplying",
    "a flaw in the picture that is not in the body",
    "A drug other than aspirin and used for pain",
    "A plant part other than the leaf, used for seasoning",
    "Things other than drugs. They may be food",
    "A disease that is not a cancer and not an infection",
    "Any bird but not a chicken",
    "Anything but harmless",
    "somatic disorder of any organ system except the cardiac one",
    "a property of a wound other than its size",
    "a thing for a baby other than for feeding",
    # Nothing is there to take.
    "Anything that is not",
    "Other than a bird",
    "No.",
    "",
]
WORDS = ["other than", "except", "but", "that", "is", "are", "not", "no", "which", "any", "every", "all", "anything"]
WORDS += [
    "a",
    "the",
    "of",
    "for",
    "in",
    "and",
    "or",
    ",",
    ".",
    ":",
    "such as",
    "drug",
    "organs",
    "liver",
    "taken",
    "by",
]
TRIGGER = re.compile(r"\b(?:other than|except|but|not|no)\b|n['’]t\b|['’]s not\b", re.IGNORECASE)
descriptions = st.text() | st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join)


@pytest.mark.parametrize(("description", "expected"), TAKEN)
def test_a_complement_excludes_what_it_names(description: str, expected: str) -> None:
    assert excluded(description) == expected


@pytest.mark.parametrize(("description", "expected"), TAKEN)
def test_letter_case_and_a_final_period_do_not_matter(description: str, expected: str) -> None:
    assert excluded(description.upper().rstrip(".")) == expected.upper()
    assert excluded(description.lower().rstrip(".") + ".") == expected.lower()


@pytest.mark.parametrize("description", LEFT)
def test_what_is_no_plain_complement_excludes_nothing(description: str) -> None:
    assert excluded(description) is None


@given(descriptions)
def test_what_is_excluded_is_never_empty_nor_longer_than_the_description(description: str) -> None:
    found = excluded(description)
    assert found is None or (found.strip() and len(found) <= len(description))


@given(descriptions)
def test_what_is_excluded_excludes_nothing_itself(description: str) -> None:
    found = excluded(description)
    assert found is None or excluded(found) is None


@given(descriptions.filter(lambda text: not TRIGGER.search(text)))
def test_a_description_without_any_of_the_words_excludes_nothing(description: str) -> None:
    assert excluded(description) is None
