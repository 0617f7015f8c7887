"""What is not certain becomes a visible tag under surrogates, never an invented look-alike."""

from __future__ import annotations

import re

import pytest

from openbioner_batch.deid.deidentifier import Deidentifier
from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.policy import load_policy
from openbioner_batch.records import Span

SURROGATE = Deidentifier(load_policy("surrogate"), key=Key(bytes(range(32))))


def new(text: str, *found: tuple[str, str]) -> str:
    """The text under surrogates, where a model says each of these (type, words)."""
    spans = [Span(at := text.index(words), at + len(words), type, 0.9, words) for type, words in found]
    return SURROGATE.deidentify(text, SURROGATE.scope("p", "d"), model_spans=spans).text


@pytest.mark.parametrize(
    ("text", "name"),
    [("Zarkovian seen today.", "Zarkovian"), ("Placed Velmora in clinic.", "Velmora")],
)
def test_a_name_that_nothing_speaks_for_becomes_a_tag(text: str, name: str) -> None:
    assert new(text, ("person_name", name)) == text.replace(name, "[NAME]")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Mr. Zarkovian seen today.", "Zarkovian"),
        ("Zarkovian says it hurts.", "Zarkovian"),
        ("Margaret seen today.", "Margaret"),
        ("Branko Zarkovian seen today.", "Branko Zarkovian"),
        ("partner Zarkovian at bedside.", "Zarkovian"),
    ],
)
def test_a_name_that_something_speaks_for_is_invented_anew(text: str, name: str) -> None:
    changed = new(text, ("person_name", name))
    assert name not in changed
    assert "[" not in changed


def test_a_name_is_certain_wherever_it_stands_once_it_is_so_somewhere() -> None:
    changed = new("Zarkovian in room. Mr. Zarkovian ate.", ("person_name", "Zarkovian"))
    assert "Zarkovian" not in changed
    assert "[" not in changed


def test_a_number_of_the_model_alone_becomes_a_tag() -> None:
    assert new("noted 4471902 on band", ("other_identifier", "4471902")) == "noted [ID] on band"


def test_a_number_with_a_label_is_invented_anew() -> None:
    changed = new("MRN 4471902 on band", ("other_identifier", "4471902"))
    assert "4471902" not in changed
    assert "[" not in changed


@pytest.mark.parametrize("text", ["Lantus 24, Humalog 8/8/10.", "lispro with meals 6/6/12 units", "NPH 12/8/10 now"])
def test_doses_of_insulin_at_meals_never_become_another_date(text: str) -> None:
    changed = new(text)
    assert set(re.findall(r"\d+", re.sub(r"\[[A-Z_]+\]", "", changed))) <= set(re.findall(r"\d+", text))


@pytest.mark.parametrize(
    "text",
    ["INR moved to 1/wk.", "visits moved to 2 weeks from now", "drain output moved to 40 mL", "moved to 3 pm today",
     "Lantus moved to 18 units"],
)  # fmt: skip
def test_what_is_moved_to_a_rate_a_time_or_a_dose_is_in_no_room(text: str) -> None:
    assert new(text) == text


@pytest.mark.parametrize("room", ["Rm 412 am labs drawn", "bed 7 units hung"])
def test_a_room_with_its_word_is_one_whatever_follows(room: str) -> None:
    assert " ".join(room.split()[:2]) not in new(room)
