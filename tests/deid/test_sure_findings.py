"""What a model that is sure is believed, and what it is not; letters of those who sign."""

from __future__ import annotations

import pytest
from deid.found import shown

from openbioner_batch.deid.finder import Finder, FinderSettings
from openbioner_batch.records import Span

MODEL = FinderSettings(recognizers=("model",))


@pytest.mark.parametrize(
    ("text", "type", "value"),
    [
        ("extubated 5/6; trach later", "personal_date", "5/6"),
        ("told the state lab 9-12. Then", "personal_date", "9-12"),
        ("Endoscopy booked 3O/O5/O6 then", "personal_date", "3O/O5/O6"),
        ("born l2/O4/1957 here", "personal_date", "l2/O4/1957"),
        ("lesion seen R6.4.12 by Mori", "personal_date", "R6.4.12"),
        ("the last 4 are 7719. Then", "other_identifier", "7719"),
        ("the key BT7XQ2PL. Tried", "other_identifier", "BT7XQ2PL"),
        ("ticket PRV-1180 is open", "other_identifier", "PRV-1180"),
        ("the group 0714-A. Her", "other_identifier", "0714-A"),
        ("poste 2975 du Dr", "contact_detail", "2975"),
        ("of 3/212 Sydney Rd", "location", "3/212 Sydney Rd"),
        ("the helo N407GR came", "location", "N407GR"),
        ("TB book WCP/2025/0417, then", "other_identifier", "WCP/2025/0417"),
        ("fascicolo 2025/041882. Poi", "personal_date", "2025/041882"),
        ("wypis 4 IX 25. Leki", "personal_date", "4 IX 25"),
        ("bag C0411 27 330918 hung", "other_identifier", "C0411 27 330918"),
        ("b. S21.4.9 in Otaru", "personal_date", "b. S21.4.9"),
        ("Pt Wendell Marsh, 6108. Then", "room_number", "6108"),
        ("ur pt in 3317-2 k 2.9 now", "room_number", "3317-2"),
        ("hit by a moto (KJA 318 RT) at", "location", "KJA 318 RT"),
        ("crash on I-84 WB mm 31 near", "location", "I-84 WB mm 31"),
        ("found on NE 9th at noon", "location", "NE 9th"),
        ("chat drwexler: will call", "other_identifier", "drwexler"),
        ("Omnicell user tmalone, badge", "other_identifier", "tmalone"),
        ("the area code six one four now", "contact_detail", "code six one four"),
        ("this is s w e x l e r dictating", "person_name", "s w e x l e r"),
        ("Tech jorgelina did it, Then", "person_name", "jorgelina"),
        ("EMS there, unit T-14 then", "other_identifier", "T-14"),
        ("IN1|1|HMO|MOSS|MOSS|||||||||||WEXLER^ORLA|SPO|", "person_name", "WEXLER^ORLA"),
    ],
)
def test_a_sure_model_is_believed_where_a_form_alone_says_little(text: str, type: str, value: str) -> None:
    start = text.index(value)

    def found(score: float) -> list[tuple[str, str]]:
        return shown(text, Finder(MODEL).find(text, model_spans=[Span(start, start + len(value), type, score, value)]))

    assert found(0.9995) == [(type, value.removeprefix("code "))]
    assert found(0.9) == []


@pytest.mark.parametrize(
    ("text", "type", "value"),
    [
        ("UTI sx 3/7, better", "personal_date", "3/7"),
        ("GCS 5/6 today", "personal_date", "5/6"),
        ("nodes 3/12 positive", "personal_date", "3/12"),
        ("Expired 0552 in bed", "other_identifier", "0552"),
        ("Sodium 131 (136-145) now", "other_identifier", "136-145"),
        ("K 4410 mg in all", "other_identifier", "4410"),
        ("BRAF V600E found", "other_identifier", "V600E"),
        ("VA OD 6/12 then", "personal_date", "6/12"),
        ("mean pap 21/8 then", "personal_date", "21/8"),
        ("bipap 12/5 overnight", "personal_date", "12/5"),
        ("Seen in 1430, asleep", "room_number", "1430"),
        ("G4P2012 38 1/7 wks", "other_identifier", "G4P2012"),
        ("billing code QX7FT-22 used", "other_identifier", "QX7FT-22"),
        ("CURB-65 3 then", "location", "CURB-65 3"),
    ],
)
def test_clinical_values_stay_however_sure_a_model_is(text: str, type: str, value: str) -> None:
    start = text.index(value)
    assert Finder(MODEL).find(text, model_spans=[Span(start, start + len(value), type, 1.0, value)]) == []


