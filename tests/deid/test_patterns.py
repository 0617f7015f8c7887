"""Structured identifiers and names, found by form, check digit and context."""

from __future__ import annotations

import pytest
from deid.found import assert_found
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.deid import checks
from openbioner_batch.deid.recognizers.context import lowered

NOTES = """
Phone <phone_number>(617) 555-0123 ext. 22</phone_number>, fax: <fax_number>617-555-0199</fax_number>
pager <pager_number>20417</pager_number>
call <phone_number>555-0142</phone_number> or <phone_number>+44 20 7946 0991</phone_number>
mob: <phone_number>0412 345 678</phone_number>, <phone_number>0113 496 0155</phone_number>
mob <phone_number>07700 900217</phone_number>, home <phone_number>0141 496 0077</phone_number>
daughter <phone_number>(020) 7946 0812</phone_number>, office <phone_number>01 99 00 12 34</phone_number>
Praxis <phone_number>030 23125441</phone_number>, PharmD x<phone_number>4-7781</phone_number>
doses at 0800 1200 1600, 0.5 250 500 and 0915 98 120
0600 250 400, then 0700 120 1400; at 0915 150000 platelets
fluid resus 30 mL/kg, resus 2 L NS, resus 500 mL, 20 min of resus, trolley 4 hrs
Visa ending <credit_card_number>0093</credit_card_number>, card ending in <credit_card_number>4417</credit_card_number>
Our ref: <other_identifier>HJW/klp/5500217</other_identifier>, ref range 3.5-5.1
StudyInstanceUID=<other_identifier>1.2.826.0.1.99999.20240517.4471.3</other_identifier>
in <room_number>Bed GW-07</room_number>, then <room_number>Resus 2</room_number>
see <url>https://portal.example.org/p/8812</url>.
write to <email_address>maria.lopez@example.com</email_address>.
follow <social_media_handle>@maria_runs</social_media_handle>
from <ip_address>192.0.2.17</ip_address> and <ip_address>2001:db8::8a2e:370:7334</ip_address>
MAC <device_identifier>02:00:5E:10:7A:4C</device_identifier>
MRN: <medical_record_number>2208714</medical_record_number> Acct # <account_number>V00123456</account_number>
Accession No. <specimen_number>S21-10432</specimen_number>; Encounter <encounter_number>55012077</encounter_number>
Rx# <prescription_number>6612097</prescription_number>
badge <employee_id>EMP-36169</employee_id>
SSN: <social_security_number>123-45-6789</social_security_number>
Social Security <social_security_number>123 45 6789</social_security_number>
last four <social_security_number>6789</social_security_number>
Medicare <health_plan_number>1EG4-TE5-MK73</health_plan_number>
Policy: <health_plan_number>POL-7518493</health_plan_number>
NPI <license_number>1234567893</license_number> DEA: <license_number>BT4410927</license_number>
Card <credit_card_number>4111 1111 1111 1111</credit_card_number>
VIN <vehicle_identifier>1HGBH41JXMN109186</vehicle_identifier> plate <license_plate>ABC 1234</license_plate>
pacemaker S/N <device_identifier>PJN772104H</device_identifier>
UDI <device_identifier>(01)00844588003288</device_identifier>
user: <username>jdoe12</username>
photo <photograph>IMG_2041.jpg</photograph>
fingerprint <biometric_identifier>FP-77c0e41b</biometric_identifier>
GPS <geographic_coordinates>40.7128° N, 74.0060° W</geographic_coordinates>
<room_number>Room 412</room_number>, <room_number>bed 7B</room_number>, <room_number>ICU-12</room_number>
room air, bed rest, head of bed 30 degrees
<street_address>418 Maple Street, Apt 4B</street_address>
<city>Dayton</city>, <state>IL</state> <zip_code>62704</zip_code>
<street_address>P.O. Box 1182</street_address>, <city>Dayton</city>, <state>Ohio</state> <zip_code>45402</zip_code>
<street_address>PSC 6477, Box 2981</street_address>, <street_address>APO AE 09700</street_address>
<street_address>unit 1009 box 0219</street_address> for <street_address>dpo ap 96303-1022</street_address>
moved here from <city>Riverton</city> in the spring
seen at <healthcare_facility>St. Brendan Medical Center</healthcare_facility>
seen in the Emergency Department and the Pain Clinic
employed by <employer_name>Acme Logistics</employer_name>
Electronically signed by: <clinician_name>Jane Roe</clinician_name>, MD
Dictated by: <clinician_name>EKS</clinician_name>
cc: <clinician_name>Tom Baker</clinician_name>, M.D.
Dr. <clinician_name>Lee</clinician_name> met Mr. <patient_name>O'Neil</patient_name>
Attending: <clinician_name>SMITH, JOHN A.</clinician_name>
his wife <relative_name>Linda</relative_name> and mother, <relative_name>Josefina</relative_name>
Patient: <patient_name>Kevin Clark</patient_name>
MR. <patient_name>SMITH</patient_name> WAS SEEN AT <healthcare_facility>MERCY HOSPITAL</healthcare_facility>
Dr. <clinician_name>A. Lee-Wong</clinician_name>, locking plate C3-C5, HR72 RR14
<person_name>Sumiko254 Larue605</person_name> is a 60 year-old
She saw <clinician_name>Kowalski</clinician_name>, RN
Report from <clinician_name>Randy Walker</clinician_name> RN. <person_name>Cherry, Adam</person_name> in bed, awake
<clinician_name>Krystal Shelby May</clinician_name>, MD and <clinician_name>Jane Roe</clinician_name> M.D.
His friend <relative_name>Lance Karl Spears</relative_name> called
Moved to <room_number>8-539</room_number> overnight, then to Lima <zip_code>74120-4741</zip_code>
records requested, file <other_identifier>92-8-918</other_identifier>; <room_number>room w075</room_number>
She worked for <employer_name>Killoran</employer_name>. Medicaid paid
JR/ab
""".strip().splitlines()


