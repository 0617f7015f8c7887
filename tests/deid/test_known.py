"""What a record's columns say is found in its note, with small variations."""

from __future__ import annotations

import datetime
import unicodedata
from itertools import product

import pytest
from deid.found import KNOWN, assert_found, shown
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.deid.finder import Finder, FinderSettings
from openbioner_batch.deid.known import KnownIdentifiers
from openbioner_batch.deid.recognizers.known_names import one_edit

FIELDS = {
    "first_name": "Katherine",
    "last_name": "O'Neil-Martinez",
    "dob": "1950-03-04",
    "mrn": "MRN-2208714",
    "phone": "(617) 555-0123",
    "address": "418 Maple Street, Apt 4, Springfield, IL 62704",
    "provider": "Robert Brown, MD",
    "ssn": "123-45-6789",
    "nok": "Young, Peter J.",
}
RECORD = KnownIdentifiers.from_fields(FIELDS)


@pytest.mark.parametrize(
    "note",
    [
        "<patient_name>KATHERINE ONEIL-MARTINEZ</patient_name> was seen",
        "<patient_name>O'Neil-Martinez, Katherine</patient_name> was seen",
        "and <patient_name>Katherine Shelby O'Neil-Martinez</patient_name>, "
        "<clinician_name>Brown, Robert S</clinician_name> 06-29-22, <clinician_name>ROBERT J. BROWN</clinician_name>",
        "<clinician_name>ROBERT</clinician_name> SAW BROWN SPUTUM; <relative_name>Peter Young</relative_name> I know",
        "we know <patient_name>K. O'Neil-Martinez</patient_name> well",
        "and <patient_name>Katherine O.</patient_name> too",
        "that is <patient_name>katherine</patient_name>'s",
        "that is <patient_name>Katherien</patient_name> and <patient_name>Martines</patient_name>",
        "then <patient_name>Kathy Martinez</patient_name> came",
        "Dr. <clinician_name>Brown</clinician_name> saw brown sputum",
        "a young man with <relative_name>Peter Young</relative_name> or <relative_name>P.J. Young</relative_name>",
        "known: <birth_date>3/4/50</birth_date> <birth_date>March 4, 1950</birth_date> "
        "<birth_date>04-MAR-1950</birth_date> <birth_date>4 March</birth_date> <birth_date>19500304</birth_date>",
        "strength 3/4, 3/4 of the time",
        "<phone_number>617.555.0123</phone_number> or <phone_number>6175550123</phone_number> or "
        "<phone_number>555-0123</phone_number>",
        "<medical_record_number>2208714</medical_record_number> "
        "<medical_record_number>MRN2208714</medical_record_number> "
        "<medical_record_number>22-087-14</medical_record_number> but 12208714",
        "<street_address>418 Maple St</street_address>. in <city>SPRINGFIELD</city> <zip_code>62704</zip_code>",
        "<social_security_number>123456789</social_security_number>",
    ],
)
def test_known_values_and_their_variations(note: str) -> None:
    assert_found(note, RECORD, KNOWN)


def test_typos_and_nicknames_can_be_switched_off() -> None:
    settings = FinderSettings(recognizers=("known",), typos=False, nicknames=False)
    assert_found("that is Katherien or Kathy", RECORD, settings)


LETTERS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=9)


@given(LETTERS, st.integers(0, 8), st.sampled_from("abcxyz"), st.sampled_from(["swap", "drop", "add", "change"]))
def test_one_edit_is_one_letter_changed_added_dropped_or_two_swapped(
    word: str, place: int, letter: str, kind: str
) -> None:
    place %= len(word)
    changed = {
        "swap": word[:place] + word[place + 1 : place + 2] + word[place] + word[place + 2 :],
        "drop": word[:place] + word[place + 1 :],
        "add": word[:place] + letter + word[place:],
        "change": word[:place] + letter + word[place + 1 :],
    }[kind]
    assert one_edit(word, changed) == (word != changed)
    assert not one_edit(word, word + "qq")


@given(st.dates(datetime.date(1930, 1, 1), datetime.date(2024, 12, 31)))
def test_a_birth_date_is_found_in_every_format(date: datetime.date) -> None:
    known = KnownIdentifiers.from_fields({"dob": date.isoformat()})
    for form in ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y", "%Y%m%d", "%d %B %Y", "%B %d, %Y", "%d-%b-%Y", "%d.%m.%Y"):
        text = f"with {date.strftime(form)} as told"
        assert shown(text, Finder(KNOWN).find(text, known)) == [("birth_date", date.strftime(form))]