@pytest.mark.parametrize(
    ("text", "value", "is_person"),
    [
        ("IV placed 7/8 by JQ, site clean", "JQ", True),
        ("2nd check QL/GT 10/03.", "QL", True),
        ("IV placed 7/8 by TW, site clean", "TW", True),
        ("seen by PT, then home", "PT", False),
        ("2nd check QL/GT 10/03.", "GT", True),
        ("dose checked aw / dp 02-Apr", "aw", True),
        ("spoke with pt. KMN, RPh", "KMN", True),
        ("family updated 0540 jq", "jq", True),
        ("seen by PT, amb 40 ft", "PT", False),
        ("PT/OT to see", "OT", False),
        ("reviewed CT/MR of neck", "CT", False),
        ("in the setting of KMN, well", "KMN", False),
        ("stopped. HTN, RN aware", "HTN", False),
    ],
)
def test_letters_are_staff_where_staff_sign(text: str, value: str, is_person: bool) -> None:
    start = text.index(value)
    found = Finder(MODEL).find(text, model_spans=[Span(start, start + len(value), "person_name", 0.97, value)])
    assert shown(text, found) == ([("person_name", value)] if is_person else [])


@pytest.mark.parametrize(
    ("text", "value", "is_person"),
    [
        ("Daughter called. WQ/tp", "WQ", True),
        ("Daughter called. WQ/tp", "tp", False),
        ("Daughter called. KJ/mn", "mn", True),
        ("153 mg. HB/LR double check.", "HB", True),
        ("153 mg. HB/LR were low.", "HB", False),
        ("Abd soft. NT/ND. Ext warm", "NT", False),
        ("YYYY/MM/DD", "MM", False),
        ("closest 3 mm. PB. Case closed", "PB", True),
        ("EBL 300, Rh+, RI. Boy", "RI", False),
        ('knee marked "AV".', "AV", True),
        ("Label printed 0540 td", "td", True),
        ("SUBJ 0417-022 JMP: AE", "JMP", True),
        ("site marked td, then", "td", True),
        ("adm for JMP: see", "JMP", False),
    ],
)
def test_terms_are_initials_where_a_sure_model_finds_a_signature(text: str, value: str, is_person: bool) -> None:
    start = text.index(value)
    found = Finder(MODEL).find(text, model_spans=[Span(start, start + len(value), "person_name", 0.995, value)])
    assert shown(text, found) == ([("person_name", value)] if is_person else [])


@pytest.mark.parametrize(
    ("text", "value", "type", "kept"),
    [
        ("Sir, take a seat", "Sir", "person_name", []),
        ("Recovery went well", "Recovery", "person_name", []),
        ("Wexler is from Otaru", "Wexler is", "organization", ["Wexler"]),
        ("it is at the Wexler Mill now", "is at the Wexler Mill", "organization", ["Wexler Mill"]),
        ("born in the Philippines", "the Philippines", "location", ["the Philippines"]),
        ("- E-mail: none", "E", "contact_detail", []),
        ("Day shift. Jan came", "Jan", "person_name", ["Jan"]),
        ("flew on Tuesday morning.", "Tuesday morning", "personal_date", ["Tuesday"]),
        ("in its 10th year now", "10th year", "personal_date", []),
        ("in the tenth week now", "tenth week", "personal_date", []),
        ("My zip code", "My", "location", []),
    ],
)
def test_titles_words_of_notes_and_function_words_are_taken_off(
    text: str, value: str, type: str, kept: list[str]
) -> None:
    start = text.index(value)
    found = Finder(MODEL).find(text, model_spans=[Span(start, start + len(value), type, 0.9, value)])
    assert [part for _, part in shown(text, found)] == kept


@pytest.mark.parametrize(
    ("text", "value", "type", "kept"),
    [
        ("came off his bike on Argyle St 40 min ago", "Argyle St 40 min", "location", ["Argyle St"]),
        ("153 mg. Next week. QJ/LG double check.", "QJ/LG", "person_name", ["QJ/LG"]),
        ("tol PT/OT well", "PT/OT", "person_name", []),
        ("Unit: 5 North Tower.", "5 North Tower", "room_number", ["5 North Tower"]),
        ("EF 40 to 50 percent", "EF 40", "location", []),
    ],
)
def test_what_a_sure_model_finds_with_values_beside_it(text: str, value: str, type: str, kept: list[str]) -> None:
    start = text.index(value)
    found = Finder(MODEL).find(text, model_spans=[Span(start, start + len(value), type, 0.999, value)])
    assert [part for _, part in shown(text, found)] == kept


@pytest.mark.parametrize(
    ("text", "value", "type", "kept"),
    [
        ("She lives at 12 Otaru Lane street.", "12 Otaru Lane street", "location", ["12 Otaru Lane"]),
        ("R. Moss, MD (09-11-2015 0639)", "09-11-2015 0639", "contact_detail", ["R. Moss", "09-11-2015"]),
    ],
)
def test_what_patterns_leave_of_a_finding_is_dropped_where_it_tells_nothing(
    text: str, value: str, type: str, kept: list[str]
) -> None:
    start = text.index(value)
    found = Finder().find(text, model_spans=[Span(start, start + len(value), type, 0.999, value)])
    assert [part for _, part in shown(text, found)] == kept
