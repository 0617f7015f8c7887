"""Recall, precision and leaks of findings against gold identifiers."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.evaluation.deid import score_findings
from openbioner_batch.training.gold.corpora import LabelledSpan
from openbioner_batch.training.phi.corpora import GoldNote


class Found(NamedTuple):
    start: int
    end: int
    type: str


TEXT = "Ann Lee, 555-0142, lives in Riverton since 1999."
NOTE = GoldNote(
    "1",
    TEXT,
    (LabelledSpan(0, 7, "patient_name"), LabelledSpan(9, 17, "phone_number"), LabelledSpan(28, 36, "city")),
    neutral=((43, 47),),
)


def scores(*found: Found) -> dict:
    return score_findings([NOTE], lambda text: found).as_dict()


def test_all_found_is_perfect_and_leaks_nothing() -> None:
    result = scores(Found(0, 7, "person_name"), Found(9, 17, "phone_number"), Found(28, 36, "location"))
    assert result["tokens"]["five_classes"]["recall"] == 1
    assert result["tokens"]["five_classes"]["precision"] == 1
    assert result["notes_with_a_leak"] == 0
    assert result["spans_strict"]["all"]["f1"] == 1, "classes are compared, not fine types"


def test_half_a_name_is_half_found_and_leaks() -> None:
    result = scores(Found(0, 3, "person_name"), Found(9, 17, "phone_number"), Found(28, 36, "city"))
    assert result["tokens"]["by_class"]["names"]["recall"] == 0.5
    assert result["notes_with_a_leak_of_the_five_classes"] == 1
    assert result["spans_not_wholly_covered"] == {"patient_name": 1}
    assert result["spans_overlap"]["by_class"]["names"]["recall"] == 1
    assert result["spans_strict"]["by_class"]["names"]["recall"] == 0


def test_a_token_covered_in_part_is_not_found() -> None:
    result = scores(Found(28, 33, "city"))
    assert result["tokens"]["by_type"]["city"]["found"] == 0


def test_the_wrong_type_hides_as_well_and_is_strictly_wrong() -> None:
    result = scores(Found(0, 7, "city"))
    assert result["tokens"]["by_class"]["names"]["recall"] == 1
    assert result["spans_strict"]["by_class"]["addresses"]["precision"] == 0


def test_neutral_stretches_count_for_nothing_and_ordinary_words_are_wrong() -> None:
    assert scores(Found(43, 47, "personal_date"))["tokens"]["all"]["predicted"] == 0
    wrong = scores(Found(19, 24, "person_name"))["tokens"]["all"]
    assert (wrong["predicted"], wrong["right"]) == (1, 0)


def test_hyphens_between_need_no_cover() -> None:
    result = scores(Found(9, 12, "phone_number"), Found(13, 17, "phone_number"))
    assert result["tokens"]["by_type"]["phone_number"]["recall"] == 1


@given(st.lists(st.tuples(st.integers(0, len(TEXT) - 1), st.integers(1, 9)), max_size=6))
def test_more_findings_never_lower_recall(places: list[tuple[int, int]]) -> None:
    found = [Found(start, min(len(TEXT), start + length), "person_name") for start, length in places]
    recalls = [scores(*found[:number])["tokens"]["all"]["recall"] for number in range(len(found) + 1)]
    assert recalls == sorted(recalls)


def test_the_finder_of_patterns_alone_is_scored() -> None:
    pytest.importorskip("yaml")
    from openbioner_batch.evaluation.deid_finder import identifier_finder

    find = identifier_finder(None)
    (found,) = find(["Patient: Ann Lee, MRN: 2208714, phone (617) 555-0142."])
    assert {one.type for one in found} >= {"medical_record_number", "phone_number"}
