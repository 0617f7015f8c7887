"""Tables, markup and columns: what a head, a label or a key says of what stands under, right of or in it."""

from __future__ import annotations

import pytest
from deid.found import PATTERNS, assert_found, shown

from openbioner_batch.deid.finder import Finder

CELLS = [
    "Pt\tRm\tDx\tMD\n<patient_name>Lomax</patient_name>\t<room_number>512</room_number>\tCHF\t<clinician_name>Iyer</clinician_name>\n"
    "<patient_name>Petrakis</patient_name>\t<room_number>514</room_number>\tPNA\t<clinician_name>Cho</clinician_name>",
    "| name | <patient_name>Wilhelmina Stroud</patient_name> | mrn | "
    "<medical_record_number>A0093118</medical_record_number> | age | "
    "<age_over_89>94</age_over_89> | sex | F |",
    'name,birth_date,city,room\n"<patient_name>Havel, Gabriela</patient_name>",<birth_date>8 Jun 1996</birth_date>,'
    "<city>Port Birch</city>,<room_number>12B</room_number>",
    '{"city": "<city>Depot Grove</city>", "state": "<state>NM</state>", "postalCode": "<zip_code>69847</zip_code>"}',
    "| Pt | Rm | MD |\n| <patient_name>Lomax</patient_name> | <room_number>512</room_number> | |\n"
    "| | <room_number>514</room_number> | <clinician_name>Cho</clinician_name> |\n"
    "| Lomax-Gray scale | used |\n| Lasix | 40 | PO |",
    "Pt | Rm | MD\n | <room_number>512</room_number> | <clinician_name>Iyer</clinician_name>\n"
    "<patient_name>Lomax</patient_name> | <room_number>514</room_number> | ",
    "Pt\tAge\tRm\n<patient_name>Lomax</patient_name>\t<age_over_89>94</age_over_89> F\t<room_number>9B</room_number>",
    "rm | <room_number>512</room_number> | dx | CHF | attending | <clinician_name>Iyer</clinician_name>",
    '{"zip": <zip_code>69847</zip_code>, "line": ["<street_address>12 Elm St</street_address>"], "by": "mouth"}',
    '{"patientName": "<patient_name>Raynaud</patient_name>", "pcp": "<clinician_name>Iyer</clinician_name>"}',
    '(id="x" surname="<patient_name>Lomax</patient_name>" phone="none")',
    "| mrn | <medical_record_number>4417</medical_record_number> | age | 45 | sex | F |",
    "patient_city=<city>Dover</city>; PT=13.2",
    "login=<username>jlomax7</username>; PT=13.2; pt_city=<city>Dover</city>; by=mouth",
    "Howard, Crystal      <medical_record_number>425 4255</medical_record_number>",
]


@pytest.mark.parametrize("note", CELLS)
def test_cells_are_what_their_heads_say(note: str) -> None:
    assert_found(note)


def test_keys_of_markup_tell_names_be_they_terms_elsewhere() -> None:
    text = "<given>Mathilde</given> of <family>Raynaud</family>"
    found = shown(text, Finder(PATTERNS).find(text))
    assert found == [("patient_name", "Mathilde"), ("patient_name", "Raynaud")]


@pytest.mark.parametrize(
    "text",
    [
        "Name | Dose | Route\nLasix | 40 | PO\nColace | 100 | PO",
        "Test\tResult\tAge of sample\nNa\t141\t92\nK\t4.2\t95",
        "Drug\tRoom\tDose\nLasix\t40\tPO",
        "| MRN | 1 | age | 45 | sex | M |",
        "PID|1||||||||",
        '{"name": "glucose", "value": "141"}',
        '{"family": "penicillins", "city": "unknown", "state": "tbd", "county": "pending"}',
        '{"zip": "n/a", "room": "null", "given_name": "none"}',
        "Pt|Rm|MD\\nstable|none|pending",
        "Drug, dose, route, site\nancef, 1 g, IV, left arm",
    ],
)
def test_tables_of_values_stay(text: str) -> None:
    assert shown(text, Finder(PATTERNS).find(text)) == []
