"""Words of one meaning have one form."""

from __future__ import annotations

import pytest

from openbioner_batch.concepts.normalising import singular, word_form


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("Kidneys", "kidney"),
        ("metastases", "metastasis"),
        ("carcinomata", "carcinoma"),
        ("biopsies", "biopsy"),
        ("AIDS", "aids"),
        ("aids", "aid"),
        ("diagnosis", "diagnosis"),
        ("Down's", "down"),
        ("tumours", "tumor"),
        ("haemoglobin", "hemoglobin"),
        ("oedema", "edema"),
        ("naïve", "naive"),
        ("α", "alpha"),
        ("II", "2"),
        ("2nd", "2"),
        ("Fifth", "5"),
        ("three", "3"),
        ("12th", "12"),
        ("uterus", "uterus"),
        ("fistulae", "fistula"),
        ("vertebrae", "vertebra"),
        ("taenia", "tenia"),
    ],
)
def test_words_have_one_form(word: str, form: str) -> None:
    assert word_form(word) == form


def test_a_singular_of_any_word_ends_somewhere() -> None:
    assert [singular(word) for word in ("s", "ss", "is", "as", "class", "virus", "")] == [
        *("s", "ss", "is", "as", "class", "virus", "")
    ]
