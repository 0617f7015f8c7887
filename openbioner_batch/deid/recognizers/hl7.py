"""Finds identifiers in HL7 version 2 messages by segment and field: HL7 v2.5.1, chapters 2, 3, 4, 6 and 7."""

from __future__ import annotations

import re
from collections.abc import Iterator

from openbioner_batch.deid.finding import Finding

# Segments end with a carriage return, or with a line where a message was stored as text; a frame (MLLP) begins with
# a vertical tab.
_SEGMENT = re.compile(
    r"(?:^|(?<=\r))[ \t\x0b]*(?P<name>[A-Z][A-Z][A-Z0-9])\|(?P<fields>[^\n\r]*\|[^\n\r]*)(?=\r|$)", re.MULTILINE
)
_REPETITION = re.compile(r"[^~]+")
_FIELD = re.compile(r"[^|]*")
_PART = re.compile(r"[^\^~&|]+")
_DAY = re.compile(r"(?:19|20)\d{6}(?:\d{2,6}(?:\.\d+)?(?:[+-]\d{4})?)?")

_NAME, _DOCTOR, _ADDRESS, _ROOM, _DATE = "name", "doctor", "address", "room", "date"
_FIELDS: dict[str, dict[int, tuple[str, str]]] = {
    "MSH": {4: ("whole", "healthcare_facility"), 6: ("whole", "healthcare_facility"), 7: (_DATE, "personal_date"),
            10: ("whole", "other_identifier")},
    "EVN": {2: (_DATE, "personal_date"), 5: (_DOCTOR, "clinician_name")},
    "PID": {2: ("first", "medical_record_number"), 3: ("first", "medical_record_number"),
            4: ("first", "medical_record_number"), 5: (_NAME, "patient_name"), 6: (_NAME, "relative_name"),
            7: (_DATE, "birth_date"), 9: (_NAME, "patient_name"), 11: (_ADDRESS, "street_address"),
            12: ("whole", "county"), 13: ("first", "phone_number"), 14: ("first", "phone_number"),
            18: ("first", "account_number"), 19: ("first", "social_security_number"),
            20: ("first", "drivers_license_number"), 21: ("first", "medical_record_number"), 29: (_DATE, "death_date")},
    "NK1": {2: (_NAME, "relative_name"), 4: (_ADDRESS, "street_address"), 5: ("first", "phone_number"),
            6: ("first", "phone_number")},
    "PV1": {3: (_ROOM, "room_number"), 5: ("first", "encounter_number"), 6: (_ROOM, "room_number"),
            7: (_DOCTOR, "clinician_name"), 8: (_DOCTOR, "clinician_name"), 9: (_DOCTOR, "clinician_name"),
            17: (_DOCTOR, "clinician_name"),
            19: ("first", "encounter_number"), 44: (_DATE, "admission_date"), 45: (_DATE, "discharge_date"),
            50: ("first", "encounter_number"), 52: (_DOCTOR, "clinician_name")},
    "ORC": {2: ("first", "specimen_number"), 3: ("first", "specimen_number"), 9: (_DATE, "personal_date"),
            10: (_DOCTOR, "clinician_name"), 12: (_DOCTOR, "clinician_name")},
    "OBR": {2: ("first", "specimen_number"), 3: ("first", "specimen_number"), 7: (_DATE, "personal_date"),
            10: (_DOCTOR, "clinician_name"), 14: (_DATE, "personal_date"), 16: (_DOCTOR, "clinician_name"),
            22: (_DATE, "personal_date"), 28: (_DOCTOR, "clinician_name"), 32: (_DOCTOR, "clinician_name")},
    "OBX": {14: (_DATE, "personal_date"), 16: (_DOCTOR, "clinician_name")},
    "GT1": {3: (_NAME, "relative_name"), 5: (_ADDRESS, "street_address"), 6: ("first", "phone_number"),
            7: ("first", "phone_number"), 8: (_DATE, "birth_date"), 12: ("first", "social_security_number")},
    "IN1": {2: ("first", "health_plan_number"), 4: ("whole", "organization"), 5: (_ADDRESS, "street_address"),
            8: ("first", "health_plan_number"), 16: (_NAME, "relative_name"), 18: (_DATE, "birth_date"),
            19: (_ADDRESS, "street_address"), 36: ("first", "health_plan_number")},
    "DG1": {5: (_DATE, "personal_date"), 16: (_DOCTOR, "clinician_name")},
    "PR1": {5: (_DATE, "personal_date"), 11: (_DOCTOR, "clinician_name")},
    "AL1": {6: (_DATE, "personal_date")},
}  # fmt: skip
"""Segment -> number of a field -> how it is read, and the type of its content; in MSH the first bar is a field."""
_CODED = {
    "MSH": (2, 3, 5, 9, 11, 12), "PID": (8, 10, 15, 16, 17, 22), "NK1": (3, 7), "PV1": (2, 4, 10, 14, 18),
    "IN1": (15, 17), "AL1": (2, 3, 4),
    "DG1": (2, 3, 6), "PR1": (2, 3), "OBX": (2, 3, 6, 7, 8, 11), "OBR": (4, 24, 25), "ORC": (1, 5),
}  # fmt: skip
"""Fields of codes and reference ranges, in which numbers without a label do not identify a person."""
_ADDRESS_PARTS = ("street_address", "street_address", "city", "state", "zip_code")


