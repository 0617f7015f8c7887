"""One grammar: what is found in a note is read and written back in its form, or can only become a tag."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from deid.date_forms import DAYS_OF_A_MONTH, RANGES, SINGLE, Write, end, language_of_form
from hypothesis import assume, given
from hypothesis import strategies as st

from openbioner_batch.deid.dates import find_dates
from openbioner_batch.deid.deidentifier import Deidentifier
from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.finder import Finder, FinderSettings
from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.policy import load_policy
from openbioner_batch.deid.scope import Scope
from openbioner_batch.deid.timeline import DateResult, Timeline, cut_to_year, shift

PATTERNS = FinderSettings(recognizers=("patterns",))
FINDER = Finder(PATTERNS)
NOTE_DAY = date(2021, 6, 15)
DAYS = (date(2021, 3, 4), date(2020, 12, 29), date(2024, 2, 26), date(2019, 5, 9), date(2021, 10, 25))
SHIFTS = (7, -70, 350)
ALL = {**SINGLE, **RANGES, **DAYS_OF_A_MONTH}


def found_whole(written: str) -> bool:
    """Whether the form is found in a sentence, whole and as one, and nothing else is."""
    note = f"Reviewed on {written} by the team."
    return [note[one.start : one.end] for one in FINDER.find(note) if family_of(one.type) == "date"] == [written]


def moved(written: str, form: str, days: int, near: date = NOTE_DAY) -> DateResult:
    return shift(written, "personal_date", days, Timeline(note=near, language=language_of_form(form)))


def shared_month(form: str, day: date, days: int) -> bool:
    """Whether the form can be written for the day, moved and not: in one month, and with no May that may be long."""
    first, last = day + timedelta(days), end(day) + timedelta(days)
    if form.startswith("months ") and 5 in (day.month, end(day).month, first.month, last.month):
        return False
    return form not in DAYS_OF_A_MONTH or (day.month == end(day).month and first.month == last.month)


@pytest.mark.parametrize("form", ALL)
def test_every_form_is_found_whole_and_moves_in_its_layout(form: str) -> None:
    write = ALL[form]
    for day in DAYS:
        if form in DAYS_OF_A_MONTH and day.month != end(day).month:
            continue
        assert found_whole(write(day)), write(day)
        for days in SHIFTS:
            if shared_month(form, day, days):
                assert moved(write(day), form, days, day) == DateResult(write(day + timedelta(days)), "done"), write(
                    day
                )


@pytest.mark.parametrize("form", ALL)
@given(day=st.dates(date(1945, 1, 1), date(2025, 10, 1)), days=st.integers(-400, 400).filter(bool))
def test_to_and_fro_is_as_it_was(form: str, day: date, days: int) -> None:
    write: Write = ALL[form]
    assume(shared_month(form, day, days))
    away = moved(write(day), form, days, day).text
    assert away == write(day + timedelta(days))
    assert moved(away, form, -days, day + timedelta(days)).text == write(day)


@given(st.dates(date(1945, 1, 1), date(2025, 10, 1)), st.integers(-400, 400).filter(bool), st.sampled_from(sorted(ALL)))
def test_intervals_of_a_range_survive_wherever_it_comes_to_lie(day: date, days: int, form: str) -> None:
    assume(form not in DAYS_OF_A_MONTH or day.month == end(day).month)
    new = day + timedelta(days)
    assume(form != "month days list" or new.month == end(new).month)  # over two months: see below
    away = moved(ALL[form](day), form, days, day).text
    assert away is not None
    back = moved(away, form, -days, day + timedelta(days)).text
    assert back is not None
    told = [cut.reading[1:] for text in (back, ALL[form](day)) for one in find_dates(text) for cut in one.dates]
    assert told[: len(told) // 2] == told[len(told) // 2 :]


def test_a_list_that_runs_into_the_next_month_is_written_but_read_as_no_date() -> None:
    listed = ALL["month days list"](date(2000, 1, 1))
    away = shift(listed, "personal_date", 28, Timeline(note=NOTE_DAY))
    assert away == DateResult("January 29, 31 and February 1, 2000", "done")
    assert shift(away.text or "", "personal_date", -28, Timeline(note=NOTE_DAY)) == DateResult(None, "unreadable")


def test_a_holiday_that_is_written_as_a_date_moves_as_one() -> None:
    assert shift("the 4th of July 2000", "personal_date", 1, Timeline(note=NOTE_DAY)) == DateResult(
        "the 5th of July 2000", "done"
    )


def test_days_that_shared_a_month_get_one_each() -> None:
    timeline = Timeline(note=NOTE_DAY)
    expected = {
        "March 4-8, 2021": (25, "March 29-April 2, 2021"),
        "March 29-31, 2021": (-30, "February 27-March 1, 2021"),
        "March 3, 4 and 5": (27, "March 30, 31 and April 1"),
        "3-5 May 2021": (28, "31 May-2 June 2021"),
        "Dec 28-30, 2020": (3, "Dec 31-Jan 2, 2021"),
        "12/29-1/4/2019": (-7, "12/22-12/28/2018"),
        "Jan 28 - Feb 3, 2018": (-35, "Dec 24 - Dec 30, 2017"),
    }
    for written, (days, new) in expected.items():
        assert shift(written, "personal_date", days, timeline) == DateResult(new, "done")


@pytest.mark.parametrize(
    ("written", "new"),
    [
        ("1er mars 2021", "8 mars 2021"),
        ("25 février 2021", "4 mars 2021"),
        ("22 février 2021", "1er mars 2021"),
        ("3. bis 5. März 2021", "10. bis 12. März 2021"),
        ("fourteenth of February, nineteen forty-one", "twenty-first of February, nineteen forty-one"),
        ("December the twenty-ninth, two thousand and four", "January the fifth, two thousand and five"),
        ("the first of March 2021", "the eighth of March 2021"),
        ("04MAR2021:10:30:00", "11MAR2021:10:30:00"),
        ("DOB07221950", "DOB07291950"),
        ("031418", "032118"),
        ("Sunday, March 7th 2021 at 10:30 PM", "Sunday, March 14th 2021 at 10:30 PM"),
    ],
)
def test_a_week_later(written: str, new: str) -> None:
    assert shift(written, "personal_date", 7, Timeline(note=NOTE_DAY)) == DateResult(new, "done")


def test_weekdays_move_where_days_are_no_whole_weeks() -> None:
    for written, new in {
        "Sunday, 03/07/2021": "Monday, 03/08/2021",
        "FRI 03/05/2021": "SAT 03/06/2021",
        "dimanche 7 mars 2021": "lundi 8 mars 2021",
        "Sonntag, 7. März 2021": "Montag, 8. März 2021",
    }.items():
        assert shift(written, "personal_date", 1, Timeline(note=NOTE_DAY)).text == new


@pytest.mark.parametrize(
    "note",
    [
        "Seen <02/30/2024>. Birthday <4/31/2009>, <31/31/2020>, <00/15/2019> and <12/00/2019>; <03/XX/2021>.",
        "Collected <02292023>, <02301950> and <31.04.21>.",
        "Seen <February 30, 2024>, on <April 31> and <31 June 2020>; <20240230>, <29. Februar 2023>.",
        "DOB <02301950>, DOS <023018>, admitted <133018>.",
        "Since <the 3rd> she has had fever; worse on <the 5th> and <6th>. Home until <the 9th>.",
        "He came on <Monday the 3rd>, left on <the 4th>, and was back by noon.".replace("<the evening>", "noon"),
        "Follow-up in <Q3>; budget for <Q4>.",
        "Seen at <Christmas>, on <New Year's Eve> and <Labor Day>, in <winter 2019-2020>.",
    ],
)
def test_what_can_only_become_a_tag_is_found_and_tagged(note: str) -> None:
    marked = [part.partition(">")[0] for part in note.split("<")[1:]]
    text = note.replace("<", "").replace(">", "")
    found = [text[one.start : one.end] for one in FINDER.find(text)]
    assert found == marked
    for written in marked:
        assert shift(written, "personal_date", 7, Timeline(note=NOTE_DAY)) == DateResult(None, "unreadable")
        assert cut_to_year(written, "personal_date", Timeline(note=NOTE_DAY)).text is None


@pytest.mark.parametrize(
    ("written", "year"),
    [
        *[("Q3 2021", "2021"), ("3Q21", "21"), ("third quarter of 2021", "2021"), ("summer of 2019", "2019")],
        *[("12/2019", "2019"), ("2019-12", "2019"), ("March-April 2021", "2021"), ("June '17", "'17")],
        *[("marzo de 2021", "2021"), ("März 2021", "2021"), ("mars 2021", "2021"), ("Sept/Oct 2019", "2019")],
    ],
)
def test_what_has_no_day_is_found_whole_and_cut_to_its_year(written: str, year: str) -> None:
    assert found_whole(written)
    assert shift(written, "personal_date", 7, Timeline(note=NOTE_DAY)) == DateResult(year, "generalised")


@pytest.mark.parametrize(
    "note",
    [
        "Hospitalized <12/29-1/3> and <6/1–6/9/20>, then <6/1>- at home.",
        "Antibiotics <12/2019>-<3/2020>, again <12/2019>- now.",
        "LMP <8-3>. EDC <5/10/22>. D/C'd <03182018>, stamp <20240312143000-0500>. DOS: <031418>.",
        "Labs of <Q1 FY2021>, <third quarter of 2020>, <4Q19>, <Q2'21>. EDC <5-10>, EDD <5/10>. Seen (b. <1931>).",
        "Was fine <Sun 8/9>. Clinic <Wed. Oct 14>. Last colonoscopy <June '17>.",
        "Fever between <3/4 and 3/7>, therapy <8/14 through 8/17>.",
        "Seen<03/04/2021>; <DOB07221950>.",
        "Seen on <Friday, 4/22>, <April 29> and <5/6>; next visit <6/10> with her son.",
        "Appointments on <06/15>, <7/1> and <July 8th>. Labs drawn <4/30> were notable.",
        "COMPARED WITH: <26.10.14>\nThe child is well.",
        "D: <December 24, 2014>\nT: <December 25, 2014>\nML/ab. Biopsy in <10/15>. LMP <the 24th>, onset <the 18th>.",
        "PID|1||D12||<19500722>|M|||<20240312143000>||",
    ],
)
def test_dates_in_context(note: str) -> None:
    marked = [part.partition(">")[0] for part in note.split("<")[1:]]
    text = note.replace("<", "").replace(">", "")
    found = [text[one.start : one.end] for one in FINDER.find(text) if family_of(one.type) == "date"]
    assert found == marked


TRAPS = [
    "BP 120/80, pulse 72, on 2-3 L for 2-3 days; 6/12 months; 5/325 mg; 1/2 tab daily.",
    "Pain 8/10, vision 20/40, POD 3, 3/5 strength, T1-2, L4-5, C5-6; G3P2, ratio 1:2, version 3.4, 2-3 days.",
    "May take 2 tablets; 2 may be enough; march on. Strength 5/5-4/5 throughout.",
    "Apgar 8/9, 9/10. 3/4 cup. 10/40 field. Titer 1/64, 1/128. Murmur 2/6. Grade 3/4. 24/7 care. 1/2-3/4 tab.",
    "q3h, Q3 days, q 4-6 hours, Q2H, Q4 hrs, 12/24 hours; 2/52 weeks; 3/7 days.",
    "WBC 10.2, INR 2.4, pH 7.35/42/88, 0.5-1 cm, 3.5-4.2, EF 55-60%.",
    "Seen at 10:30, 14:00 hours, 0830, 7 pm and noon. BP 110/70-120/80.",
    "Fractures of the 3rd and 4th ribs; on the 4th toe; from the 2nd to the 5th rib; in the 3rd trimester.",
    "On the 2nd attempt the 1st ray and the 5th percentile were reached; the 3rd nerve and the 2nd.",
    "Vaccine series 1/3 done; nodes 3/15 positive; 2/2 blood cultures; 3/3 criteria; 2/4 SIRS.",
    "Vicryl 3-0, 4-0 nylon, gauge 18-20, S1-2, 1-2 drinks, 5-6 times; grade 2-3; since 3-4 weeks.",
    "Lasix 20/40 mg. Seretide 25/125. Humalog 75/25. 70/30 insulin 10 units. Percocet 5/325 1-2 q6h.",
    "In 2015 he quit smoking; 30 pack-years; the 1990s; $3/4; 50/25/10 mg; autumn leaves, winter asthma.",
    "Christmas-tree rash, pain 3/4 on movement, seen in 3/5 nodes; power 4/5, and 3/5 on the left.",
    "Ratio 2/3-3/4. Walks at 1/2 speed. Acuity 20/20-20/25. Reflexes 1/4. Power 4/5. NIHSS 4-5. 3-4 beats.",
    "4/5 and 5/5 strength; 2/10 and 3/10 pain; 3 of 4; SpO2 97-98; from 3-4 to 5-6. Home in the evening.",
]


@pytest.mark.parametrize("note", TRAPS)
def test_what_looks_like_a_date_and_is_none_stays(note: str) -> None:
    assert [note[one.start : one.end] for one in FINDER.find(note) if family_of(one.type) == "date"] == []


@pytest.mark.parametrize(
    ("note", "type"),
    [
        ("MRN 20240312", "medical_record_number"),
        ("MRN: 07221950", "medical_record_number"),
        ("Accession 20240312", "specimen_number"),
        ("Call 202-403-1214.", "phone_number"),
        ("SSN 123-10-2001", "social_security_number"),
    ],
)
def test_numbers_of_other_kinds_keep_their_type(note: str, type: str) -> None:
    assert [one.type for one in FINDER.find(note)] == [type]


PIECES = st.one_of(
    st.builds(lambda form, day: ALL[form](day), st.sampled_from(sorted(ALL)), st.dates(date(1950, 1, 1))),
    st.sampled_from([*TRAPS, "the 3rd", "Q3", "Christmas", "02/30/2024", "6/1-", " and ", "-", ", ", " on ", "May"]),
    st.text(alphabet="0123456789/-–. :,'QMaydech", max_size=12),
)


@given(st.lists(PIECES, max_size=6), st.sampled_from(["", " "]))
def test_what_is_found_in_a_note_is_read_alike_by_itself(pieces: list[str], between: str) -> None:
    text = between.join(pieces)
    for mention in find_dates(text):
        written = text[mention.start : mention.end]
        alone = find_dates(written)
        if not alone and mention.form in ("year", "eight", "six"):
            continue  # its apostrophe or label stands before it
        assert [one.readings for one in alone] == [mention.readings], written
        outcome = shift(written, "admission_date", 7, Timeline(note=NOTE_DAY))
        assert (outcome.text is None) == (outcome.outcome in ("unreadable", "out_of_range"))


def test_two_digit_birth_years_are_not_past_the_note() -> None:
    policy = load_policy("safe-harbor", date(2026, 12, 31))
    deidentifier = Deidentifier(policy, PATTERNS)

    def text(note: str, day: date | None = None) -> str:
        return deidentifier.deidentify(note, note_date=day).text

    note_day = date(2019, 3, 4)
    assert text("DOB: 05-06-24. Seen 3/4/19.", note_day) == "DOB: [BIRTH_DATE]. Seen 2019."
    assert text("DOB: 05-06-24. Seen 3/4/19.") == "DOB: [BIRTH_DATE]. Seen 2019."  # the note tells its date itself
    assert text("DOB 5/6/27.", note_day) == "DOB [BIRTH_DATE]."
    assert text("DOB 5/6/27.") == "DOB [BIRTH_DATE]."
    assert text("DOB 5/6/2027.") == "DOB [BIRTH_DATE]."
    assert text("DOB 5/6/18. Seen 3/4/19.", note_day) == "DOB 2018. Seen 2019."
    assert text("born in '31") == "born in [BIRTH_DATE]"
    assert text("born in '61") == "born in 1961"
    assert text("DOB 02291932") == "DOB [BIRTH_DATE]"


def test_a_notes_language_decides_what_a_shared_name_becomes() -> None:
    key = Key(bytes(range(32)))
    deidentifier = Deidentifier(load_policy("surrogate"), PATTERNS, key)
    scope = Scope.for_patient(key, "1", 35)
    notes = {
        "De patiënt is op 3 april 2021 gezien en het gaat goed.": "8 mei 2021",
        "Der Patient wurde am 3. April 2021 gesehen und ist wohlauf.": "8. Mai 2021",
        "Le patient a été vu le 3 mai 2021 et il va bien.": "7 juin 2021",
        "Die Patientin kam am 3 Mai 2021 und ist gesund.": "7 Juni 2021",
        "The patient was seen on 3 April 2021 and is well.": "8 May 2021",
        "El paciente fue visto el 3 de abril de 2021.": "8 de mayo de 2021",
        "O paciente foi visto em 3 de abril de 2021, não tem dor.": "8 de maio de 2021",
        "Il paziente è stato visto il 3 marzo 2021.": "7 aprile 2021",
    }
    for note, new in notes.items():
        assert new in deidentifier.deidentify(note, scope).text
