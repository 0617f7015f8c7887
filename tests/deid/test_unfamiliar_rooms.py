"""Rooms of units, wings and lists, days of events and names that were missed, and the values that look like them."""

from __future__ import annotations

import pytest
from deid.found import PATTERNS, shown

from openbioner_batch.deid.finder import Finder

FINDER = Finder(PATTERNS)


def found(text: str, type: str) -> list[str]:
    return [value for one, value in shown(text, FINDER.find(text)) if one == type]


@pytest.mark.parametrize(
    ("text", "room"),
    [
        ("rec'd Mooney fr OR 11 s/p TLH", "OR 11"),
        ("Ramsaran accepts, L&D 6, RN Faith.", "L&D 6"),
        ("Gruber, 79, tele OBS 5. Ordered", "OBS 5"),
        ("Curtis Neal, 8T-22. Not a candidate", "8T-22"),
        ("Vivian Poteet (61F) in B614, port", "B614"),
        ("Pt Lashonda Ivory, R7, count ok", "R7"),
        ("Whitacre, OR 9. Wife here", "OR 9"),
        ("done, IR suite 3. Exch later", "IR suite 3"),
        ("FOB at bs LDR 4. Stable", "LDR 4"),
        ("was seen in ed 6 at 0315", "ed 6"),
        ("wt 82.1 / OR-2 / NKDA", "OR-2"),
        ("2 West|Lomax|64M|CABG", "2 West"),
        ("4401 Haskins 72M PNA, CTX d3", "4401"),
    ],
)
def test_rooms_are_found_by_their_unit_or_wing(text: str, room: str) -> None:
    assert room in found(text, "room_number")


@pytest.mark.parametrize(
    "text",
    [
        "aOR 2.1, 95% CI 1-4",
        "compared to OR 2, CI 1.1-3.2",
        "moved to OR 3 h later",
        "L&D 6 hours",
        "Roe, C5, T4 fx",
        "grown in A549 cells",
        "1) Blevins CTA\n2) Mrs. Yoon K\n3) Ferris d/c\n4) Ojeda trop",
        "board: 1 Hatcher lap | 2 Trinh ORIF | 3 Sowell add-on",
    ],
)
def test_ratios_spines_cells_and_numbered_lists_are_no_rooms(text: str) -> None:
    assert found(text, "room_number") == []


def test_the_first_name_of_a_row_behind_a_wing_is_found() -> None:
    assert found("2 West|Lomax|64M|CABG", "patient_name") == ["Lomax"]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Seen 3/4, called 3/6.", ["3/4", "3/6"]),
        ("tx'd here 2/7 fr the island", ["2/7"]),
        ("Wound VAC chg'd 10/6 1420, sacrum", ["10/6"]),
        ("Hospice intake 4/27. Home", ["4/27"]),
        ("last 6/4 per PDMP", ["6/4"]),
        ("pain 3/10, rated 3/10 later", []),
        ("last 3/10 per nurse", []),
    ],
)
def test_days_of_events_and_in_a_row(text: str, days: list[str]) -> None:
    assert found(text, "personal_date") == days


def test_a_towns_name_is_no_thing_at_the_head_of_a_sentence() -> None:
    assert found("Lives in Orange, CA. Orange juice at bs.", "city") == ["Orange"]
    assert found("Lives in Orange, CA. Orange is far.", "city") == ["Orange", "Orange"]


def test_an_isotope_is_no_road() -> None:
    assert FINDER.find("started on I-131 last week") == []
    assert found("crash on I-95 this morning", "street_address") == ["I-95"]


def test_a_pressure_behind_a_grandmothers_word_is_no_age() -> None:
    assert found("80% gran, 125 mmHg cont", "age_over_89") == []
    assert found("gran, 95, at bedside", "age_over_89") == ["95"]


def test_initials_of_an_irish_name() -> None:
    assert found("called by S.O'B. at 0400", "clinician_name") == ["S.O'B."]


@pytest.mark.parametrize(
    "text",
    [
        "0730 PICKERING, JUNE 64F L THA 120 min\n1000 AYALA, BENITO 57M RTC rep\n1230 NOLAN, BRIDGET 92F IMN hip",
        "screening log\n001 | RJH | 12/01 | eGFR 44, fail\n002 | MLB | 12/02 | eGFR 61\n003 | TDW | 12/04 | withdrew",
    ],
)
def test_times_and_items_at_the_head_of_rows_are_no_rooms(text: str) -> None:
    assert found(text, "room_number") == []


def test_a_room_at_the_head_of_a_row_is_found_beside_one_like_a_time() -> None:
    assert found("1210 Haskins 72M PNA\n1214 Lomax 64M CABG", "room_number") == ["1210", "1214"]
