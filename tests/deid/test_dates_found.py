"""Dates in their written forms, and what looks like them."""

from __future__ import annotations

import pytest
from deid.found import assert_found

from openbioner_batch.deid.dates import find_dates
from openbioner_batch.deid.finder import Finder


@pytest.mark.parametrize(
    "written",
    "03/04/2021|3/4/21|3-4-21|03-04-2021|2021-03-04|2021/03/04|04.03.2021|20210304|4 March 2021|March 4, 2021|"
    "March 4th|4th of March|the 4th of March|March 4|4-Mar-2021|04MAR2021|Mar '21|March 2021|March of 2021|"
    "Sept. 5, 1999|2021-03|03/2021|first of March|March fourth|2021-03-04T09:30:00Z|2021-03-04 09:30:15|"
    "March 4-8, 2021|"
    "4 de marzo de 2021|4 mars 2021|Christmas Day 2020|Thanksgiving|Fourth of July|summer of 2019".split("|"),
)
def test_written_forms_of_a_date(written: str) -> None:
    assert_found(f"She was reviewed again <personal_date>{written}</personal_date> by the team.")


@pytest.mark.parametrize(
    "note",
    [
        "Last seen on <personal_date>3/4</personal_date>.",
        "Biopsy in <personal_date>03/21</personal_date> was benign.",
        "Onset was in <personal_date>12/94</personal_date>.",
        "Stable since <personal_date>May</personal_date>.",
        "Call on <personal_date>Tuesday the 15th</personal_date>.",
        "Results from <personal_date>the 14th</personal_date> are back; nausea since <personal_date>the 20th"
        "</personal_date>.",
        "PAIN IS BETTER SINCE <personal_date>THE 19TH OF AUGUST</personal_date>.",
        "Come on <personal_date>Sunday\nthe 12th</personal_date> or on <personal_date>New Year's\nDay</personal_date>.",
        "KNEE PAIN SINCE <personal_date>FEBRUARY</personal_date>, NONE IN MAY BE NOTED.",
        "Pain is better since <personal_date>4/24</personal_date>.",
        "Strength improved by <personal_date>Monday, 4/8</personal_date> and <personal_date>Tue. 4/9</personal_date>.",
        "came on <personal_date>Sunday, March 4th</personal_date>, home by <personal_date>memorial day</personal_date>",
        "Treated <personal_date>1/2/20</personal_date>-<personal_date>1/5/20</personal_date> at home.",
    ],
)
def test_partial_dates_by_context(note: str) -> None:
    assert_found(note)


@pytest.mark.parametrize(
    ("note", "type"),
    [
        ("DOB: 1/2/1950", "birth_date"),
        ("She was born on January 2, 1950.", "birth_date"),
        ("born in 1931", "birth_date"),
        ("Admission Date: 3/4/2021", "admission_date"),
        ("He was admitted on 3/4/2021", "admission_date"),
        ("Discharged 3/9/2021", "discharge_date"),
        ("The patient died on May 5, 2021.", "death_date"),
        ("DOB 1/2/1950; visit 3/4/2021", "birth_date"),
        ("Admission Date: 3/4/2021 Discharge Date: 3/9/2021", "admission_date"),
    ],
)
def test_the_nearest_cue_tells_the_type(note: str, type: str) -> None:
    found = Finder().find(note)
    assert found[0].type == type
    if len(found) > 1:
        assert found[1].type in ("personal_date", "discharge_date")


@pytest.mark.parametrize(
    "note",
    [
        "BP 120/80, pulse 72, RR 18, T 98.6, sat 98% on 2-3 L.",
        "Norco 5/325 mg, one 1/2 tab, Augmentin 875/125.",
        "Levels L4-5, C5-6, T12-L1 and L5/S1.",
        "Pain 3/10, strength 5/5, murmur 2/6, vision 20/20, GCS 15, grade 3/4.",
        "At 38 5/7 weeks, 38/5 weeks, G3P2-0-1-2.",
        "EF 55-60%, 400-1200 mg, 0.5-1 cm, 3 x 4 x 5 cm, 1:2 ratio, 4-0 Vicryl.",
        "On Tuesday and every Friday in the morning.",
        "May repeat in 3 to 4 weeks; the patient may march on.",
        "Heart rate in the 90s, 95 mg, 90 degrees, 99 percent; aged 45.",
        "Christmas tree rash and Christmas disease.",
        "Hemoglobin 12.5, sodium 140, WBC 10.2, INR 1.1, pH 7.35/42/88.",
        "In 2015 he quit smoking.",
        "Visual acuity 20/25 OD 20/400 OS; IOP 14/16; 6/6 and 6/12; unaided 6/9-6/18.",
        "Pain on the 4th toe, from the 2nd to the 5th rib; sat. 3/4.",
    ],
)
def test_clinical_numbers_are_no_identifiers(note: str) -> None:
    assert_found(note)


