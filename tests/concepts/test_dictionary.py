"""Names of a vocabulary are found in texts, whole words only, at the offsets where they stand."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.concepts.building import build_vocabulary
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


@pytest.mark.parametrize(
    ("text", "found", "nested"),
    [
        ("cysts of the kidneys; a cystic kidney", ["cysts of the kidneys", "cystic kidney"], []),
        ("severe intellectual disability", ["severe intellectual disability"], []),
        ("renal anomalies, anomalies of the kidney", ["renal anomalies", "anomalies of the kidney"], []),
        ("kidney. Cysts, kidney and cyst", [], []),  # nothing over marks, "and" or "with"
        ("renal\nabnormality renal appearance", ["renal\nabnormality"], ["abnormality renal appearance"]),
        ("Renal cyst (RC) and RCs but no rc, ARC", ["Renal cyst", "RC", "RCs"], []),
        ("abnormality of the kidney cyst", ["abnormality of the kidney"], ["kidney cyst"]),
        ("short finger seizure", ["short finger", "seizure"], []),
        ("cyst kidney cyst", ["cyst kidney"], ["kidney cyst"]),
        ("", [], []),
    ],
)
def test_wordings_of_names(vocabulary: Vocabulary, text: str, found: list[str], nested: list[str]) -> None:
    spans = list(Dictionary(vocabulary, wordings=True).find(text, "finding"))
    assert [span.text for span in spans] == found
    every = list(Dictionary(vocabulary, wordings=True, nested=True).find(text, "finding"))
    assert [span.text for span in every] == found + nested
    assert all(text[span.start : span.end] == span.text for span in every)


def test_names_of_two_letters_are_found_where_a_text_defines_them(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,name,synonyms\nT:1,Myocardial infarction,MI\n")
    build_vocabulary(str(tmp_path / "t.csv"), str(tmp_path / "t.vocab"))
    vocabulary = Vocabulary(str(tmp_path / "t.vocab"))
    defined, bare = "Myocardial infarction (MI). Old MI.", "Old MI."
    found = {wordings: Dictionary(vocabulary, wordings=wordings) for wordings in (False, True)}
    assert [span.text for span in found[False].find(defined, "x")] == ["Myocardial infarction"]
    assert [span.text for span in found[True].find(defined, "x")] == ["Myocardial infarction", "MI", "MI"]
    assert [list(one.find(bare, "x")) for one in found.values()] == [[], []]


def test_names_within_names(vocabulary: Vocabulary) -> None:
    spans = Dictionary(vocabulary, nested=True).find("Cystic kidney, abnormality of the body seizures", "finding")
    assert [span.text for span in spans] == ["Cystic kidney", "abnormality of the body", "seizures"]


def test_a_letter_with_a_number_is_no_name(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,name\nT:1,Finger type A\nT:2,Finger\n")
    build_vocabulary(str(tmp_path / "t.csv"), str(tmp_path / "t.vocab"))
    dictionary = Dictionary(Vocabulary(str(tmp_path / "t.vocab")), wordings=True, nested=True)
    text = "finger type A; a finger; finger type A1; finger A-1"
    assert [span.text for span in dictionary.find(text, "x")] == ["finger type A", *["finger"] * 4]


def test_parts_of_the_body_are_no_findings(tmp_path: Path) -> None:
    names = "Pelvic kidney", "Intestinal hypoplasia", "Fractured nose", "bone nose"
    (tmp_path / "t.csv").write_text("id,name\n" + "".join(f"T:{at},{name}\n" for at, name in enumerate(names)))
    build_vocabulary(str(tmp_path / "t.csv"), str(tmp_path / "t.vocab"))
    dictionary = Dictionary(Vocabulary(str(tmp_path / "t.vocab")), wordings=True, nested=True)
    text = "The renal pelvis, small bowel, small intestine and nasal bones; kidney of the pelvis; small gut"
    assert [span.text for span in dictionary.find(text, "x")] == ["kidney of the pelvis"]
    assert [span.text for span in dictionary.find("hypoplasia of the gut", "x")] == ["hypoplasia of the gut"]


@given(
    st.lists(st.sampled_from(["Seizure", "renal", "cyst", " ", "-", ". ", "𝒳", "β", "x", "\n", "RCY", "é"])).map(
        "".join
    )
)
def test_offsets_hold_in_any_text(vocabulary: Vocabulary, text: str) -> None:
    spans = list(Dictionary(vocabulary).find(text, "finding"))
    assert all(text[span.start : span.end] == span.text and span.text for span in spans)
    assert all(first.end <= second.start for first, second in pairwise(spans))
    worded = list(Dictionary(vocabulary, wordings=True).find(text, "finding"))
    assert all(first.end <= second.start for first, second in pairwise(worded))
    nested = list(Dictionary(vocabulary, wordings=True, nested=True).find(text, "finding"))
    assert {(span.start, span.end) for span in (*spans, *worded)} <= {(span.start, span.end) for span in nested}
    assert all(text[span.start : span.end] == span.text and span.text for span in nested)
