"""Values of known columns that are nobody's: what fields are filled with, and what is too short to look for."""

from __future__ import annotations

import pytest

from openbioner_batch.deid.placeholders import PLACEHOLDER, SHORT, why_ignored


@pytest.mark.parametrize(
    ("type", "value", "why"),
    [
        ("patient_name", "Not  on\nFile", PLACEHOLDER),
        ("patient_name", "*unknown*", PLACEHOLDER),
        ("patient_name", "Patient One", PLACEHOLDER),
        ("medical_record_number", "Patient One", None),
        ("patient_name", "--", PLACEHOLDER),
        ("social_security_number", "000-00-0000", PLACEHOLDER),
        ("phone_number", "9999999", PLACEHOLDER),
        ("patient_name", "X", PLACEHOLDER),
        ("patient_name", "Q", SHORT),
        ("patient_name", "Li", None),
        ("patient_name", "李", SHORT),
        ("medical_record_number", "17", SHORT),
        ("medical_record_number", "4417", None),
        ("birth_date", "9", None),
        ("patient_name", "Xu Lee", None),
    ],
)
def test_why_a_known_value_is_not_looked_for(type: str, value: str, why: str | None) -> None:
    assert why_ignored(type, value) == why
