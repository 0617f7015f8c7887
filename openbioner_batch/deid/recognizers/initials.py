"""Finds people by initials alone: who wrote, signed or did something, and patients in studies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.context import any_in
from openbioner_batch.deid.searching import Anchored

_FOUND_BY = ("pattern:name",)
_INITIALS = Anchored(
    r"^[ \t]*(?P<one>[A-Z]{2,4})[ ]?[/:][ ]?(?P<two>[a-z]{2,4}\d{0,3})[ \t]*$|\b(?:dictated|transcribed|typed|signed|"
    r"initialed)\s(?:but\snot\sread\s)?(?:by[: ]{1,2})(?P<by>[A-Z]{2,3}|(?:[A-Z]\.){2,3})(?![\w.])",
    re.MULTILINE,
)
_CODED = Anchored(
    r"\b(?:patient|pt|client|Patient|Pt|Client|Mr|Mrs|Ms)\.?[ ](?P<initials>(?:[A-Z]\.[ ]?){2,3}|[A-Z]{2}(?=[ ](?:is|"
    r"was|has|reports|presented)\b))"
)


_SHORT = r"(?:[A-Z]{2,3}(?![\w/-]|\.\w)|(?:[A-Z]\.[ ]?){2,3}|(?:[A-Z]\.[ ]?){1,2}[OD]['’][A-Z]\.)"
_BY_INITIALS = Anchored(
    r"\b(?i:drawn|collected|witnessed|transcribed|dictated|entered|charted|verified|typed|called|read|checked|"
    r"recorded|documented|"
    rf"initialed|rpt|report|handoff|given|done|placed|started|sent|taken|obtained|performed|changed|inserted|"
    rf"labell?ed|crossmatched|xmatched|counted|reviewed|released)[ ](?i:by)[ ]?:?[ ]?(?P<by>{_SHORT})"
)
"""Who did something, after "by"."""
_CELL = re.compile(rf"\d{{2}}:?\d{{2}}(?:[ ]?[AaPp][Mm])?[ ]?\|[ ]?(?P<cell>{_SHORT})(?=[ ]?(?:\||\n|\Z))")
"""Who did something, in a table's cell after a time."""
_INITIALS_OF_PATIENT = Anchored(
    rf"(?<![^\s(\[])(?P<aged>{_SHORT})[ ]?(?i:(?:is|was)[ ]an?[ ]\d{{1,3}}[ -]?(?:y|month|week|day))"
    rf"|\b(?i:subject|participant)[ ]?:?[ ](?P<subject>{_SHORT})(?=,?[ ](?i:study|site|screening|visit|no\.|id\b|dob))"
)
_NO_INITIALS = frozenset(
    "MD RN LPN ER OR ED PT OT IV ID RT SLP CT MR MRI US IR SW CM NP PA DO GI ENT OB GYN ICU EMS PCP PCR EKG ECG "
    "EEG EMG TEE TTE "
    "NG SC SQ SL PR GT PEG TPA VIR CRNA FAX ABG VBG IVP CNS CVP "
    "FNA RD IM PO BP HR ICD CPT LAB ELISA IHC AI VA MA HH SNF PD DNR AM PM QC".split()
)


def find_initials(text: str) -> Iterator[Finding]:
    """Initials with words or marks around them that show a person."""
    if any_in(text, ("/", ":", "by")):
        for match in _INITIALS.finditer(text):
            name = "by" if match["by"] else "one"
            if name == "by" or match["one"].lower() not in ("pt", "ptt", "bun", "hgb"):
                yield Finding(
                    match.start(name), match.end("by" if match["by"] else "two"), "clinician_name", 0.7, _FOUND_BY
                )
    for pattern, type in (
        (_CODED, "patient_name"),
        (_INITIALS_OF_PATIENT, "patient_name"),
        (_BY_INITIALS, "clinician_name"),
        (_CELL, "clinician_name"),
    ):
        for match in pattern.finditer(text) if pattern is not _CELL or "|" in text else ():
            group = str(match.lastgroup)
            initials = match[group].rstrip()
            if initials not in _NO_INITIALS:
                yield Finding(match.start(group), match.start(group) + len(initials), type, 0.6, _FOUND_BY)
