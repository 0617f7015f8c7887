"""Typographic characters are made plain once, and what is found is carried back to where it stood."""

from __future__ import annotations

import pytest
from deid.found import PATTERNS, assert_found, shown
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.deid.deidentifier import Deidentifier
from openbioner_batch.deid.finder import Finder
from openbioner_batch.deid.folding import fold
from openbioner_batch.deid.policy import load_policy
from openbioner_batch.records import Span

DASHES = "\u2010\u2011\u2012\u2013\u2212\uff0d"
SPACES = "\u00a0\u2007\u2009\u202f\u3000"
INVISIBLE = "\u00ad\u200b\u200d\u2060\ufeff\u200e"
ODD = st.sampled_from([*DASHES, *SPACES, *INVISIBLE, *"\u2044\u2019\uff0f\u0301\u0308\ufb01\uff13", "e\u0301"])


@given(st.lists(ODD | st.text(max_size=4), max_size=12).map("".join))
def test_every_folded_character_comes_from_where_the_map_says(text: str) -> None:
    folded = fold(text)
    assert len(folded.text) == len(folded.starts) == len(folded.ends)
    for place, character in enumerate(folded.text):
        start, end = folded.original(place, place + 1)
        assert 0 <= start < end <= len(text)
        assert character in fold(text[start:end]).text
    assert list(folded.starts) == sorted(folded.starts)
    assert list(folded.ends) == sorted(folded.ends)
    assert fold(folded.text).text == folded.text


@given(st.lists(ODD | st.text(max_size=4), max_size=12).map("".join), st.data())
def test_a_stretch_there_and_back_covers_what_it_covered(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    folded = fold(text)
    place = folded.folded(start, end) if start < end else None
    if place is None:
        assert fold(text[start:end]).text == ""
        return
    back = folded.original(*place)
    left = [character for at, character in enumerate(text[start:end], start) if not back[0] <= at < back[1]]
    assert fold("".join(left)).text == ""


PLAIN = ("617-234-5678", "MRN: 2208714", "SSN 123-45-6789", "DOB: 03/04/1950", "jane.roe@x.example", "Dr. Halvorsen")


@given(st.sampled_from(PLAIN), st.data())
def test_what_is_found_in_plain_letters_is_found_in_any_typography(plain: str, data: st.DataObject) -> None:
    dash, space, no_width = (data.draw(st.sampled_from(kind)) for kind in (DASHES, SPACES, INVISIBLE))
    digits = data.draw(st.sampled_from([0x30, 0xFF10, 0x0660]))
    text = plain.replace("-", dash).replace(" ", space).replace("/", data.draw(st.sampled_from("/\u2044\uff0f")))
    text = "".join(chr(ord(one) - 0x30 + digits) if one in "0123456789" else one for one in text)
    at = data.draw(st.integers(1, len(text) - 1))
    text = f"Seen: {text[:at]}{no_width}{text[at:]} ok"
    expected = [part for _, part in shown(f"Seen: {plain} ok", Finder(PATTERNS).find(f"Seen: {plain} ok"))]
    found = [fold(part).text for _, part in shown(text, Finder(PATTERNS).find(text))]
    assert found == expected


@pytest.mark.parametrize(
    "note",
    [
        "<phone_number>(617)2345678</phone_number>",
        "call <phone_number>617\n234-5678</phone_number> now",
        "call <phone_number>617-234-\n  5678</phone_number> now",
        "call <phone_number>(617) 234-\n5678</phone_number> now",
        "call <phone_number>617\u2014234\u20145678</phone_number>, <phone_number>617\u2022234\u20225678</phone_number>",
        "call <phone_number>617\u00b7234\u00b75678</phone_number>; DOB <birth_date>03\u30fb04\u30fb1950</birth_date>",
        "<email_address>jane.roe\ufe6bclinic.example</email_address>",
        "Dr.\u00a0<clinician_name>Jose\u0301 Mu\u0308ller</clinician_name> agreed",
        "Mr. <patient_name>O\u2019Neil</patient_name> came",
    ],
)
def test_broken_numbers_and_decomposed_letters(note: str) -> None:
    assert_found(note)


def test_the_model_s_spans_are_carried_through() -> None:
    text = "with Jo\u00adse\u0301 Roe, well"
    span = Span(5, 15, "patient_name", 0.9, text[5:15])
    assert shown(text, Finder().find(text, model_spans=[span])) == [("patient_name", "Jo\u00adse\u0301 Roe")]


def test_the_same_number_in_another_typography_is_one_number() -> None:
    text = "MRN: 22\u201308714, again MRN: 22\uff0d08714 and MRN: 22-\uff10\uff18\uff17\uff11\uff14."
    assert (
        Deidentifier(load_policy("tags")).deidentify(text).text == "MRN: [MRN_1], again MRN: [MRN_1] and MRN: [MRN_1]."
    )