@pytest.mark.parametrize("note", [*NOTES[:-1], "<clinician_name>JR/ab</clinician_name>"])
def test_identifiers_of_clinical_notes(note: str) -> None:
    assert_found(note)


def test_a_name_is_found_again_where_nothing_says_that_it_is_one() -> None:
    assert_found(
        "Patient: <patient_name>Kevin Clark</patient_name>\nThen <patient_name>Clark</patient_name> was seen. "
        "<patient_name>Kevin</patient_name> is well."
    )


def test_a_social_security_number_out_of_range_is_found_with_less_certainty() -> None:
    from openbioner_batch.deid.finder import Finder

    valid, invalid = Finder().find("SSN-like 123-45-6789 and 000-45-6789")
    assert valid.type == invalid.type == "social_security_number"
    assert valid.score > invalid.score


@given(st.text("0123456789", min_size=12, max_size=18))
def test_luhn_sees_every_single_wrong_digit(digits: str) -> None:
    check = next(digit for digit in "0123456789" if checks.luhn(digits + digit))
    whole = digits + check
    for place, digit in enumerate(whole):
        other = whole[:place] + str((int(digit) + 1) % 10) + whole[place + 1 :]
        assert not checks.luhn(other)


def test_numbers_with_right_and_wrong_check_digits() -> None:
    for check, right, wrong in (
        (checks.npi, "1234567893", "1234567890"),
        (checks.nhs, "9434765919", "9434765918"),
        (checks.dea, "AB1234563", "AB1234567"),
        (checks.dea, "A91234563", "991234563"),
        (checks.vin, "1HGBH41JXMN109186", "1HGBH41J1MN109186"),
        (checks.iban, "GB82WEST12345698765432", "GB82WEST12345698765433"),
        (checks.ssn, "123456789", "666456789"),
        (checks.ssn, "123456789", "123006789"),
    ):
        assert check(right)
        assert not check(wrong)


def test_dyspnoea_before_other_shorthand_is_no_person() -> None:
    for note in ("SOB, DOE, PND, LE edema", "DOE, ORTHOPNEA, cough", "denies CP, DOE, LE swelling"):
        assert_found(note)
    assert_found("Seen: <patient_name>DOE, JANE</patient_name>")


def test_small_letters_stand_where_the_text_has_its_own() -> None:
    assert [lowered(text) for text in ("Ward İB", "ẞ Ward", "")] == ["ward ib", "ß ward", ""]
