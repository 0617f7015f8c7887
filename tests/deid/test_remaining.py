"""Known values that remain in a result are found by a rule of its own."""

from __future__ import annotations

import pytest

from openbioner_batch.deid.deidentifier import Deidentifier
from openbioner_batch.deid.finder import FinderSettings
from openbioner_batch.deid.known import KnownIdentifiers, KnownValue
from openbioner_batch.deid.policy import load_policy
from openbioner_batch.deid.remaining import remaining_known


def test_the_check_of_the_result_searches_by_a_rule_of_its_own() -> None:
    known = KnownIdentifiers.from_fields({"name": "Jane Roe", "mrn": "88-1207", "dob": "1950-03-04"})
    for text in (
        "JANE ROE",
        "roe, jane",
        "Jane\u00a0Roe",
        "Jan\u00e9 Ro\u00e9",
        "id 881207",
        "on 03041950",
        "on 03/04/1950",
    ):
        assert [one.recognizers for one in remaining_known(text, known)][:1] == [("known:standing",)], text
    for text in ("jane was", "janeroes", "id 8812077", "Roemer", "[PATIENT]"):
        assert list(remaining_known(text, known)) == [], text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x Jane-Roe y", ["Jane-Roe", "Jane"]),
        ("Roe, Jane", ["Roe, Jane", "Jane"]),
        ("jane - roe", ["jane - roe"]),
        ("jane -- roe", []),  # too far apart
        ("Jane was", ["Jane"]),
        ("Roe was", []),  # too short to stand for a person alone
        ("Janes", []),
        ("xJane", []),
        ("Jane Jane", ["Jane", "Jane"]),
        ("in Dover", ["Dover"]),
        ("in dover", []),
        ("at CEDAR FALLS", ["CEDAR FALLS"]),
        ("at cedar falls", ["cedar falls"]),
        ("id 8-8-1-2", ["8-8-1-2"]),
        ("id 88120", []),
        ("no 471", []),  # three signs tell nothing
        ("on 1950-03-04", ["1950-03-04"]),
        ("on 4.3.1950, 04.03.1950", ["04.03.1950"]),
        ("on 03051950", []),
    ],
)
def test_where_a_value_stands_and_where_it_does_not(text: str, found: list[str]) -> None:
    known = KnownIdentifiers.from_fields(
        {
            "name": "Jane Roe",
            "city": "Dover",
            "facility": "Cedar Falls",
            "mrn": "8812",
            "account": "471",
            "dob": "1950-03-04",
        }
    )
    assert [text[one.start : one.end] for one in remaining_known(text, known)] == found


@pytest.mark.parametrize(
    ("type", "value", "text", "found"),
    [
        ("patient_name", "Ana de la Paz", "ana de la paz", ["ana de la paz"]),
        ("patient_name", "Ana de la Paz", "de la Paz, Ana", ["de la Paz, Ana"]),
        ("patient_name", "Ana Do Vu Le", "Do Vu Le, Ana", ["Do Vu Le, Ana"]),
        ("patient_name", "Al Jo Ng", "ng, al jo", ["ng, al jo"]),
        ("patient_name", "Roe,Jane", "JANE ROE", ["JANE ROE", "JANE"]),
        ("patient_name", "Janet", "janet, Janet, JANET", ["Janet", "JANET"]),
        ("patient_name", "Janet", "Janet Janet Janet", ["Janet"] * 3),
        ("patient_name", "Mark Brown", "Brown sputum. Mark the site.", []),
        ("patient_name", "Mark Brown", "mark brown", ["mark brown"]),
        ("birth_date", "1950-03-04 00:00:00", "on 03/04/1950", ["03/04/1950"]),
        ("birth_date", "1950-03-04T10:15:00Z", "on 1950-03-04", ["1950-03-04"]),
        ("birth_date", "1950", "in 1950", []),
        ("birth_date", "March 1950", "in March 1950", []),
    ],
)
def test_forms_in_which_a_value_stands(type: str, value: str, text: str, found: list[str]) -> None:
    known = KnownIdentifiers.of([KnownValue(type, value)])
    remaining = list(remaining_known(text, known))
    assert [text[one.start : one.end] for one in remaining] == found
    assert {(one.type, one.score) for one in remaining} <= {(type, 1.0)}


def test_what_the_finder_overlooks_is_residual(monkeypatch: pytest.MonkeyPatch) -> None:
    deidentifier = Deidentifier(load_policy("tags"), FinderSettings(recognizers=("known",)))
    known = KnownIdentifiers.from_fields({"name": "Jane Roe"})
    assert deidentifier.deidentify("Jane Roe came.", known=known).residual == ()
    monkeypatch.setattr("openbioner_batch.deid.finder.find_known", lambda *rest, **more: iter(()))
    assert {one.type for one in deidentifier.deidentify("Jane Roe came.", known=known).residual} == {"patient_name"}
