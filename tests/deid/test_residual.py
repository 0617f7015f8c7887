"""What counts as a leak in a de-identified note."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scorers import NameScorer, NameScorerFactory, Tagged

from openbioner_batch.deid.deidentifier import Deidentifier, leaks
from openbioner_batch.deid.finder import Finder
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.known import KnownIdentifiers
from openbioner_batch.deid.policy import load_policy

from .conftest import Archive, Deidentify

TEXT = "seen by [CLINICIAN_1], M.D. on 03/04/2021 in ward 7"
pieces = st.tuples(st.integers(0, len(TEXT)), st.integers(0, len(TEXT))).map(sorted)


@given(pieces, st.lists(pieces, max_size=4))
def test_a_finding_is_a_leak_if_a_letter_or_digit_of_it_was_not_put_there(
    place: list[int], settled: list[list[int]]
) -> None:
    start, end = place[0], max(place[1], place[0] + 1)
    put = {at for left, right in settled for at in range(left, right)}
    left_over = any(TEXT[at].isalnum() and at not in put for at in range(start, min(end, len(TEXT))))
    finding = Finding(start, end, "person_name", 1.0, ("pattern:name",))
    assert leaks(TEXT, [finding], [(left, right) for left, right in settled]) == [finding] * left_over


def test_what_the_policy_keeps_is_no_leak() -> None:
    note = "Admitted on 03/04/2021 to Springfield. Call 617-555-0142."
    done = Deidentifier(load_policy("limited-dataset")).deidentify(note)
    assert "03/04/2021" in done.text
    assert "0142" not in done.text
    assert done.residual == ()


@pytest.mark.parametrize("policy", ["redact", "tags", "safe-harbor"])
def test_a_tag_announces_nothing(policy: str) -> None:
    note = "HOME VISIT 12/30/2022 0749-12:23\n1130 Becky (aunt) called, cell 212-555-0138, update given.\n1400 to CT"
    done = Deidentifier(load_policy(policy)).deidentify(note)
    assert "0138" not in done.text
    assert done.residual == ()


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first search of each note finds nothing, so that all of it is left to the check of the result."""
    find = Finder.find
    searches = count()

    def first_time_blind(self: Finder, *arguments: object, **more: object) -> list[Finding]:
        return [] if next(searches) % 2 == 0 else find(self, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Finder, "find", first_time_blind)


@pytest.mark.usefixtures("blind")
def test_what_was_overlooked_is_residual_once_by_patterns_and_by_known_values() -> None:
    note = "Jane Roe, id 8812077, call 617-555-0142."
    known = KnownIdentifiers.from_fields({"name": "Jane Roe", "mrn": "8812077"})
    deidentifier = Deidentifier(load_policy("tags"))

    alone = deidentifier.deidentify(note).residual
    assert "617-555-0142" in [note[one.start : one.end] for one in alone]

    found = sorted(deidentifier.deidentify(note, known=known).residual, key=lambda one: one.start)
    assert [note[one.start : one.end] for one in found] == ["Jane Roe", "8812077", "617-555-0142"]
    assert [one.type for one in found] == ["patient_name", "medical_record_number", "phone_number"]


@pytest.mark.usefixtures("blind")
def test_what_was_overlooked_and_may_stay_is_not_residual() -> None:
    note = "Admitted on 03/04/2021, call 617-555-0142."
    done = Deidentifier(load_policy("limited-dataset")).deidentify(note)
    assert [note[one.start : one.end] for one in done.residual] == ["617-555-0142"]


def test_a_rest_beside_a_tag_is_residual_at_its_place_in_the_new_text(monkeypatch: pytest.MonkeyPatch) -> None:
    note = "617-555-0142 is hers, 617-555-0143 his."
    find = Finder.find
    searches = count()

    def only_the_first(self: Finder, *arguments: object, **more: object) -> list[Finding]:
        found = find(self, *arguments, **more)  # type: ignore[arg-type]
        return found[:1] if next(searches) == 0 else found

    monkeypatch.setattr(Finder, "find", only_the_first)
    done = Deidentifier(load_policy("tags")).deidentify(note)

    assert done.text == "[PHONE_1] is hers, 617-555-0143 his."
    assert [done.text[one.start : one.end] for one in done.residual] == ["617-555-0143"]


class SecondSightScorer(NameScorer):
    """Overlooks Quandrelle in a text without tags."""

    def _score(self, text: str, together: int) -> Tagged:
        found = super()._score(text, together)
        return replace(found, spans=[span for span in found.spans if span.text != "Quandrelle" or "[" in text])


@dataclass(frozen=True)
class SecondSightFactory(NameScorerFactory):
    def scorer(self) -> NameScorer:
        return SecondSightScorer(self.label, self.seconds)


NOTES = [{"id": str(number), "text": f"we saw Zorblat and Quandrelle there {number}"} for number in range(8)]


@pytest.mark.parametrize(
    ("more", "label", "notes", "types"),
    [
        ({"residual_sample": "100%", "shard_documents": 3}, "patient_name", 8, {"patient_name": 8}),
        ({"residual_sample": "100%", "policy": "limited-dataset"}, "city", 8, {}),  # which keeps towns
        ({"residual_sample": "0%"}, "patient_name", 0, {}),
    ],
)
def test_what_the_model_finds_in_the_result_is_counted(
    archive: Archive,
    run_here: Deidentify,
    tmp_path: Path,
    more: dict[str, Any],
    label: str,
    notes: int,
    types: dict[str, int],
) -> None:
    finished = run_here(archive("a.jsonl", NOTES), SecondSightFactory(label), model="bundled", **more)
    residual = finished.report["residual"]
    assert residual["model"] == {"notes": notes, "types": types}
    assert residual["total"] == sum(types.values())
    if (again := tmp_path / "out" / "_run" / "read_again").exists():
        assert again.stat().st_mode & 0o077 == 0


def test_a_result_without_leaks_is_read_again_and_tells_none(archive: Archive, run_here: Deidentify) -> None:
    finished = run_here(
        archive("a.jsonl", NOTES), NameScorerFactory("patient_name"), model="bundled", residual_sample="100%"
    )
    assert finished.report["residual"] == {"total": 0, "notes": 0, "types": {}, "model": {"notes": 8, "types": {}}}
