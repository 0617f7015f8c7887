"""Surrogates of places, numbers and names: whatever stands there they never fail, and what is one stays one."""

from __future__ import annotations

import hashlib
import hmac
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openbioner_batch.deid.actions import OUTCOMES
from openbioner_batch.deid.families import FAMILIES, family_of
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.keys import Key, encode
from openbioner_batch.deid.normalising import comparable_forms
from openbioner_batch.deid.numbering import Numbering
from openbioner_batch.deid.policy import PRESETS, load_policy
from openbioner_batch.deid.replacing import replace
from openbioner_batch.deid.scope import Scope
from openbioner_batch.deid.surrogates import SURROGATE_FAMILIES, surrogate

KEY = Key(b"a key of sixteen" * 2)
INVENTED = sorted(type for type in FAMILIES if family_of(type) in SURROGATE_FAMILIES)
ODD = [
    *(
        ", PA",
        "PA",
        ",",
        ", ",
        " , , ",
        ".",
        "-",
        "'",
        "’s",
        "'s",
        "St",
        "St.",
        "of",
        "12",
        "0",
        "00",
        "000",
        "@",
        "://",
    ),
    *(
        "\u00ad",
        "\u0301",
        "e\u0301",
        "ß",
        "ẞ",
        "İ",
        "ı",
        "ﬁ",
        "ŉ",
        "²",
        "½",
        "①",
        "Ⅷ",
        "٣",
        "３",
        "१२३४५",
        "中",
        "한국",
        "😀",
    ),
    *(
        "a@b",
        "@.",
        "a@b.c",
        "www.",
        "http://",
        "+",
        "+1",
        "x",
        "xxx",
        "ext. 5",
        "(",
        "Mr.",
        "Dr",
        "M.D.",
        "van",
        "de la",
    ),
    *(
        "\n",
        "\t,\n",
        "A\nB",
        "\x00",
        "\ud800",
        "Mary's",
        "O’",
        "’’’",
        "\u2028",
        "Ph.D.",
        "12-",
        "-12",
        "1/2",
        "#",
        "A-",
    ),
    *(
        "00000",
        "00000-0000",
        "999999999",
        "0000000000",
        "1:2:3",
        "::",
        "::1",
        "1.2.3.4:80",
        ".com",
        "no. 1",
        "New York",
    ),
]
SCOPES = [Scope.for_patient(KEY, str(number)) for number in range(12)]


def test_bytes_of_a_scope_are_the_hmac_of_the_standard_library() -> None:
    secret = KEY.digest("scope", "patient", "0")
    assert SCOPES[0].bytes("a", "b") == hmac.digest(secret, encode("a", "b"), "sha256")
    assert SCOPES[0].bytes("a", "b") == hmac.new(secret, encode("a", "b"), hashlib.sha256).digest()
    assert SCOPES[0].bytes("ab") != SCOPES[0].bytes("a", "b") == SCOPES[0].bytes("a", "b")


@pytest.mark.parametrize("type", INVENTED)
def test_odd_texts_of_every_type_are_replaced(type: str) -> None:
    for original, scope in product(ODD, SCOPES[:2]):
        found = surrogate(type, original, scope)
        assert found is None or found.text != original


words = st.sampled_from(
    [*"St. , - ' Oak Dover PA Ohio 12 19901 00 0044182 Dr. O’Neil's MERCY x (617) @ .com ß é".split(), " ", "\n"]
)
texts = st.one_of(
    st.text(max_size=24),
    st.lists(words, max_size=8).map(" ".join),
    st.lists(words, max_size=8).map("".join),
    st.text(st.characters(categories=["Mn", "Mc", "Nd", "Nl", "No", "Lm", "Lt", "Po", "Pd"]), max_size=8),
)


@settings(max_examples=500)
@given(st.sampled_from(INVENTED), texts.filter(bool), st.integers(0, len(SCOPES) - 1))
def test_no_text_makes_a_surrogate_fail_and_none_is_its_original(type: str, original: str, number: int) -> None:
    found = surrogate(type, original, SCOPES[number], comparable_forms(original))
    again = surrogate(type, original, Scope.for_patient(KEY, str(number)), comparable_forms(original))
    assert found == again
    if found is not None:
        assert found.text.casefold() != original.casefold()


@settings(max_examples=300)
@given(st.sampled_from(sorted(FAMILIES)), texts.filter(bool), st.sampled_from(PRESETS), st.integers(0, 11))
def test_no_text_makes_a_policy_fail(type: str, original: str, policy: str, number: int) -> None:
    finding = Finding(0, len(original), type, 0.9, ("me",))
    (edit,) = replace(original, [finding], load_policy(policy), SCOPES[number]).edits
    assert edit.outcome in OUTCOMES


def test_the_shared_crash_is_written() -> None:
    for text in (", PA", ", OH", ",PA", " , New York", "\nTX", ", PA 19103", ",", "PA,"):
        findings = [Finding(0, len(text), "location", 0.9, ("model", "pattern:place"))]
        assert replace(text, findings, load_policy("surrogate"), SCOPES[0]).edits


@given(st.integers(1, 10**9), st.integers(1, 4), st.integers(0, 11))
def test_leading_zeros_make_no_other_number(number: int, zeros: int, patient: int) -> None:
    plain, padded = str(number), "0" * zeros + str(number)
    scope = SCOPES[patient]
    one, other = (surrogate("medical_record_number", text, scope) for text in (plain, padded))
    if one and other and len(padded) < 9:  # longer ones may pass a check by chance
        assert other.text == "0" * zeros + one.text
    numbering = Numbering()
    assert numbering.number("medical_record_number", plain) == numbering.number("medical_record_number", padded) == 1


def test_0012345_and_12345_are_one_number_in_every_action() -> None:
    text = "MRN 0012345, again 12345, 00-123-45."
    spans = [(4, 11), (19, 24), (26, 35)]
    findings = [Finding(start, end, "medical_record_number", 0.9, ("me",)) for start, end in spans]
    tags = replace(text, findings, load_policy("tags")).text
    assert tags == "MRN [MRN_1], again [MRN_1], [MRN_1]."
    new = replace(text, findings, load_policy("surrogate"), SCOPES[0])
    first, second, third = (new.text[edit.new_start : edit.new_end] for edit in new.edits)
    assert first == "00" + second == third.replace("-", "")
    assert second != "12345"
