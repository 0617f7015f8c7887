"""Abbreviations are found where a text defines them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.abbreviations import expanded, expansions, find_abbreviations


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A trial in atrial fibrillation (AF) ended.", {"AF": "atrial fibrillation"}),
        ("Neurofibromatosis type 2 (NF2) is rare.", {"NF2": "Neurofibromatosis type 2"}),
        ("Basal cell carcinomas (BCCs) grew.", {"BCCs": "Basal cell carcinomas"}),
        ("AF (atrial fibrillation) was seen.", {"AF": "atrial fibrillation"}),
        ("The heat shock protein 70 [HSP70] rose.", {"HSP70": "heat shock protein 70"}),
        ("Angelman syndrome (AS; MIM 105830) is caused by it.", {"AS": "Angelman syndrome"}),
        ("The beta-cell line (BCL) was kept.", {"BCL": "beta-cell line"}),
        ("They had pain. Atrial fibrillation (AF).", {"AF": "Atrial fibrillation"}),
        ("Angiotensin  converting enzyme (ACE)", {"ACE": "Angiotensin  converting enzyme"}),
    ],
)
def test_what_a_text_defines(text: str, found: dict[str, str]) -> None:
    assert expansions(text) == found
    for item in find_abbreviations(text):
        assert found[text[item.short_start : item.short_end]] == text[item.long_start : item.long_end]


@pytest.mark.parametrize(
    "text",
    [
        "Twelve patients (n = 12) were seen (see Table 1).",
        "Fever occurred (AF). Nothing else did.",
        "Atrial disease. Fibrillation was seen there (ADX).",
        "It was (2021) and (12) and () and (  ).",
        "Unbalanced (AF and [AF",
    ],
)
def test_what_is_no_definition(text: str) -> None:
    assert expansions(text) == {}


def test_the_first_definition_holds_and_plurals_are_the_same() -> None:
    known = expansions("Atrial fibrillation (AF), and amniotic fluid (AF). Basal cell carcinomas (BCCs).")
    assert expanded("AF", known) == "Atrial fibrillation"
    assert expanded("BCC", known) == "Basal cell carcinomas"
    assert expanded("AFs", known) == "Atrial fibrillation"
    assert expanded("af", known) is None


@given(st.text("aAbB1 ()[];,.\n\"'-é", max_size=80))
def test_any_text_gives_offsets_within_it(text: str) -> None:
    for item in find_abbreviations(text):
        assert 0 <= item.short_start < item.short_end <= len(text)
        assert 0 <= item.long_start < item.long_end <= len(text)
        assert item.long_end - item.long_start > item.short_end - item.short_start


def test_a_long_text_takes_linear_time() -> None:
    began = time.process_time()
    find_abbreviations("word (AB) " * 20_000 + "(" * 20_000 + "a b " * 20_000)
    assert time.process_time() - began < 10
