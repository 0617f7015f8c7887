"""Types have one name each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.training.silver.typenames import merge_near_duplicates, normalise_type, singular_noun


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("Body-Part", "body_part"),
        ("CellLine", "cell_line"),
        ("Medical Conditions", "medical_condition"),
        ("DISEASES", "disease"),
        ("disease (chronic)", "disease"),
        ("Maladie héréditaire", "maladie_hereditaire"),
        ("laboratory_tests ", "laboratory_test"),
        ("DNA", "dna"),
        ("B-cell", "b_cell"),
        ("", None),
        ("42", None),
        ("¿?", None),
        ("a sentence that is no name of any type", None),
    ],
)
def test_a_name_is_normalised(name: str, normal: str | None) -> None:
    assert normalise_type(name) == normal


@pytest.mark.parametrize(
    ("plural", "word"),
    [
        *[("therapies", "therapy"), ("diagnoses", "diagnosis"), ("viruses", "virus"), ("biopsies", "biopsy")],
        *[("bacteria", "bacterium"), ("analyses", "analysis"), ("abscesses", "abscess"), ("boxes", "box")],
        *[("diseases", "disease"), ("doses", "dose"), ("genes", "gene"), ("causes", "cause")],
        *[("species", "species"), ("virus", "virus"), ("diagnosis", "diagnosis"), ("process", "process")],
        *[("diabetes", "diabetes"), ("arthritis", "arthritis"), ("gas", "gas")],
    ],
)
def test_plurals_become_singular_and_singulars_stay(plural: str, word: str) -> None:
    assert singular_noun(plural) == word


@given(st.text())
def test_normalising_twice_changes_nothing_more(name: str) -> None:
    normal = normalise_type(name)
    if normal is not None:
        again = normalise_type(normal)
        assert again is not None
        assert again.count("_") == normal.count("_")
        assert normal == normal.lower()


def test_slips_are_merged_into_what_they_are_slips_of() -> None:
    counts = {"cell_line": 40, "cellline": 3, "symptom": 90, "symtom": 2, "sympotm": 1, "symptoms_x": 4}
    assert merge_near_duplicates(counts) == {"cellline": "cell_line", "symtom": "symptom", "sympotm": "symptom"}


def test_short_numbered_and_equally_frequent_names_stay_apart() -> None:
    counts = {"gene": 90, "genu": 1, "interleukin_1": 50, "interleukin_2": 2, "medication": 60, "mediation": 50}
    assert merge_near_duplicates(counts) == {}


@given(st.dictionaries(st.text("abc_", min_size=1, max_size=9), st.integers(1, 1000), max_size=30))
def test_no_name_is_merged_into_one_that_is_merged_itself(counts: dict[str, int]) -> None:
    merged = merge_near_duplicates(counts)
    assert not set(merged) & set(merged.values())
    assert all(counts[type] >= counts[slip] for slip, type in merged.items())
