"""The forms in which originals are compared: what is one value, and what must not be invented."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.deid.normalising import (
    comparable_forms,
    identity,
    leading_zeros,
    like_case,
    normalise_word,
    squeeze,
    strip_possessive,
)


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("O'Neil", "ONEIL"),
        ("O’Neil", "o`neil"),
        ("José", "JOSE"),
        ("Jose\u0301", "jose"),
        ("Łukasz", "Lukasz"),
        ("Øster", "Oster"),
        ("Groß", "GROSS"),
        ("Þór", "Thor"),
        ("Æsa", "Aesa"),
        ("Ħaġ", "hag"),
    ],
)
def test_case_accents_and_apostrophes_make_no_other_word(word: str, other: str) -> None:
    assert normalise_word(word) == normalise_word(other)
    assert normalise_word(word).isascii()


def test_another_word_is_another() -> None:
    assert len({normalise_word(word) for word in ("Neil", "ONeil", "Lee", "Leé e", "Li")}) == 5


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("Anna's", ("Anna", "'s")),
        ("ANNA’S", ("ANNA", "’S")),
        ("Li's", ("Li", "'s")),
        ("Roe`s", ("Roe", "`s")),
        ("Anna", ("Anna", "")),
        ("Ross", ("Ross", "")),
        ("O'S", ("O'S", "")),
        ("'s", ("'s", "")),
    ],
)
def test_a_possessive_is_taken_off_a_word_of_two_letters_or_more(word: str, parts: tuple[str, str]) -> None:
    assert strip_possessive(word) == parts


@pytest.mark.parametrize(
    ("text", "core", "zeros", "same"),
    [
        ("00-44-18-2", "0044182", 2, "44182"),
        ("44182", "44182", 0, "44182"),
        ("MRN-007", "mrn007", 0, "mrn007"),
        ("007a", "007a", 0, "007a"),
        ("000", "000", 0, "000"),
        ("10", "10", 0, "10"),
        ("Straße 4", "strasse4", 0, "strasse4"),
        ("-/-", "", 0, ""),
    ],
)
def test_an_identifier_is_its_letters_and_digits_without_leading_zeros(
    text: str, core: str, zeros: int, same: str
) -> None:
    assert (squeeze(text), leading_zeros(squeeze(text)), identity(text)) == (core, zeros, same)


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("22-08-714", {"2208714"}),
        ("Anna Lee's", {"anna", "lee", "annalees", ""}),
        ("anna.lee77@x.org", {"anna", "lee", "x", "org", "annalee77xorg", "77"}),
        ("O'Neil-José", {"oneil", "jose", "oneiljosé", ""}),
    ],
)
def test_no_invented_value_may_be_the_words_the_digits_or_the_whole_of_an_original(text: str, forms: set[str]) -> None:
    assert comparable_forms(text) == forms


@pytest.mark.parametrize(
    ("original", "invented"),
    [("LEE", "ROE"), ("lee", "roe"), ("Lee", "Roe"), ("McLee", "Roe"), ("A", "Roe"), ("a", "roe"), ("李", "Roe")],
)
def test_an_invented_word_has_the_case_of_the_original(original: str, invented: str) -> None:
    assert like_case(original, "roe") == invented
    assert like_case("McLee", "van Dyk") == "Van Dyk"
    assert like_case("Lee", "") == ""


@given(st.text("0123456789-", max_size=12), st.integers(0, 4))
def test_leading_zeros_make_no_other_number(text: str, zeros: int) -> None:
    if identity(text).strip("0"):
        assert identity("0" * zeros + text) == identity(text)