@pytest.mark.parametrize(
    "note",
    [
        "A <age_over_89>92</age_over_89>-year-old man",
        "aged <age_over_89>101</age_over_89>",
        "his <age_over_89>ninety-four</age_over_89>-year-old mother",
        "in her late <age_over_89>90s</age_over_89>",
        "a <age_over_89>centenarian</age_over_89>",
        "an 89-year-old man of 45 years",
        "over 100 years ago",
    ],
)
def test_ages_over_89(note: str) -> None:
    assert_found(note)


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("MR spine 03/xi/23: verified 04/xi.", ["03/xi/23", "04/xi"]),
        ("papers received 18.vii. NR", ["18.vii"]),
        ("stat. 29.4.-7.5.: NSTEMI", ["29.4.", "7.5."]),
        ("Wert\tRef\t04.11.\t05.11.\t06.11.\nNa\t135", ["04.11.", "05.11.", "06.11."]),
        ("K. Roe,9/5/24,88\nK. Roe,16/5/24,94", ["9/5/24", "16/5/24"]),
        ("grade 2/ii, stage 3/iv, EF 30.12.", []),
        ("Mayo 9, UCEIS 6", []),
    ],
)
def test_roman_months_german_days_and_cells_of_tables(text: str, dates: list[str]) -> None:
    found = [mention for mention in find_dates(text) if mention.form != "month"]
    assert [text[mention.start : mention.end] for mention in found] == dates


@pytest.mark.parametrize(
    "note",
    [
        "Seen <personal_date>13/45/2024</personal_date>. Returned <personal_date>11/31</personal_date>.",
        "LMP <personal_date>2/30</personal_date>; visit <personal_date>2/31</personal_date>.",
        "Signed <personal_date>June 45, 2020</personal_date>, <personal_date>0 June 2020</personal_date>",
        "Date: <personal_date>3/4/20210</personal_date>; Date <personal_date>3//4/2021</personal_date>",
        "DOS <personal_date>0304/2021</personal_date>; DOB: <birth_date>03/041950</birth_date>",
        "scanned <personal_date>1O/12/2021</personal_date> and <personal_date>l2/O4/1957</personal_date>",
        "in <personal_date>KW 12/2021</personal_date>, <personal_date>week 12 of 2021</personal_date>",
        "MMSE 2/30, score was 2/30 on review; 2/30 nodes; I/O 24/12; 99/99/9999; EF 4/31",
    ],
)
def test_dates_that_do_not_exist_or_are_misspelled(note: str) -> None:
    assert_found(note)


@pytest.mark.parametrize(
    "note",
    [
        "here <personal_date>8/14->8/17</personal_date>, <personal_date>8/14 → 8/17</personal_date>",
        "Admitted <admission_date>8/14&8/17</admission_date>",
        "Admitted <personal_date>8/14 to 17</personal_date>; seen <personal_date>8/14-17</personal_date>",
        "<personal_date>June</personal_date> of last year; this past <personal_date>March</personal_date>",
        "last seen <personal_date>8-3</personal_date>; cough since <personal_date>5-6</personal_date>, worse",
        "RTC <personal_date>9/12</personal_date>; admit <personal_date>10/1</personal_date>; "
        "dc <personal_date>10/1</personal_date>. Two days post <personal_date>5/6</personal_date>.",
        "pain 8/10 -> 3/10; strength 3/5 → 4/5; Cx 2/50 -> 4/80; from 2/14 to 20 mg; adm 4/5 strength",
        "geb. <birth_date>05.06.24</birth_date>; née le <birth_date>05/06/24</birth_date>; "
        "fecha de nacimiento: <birth_date>5/6/24</birth_date>",
        "well since <personal_date>June</personal_date>, seen the <personal_date>12/30/08</personal_date>",
        "abx through <personal_date>2/6</personal_date>; appt <personal_date>2/30</personal_date>; about 2/3 full",
        "removed <personal_date>2/30</personal_date>, collected <personal_date>2/31</personal_date>; "
        "graft 3/5-4/5 open",
        "seen <personal_date>5/6</personal_date>, <personal_date>June</personal_date> and "
        "<personal_date>7/2</personal_date>; here in <personal_date>10/15</personal_date>; Q3 turns",
        "worse on <personal_date>the 5th</personal_date> and <personal_date>6th</personal_date>.",
        "neg <personal_date>5/5</personal_date>, <personal_date>5/6</personal_date> and "
        "<personal_date>April 29</personal_date>",
    ],
)
def test_terse_ranges_and_events(note: str) -> None:
    assert_found(note)
