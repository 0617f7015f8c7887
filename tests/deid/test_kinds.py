"""Kinds of identifiers in terse notes that patterns recognise: initials, spoken numbers, roads, wards."""

from __future__ import annotations

import pytest
from deid.found import PATTERNS, assert_found, shown

from openbioner_batch.deid.finder import Finder

FOUND = """
labs drawn by <clinician_name>CW</clinician_name>. K 3.1
| 02:14 PM | <clinician_name>MKG</clinician_name> |
<patient_name>AR</patient_name> is a 5 yo woman
Subject: <patient_name>TF</patient_name>, study no. <specimen_number>0420</specimen_number>
"<patient_name>Whiskey Doe</patient_name>", intubated
dictating on <patient_name>juniper castellano</patient_name>
anesthesia <clinician_name>Ray</clinician_name>/<clinician_name>Gomez</clinician_name> CRNA
medical record number <medical_record_number>three three nine one eight</medical_record_number>
reach me at <phone_number>five five five oh one seven one</phone_number>
she said <other_identifier>five five oh one seven</other_identifier> twice
bag <other_identifier>#8841 207 44</other_identifier> and <other_identifier>#88412</other_identifier>
MRN <medical_record_number>417</medical_record_number> pulled
med rec no. <medical_record_number>88412</medical_record_number> pulled
paid to <account_number>DE89 3704 0044 0532 0130 00</account_number> then
paid to <account_number>NO9386011117947</account_number> then
account <account_number>DE88 3704 0044 0532 0130 00</account_number> mistyped
paid with <credit_card_number>4111 1111 1111 1111</credit_card_number> then
card <credit_card_number>4111111111111112</credit_card_number> mistyped
SSN <social_security_number>219099999</social_security_number> then
given <social_security_number>219-09-9999</social_security_number> then
by <license_number>AB1234563</license_number> then
host <ip_address>10.2.3.4</ip_address> up
call <phone_number>+44 20 7946 0018</phone_number> or <phone_number>020 7946 0018</phone_number>
to <email_address>anna.lee@mercy.org</email_address> then
Dr. <clinician_name>Lomax</clinician_name> <pager_number>p55902</pager_number>
pg <pager_number>4417</pager_number>, bleep <pager_number>417</pager_number>
call <phone_number>555-5500</phone_number> then
paid by <credit_card_number>xxxx-xxxx-xxxx-4417</credit_card_number> then
sample: <specimen_number>4417</specimen_number> then
BIBA EMS unit <vehicle_identifier>M-12</vehicle_identifier>
MRN <medical_record_number>0044.918</medical_record_number>, stable
Pt No............: <medical_record_number>27280-2</medical_record_number>
SSN ending <social_security_number>1922</social_security_number> checked
seen by: <username>dmorales2</username> today
MVC on <street_address>I-81 near exit 114</street_address>
lives on <street_address>Via delle Coste 41</street_address>
moved from <street_address>Nybyvägen 65</street_address>
my zip code is <zip_code>2371</zip_code>
originally from <city>Križe</city>
grew up in <city>SUND</city>
Woman in <room_number>2707</room_number>, needs a sitter
<room_number>38H</room_number> Pall / Preston / full code
moved to <room_number>6W</room_number> overnight
in <room_number>5N-12</room_number> and <room_number>4 South 22</room_number>
Ins: <organization>Foremost Mutual</organization> policy
cc: Dr <clinician_name>S Patel</clinician_name>, <healthcare_facility>Hillside Surgery</healthcare_facility>
called in to <healthcare_facility>CVS on Main</healthcare_facility>
restraints renewed 0800 <personal_date>6/2</personal_date>
No change cf <personal_date>5/5</personal_date>.
adm <admission_date>9.1</admission_date> dc <discharge_date>9.4</discharge_date> attg
husband d. <death_date>1999</death_date>.
<age_over_89>92</age_over_89> yo. Chart says <age_over_89>92</age_over_89> not 29
she is in her <age_over_89>90s</age_over_89>
<age_over_89>98</age_over_89> F, fell at home
wound review <personal_date>3/9</personal_date>
walked ok, <personal_date>5/9</personal_date>
at <geographic_coordinates>40.7128° N, 74.0060° W</geographic_coordinates>. Then
""".strip().splitlines()

NONE = """
done by PT and OT, seen by ED, drawn by RN, confirmed by CT
CT is a 3 phase study
between 250-4500 then
page 417, sample 4417
able to count one two three four five
said five five oh, MRN: 41, bag #8841
dispense #30, #10 blade, cc #2
I-131 30 mCi given, I-123 scan, US 3 views
Triage RN aware, Float RN to bedside, VAT RN paged
General Surgery, Vascular Surgery consult, from Plastic Surgery
Insurance: Medicare, Ins: none
K 3.1 to 4.2, Cr adm 2.1 dc 1.4, wt adm 9.1 dc 8.8 kg
dose 1250 5/7 days, 24 2/7 weeks, d 3/7 of Zosyn
moved 10 feet, 6 West Nile tests, 3 South Asian
hyponatremia 12/15 strength 5/5
he may return to work
pressures in her 90s systolic
obs fine, 98 F, stable
dressing review 3/12
walked ok, 5/6
EGA 6/7
24 2/7 weeks by LMP, cervix 2/50/-2, AROM clear
via Foley 300 cc, Via NG tube 30 mL/h
""".strip().splitlines()


@pytest.mark.parametrize("note", FOUND)
def test_what_is_found(note: str) -> None:
    assert_found(note)


@pytest.mark.parametrize("text", NONE)
def test_what_stays(text: str) -> None:
    assert shown(text, Finder(PATTERNS).find(text)) == []
