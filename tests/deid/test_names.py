"""Invented names: one person stays one person in whatever form the name is written."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.scope import LETTERS, Scope
from openbioner_batch.deid.surrogates.name_pools import name_pools
from openbioner_batch.deid.surrogates.names import name_surrogate

KEY = Key(b"a key of sixteen" * 2)
PATIENTS = st.text(min_size=1, max_size=8)
NAMES = st.sampled_from(
    "Anna Lee|Maria de la Cruz|José Müller|Ruth O'Neil|Thomas Hargrove|Li Wu|Sumiko254 Larue605".split("|")
)
LETTER_NAMES = st.text("abcdefghijklmnopqrstuvwxyzéüßøłñ", min_size=4, max_size=12)


def invented(text: str, scope: Scope) -> str:
    return name_surrogate(text, scope).text


@pytest.fixture
def scope() -> Scope:
    return Scope.for_patient(KEY, "patient 7")


@given(PATIENTS)
def test_every_form_of_a_name_is_the_same_person(patient: str) -> None:
    scope = Scope.for_patient(KEY, patient)
    given_name, surname = invented("Anna Lee", scope).split()
    forms = {
        "Lee, Anna": f"{surname}, {given_name}",
        "LEE": surname.upper(),
        "LEE, ANNA": f"{surname}, {given_name}".upper(),
        "anna lee": f"{given_name} {surname}".lower(),
        "Anna's": f"{given_name}'s",
        "ANNA’S": f"{given_name.upper()}’S",
        "A. Lee": f"{given_name[0]}. {surname}",
        "A.L.": f"{given_name[0]}.{surname[0]}.",
        "Lee, A": f"{surname}, {given_name[0]}",
        "Mrs. Anna Lee-Lee, M.D.": f"Mrs. {given_name} {surname}-{surname}, M.D.",
        "Dr. Lee Jr.": f"Dr. {surname} Jr.",
    }
    assert {form: invented(form, scope) for form in forms} == forms


@given(PATIENTS, NAMES)
def test_no_part_of_a_name_stays_and_no_initial_does(patient: str, name: str) -> None:
    scope = Scope.for_patient(KEY, patient)
    old, new = (re.findall(r"[^\W\d_]+", text.casefold()) for text in (name, invented(name, scope)))
    assert not set(old) & set(new)
    assert new


@given(PATIENTS, LETTER_NAMES)
def test_names_that_no_list_knows_get_a_surname_with_another_initial(patient: str, name: str) -> None:
    new = invented(name.capitalize(), Scope.for_patient(KEY, patient))
    assert new.isascii()
    assert new.istitle()
    assert new[0].lower() != name[0]


def test_accents_case_and_apostrophes_make_no_other_person(scope: Scope) -> None:
    assert invented("JOSÉ", scope) == invented("Jose", scope).upper()
    assert invented("Jose\u0301", scope) == invented("José", scope)
    assert invented("O’Neil", scope) == invented("ONeil", scope) == invented("O'Neil", scope)
    assert invented("Maria de la Cruz", scope).split()[-1] == invented("Cruz", scope)
    assert invented("Mr. Van Dyke", scope) == "Mr. " + invented("Dyke", scope)


def test_titles_credentials_order_and_punctuation_stay(scope: Scope) -> None:
    assert re.fullmatch(r"Dr\. [A-Z]\. [A-Z][a-z]+, PA-C", invented("Dr. J. Whitfield, PA-C", scope))
    assert re.fullmatch(r"[A-Z][a-z]+ [A-Z][a-z]+ MD, PhD", invented("Emily Sanders MD, PhD", scope))
    assert re.fullmatch(r"[A-Z][a-z]+, [A-Z][a-z]+ [A-Z]\.", invented("Baker, Susan A.", scope))
    assert re.fullmatch(r"Mr\. and Mrs\. [A-Z][a-z]+", invented("Mr. and Mrs. Lee", scope))


@pytest.mark.parametrize("name", ["John Little", "LITTLE, JOHN", "Reinhold Judge", "LEE, MA", "Ba Do", "Anna Nurse"])
def test_words_that_are_titles_elsewhere_go_where_they_are_names(name: str, scope: Scope) -> None:
    old, new = (re.findall(r"\w+", text.casefold()) for text in (name, invented(name, scope)))
    assert not set(old) & set(new)
    assert invented("Judge Reinhold", scope) == f"Judge {invented('Reinhold', scope)}"
    assert invented("Emily Sanders, MA", scope).endswith(", MA")


def test_letters_that_are_titles_elsewhere_are_initials_where_no_name_is(scope: Scope) -> None:
    assert re.fullmatch(r"[A-Z]{2}", invented("MD", scope))
    assert invented("MD", scope) != "MD"
    assert re.fullmatch(r"[a-z]{3}/[a-z]{2}", invented("eks/jd", scope))


@pytest.mark.parametrize(("name", "gender"), [("Linda", "female"), ("Robert", "male"), ("Jordan", "neutral")])
def test_gender_is_kept(name: str, gender: str) -> None:
    for patient in range(60):
        new = invented(name, Scope.for_patient(KEY, str(patient)))
        letter = new[0].lower()
        assert new in name_pools().given[gender][letter]


def test_relatives_share_their_surname_and_another_patients_differ(scope: Scope) -> None:
    assert invented("Anna Lee", scope).split()[1] == invented("Ruth Lee", scope).split()[1]
    others = {invented("Anna Lee", Scope.for_patient(KEY, str(patient))) for patient in range(200)}
    assert len(others) > 195
    keys = {invented("Anna Lee", Scope.for_patient(Key(bytes([n]) * 16), "7")) for n in range(100)}
    assert len(keys) > 97


@given(PATIENTS)
def test_a_surrogate_that_is_another_original_is_written_as_its_initial(patient: str) -> None:
    scope = Scope.for_patient(KEY, patient)
    given_name, surname = invented("Anna Lee", scope).split()
    avoided = name_surrogate("Anna Lee, RN", scope, avoid={given_name.lower()})
    assert avoided.text == f"{given_name[0]}. {surname}, RN"
    assert name_surrogate("LEE'S", scope, avoid={surname.lower()}).text == f"{surname[0]}'S"


def test_every_letter_has_names_to_choose_from_in_each_list() -> None:
    for names in (*name_pools().given.values(), name_pools().surnames):
        assert sorted(names) == list(LETTERS)
        assert min(map(len, names.values())) >= 5
        assert all(name.lower().startswith(letter) for letter, group in names.items() for name in group)


def test_the_stocks_digest_is_that_of_the_faker_that_is_pinned() -> None:
    """With other names surrogates change, and so does this digest, which is part of a run's fingerprint."""
    assert name_pools().digest == STOCK_DIGEST


STOCK_DIGEST = "614c4a58f28f2c69"
