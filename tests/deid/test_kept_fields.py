"""Columns that are carried over as they are reveal nothing that the policy removes, or it is said."""

from __future__ import annotations

import pytest

from openbioner_batch.deid.job import Columns
from openbioner_batch.deid.kept_fields import refuse_telling_fields
from openbioner_batch.deid.policy import load_policy
from openbioner_batch.errors import UsageError


def columns(*keep: str, note_date: str | None = None, known: dict[str, str] | None = None) -> Columns:
    return Columns(text="text", id="id", patient="patient", note_date=note_date, known=known or {}, keep=keep)


@pytest.mark.parametrize(
    ("name", "type"),
    [
        ("note_date", "personal_date"),
        ("ServiceDate", "personal_date"),
        ("DOB", "birth_date"),
        ("mrn", "medical_record"),
    ],
)
def test_a_kept_column_that_sounds_like_an_identifier_is_told(name: str, type: str) -> None:
    said: list[str] = []
    refuse_telling_fields(columns(name), load_policy("surrogate"), said.append)
    assert len(said) == 1
    assert f"{name!r} sounds like a {type}" in said[0]


@pytest.mark.parametrize("name", ["note_type", "specialty", "updated_by_system", "candidate", "version"])
def test_others_are_kept_without_a_word(name: str) -> None:
    said: list[str] = []
    refuse_telling_fields(columns(name), load_policy("surrogate"), said.append)
    assert said == []


def test_what_the_policy_keeps_may_be_kept() -> None:
    said: list[str] = []
    refuse_telling_fields(columns("note_date", note_date="note_date"), load_policy("limited-dataset"), said.append)
    assert said == []


def test_what_options_call_an_identifier_is_refused() -> None:
    with pytest.raises(UsageError, match="'name' cannot be kept"):
        refuse_telling_fields(columns("name", known={"name": "patient_name"}), load_policy("surrogate"), print)
    with pytest.raises(UsageError, match="'seen' cannot be kept"):
        refuse_telling_fields(columns("seen", note_date="seen"), load_policy("surrogate"), print)
