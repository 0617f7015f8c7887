"""Where a model that is nearly certain is believed though no rule speaks for what it found, and where it is not."""

from __future__ import annotations

import pytest
from deid.found import assert_found, shown

from openbioner_batch.deid.finder import Finder, FinderSettings
from openbioner_batch.records import Span

MODEL = FinderSettings(recognizers=("model",))
CERTAIN = 0.99999


def found(text: str, type: str, value: str, score: float) -> list[tuple[str, str]]:
    start = text.index(value)
    return shown(text, Finder(MODEL).find(text, model_spans=[Span(start, start + len(value), type, score, value)]))


@pytest.mark.parametrize(
    ("text", "type", "value"),
    [
        ("the list Marlow 8C-11 gave", "room_number", "8C-11"),
        ("Sorensen phoned; 318 tele slow", "room_number", "318"),
        ("was mail carrier, USPS, 38 yrs", "organization", "USPS"),
        ("House sup Mancuso + dtr", "person_name", "Mancuso"),
        ("Seen with tricia not home", "person_name", "tricia"),
    ],
)
def test_a_nearly_certain_model_is_believed(text: str, type: str, value: str) -> None:
    assert found(text, type, value, CERTAIN) == [(type, value)]
    assert found(text, type, value, 0.9) == []


@pytest.mark.parametrize(
    ("text", "type", "value"),
    [
        ("weaned from 37.5-50 mg then", "personal_date", "37.5-50"),
        ("called 988 again", "room_number", "988"),
        ("door at 1719, cath", "room_number", "1719"),
        ("from 1105-1140 he", "other_identifier", "1105-1140"),
        ("given Augmentin twice", "person_name", "Augmentin"),
        ("adm w/ sepsis, off", "person_name", "sepsis"),
        ("the VTACH alarm", "organization", "VTACH"),
    ],
)
def test_no_model_is_believed_in_values_times_and_terms(text: str, type: str, value: str) -> None:
    assert found(text, type, value, CERTAIN) == []


@pytest.mark.parametrize(
    ("text", "value", "score"),
    [("brought to OR 9 on Monday", "9", 0.95), ("is in exam 3. BP", "3", 0.95), ("Ward No l2 A", "l2", 0.95)],
)
def test_a_number_behind_a_rooms_word_is_a_room_if_the_model_says_so(text: str, value: str, score: float) -> None:
    assert found(text, "room_number", value, score) == [("room_number", value)]
    assert found(text, "room_number", value, 0.8) == []
    assert (
        found(text.replace("OR", "or").replace("exam", "dose").replace("Ward No", "Stage"), "room_number", value, score)
        == []
    )


@pytest.mark.parametrize(
    ("text", "type", "value"),
    [
        ("Heartland EP, reviewer tmalone, Left It", "person_name", "tmalone"),
        ('"HR":91,"Attg":"tmalone","TS":1', "person_name", "tmalone"),
        ("Alarm VTACH ack=tmalone At Bed", "person_name", "tmalone"),
        ("Metop held. mm", "person_name", "mm"),
        ("Recheck 4/29. PLM, RDN", "person_name", "PLM"),
        ("Job 448810 rvd", "person_name", "rvd"),
        ("folder KHC/18/0442. Sister", "other_identifier", "KHC/18/0442"),
        ("IN1|1|HMO|MOSS|MOSS|||||||||||V90021833|SPO|", "other_identifier", "V90021833"),
    ],
)
def test_accounts_initials_and_registers_by_what_stands_around_them(text: str, type: str, value: str) -> None:
    assert found(text, type, value, 0.9995) == [(type, value)]
    assert found(text, type, value, 0.6) == []


def test_a_bed_board_is_a_list_of_beds() -> None:
    note = "BED BOARD 0700\n<room_number>01</room_number> <patient_name>OKORIE</patient_name> chf tele\n"
    assert_found(note + "<room_number>02</room_number> <patient_name>DELUCCA</patient_name> dka gtt")


@pytest.mark.parametrize(
    "note",
    [
        "HUS <personal_date>3/7</personal_date> nl.",
        "TTE <personal_date>6/3</personal_date> EF 30%.",
        "MDT <personal_date>9/7</personal_date>, plan",
        "since <personal_date>Matariki</personal_date>,",
    ],
)
def test_days_of_tests_with_their_result_behind_and_feasts_of_other_countries(note: str) -> None:
    assert_found(note)