def find_hl7(text: str) -> Iterator[Finding]:
    """Names, numbers, dates and rooms in the fields of segments; nothing in a text without segments."""
    for number, start, end, segment in _fields(text):
        if rule := _FIELDS.get(segment, {}).get(number):
            for one in _REPETITION.finditer(text, start, end):
                yield from _read(text, *one.span(), *rule)


def coded_fields(text: str) -> list[tuple[int, int]]:
    """The ranges of codes and reference ranges, where the form alone does not make an identifier."""
    return [
        (start, end)
        for number, start, end, segment in _fields(text)
        if end > start and number in _CODED.get(segment, ())
    ]


def _fields(text: str) -> Iterator[tuple[int, int, int, str]]:
    """Each field of a known segment: its number, its offsets, the segment."""
    if "|" not in text:
        return
    for match in _SEGMENT.finditer(text):
        segment = match["name"]
        if segment not in _FIELDS:
            continue
        number, place = (2 if segment == "MSH" else 1), match.start("fields")
        while place <= match.end("fields"):
            field = _FIELD.match(text, place, match.end("fields"))
            assert field is not None
            yield number, place, field.end(), segment
            number, place = number + 1, field.end() + 1


def _read(text: str, start: int, end: int, how: str, type: str) -> Iterator[Finding]:
    parts = [part for part in _PART.finditer(text, start, end) if any(map(str.isalnum, part[0]))]
    if how == _DATE:
        for day in _DAY.finditer(text, start, end):
            yield _found(*day.span(), type)
    elif how == _NAME:
        # a value without letters belongs to another field, in a message whose fields are misplaced
        if named := [part for part in parts[:4] if any(map(str.isalpha, part[0]))]:
            yield _found(named[0].start(), named[-1].end(), type)
    elif how == _DOCTOR:
        names = parts
        if parts and any(map(str.isdigit, parts[0][0])):
            yield _found(*parts[0].span(), "license_number")
            names = parts[1:]
        if names:
            yield _found(names[0].start(), names[min(2, len(names) - 1)].end(), type)
    elif how == _ADDRESS:
        yield from _address(text, start, end)
    elif how == _ROOM and parts:
        yield _found(parts[0].start(), parts[min(2, len(parts) - 1)].end(), type)
    elif parts and how in ("first", "whole"):
        last = parts[0] if how == "first" else parts[-1]
        yield _found(parts[0].start(), last.end(), type)


def _address(text: str, start: int, end: int) -> Iterator[Finding]:
    place = start
    for type in _ADDRESS_PARTS:
        stop = text.find("^", place, end)
        stop = end if stop < 0 else stop
        if text[place:stop].strip():
            yield _found(place, stop, type)
        place = stop + 1
        if place > end:
            return


def _found(start: int, end: int, type: str) -> Finding:
    return Finding(start, end, type, 0.95, ("pattern:hl7",))
