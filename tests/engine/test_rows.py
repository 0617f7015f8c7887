"""A span is taken for good only if its text is what stands at its offsets."""

from __future__ import annotations

import pytest

from openbioner_batch.engine.rows import offsets_hold
from openbioner_batch.records import Span

TEXT = "fever"


@pytest.mark.parametrize(
    ("start", "end", "text", "holds"),
    [
        (0, 5, "fever", True),
        (1, 3, "ev", True),
        (0, 5, "Fever", False),
        (-2, 5, "er", False),  # what slicing would find
        (-5, -1, "feve", False),
        (0, 6, "fever", False),
        (2, 2, "", False),
        (3, 2, "", False),
    ],
)
def test_offsets_lie_in_the_text_and_give_the_span(start: int, end: int, text: str, holds: bool) -> None:
    span = Span(start, end, "sign", 1.0, text)
    assert offsets_hold(TEXT, [span]) is holds
    assert offsets_hold(TEXT, [Span(0, 1, "sign", 1.0, "f"), span]) is holds
