"""Labels of identifiers outside the United States, and words among them that mean other things too."""

from __future__ import annotations

import pytest
from deid.found import PATTERNS, shown

from openbioner_batch.deid.finder import Finder


@pytest.mark.parametrize(
    ("text", "value", "type"),
    [
        ("CHI 010139 1234: FIT 212, Hb 101", "010139 1234", "national_id_number"),
        ("keysafe 7306, dog in kitchen", "7306", "other_identifier"),
        ("Coroner 0417/2024. Found by a neighbour", "0417/2024", "other_identifier"),
        ("UHID SMH.0000911822 under the unit", "SMH.0000911822", "medical_record_number"),
    ],
)
def test_labels_of_other_countries(text: str, value: str, type: str) -> None:
    found = shown(text, Finder(PATTERNS).find(text))
    assert any(kind == type and value in one for kind, one in found), found


@pytest.mark.parametrize("text", ["CAD 3 vessel disease", "CHI 2 days ago", "sus 20 mg", "GMC 40 hours", "van 3 times"])
def test_a_label_that_means_other_things_takes_no_small_number(text: str) -> None:
    assert not Finder(PATTERNS).find(text)
