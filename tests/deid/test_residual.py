"""What counts as a leak in a de-identified note."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.deid.deidentifier import Deidentifier, leaks
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.policy import load_policy

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
