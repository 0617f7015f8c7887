"""Ages over 89: every number with every unit in every frame, and what looks like an age and is none."""

from __future__ import annotations

import re
from itertools import product

import pytest
from deid.found import PATTERNS, shown

from openbioner_batch.deid.ages import generalise_age
from openbioner_batch.deid.deidentifier import Deidentifier
from openbioner_batch.deid.finder import Finder
from openbioner_batch.deid.policy import load_policy
from openbioner_batch.deid.recognizers.ages import find_ages

NUMBERS = ("90", "94", "99", "101", "112", "ninety", "ninety-two", "ninety two", "one hundred and three", "a hundred")
UNITS = """
yo|y/o| yo| y/o| y.o.|-year-old| year old| years old|yr|yrs| yrs old|yr old| years of age|-yr-old| y o|yo F|y/o M
""".strip().split("|")
SEXES = ("M", "F", "/F", "/M", " M", " male", " female", " gentleman", "-year-old woman", "WF", "WM", "yof", "yoM")
WITH_UNIT = ("{} with CHF.", "Seen: {}, frail.", "She is a {} admitted.", "HPI: {} s/p fall.", "the patient ({}) was")
FRAMES = (
    """
age {}|Age: {}|aged {}|Age/Sex: {}|age of {}|at age {}|turned {}|died at {}|passed away at {}|lived to {}|pt is {}
She is {}|he's {}|patient was {}|mother {}, alive|Father died at {}|sister ({}), well|brother is {}|grandmother, {},
""".strip()
    .replace("\n", "|")
    .split("|")
)
DIGITS = tuple(number for number in NUMBERS if number.isdigit())


def found(text: str) -> list[str]:
    return [part for type, part in shown(text, Finder(PATTERNS).find(text)) if type == "age_over_89"]


@pytest.mark.parametrize("frame", WITH_UNIT)
@pytest.mark.parametrize("unit", UNITS)
def test_every_number_with_every_unit(unit: str, frame: str) -> None:
    for number in NUMBERS:
        if number.isdigit() or unit[0] in " -":
            text = frame.format(number + unit)
            assert found(text) == [number], text


@pytest.mark.parametrize("frame", WITH_UNIT)
@pytest.mark.parametrize("sex", SEXES)
def test_every_number_with_every_sex(sex: str, frame: str) -> None:
    for number in DIGITS:
        text = frame.format(number + sex)
        assert found(text) == [number], text


@pytest.mark.parametrize("frame", FRAMES)
def test_every_number_in_every_frame(frame: str) -> None:
    for number, case in product(NUMBERS, (str, str.upper)):
        text = f"Known well. {case(frame.format(number))} and so on"
        assert found(text) == [case(number)], text


@pytest.mark.parametrize("number", ["89", "12", "64", "eighty-nine", "126", "190", "904"])
def test_no_other_age_is_touched(number: str) -> None:
    for text in [f"{number}yo M", f"{number}M with CHF", *(frame.format(number) for frame in FRAMES)]:
        assert found(text) == [], text


@pytest.mark.parametrize(
    "text",
    """
BP 93/60, HR 93, MAP 91, RR 20, 93% on RA, sats 95-98, glucose 101, platelets 94, MCV 92.5
93 mg, 95 mL, 91 units, 93 kg, 101 lbs, 96 cm, 94 bpm, 93 degrees, 92 mmHg, 100 miles
temp 92 F, T 101F, T: 99.1 F, temperature of 101 F, febrile to 102 F, 98.6 F. Tmax 101 F.
age 93 days, 95 days old, at 94 weeks, 96 months old, pt is 96 hours post op, aged 99 days
room 93, bed 94, #93, unit 95, floor 96, since '93, in 1993, 93 M/uL, $93M
pt is 93% on RA, she was 94 on room air, he is 95 kg, she is 92 on 2L, he was 99 bpm
HR in the 90s, SBP in the 110s, sats in the high 90s, 90 years ago, for 95 years prior
mother had 91 units, sister lives 100 miles away, father 93% compliant, ninety percent, hundred mg
""".strip().splitlines(),
)
def test_what_is_no_age(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("92yo M, 93M, 101yo WF", "90+yo M, 90+M, 90+yo WF"),
        ("aged 90-95", "aged 90+"),
        ("85-95 y/o", "85-90+ y/o"),
        ("92 to 95 years old", "90+ years old"),
        ("her 95th birthday", "her 90+ birthday"),
        ("in her nineties", "in her 90+"),
        ("a nonagenarian", "a 90+"),
        ("born 93 years ago", "born 90+ years ago"),
        ("90.5 years old", "90+ years old"),
    ],
)
def test_ages_become_90_plus(text: str, new: str) -> None:
    assert Deidentifier(load_policy("safe-harbor")).deidentify(text).text == new


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("94yo 6 months", "90+yo 6 months"),
        ("92yr 4 mo", "90+yr 4 mo"),
        ("92 y 4mo", "90+ y 4mo"),
        ("93 years 11 months", "90+ years 11 months"),
        ("aged 92, 3 weeks here", "aged 90+, 3 weeks here"),
        ("ninety-two and 3 weeks", "90+ and 3 weeks"),
        *[(text, text) for text in ("96 months", "96mo", "100-month", "99 hrs", "95-100 weeks", "91 to 93 days")],
        *[(text, text) for text in ("ninety days", "one hundred and ten weeks", "6 months", "12 wks")],
    ],
)
def test_years_beside_months_are_generalised_and_months_alone_are_not(text: str, new: str) -> None:
    assert generalise_age(text) == new


