"""Plates, crews and aircraft, and the types of days by the words before them."""

from __future__ import annotations

import pytest

from openbioner_batch.deid.recognizers.date_types import date_type
from openbioner_batch.deid.recognizers.vehicles import find_vehicles


@pytest.mark.parametrize(
    ("text", "type", "value"),
    [
        ("off truck 10 FT, plate 441 ABC", "license_plate", "441 ABC"),
        ("plate 441 ABC seen", "license_plate", "441 ABC"),
        ("tag number is 45 MPH", "license_plate", "45 MPH"),
        ("van KJR 2204 left", "license_plate", "KJR 2204"),
        ("brought by EMS unit 44", "vehicle_identifier", "44"),
        ("Medic B-12 at 3", "vehicle_identifier", "B-12"),
        ("Reg. AB12 CDE", "license_plate", "AB12 CDE"),
        ("Medevac C-GABC landed", "license_plate", "C-GABC"),
        ("helo base N44AB", "license_plate", "N44AB"),
    ],
)
def test_what_stands_behind_a_vehicle(text: str, type: str, value: str) -> None:
    found = {(one.type, text[one.start : one.end], one.recognizers[0].partition(":")[0]) for one in find_vehicles(text)}
    assert found == {(type, value, "pattern")}
    assert all(0.5 < one.score < 1 for one in find_vehicles(text))


@pytest.mark.parametrize("text", ["struck by car 45 MPH", "off truck 10 FT", "van AB1", "crew 2 members", "car ABCDE"])
def test_a_speed_a_length_and_a_count_are_none(text: str) -> None:
    assert list(find_vehicles(text)) == []


@pytest.mark.parametrize(
    ("before", "type"),
    [
        ("DOB: ", "birth_date"),
        ("discharged\n", "discharge_date"),
        ("born, admitted ", "admission_date"),
        ("born\nadmitted ", "admission_date"),
        ("born\non the ", "personal_date"),
        ("born\n x ", "personal_date"),
        ("born; ", "personal_date"),
        ("", "personal_date"),
        ("died " + "x" * 60 + "\n", "personal_date"),
    ],
)
def test_the_type_of_a_day_is_told_by_the_nearest_word_of_its_line(before: str, type: str) -> None:
    assert date_type(before + "3/4/2021", len(before)) == type
