"""Known numbers, dates and addresses are found in the parts and spellings in which others write them."""

from __future__ import annotations

import re

import pytest
from deid.found import KNOWN, assert_found, shown

from openbioner_batch.deid.deidentifier import Deidentifier
from openbioner_batch.deid.finder import Finder
from openbioner_batch.deid.known import KnownIdentifiers
from openbioner_batch.deid.policy import load_policy


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"zip": "62704-1234"}, "in <zip_code>62704</zip_code> or <zip_code>62704-1234</zip_code>, not 62705-1234"),
        ({"zip": "627041234"}, "in <zip_code>62704</zip_code> or <zip_code>627041234</zip_code>"),
        (
            {"address": "418 Maple Street, Springfield, IL 62704-1234"},
            "in <zip_code>62704</zip_code>, at <street_address>418 Maple</street_address>",
        ),
        (
            {"address": "418 Maple Street Apt 4 Springfield IL 62704"},
            "in <city>Springfield</city>, <zip_code>62704</zip_code>, at <street_address>418 Maple St</street_address> "
            "on <street_address>Maple Street</street_address>",
        ),
        (
            {"address": "418 Park Place Drive"},
            "at <street_address>418 PARK PL DR</street_address>, so <street_address>418 Park Place</street_address>",
        ),
        ({"address": "Park Place, Dover"}, "at <street_address>Park Place</street_address>. Park it"),
        ({"address": "Broadway 62704"}, "in <zip_code>62704</zip_code>"),
        ({"address": "9 Elm St, 62704-1234"}, "in <zip_code>62704</zip_code>"),
        ({"address": "9 Elm St Apt 4 Ohio"}, "in <state>Ohio</state>, apt 4 is dry"),
        (
            {"address": "418 Maple St, North Little Rock AR 72114"},
            "from <city>North Little Rock</city>, so <zip_code>72114</zip_code>; a little rock",
        ),
        ({"address": "9 Elm St, Ada OK 74820"}, "of <city>Ada</city>, so <city>Ada OK</city>"),
        (
            {"address": "9 Elm St, Washington District of Columbia 20001"},
            "in <city>Washington</city>, not Columbia",
        ),
        ({"address": "418 Broadway Springfield IL 62704"}, "in <zip_code>62704</zip_code>, bed 418"),
        ({"address": "Springfield Illinois"}, "the <city>Springfield</city> clinic, in <city>Springfield</city> IL"),
        (
            {"address": "9 Elm St, Apt 4, Dover New Hampshire"},
            "to <city>Dover</city>; <city>Dover, New Hampshire</city>",
        ),
        (
            {"address": "9 Elm St, Tower 7, Dover"},
            "in <street_address>Tower 7</street_address> of <city>Dover</city>, not dover",
        ),
        ({"address": "9 Elm St, Ohio"}, "in <state>Ohio</state>"),
        ({"address": "Broadview, Dover"}, "at <street_address>Broadview</street_address>, <city>Dover</city>"),
        ({"room": "B2 West"}, "in <room_number>B2 West</room_number> or <room_number>b2 west</room_number>"),
    ],
)
def test_each_part_of_a_known_address_is_found_alone(fields: dict[str, str], note: str) -> None:
    assert_found(note, KnownIdentifiers.from_fields(fields), KNOWN)


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        (
            {"phone": "+44 20 7946 0018"},
            "<phone_number>020 7946 0018</phone_number>, +<phone_number>44 20 79460018</phone_number>, "
            "<phone_number>004420-7946-0018</phone_number>, not 7946 0018",
        ),
        ({"phone": "0041 69 979 80 58"}, "<phone_number>069 979 80 58</phone_number>"),
        (
            {"phone": "1-617-555-0142 ext. 22"},
            "<phone_number>617 555 0142</phone_number>, or <phone_number>555-0142</phone_number> x 22",
        ),
        ({"phone": "+47 22 33 44 55"}, "<phone_number>22 33 44 55</phone_number>, not 2 33 44 55"),
        ({"phone": "+7 495 123 45 67"}, "<phone_number>495 123-45-67</phone_number>"),
        ({"phone": "1 44 17 09 33"}, "not 44 17 09 33"),
        ({"phone": "617 555 0142x7"}, "<phone_number>617-555-0142</phone_number>"),
        ({"phone": "x4417"}, "call <phone_number>4417</phone_number> then"),
        ({"mrn": "0044171209"}, "<medical_record_number>44171209</medical_record_number> was read"),
        ({"mrn": "00417"}, "not 417"),
        ({"ssn": "012-34-5678"}, "<social_security_number>012345678</social_security_number>, not 12345678"),
        ({"mrn": "MRN-44171"}, "<medical_record_number>44171</medical_record_number> was read"),
        ({"mrn": "MRN4417120"}, "<medical_record_number>4417120</medical_record_number> was read"),
        ({"mrn": "MR4417120"}, "<medical_record_number>4417120</medical_record_number> was read"),
        ({"mrn": "4417"}, "record <medical_record_number>44 17</medical_record_number>, not X4417 or 44170"),
        ({"mrn": "44171"}, "UOP 44171 mL"),
        ({"mrn": "441712"}, "UOP <medical_record_number>441712</medical_record_number> mL"),
        ({"mrn": "AB4417"}, "İ <medical_record_number>ab-4417</medical_record_number>, not XAB4417"),
        ({"mrn": "MRN-2208714A"}, "<medical_record_number>2208714A</medical_record_number>, not 2208714"),
        ({"mrn": "MRN-22A"}, "type 22A fracture"),
        ({"mrn": "2208714A"}, "not 2208714AB, 220;8714A or 12208714A"),
        ({"phone": "x4471"}, "at <phone_number>4471</phone_number>, not 44710"),
        ({"phone": "Ext. 4471"}, "call x <phone_number>4471</phone_number>"),
        ({"pager": "Ext"}, "call 4471"),
        ({"email": "anna.lee@mercy.org"}, "to <email_address>Anna.Lee@mercy.org</email_address>"),
        ({"dob": "04.03.50"}, "born <birth_date>3/4/50</birth_date>, <birth_date>4 March 1950</birth_date>"),
        ({"dob": "1920-03-04"}, "born <birth_date>3/4/20</birth_date>"),
        ({"dob": "1948-03-04"}, "score 3/48, born <birth_date>3/1948</birth_date>"),
    ],
)
def test_a_known_number_is_found_as_others_write_it(fields: dict[str, str], note: str) -> None:
    text = re.sub("<.*?>", "", note)
    found = shown(text, Finder(KNOWN).find(text, KnownIdentifiers.from_fields(fields)))
    assert [part.lstrip("+") for _, part in found] == [
        part.lstrip("+") for part in re.findall("<[a-z_]+>(.*?)</", note)
    ]


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"mrn": "72,345"}, "see <medical_record_number>72,345</medical_record_number>; plt 72,345"),
        ({"mrn": "72345.0"}, "Record <medical_record_number>72345.0</medical_record_number> came; 72345.05 x"),
        ({"mrn": 2208714}, "MRN <medical_record_number>2208714.0</medical_record_number>."),
        ({"zip": "2139.0"}, "in <zip_code>02139</zip_code>, gave 2139 mL"),
        ({"zip": 2139}, "in <zip_code>02139-1234</zip_code>, not 12139"),
        ({"zip": "21391234"}, "in <zip_code>02139</zip_code>"),
    ],
)
def test_a_number_is_found_as_a_table_writes_it(fields: dict[str, object], note: str) -> None:
    """With commas, made decimal, or without the zeros at its beginning."""
    assert_found(note, KnownIdentifiers.from_fields(fields), KNOWN)


@pytest.mark.parametrize(
    "note",
    [
        "Normal gait.\nNormal lungs. - Normal heart. NORMAL BP. Lives in <city>Normal</city>",
        "FROM <city>NORMAL</city>. NORMAL GAIT",
        "<city>Normal</city>, IL",
    ],
)
def test_a_town_that_is_a_word_is_found_where_a_town_is_meant(note: str) -> None:
    known = KnownIdentifiers.from_fields({"city": "Normal"})
    assert_found(note, known, KNOWN)
    if "gait" in note:
        assert not Deidentifier(load_policy("tags"), KNOWN).deidentify(note, known=known).residual