def test_a_range_of_ages_is_one() -> None:
    assert generalise_age("90-95") == generalise_age("91 to 93") == generalise_age("92 and 99") == "90+"
    assert not re.search(r"90\+.*90\+", generalise_age("100-101") or "")


@pytest.mark.parametrize(
    ("text", "ages"),
    [
        ("92M/88F couple, 95F b.5/6/26", ["92", "95"]),
        ("92y3m old; 91 y 4 mo; 93 and a half year old", ["92", "91", "93"]),
        ("father d. 95 MI, MGM d 93 CVA, PGM dec'd 91", ["95", "93", "91"]),
        ("EDAD: 94. Alter: 93. Età 95", ["94", "93", "95"]),
        ("He is 95 yo, not 59.", ["95"]),
        ("Age 59 not 95 yo per dtr.", ["95"]),
        ("Pt Effie, ninety-nine, died Sunday.", ["ninety-nine"]),
        ("Mrs Roe, 94, s/p fall.", ["94"]),
        ("Will turn 96 in July.", ["96"]),
        ("He will be 90 soon.", ["90"]),
        ("HR, 94, and sats, 96, on RA.", []),
        ("Pulse, 92, regular.", []),
        ("Sodium, 141, glucose, 96, BUN.", []),
        ("94F fr nursing home w/ rash", ["94"]),
        ("97F via EMS", ["97"]),
        ("T 98F fr oral probe.", []),
    ],
)
def test_ages_that_a_name_or_another_age_tells(text: str, ages: list[str]) -> None:
    assert [part for type, part in shown(text, Finder(PATTERNS).find(text)) if type == "age_over_89"] == ages


@pytest.mark.parametrize(
    ("text", "ages"),
    [
        ("PatientName=ROE^JANE PatientAge=094Y KVP=120", ["094"]),
        ("Age/Sex 91Y 04M/F Bed 7", ["91"]),
        ("Encaminho paciente, 94 anos, com tosse", ["94"]),
        ("ein Mann, 93 Jahre, mit Dyspnoe", ["93"]),
        ("This kind lady of ninety one came alone", ["ninety one"]),
        ("mum, 92 on Sunday, off legs", ["92"]),
        ("sisters 97, 95 & 88, all well", ["97", "95"]),
        ("sisters 71, 68 & 65, all well", []),
        ("DICOM 044Y and SN094YX", []),
    ],
)
def test_stamped_foreign_spoken_ages_and_those_of_several_relatives(text: str, ages: list[str]) -> None:
    spans = sorted({(found.start, found.end) for found in find_ages(text)})
    assert [text[start:end] for start, end in spans] == ages


@pytest.mark.parametrize(
    "unit",
    [" år", "-årig", " jahre", "-jährig", "-jarige", " ans", " años", " anos", " anni", " jaar", " vuotta", "-vuotias",
     " lata", "-letni", " let.", "-letá", " éves", " yaşında", " год", " года", " лет", "-річний", "歳", "岁", "세"],
)  # fmt: skip
@pytest.mark.parametrize("number", ["90", "94", "101"])
def test_numbers_with_units_of_other_languages(number: str, unit: str) -> None:
    expected = [] if unit == " let." else [number]
    assert found(f"pat. {number}{unit}, RR 140/80") == expected


@pytest.mark.parametrize("text", ["XR lat 94 let it rest", "BP 95 lat pull", "CRP 98, 12 år", "ED 94F GLF"])
def test_words_that_are_units_elsewhere_are_none_here(text: str) -> None:
    assert found(text) == (["94"] if "GLF" in text else [])


def test_what_is_no_age_gives_nothing() -> None:
    assert generalise_age("elderly") is None
    assert generalise_age("aged 47") == "aged 47"


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("ages 85-95", "ages 85-90+"),
        ("age 88 to 93", "age 88 to 90+"),
        ("ages 88 and 93", "ages 88 and 90+"),
        ("aged 91\u201395", "aged 90+"),
        ("PT AGE: 097", "PT AGE: 90+"),
        ("Age (yrs): 93", "Age (yrs): 90+"),
        ("Age [y] 93", "Age [y] 90+"),
        ("AGE - 93", "AGE - 90+"),
        ("Age ~93", "Age ~90+"),
        ("age about 93", "age about 90+"),
        ("93\u2642 s/p fall", "90+\u2642 s/p fall"),
        ("94/M/W", "90+/M/W"),
        ("is 91 1/2 years old", "is 90+ 1/2 years old"),
    ],
)
def test_an_age_beside_a_younger_one_or_in_an_unusual_frame_goes(text: str, new: str) -> None:
    assert Deidentifier(load_policy("safe-harbor")).deidentify(text).text == new


@pytest.mark.parametrize(
    "text", ["ages 65-89", "sat 89-91%", "HR 88 and 92", "age 60, 95 kg", "age 55, 92% on RA", "age 40-95%"]
)
def test_a_range_of_something_else_stays(text: str) -> None:
    assert Deidentifier(load_policy("safe-harbor")).deidentify(text).text == text
