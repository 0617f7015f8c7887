"""Who signs with initials or a first name alone, who lies in which bed, and what looks like it."""

from __future__ import annotations

import pytest
from deid.found import PATTERNS, assert_found

from openbioner_batch.deid.finder import Finder
from openbioner_batch.deid.recognizers.signatures import find_signatures


def c(value: str) -> str:
    return f"<clinician_name>{value}</clinician_name>"


def p(value: str) -> str:
    return f"<patient_name>{value}</patient_name>"


def room(value: str) -> str:
    return f"<room_number>{value}</room_number>"


def old(value: str) -> str:
    return f"<age_over_89>{value}</age_over_89>"


SIGNED = (
    f"Tolerating feeds, no emesis. {c('kvz')}",
    f"Rtn call after 3. /{c('qj')}",
    f"Pt resting.\n--{c('LWB')}",
    f"20g R AC placed <personal_date>6/2</personal_date> by {c('QW')}, site clean",
    f"called to lab, RBV by {c('kzs')}.",
    f"Independent check {c('RJ')}/{c('WQ')} done",
    f"Dictated {c('WQ')} / final pending",
    f"Micro: {c('zkw')}",
    f"Crew {c('Baz')}/{c('Lou')}, en route",
    "FROM <person_name>Patty</person_name> ext <phone_number>204</phone_number>",
    f"0800\t98.6\t72\t{c('kvz')}\n1200\t99.1\t80\t{c('wqd')}",
    f"0800 | 98.6 | 72 | {c('kvz')}\n1200 | 99.1 | 80 | {c('wqd')}",
    f"Wound healed, drain out. {c('Ostrander')} <personal_date>3/14</personal_date>",
)
UNSIGNED = (
    "Abd soft. NAD. OK",
    "Given by PO, taken by mouth. Done by MRI. Cleared by PT.",
    "Gross: WNL. Micro: neg. Final: pos",
    "0800\t98.6\tRA\n1200\t99.1\tRA",
    "Team Lead/Charge aware. Staff Meeting/Huddle",
    "Insulin check AC/HS, counts correct",
    "Activated by EGF, induced by TNF.",
)


@pytest.mark.parametrize("note", SIGNED)
def test_initials_and_first_names_sign(note: str) -> None:
    assert_found(note)


@pytest.mark.parametrize("note", UNSIGNED)
def test_shorthand_signs_nothing(note: str) -> None:
    assert [note[one.start : one.end] for one in find_signatures(note) if one.recognizers] == []


PLACED = (
    f"{room('211')}|{p('Quist')}|64M|CABG\n{room('212')}|{p('Obrero')}|70F|AVR",
    f"{room('C4/2')} | {p('Ulrikson')} 71F | CAP\n{room('C4/3')} | {p('Dwerry')} {old('96')}F | #NOF",
    f"{room('211')}|{p('Quist')}|CABG\n{room('212')}|{p('Obrero')}|AVR",
    f"{p('Ulrikson')} in {room('3208-1')}, chest tube to suction".replace("<patient_name>", "").replace(
        "</patient_name>", ""
    ),
    f"NICU {room('pod B bed 3')}: DOL 4",
    f"Ambulatory, pt in {room('ED 22')}, awaiting CT",
    f"Critical called to Lonna RN {room('6E')}".replace("Lonna", f"{c('Lonna')}"),
    f"8:40 {p('Ulrikson, D')} inj | 9:00 {p('Obrero, V')} wound",
    f"{p('DWERRY, EARLINE')} {old('94')}F IMN hip",
)
UNPLACED = (
    "Colonoscopy in 2007. Appendectomy in 1998, no issues.",
    "Seen by team @ 0640, POD#2",
    "T 98F, Temp 99F. Afebrile 98F. HR in 90s",
    "1|Sodium|138|mmol\n2|Potassium|4.1|mmol",
    "CD4 in 350 range; glucose in 120s",
)


@pytest.mark.parametrize("note", PLACED)
def test_beds_rooms_and_ages_of_lists(note: str) -> None:
    assert_found(note)


@pytest.mark.parametrize("note", UNPLACED)
def test_years_times_and_results_are_no_rooms_and_ages(note: str) -> None:
    found = {one.type for one in Finder(PATTERNS).find(note)}
    assert found.isdisjoint({"room_number", "age_over_89", "patient_name"})
