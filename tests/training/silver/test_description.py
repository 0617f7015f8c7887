"""Descriptions are kept only if they are fit to be read as they stand."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage
from openbioner_batch.training.silver.description import DescriptionPrompt, views_problem
from openbioner_batch.training.silver.evidence import gather_evidence, near_types, questions

GOOD = {
    "definition": "A substance that is given to treat or to prevent a disease.",
    "examples": "A medicine by its generic or brand name, such as aspirin, metformin or heparin.",
    "contextual": "Stands beside doses, routes and words like started, given, continued and stopped.",
    "contrast": "Unlike a dosage it names the medicine itself, and unlike a procedure nothing is done by hand.",
}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, None),
        ({"definition": "A drug."}, "definition: it is too short"),
        ({"contrast": "Long. " * 200}, "contrast: it is too long"),
        ({"definition": '{"definition": "A substance that is given to treat a disease."}'}, "traces"),
        ({"definition": "Here is the definition: a substance that treats a disease."}, "traces"),
        ({"contextual": "Contextual: stands beside doses, routes and words like started."}, "traces"),
        ({"examples": "Medicines of every kind, by their generic names or their brands."}, "none of the examples"),
        ({"contrast": "A substance given to treat, or to prevent, a disease that is."}, "they say the same"),
    ],
)
def test_what_is_wrong_with_descriptions_is_said(changes: dict[str, str], problem: str | None) -> None:
    found = views_problem({**GOOD, **changes}, ["Aspirin", "warfarin"])
    assert found is None if problem is None else problem in (found or "")


def test_an_answer_without_all_four_is_of_no_use() -> None:
    requested = json.dumps({"entity_type": "drug", "examples": []})
    assert DescriptionPrompt().problem(requested, json.dumps(GOOD)) is None
    assert "four" in (DescriptionPrompt().problem(requested, json.dumps({"definition": GOOD["definition"]})) or "")
    assert "four" in (DescriptionPrompt().problem(requested, "no idea") or "")


def passages() -> Iterator[AnnotatedPassage]:
    text = "Aspirin, aspirin and insulin for knee pain"
    drugs = [AnnotatedMention(0, 7, "drug"), AnnotatedMention(9, 16, "drug"), AnnotatedMention(21, 28, "drug")]
    others = [
        AnnotatedMention(21, 28, "hormone"),
        AnnotatedMention(33, 37, "body_part"),
        AnnotatedMention(33, 42, "part_of_pain"),
    ]
    yield AnnotatedPassage("1", "s", text, (*drugs, *others))


def test_a_type_is_told_by_its_forms_its_contexts_and_what_is_near() -> None:
    evidence = gather_evidence(passages())
    near = near_types(evidence, 1)
    assert near["drug"] == ["hormone"]
    assert near["body_part"] == ["part_of_pain"]
    lines = [json.loads(line) for line in questions(evidence, 5, 1, limit=2).splitlines()]
    assert [line["id"] for line in lines] == ["drug", "body_part"]
    told = json.loads(lines[0]["text"])
    assert told["examples"] == ["Aspirin", "insulin"]
    assert told["contexts"] == ["Aspirin, aspirin and insulin for knee pain"]
