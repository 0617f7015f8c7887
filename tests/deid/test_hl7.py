"""Messages of HL7 version 2: identifiers by segment and field, codes and results left alone."""

from __future__ import annotations

import pytest
from deid.found import PATTERNS, shown

from openbioner_batch.deid.finder import Finder
from openbioner_batch.records import Span

SEGMENTS = [
    (
        "MSH|^~\\&|LAB|STCLARE|EHR|HOSP|202403110812||ORU^R01|00000918|P|2.3",
        {"STCLARE": "healthcare_facility", "HOSP": "healthcare_facility", "202403110812": "personal_date"}
        | {"00000918": "other_identifier"},
    ),
    (
        "PID|1||7730214^^^MRN||QUARLES^DESMOND^T||19330405|M|||14 FENWICK CT^^DOVER^DE^19901||3025550146",
        {"7730214": "medical_record_number", "QUARLES^DESMOND^T": "patient_name", "19330405": "birth_date"}
        | {"14 FENWICK CT": "street_address", "DOVER": "city", "DE": "state", "19901": "zip_code"}
        | {"3025550146": "phone_number"},
    ),
    ("NK1|1|QUARLES^AVA|SPO||3025550199", {"QUARLES^AVA": "relative_name", "3025550199": "phone_number"}),
    (
        "PV1|1|I|3N^318^A||||1093^MBEKI^LINDIWE",
        {"3N^318^A": "room_number", "1093": "license_number", "MBEKI^LINDIWE": "clinician_name"},
    ),
    (
        "OBX|4|NM|2823-3^K^LN||4.4|mmol/L|3.5-5.1|N|||F|||202403110745||77^TECH^ANN",
        {"202403110745": "personal_date", "77": "license_number", "TECH^ANN": "clinician_name"},
    ),
    ("GT1|1||QUARLES^AVA||9 ELM^^DOVER^DE^19901", {"QUARLES^AVA": "relative_name", "9 ELM": "street_address"}
     | {"DOVER": "city", "DE": "state", "19901": "zip_code"}),
    ("DG1|1|I10|I50.23^HF^I10||20240311", {"20240311": "personal_date"}),
    ("PID|1||||||||", {}),
]  # fmt: skip


@pytest.mark.parametrize(("segment", "expected"), SEGMENTS)
def test_fields_are_read_by_their_place(segment: str, expected: dict[str, str]) -> None:
    found = Finder(PATTERNS).find(segment)
    assert {text: type for type, text in shown(segment, found)} == expected


@pytest.mark.parametrize(
    ("segment", "part"),
    [
        ("MSH|^~\\&|LAB|A|EHR||20240311||ORU^R01|9|P|2.3", "ORU"),
        ("NK1|1|ROE^AVA|SPO", "SPO"),
        ("OBX|1|NM|2823-3^K^LN", "2823-3"),
    ],
)
def test_codes_stay_whatever_the_model_says(segment: str, part: str) -> None:
    at = segment.index(part)
    spans = [Span(at, at + len(part), type, 0.99, part) for type in ("person_name", "location", "other_identifier")]
    assert part not in [text for _, text in shown(segment, Finder().find(segment, model_spans=spans))]
