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
    ("NK1|1|QUARLES^AVA^B^JR^MS^MD|SPO|", {"QUARLES^AVA^B^JR": "relative_name"}),
    ("GT1|1||QUARLES^AVA||9 ELM^^DOVER^DE^19901", {"QUARLES^AVA": "relative_name", "9 ELM": "street_address"}
     | {"DOVER": "city", "DE": "state", "19901": "zip_code"}),
    ("DG1|1|I10|I50.23^HF^I10||20240311", {"20240311": "personal_date"}),
    ("PID|1||||||||", {}),
    (
        "PID|1||7730214^^^MRN~8841123^^^OLD||QUARLES^DESMOND^T~SMITHERS^DES||||||14 FENWICK CT^^DOVER^DE^19901"
        "~PO BOX 1182^^RIVERTON^OH^43055||3025550146~3025550188",
        {"7730214": "medical_record_number", "8841123": "medical_record_number", "QUARLES^DESMOND^T": "patient_name"}
        | {"SMITHERS^DES": "patient_name", "14 FENWICK CT": "street_address", "DOVER": "city", "DE": "state"}
        | {"19901": "zip_code", "PO BOX 1182": "street_address", "RIVERTON": "city", "OH": "state", "43055": "zip_code"}
        | {"3025550146": "phone_number", "3025550188": "phone_number"},
    ),
    (
        "PV1|1|I|||5520013||1093^MBEKI^LINDIWE~2204^ROE^JANE",
        {"5520013": "encounter_number", "1093": "license_number", "MBEKI^LINDIWE": "clinician_name"}
        | {"2204": "license_number", "ROE^JANE": "clinician_name"},
    ),
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


MESSAGE = [segment for segment, _ in SEGMENTS[:5]]


@pytest.mark.parametrize("frame", ["", "\x0b"])
@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_segments_end_with_a_line_or_a_carriage_return(end: str, frame: str) -> None:
    text = frame + end.join(MESSAGE) + end
    found = {value for _, value in shown(text, Finder(PATTERNS).find(text))}
    assert found >= {value for _, expected in SEGMENTS[:5] for value in expected}
    assert not any("|" in value for value in found)


def test_beside_coded_fields_the_rest_of_a_message_is_searched() -> None:
    text = "OBX|1|TX|2823-3^K^LN||call 617-555-0142 or SSN 219-09-9998|\nNTE|1||Dr. Ruth Quandrelle was told"
    found = dict(shown(text, Finder(PATTERNS).find(text)))
    assert {"phone_number", "social_security_number", "clinician_name"} <= set(found)
    assert "2823-3" not in found.values()
