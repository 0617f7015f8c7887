"""The shared failing inputs, those that need no model: what each must give."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from openbioner_batch.deid.deidentifier import Deidentifier
from openbioner_batch.deid.known import KnownIdentifiers
from openbioner_batch.deid.policy import load_policy

UNCHANGED = ("F03_pod_is_room", "F04_known_short_numbers", "F06_known_word_name_after_patient")


def new_texts(shared: Path, name: str, policy: str) -> list[tuple[str, str]]:
    """Each text and what it becomes, with known names, numbers and telephones."""
    deidentifier = Deidentifier(load_policy(policy))
    texts = []
    for line in (shared / "cases" / "deid" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        known = KnownIdentifiers.from_fields(
            {field: record[field] for field in ("name", "mrn", "phone") if field in record}
        )
        texts.append((record["text"], deidentifier.deidentify(record["text"], known=known).text))
    return texts


@pytest.mark.parametrize("name", UNCHANGED)
def test_clinical_text_stays_as_it_is(shared: Path, name: str) -> None:
    for text, new in new_texts(shared, name, "tags"):
        assert new == text


def test_no_age_over_89_is_left(shared: Path) -> None:
    for text, new in new_texts(shared, "F01_age_glued_to_unit", "safe-harbor"):
        assert "90+" in new, text
        assert not any(str(age) in new.replace("90+", "") for age in range(90, 126)), text


@pytest.mark.parametrize(
    ("name", "tags"),
    [("F05_known_name_verbatim_survives", 1), ("F07_known_float_string", 1), ("F09_unicode_punctuation", 1)],
)
def test_known_values_and_odd_characters_are_covered(shared: Path, name: str, tags: int) -> None:
    for text, new in new_texts(shared, name, "tags"):
        assert new.count("_1]") == tags, text


def test_what_is_found_once_is_found_again(shared: Path) -> None:
    for text, new in new_texts(shared, "F17_value_found_once_stays_elsewhere", "tags"):
        assert new.count("[") > 1, text
    assert not any(
        "Elm St" in new or "Zavala" in new
        for _, new in new_texts(shared, "F17_value_found_once_stays_elsewhere", "tags")
    )
