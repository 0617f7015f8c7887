"""Streets, towns, positions and institutions: what each form needs around it, and what looks like one."""

from __future__ import annotations

import pytest
from deid.found import PATTERNS, assert_found, shown

from openbioner_batch.deid.finder import Finder

FOUND = """
<street_address>418 Oak St, Apt 4B</street_address>, <city>Dayton</city>, <state>Ohio</state> <zip_code>45402</zip_code>
<street_address>77 N. 3rd St</street_address>, <city>Ft. Wayne</city>, <state>Indiana</state>
<street_address>1200 County Road 12</street_address>, <city>Elgin</city> <state>TX</state> <zip_code>78621</zip_code>
<street_address>RR 2, Box 118</street_address> is the mailing address
Address: <street_address>Hof Sonnberg 12</street_address>
Address on file: <street_address>Hof Sonnberg 12</street_address> and phone
lives at <street_address>9 Quarry Bend</street_address>, alone
hit on <street_address>I-95</street_address>, airbag deployed
found down near <street_address>Route 9 north</street_address>
rollover on <street_address>US-1 at mile 14</street_address>
assaulted at <street_address>Fulton & 4th</street_address>, alert
found by <street_address>Fulton St and Grove Ave</street_address> tonight
postcode <zip_code>SW1A 1AA</zip_code> on the form
mailed to <zip_code>K1A 0B1</zip_code> again
<street_address>Ringstraße 4</street_address>, <zip_code>80331</zip_code> <city>München</city>.
<street_address>Rua das Flores 112</street_address>
She was born in <country>Peru</country> and raised there
She is originally from <state>Montana</state>.
He moved to <city>Fargo</city>, <state>ND</state> last year
travelled to <city>Reno</city>, <state>NV</state> by car
seen by the team in <city>Reno</city>, <state>NV</state>
resident of <county>Cass County</county>
map position <geographic_coordinates>40.712, -74.006</geographic_coordinates>
<clinician_name>Jo Roe</clinician_name>, MD\\n<healthcare_facility>Harbor Point Associates</healthcare_facility>\\nPager
went to the Outpatient <healthcare_facility>Kestrel Clinic</healthcare_facility> today
SNF = <healthcare_facility>The Larches</healthcare_facility>
script to <healthcare_facility>Target on Elm</healthcare_facility>
was at <healthcare_facility>Our Lady of Lourdes</healthcare_facility> then
Ins: <organization>Standard Mutual</organization>
served on <organization>USS Kestrel</organization> once
THEN <healthcare_facility>KESTREL HOSPITAL</healthcare_facility>
mail c/o <organization>Open Kestrel</organization>
works for <employer_name>Quandrel</employer_name>. Then
In Nursing Home Residents; a chef @ <organization>The Gilded Perch</organization>
well and Daycare: <organization>Tiny Acorns</organization>
at <geographic_coordinates>40°42′46″N</geographic_coordinates> then
""".strip().splitlines()

NONE = """
troponin 0.012, 0.034 and 0.051
lactate 1.250, 2.110
on I-131 therapy, on I-123 scan
on I-131 30 mCi, on I-131 29.5 mCi
seen in the ED, MD at bedside
plan with Dr, PA to follow
1400 Settled.
Address: none given
Email address: see the portal at https://example.org/12345
transferred from Surgery, from Oncology
visit in Clinic, works in Clinic
at Rest & 4th stage, on Zinc & 4th
Contact address: see roe12@example.org today
met with Maria, Georgia and Ruth, Virginia too
zip 12.5
ratio 40.7, 74.0
Payer: Tricare
employed by Outpatient Surgery
seen in the Outpatient Infirmary
school: Primary Chemo
school: Outpatient General
Box 12 of gloves, box 4
""".strip().splitlines()

PLACES = set(
    "street_address city state country county zip_code geographic_coordinates "
    "healthcare_facility organization employer_name".split()
)


@pytest.mark.parametrize("note", FOUND)
def test_places_are_found_part_by_part(note: str) -> None:
    assert_found(note.replace("\\n", "\n"))


@pytest.mark.parametrize("text", NONE)
def test_what_only_looks_like_a_place_stays(text: str) -> None:
    found = shown(text, Finder(PATTERNS).find(text))
    assert [one for one in found if one[0] in PLACES] == []


@pytest.mark.parametrize("text", ["attends Day Program", "school: Part Time"])
def test_times_of_work_are_no_institutions(text: str) -> None:
    assert shown(text, Finder(PATTERNS).find(text)) == []


@pytest.mark.parametrize("form", ["Inc.", "Corp.", "Ltd.", "Co.", "L.L.C."])
def test_the_dot_of_a_companys_form_belongs_to_it(form: str) -> None:
    assert_found(f"works for <employer_name>Quandrel {form}</employer_name> now")
