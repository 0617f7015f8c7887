"""Names of a vocabulary are found in texts, whole words only, at the offsets where they stand."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.concepts.dictionary import Dictionary
from openbioner_batch.concepts.index import Vocabulary


@pytest.fixture
def dictionary(vocabulary: Vocabulary) -> Dictionary:
    return Dictionary(vocabulary)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A seizure, then two Seizures.", ["seizure", "Seizures"]),
        ("Renal cysts and renal\ncyst; renal-cyst", ["Renal cysts", "renal\ncyst", "renal-cyst"]),
        ("Renal. Cyst. A renal, cyst. renal\n\ncyst", []),
        ("preseizure seizured seizure2", ["seizure"]),
        ("RCY and RCYs, but no rcy or Rcy", ["RCY", "RCYs"]),
        ("epileptic fit seizure", ["epileptic fit", "seizure"]),
        ("beta-thalassemia type II, β thalassaemia type 2", ["beta-thalassemia type II", "β thalassaemia type 2"]),
        ("abnormality of the kidney cyst", ["abnormality of the kidney"]),
        ("", []),
        ("\x01seizure\x02", ["seizure"]),
    ],
)
def test_names_in_texts(dictionary: Dictionary, text: str, found: list[str]) -> None:
    spans = list(dictionary.find(text, "finding"))
    assert [span.text for span in spans] == found
    for span in spans:
        assert text[span.start : span.end] == span.text
        assert (span.type, span.score, span.found_by) == ("finding", 1.0, "dictionary")


@given(
    st.lists(st.sampled_from(["Seizure", "renal", "cyst", " ", "-", ". ", "𝒳", "β", "x", "\n", "RCY", "é"])).map(
        "".join
    )
)
def test_offsets_hold_in_any_text(vocabulary: Vocabulary, text: str) -> None:
    spans = list(Dictionary(vocabulary).find(text, "finding"))
    assert all(text[span.start : span.end] == span.text and span.text for span in spans)
    assert all(first.end <= second.start for first, second in pairwise(spans))
