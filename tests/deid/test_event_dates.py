"""Days such as 3/6 that only what happened on them shows, and the scores and settings that look like them."""

from __future__ import annotations

import pytest
from deid.found import assert_found

from openbioner_batch.deid.finder import Finder, FinderSettings
from openbioner_batch.deid.recognizers.event_dates import find_event_dates
from openbioner_batch.records import Span


def day(value: str) -> str:
    return f"<personal_date>{value}</personal_date>"


DAYS = (
    f"ERCP {day('2/4')}: stent exchanged",
    f"Hemicolectomy {day('5/10')}, no leak",
    f"cystoscopy {day('3/5')} (clear)",
    f"Drain out {day('8/4')}. Staples out {day('8/10')}.",
    f"last dose {day('2/5')}, then off",
    f"last fill {day('6/10')}",
    f"IVIG 1 g/kg {day('4/5')}, tolerated",
    f"Midline L brachial 20 cm {day('6/8')}, flushes",
    f"tumor conference {day('11/12')} (path reviewed)",
    f"SNF auth ends, LCD {day('5/6')}",
    f"cologuard + {day('6/6')}, needs scope",
    f"TSH 8.2 {day('4/17')}. K 3.1 {day('9/2')}.",
    f"renal US wnl {day('11/14')}",
    f"L CEA {day('7/09')}",
    f"PT eval {day('10/10')} 2p",
    f"BPs: {day('10/30')} 142/88, {day('10/31')} 151/90",
    f"Seen in clinic, stable. {day('13/8')}",
    f"wound clean, dressed, {day('7/8')}",
    f"prelim 0148, {day('01-19')}.",
    f"TUR-P {day('02.05.')} pT1",
    f"discharged {day('12 V 2024')}.",
    f"week of {day('the 4th')}",
    f"since {day('the 2nd')} & {day('3rd')}",
    f"due on {day('the twenty-first')}",
    f"in {day('Jan-Mar')}, {day('Oct and Nov')}",
)
NO_DAYS = (
    "BiPAP 14/6, FiO2 40. CPAP settings 12/5. IDDSI 5/2.",
    "warf held 2/7, review 2/7, leave 3/12. URTI sx 4/7, Bloods 6/52, 3/12, 6/12.",
    "Strength 4/5, pain 3/10, MMSE 27/30, apgars 8/9.",
    "nodes 1/19, cores 3/12, GCS 3/15",
    "PSA 14.6.,PROCEDURES: Hgb 12.6.",
    "VA 6/9, 6/12. OD 6/6",
    "EGA 28 3/7; EFW 1450 g. GA of 36 5/7. GA: 31 2/7, twins",
    "D5 1/2 NS at 75, 2/3 of the dose, 1/2 tab",
    "Foley pain 7/10, drain 3/4 full",
    "murmur 2/6. DTR 2/4. Rates pain 6/10.",
)


@pytest.mark.parametrize("note", DAYS)
def test_a_day_is_told_by_what_happened(note: str) -> None:
    assert_found(note)


@pytest.mark.parametrize("note", NO_DAYS)
def test_scores_settings_and_durations_are_no_days(note: str) -> None:
    assert list(find_event_dates(note)) == []


@pytest.mark.parametrize("note", ["home BiPAP 12/5, mask ok", "IDDSI 5/2. Slow rate", "Baby Al 10/12, 9.1 kg"])
def test_settings_and_ages_of_babies_that_the_model_takes_for_days_stay(note: str) -> None:
    value = next(word.strip(",.") for word in note.split() if "/" in word)
    start = note.index(value)
    span = Span(start, start + len(value), "personal_date", 0.9, value)
    assert not Finder(FinderSettings(recognizers=("model",))).find(note, None, [span])
