"""Plates and tails of vehicles, and the numbers of ambulances and their crews."""

from __future__ import annotations

import re
from collections.abc import Iterator

from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.context import any_in, lowered

_CREW = re.compile(
    r"\b(?:EMS|BIBA|BIBEMS|AMR|[Cc]rew|[Aa]mbu|[Hh]elo|HEMS|[Aa]ir[ ]?[Ee]vac|[Ll]ife[ ]?[Ff]light|[Aa]mbulance|"
    r"[Mm]edic|[Rr]escue|[Ee]ngine|[Ss]quad|[Ll]adder)(?:[ ](?:unit|truck|"
    r"crew|team|no\.?))?[ ]?#?[ ]?"
    r"(?P<unit>(?=[A-Z]{0,3}-?\d)[A-Z]{0,3}-?\d{1,4}[A-Z]?)(?![^\W_]|[./:%]\d)"
)
"""An ambulance's number."""
_PLATE = re.compile(
    r"\b(?i:plates?|tags?|van|veh(?:icle)?|truck|car|lorry|tail(?:\sno\.?)?|boat|vessel|trailer|motorcycle|"
    r"reg(?:istration)?|kfz|matr[ií]cula|immat)"
    r"(?:\s(?:no\.?|number|#|plates?|reg|tag))*(?:\s(?:is|was))?[:#\s]{1,3}"
    r"(?P<plate>(?=[A-Z \-]{0,8}\d)[A-Z0-9]{1,7}(?:[ -][A-Z0-9]{1,5}){0,2}(?![^\W_]))",
)
_VEHICLES = (
    "plate",
    "tag",
    "van",
    "veh",
    "truck",
    "car",
    "lorry",
    "tail",
    "boat",
    "vessel",
    "trailer",
    "motorc",
    "reg",
    "kfz",
    "matr",
    "immat",
)
_FEWEST_DIGITS, _SHORTEST = 2, 5


def find_vehicles(text: str) -> Iterator[Finding]:
    """What stands behind a word for a vehicle or its plate, and has letters and digits; what stands behind a crew."""
    for match in _PLATE.finditer(text) if any_in(lowered(text), _VEHICLES) else ():
        value = match["plate"]
        digits = sum(map(str.isdigit, value))
        if len(value) >= _SHORTEST and any(map(str.isalpha, value)) and digits >= _FEWEST_DIGITS:
            yield Finding(*match.span("plate"), "license_plate", 0.7, ("pattern:plate",))
    for match in _CREW.finditer(text):
        yield Finding(*match.span("unit"), "vehicle_identifier", 0.6, ("pattern:number",))
