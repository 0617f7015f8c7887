"""Finds plates and tail numbers of vehicles, and the numbers of ambulances and their crews."""

from __future__ import annotations

import re
from collections.abc import Iterator

from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.searching import Anchored

_CREW = Anchored(
    r"\b(?:EMS|BIBA|BIBEMS|AMR|[Cc]rew|[Aa]mbu|[Hh]elo|HEMS|[Aa]ir[ ]?[Ee]vac|[Ll]ife[ ]?[Ff]light|[Aa]mbulance|"
    r"[Mm]edic|[Rr]escue|[Ee]ngine|[Ss]quad|[Ll]adder)(?:[ ](?:unit|truck|"
    r"crew|team|no\.?))?[ ]?#?[ ]?"
    r"(?P<unit>(?=[A-Z]{0,3}-?\d)[A-Z]{0,3}-?\d{1,4}[A-Z]?)(?![^\W_]|[./:%]\d|[ ][a-z]{2,}s\b)"
)
"""An ambulance's number, where "crew 2 members" counts."""
_PLATE = Anchored(
    r"\b(?i:(?P<sure>plates?|tags?|kfz|matr[ií]cula|immat|reg(?:istration)?(?=\s(?:no|number|plate)))|"
    r"van|veh(?:icle)?|truck|car|lorry|tail(?:\sno\.?)?|boat|trailer|motorcycle)"
    r"(?:\s(?:no\.?|number|#|plates?|reg|tag))*(?:\s(?:is|was))?[:#\s]{1,3}"
    r"(?P<plate>(?=[A-Z \-]{0,8}\d)[A-Z0-9]{1,7}(?:[ -][A-Z0-9]{1,5}){0,2}(?![^\W_]))",
)
_BRITISH_PLATE = Anchored(r"\b[Rr]eg[ .:]{1,2}(?P<plate>[A-Z]{2}\d{2}[ ]?[A-Z]{3})(?![^\W_])")
_AIRCRAFT = Anchored(
    r"\b(?i:medevac|helo|heli(?:copter)?|aircraft|air[ ]?ambulance|plane|flight|rfds|hems|life[ ]?flight|"
    r"starflight|ornge|jet)(?:[ ][a-z]{2,8})?[ :]{1,2}"
    r"(?P<plate>C-[FGI][A-Z]{3}|G-[A-Z]{4}|VH-[A-Z]{3}|ZK-[A-Z]{3}|EI-[A-Z]{3}|D-H[A-Z]{3}|"
    r"N\d{2,4}[A-Z]{1,2})(?![^\W_])"
)
"""The registration of an aircraft: "Medevac C-GABC"."""
_QUANTITY = re.compile(r"\d+[ ][A-Z]{1,4}")
"""After a vehicle alone a speed or a length: "struck by car 45 MPH", "off truck 10 FT"."""
_FEWEST_DIGITS, _SHORTEST = 2, 5


def find_vehicles(text: str) -> Iterator[Finding]:
    """Letters and digits after a word for a vehicle or its plate; numbers after a crew."""
    for match in _PLATE.finditer(text):
        if not match["sure"] and _QUANTITY.fullmatch(match["plate"]):
            continue
        value = match["plate"]
        digits = sum(map(str.isdigit, value))
        if len(value) >= _SHORTEST and any(map(str.isalpha, value)) and digits >= _FEWEST_DIGITS:
            yield Finding(*match.span("plate"), "license_plate", 0.7, ("pattern:plate",))
    for match in _CREW.finditer(text):
        yield Finding(*match.span("unit"), "vehicle_identifier", 0.6, ("pattern:digits",))
    for pattern in (_BRITISH_PLATE, _AIRCRAFT):
        for match in pattern.finditer(text):
            yield Finding(*match.span("plate"), "license_plate", 0.7, ("pattern:plate",))