@given(
    st.from_regex(r"[A-Z][a-z]{6,9}", fullmatch=True),
    st.from_regex(r"[A-Z][a-z]{6,9}", fullmatch=True),
    st.sampled_from(["{0} {1}", "{1}, {0}", "{0} X. {1}"]),
    st.sampled_from([str, str.upper, str.lower]),
)
def test_no_letter_of_a_known_name_is_left(first: str, last: str, order: str, case) -> None:  # type: ignore[no-untyped-def]
    known = KnownIdentifiers.from_fields({"name": f"{first} {last}"})
    text = f"we saw {case(order.format(first, last))} again"
    covered = "".join(part for _, part in shown(text, Finder(KNOWN).find(text, known))).lower()
    assert first.lower() in covered
    assert last.lower() in covered


GIVEN, SURNAMES = (
    ("Al", "Jo", "Maria", "Jos\u00e9", "Nguy\u1ec5n V\u0103n", "Anne-Marie"),
    (
        "Ng",
        "Do",
        "Roe",
        "de la Cruz",
        "Van De Berg",
        "O'Neil",
        "M\u00fcller",
        "Mueller",
        "Smith-Jones",
        "\u00d8stergaard",
    ),
)
LAYOUTS = ("{0} {1}", "{1}, {0}", "{1} {0}", "{0}\n{1}", "{0} X. {1}", "{0} x {1}", "{0}  {1}")
FORMS = (
    str,
    str.upper,
    lambda name: unicodedata.normalize("NFD", name),
    lambda name: "".join(one for one in unicodedata.normalize("NFD", name) if not unicodedata.combining(one)),
    lambda name: name.replace("'", "\u2019").replace("-", "\u2011").replace(" ", "\u00a0"),
    lambda name: name.replace("-", " "),
    lambda name: name.replace("\u00fc", "ue").replace("\u00d8", "Oe"),
)


@pytest.mark.parametrize("record", ["{0} {1}", "{1}, {0}"])
@pytest.mark.parametrize("surname", SURNAMES)
def test_the_whole_known_name_is_covered_in_every_form(surname: str, record: str) -> None:
    for first in GIVEN:
        known = KnownIdentifiers.from_fields({"name": record.format(first, surname)})
        for layout, form in [*product(LAYOUTS, FORMS)][len(first) % 4 :: 4]:
            name = form(layout.format(first, surname))
            text = f"{name}: seen today."
            assert shown(text, Finder(KNOWN).find(text, known)) == [("patient_name", name)], text


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("Will May", "Pt will follow up. Patient may shower. PT WILL CALL. Pt Will need labs. He may go."),
        ("Hope Long", "We hope to see her before long. Hope to extubate. Patient long known."),
        ("An Do", "an do not repeat. I can do it. To do: an exam."),
        ("Unknown", "Etiology unknown."),
        ("Baby Boy Roe", "The baby is well, a boy. Baby fed."),
        ("Self", "She did it herself, self pay."),
        ("x", "x 3 and X-ray"),
        ("An Do", "The Ando clinic."),
        ("Ann Block", "Heart block. Left bundle branch block; nerve block placed."),
        ("Joe Line", "Arterial line placed. Line was seen in the SVC. LINE OUT."),
        ("Nora Able", "Able to walk. Pt able to stand."),
        ("Frank Blood", "Frank blood per rectum; frank blood again."),
        ("Ana Foley", "foley dc'd"),
        ("Ivo Ng", "NG tube in place. NG OUT"),
        ("Pt", "Pt took 1.0 mg"),
        ("Patient One", "Patient one time only, one tab"),
        ("Will May", "SHE MAY EAT"),
        ("Noel Quist", "Nol came"),
        ("Jan Van Der", "by van der Waals forces"),
        ("Max Gain", "weight gain, max dose. Max assist. Gain in strength."),
        ("Nora Fell", "Pt fell at home. Patient fell. FELL OUT OF BED"),
        ("Ivo Reading", "reading glasses; monitor reading 98. Reading held."),
        ("Mark Brown", "Mark the site. Brown sputum. PATIENT MARKED. Patient marked brown."),
    ],
)
def test_ordinary_words_of_a_known_name_stay(name: str, note: str) -> None:
    known = KnownIdentifiers.from_fields({"name": name})
    assert shown(note, Finder(KNOWN).find(note, known)) == []


def test_a_person_named_by_an_ordinary_word_is_found() -> None:
    known = KnownIdentifiers.from_fields({"name": "Will May"})
    assert_found(
        "Pt <patient_name>Will</patient_name> says so; Mr. <patient_name>May</patient_name> left.", known, KNOWN
    )


WRECKS = (
    "NaT|<NA>|Unknown|Not applicable|Declined|Self|Same|0|-|None|N/A|nan|null|NULL||  |1|12|120|000|0.0|7.0|A1|x|?|"
    "none on file"
)


@pytest.mark.parametrize("value", WRECKS.split("|"))
@pytest.mark.parametrize("field", ["name", "mrn", "phone", "address", "zip", "room", "ssn", "city", "username"])
def test_values_that_tell_nothing_are_ignored_and_counted(field: str, value: str) -> None:
    known = KnownIdentifiers.from_fields({field: value})
    note = (
        "Take 1 of 12 tabs, 0 refills. BP 120/80, K 120, 0.000, WBC 000. Same as above: none, unknown, self. X-ray A1."
    )
    assert Finder(KNOWN).find(note, known) == []
    assert known.values == ()
    assert sum(count for _, count in known.ignored) == bool(value.strip())


@pytest.mark.parametrize("value", ["12345.0", "12345.", 12345.0, 12345, "1.2345E+04", "1.2345e4", "0012345", " 12345 "])
@pytest.mark.parametrize("written", ["12345", "0012345", "12-345", "#12345"])
def test_a_number_is_one_in_every_form(value: object, written: str) -> None:
    known = KnownIdentifiers.from_fields({"mrn": value})
    text = f"Record {written} reviewed, not 123456 and 912345."
    assert shown(text, Finder(KNOWN).find(text, known)) == [("medical_record_number", written.lstrip("#"))]


def test_a_known_state_is_one_where_a_place_is_told() -> None:
    known = KnownIdentifiers.from_fields({"state": "MA", "city": "Dover"})
    assert_found("MA took vitals in <city>Dover</city>, <state>MA</state>, or <state>MA</state> 02139", known, KNOWN)


@pytest.mark.parametrize(
    ("name", "note"),
    [
        (
            "Jane Marie Roe",
            "<patient_name>J.M.R.</patient_name> was seen; <patient_name>J. R.</patient_name> too, "
            "pt <patient_name>JMR</patient_name>, Mr <patient_name>JR</patient_name>; not J.K. or pt JK; JR went",
        ),
        ("Jane Whitfield", "the <patient_name>Whitfields</patient_name> came with whitfields"),
        ("Jane Martinez", "<patient_name>Martines</patient_name> came. MARTINES"),
        ("Jane Whitley", "Mr. <patient_name>Whitlye</patient_name> left; so did <patient_name>Whitly</patient_name>"),
        ("Ana de la Cruz", "<patient_name>Ana Delacruz</patient_name> and <patient_name>ANA DE LACRUZ</patient_name>"),
        ("Jin Kwa", "<patient_name>jin kwa</patient_name> came"),
        ("Roe, MD", "<patient_name>Roe</patient_name> came"),
        ("Jean-Luc Le Goff", "<patient_name>JL Le Goff</patient_name>, or <patient_name>J.-L. Le Goff</patient_name>?"),
        ("Anne-Marie von Stein", "<patient_name>A-M Stein</patient_name>"),
        ("María José de la Fuente Ortiz", "<patient_name>M.J. de la Fuente</patient_name>"),
        ("Ana Sofia dos Santos e Silva", "<patient_name>A. S. dos Santos</patient_name>"),
        ("St. John, Emma", "<patient_name>E. St. John</patient_name>"),
        ("MacDonald, Iain", "<patient_name>Mac Donald, Iain</patient_name>; <patient_name>MAC DONALD</patient_name>"),
        ("Ana O'Neil-DeLuca", "<patient_name>A. De Luca</patient_name> called"),
        ("Yi", "<patient_name>YI</patient_name> IS HERE"),
        ("山田 太郎", "<patient_name>山田太郎</patient_name>さん、<patient_name>山田</patient_name>様"),
        ("דוד כהן", "<patient_name>דוד</patient_name> הגיע"),
        ("Drew Lab", "<patient_name>Drew</patient_name> was here. Drew labs."),
        ("April Rains", "<patient_name>April</patient_name> was seen."),
        ("Joe Block", "<patient_name>Block</patient_name> denies pain. <patient_name>Joe Block</patient_name>"),
        ("Lee, Jr.", "<patient_name>Lee</patient_name> came"),
        ("Al Do", "al do it; <patient_name>Al Do</patient_name> came"),
        ("Ann Boehm", "so <patient_name>Böhm</patient_name> came"),
        ("Ann May Sue Roe", "<patient_name>Ann M. S. Roe</patient_name> came"),
        ("Jane Porter", "so <patient_name>Poter</patient_name> came"),
        ("Ana Larue", "so <patient_name>Larue605</patient_name> came"),
        ("Ann Roe", "<patient_name>AnnRoe</patient_name> came"),
        ("Anna Mueller", "<patient_name>Müller</patient_name> or <patient_name>MULLER</patient_name>"),
        ("Jane Wong", "the <patient_name>Wongs</patient_name> came"),
        ("Ann O'Dea", "so <patient_name>O Dea</patient_name> came"),
        ("Jane Roe", "<patient_name>Roe</patient_name> T 38.4, then <patient_name>Roe</patient_name> T"),
    ],
)
def test_other_ways_to_write_a_known_name(name: str, note: str) -> None:
    assert_found(note, KnownIdentifiers.from_fields({"name": name}), KNOWN)
