"""Whether a place's digits are proven: a room's by its word, a street's and a postal code's by their neighbours."""

from __future__ import annotations

import re

from openbioner_batch.deid.evidence.surroundings import PLACES, Surroundings
from openbioner_batch.deid.recognizers.beds import LIST_HEADING
from openbioner_batch.deid.recognizers.clinical_words import clinical_words
from openbioner_batch.deid.zips import state_of_zip

_ROOM_WORD = (
    r"(?:room|rm|bed|bay|ward|floor|fl|cubicle|bldg|building|dorm|chair|stretcher|gurney|hall(?:way)?(?:[ ]bed)?|"
    r"theatre|"
    r"recliner|incubator|isolette|crib|pod|trolley|resus|suite|apt|unit|zimmer|zi|bett|platz|liege|station|stat|"
    r"chambre|ch|"
    r"habitaci[oó]n|hab|cama|leito|quarto|enfermaria|camera|stanza|letto|kamer|sala|sali|huone|oda|pokój|палата|"
    r"łóżko|cell|"
    r"side[ ]room)"
)
_BEHIND_ITS_WORD = re.compile(rf"(?<![^\W_]){_ROOM_WORD}\.?(?:[ ](?:number|no\.?))?[ .:#]{{0,3}}\Z", re.IGNORECASE)
_WITH_ITS_WORD = re.compile(rf"{_ROOM_WORD}\.?(?:[ ](?:number|no\.?))?[ .:#]{{0,3}}(?P<number>\S.*)", re.IGNORECASE)
_COUNTING = re.compile(
    r"[ ](?!(?:is|was|has|and|in|at|on|for|with|w|to|from|fr|by|c|s|now|today|pt|via|per|needs|wants|called|bed|"
    r"side|until|"
    r"tonight|after|before|then|as|the|who|but)(?![^\W_]))[a-z]{2,}|[ ]?[x×%°]|/[a-z]"
)
"""After a small number that counts: "bed 2 assist", "floor 3 laps"."""
_UNIT_ROOM = re.compile(
    r"(?:[MSCPN]|CV|CC|B|T|CT)?I?CU[- ](?:bed[ ]|room[ ])?\d{1,3}[A-Z]?|(?:ED|ER|PACU|"
    r"OR)[- ](?:[A-Za-z]+[ ])?\d{1,2}[A-Z]?"
    r"|\d{1,2}(?:[NSEW]|NE|NW|SE|SW)-\d{2,3}[A-Z]?|\d{1,2}[ ]?(?:North|South|East|West|NORTH|SOUTH|EAST|"
    r"WEST)(?:[ ]\d{1,3})?"
)
"""A unit with a number, a wing with a room: MICU 4, 5N-12, 4 South 22."""
_HEADS = re.compile(r"[ \t:|]{1,3}[^\W\d_]")
_STATION = re.compile(r"\b(?:station|stat|cell|ch)[ .]{1,2}\d{1,2}\Z", re.IGNORECASE)
"""The station of a head before birth, an order at once, cells."""
_LASTS = re.compile(r"[ ]?(?:d|h|hrs?|min|wks?|days?|hours?|weeks?|months?)(?![^\W_])|[ ]\(\d|[.,]\d|[ ]?%")
_SHORT = re.compile(r"\d{1,2}")
_BARE_ROW = re.compile(r"\d{3,4}(?:-?[A-Z0-9])?|\d{1,2}[A-Z]|[A-H]-?\d{1,2}")
_GRADE = re.compile(r"[A-Z]{1,3}\d")
"""A doctor's grade before the name in running text: "F1 Jones"; a bed only at the head of a row."""
_ROW_STARTS = re.compile(r"(?:\A|[\n;|])[ \t]*\Z")
_OF_STREETS = frozenset(
    "st street ave av avenue rd road blvd ln lane dr drive ct court pl place way ter terrace cir pkwy hwy sq apt suite "
    "ste unit lot floor fl bldg rm room po box rr north south east west ne nw se sw".split()
)
_BOX = re.compile(r"(?:P\.?[ ]?O\.?[ ]?|RR[ ]?#?\d+,?[ ])?Box\b|PSC\b|CMR\b|Post[ ]Office", re.IGNORECASE)
_WEAK_SUFFIX = re.compile(r"[ ](?:Way|Point|Place|Path|Row|Loop|Close|Square|Crossing|Alley)\.?\Z")
_LIVES = re.compile(
    r"\b(?:at|lives?|living|resid\w+|address|addr|home|from|fr|to|on|near|of|flat)\b[^.;]{0,16}\Z|:[ ]\Z",
    re.IGNORECASE,
)
_CAPITAL_BEHIND = re.compile(r"[ ]+[A-Z]")
_ROAD = re.compile(r"(?:I|US|SR|CR|FM|Rte?\.?|Route|Hwy\.?|Highway|Interstate|Turnpike)[- ]?\d{1,4}\b", re.IGNORECASE)
_NAMED_ROAD = re.compile(r"(?:Rte?\.?|Route|Hwy|Highway|Interstate|Turnpike)", re.IGNORECASE)
_DROVE = re.compile(
    r"\b(?:off|along|near|exit|mile|mm|crash(?:ed)?|mv[ac]|drove|driving|travel\w*|highway|hwy|road|collision|rollover|"
    r"accident|lives|located|struck|truck|car)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_MEASURING = re.compile(r"\d+[ ](?:Fr|fr|G|ga|mg|mL|cm|mm)\b")
_ZIP_LABEL = re.compile(
    r"\b(?:zip(?:[ ]?code)?|postal(?:[ ]code)?|postcode|plz|eircode|cep|pin[ ]code)\b[ :=\w]{0,8}\Z", re.IGNORECASE
)
_ZIP = re.compile(r"\d{5}(?:-\d{4})?")
_POSITION = re.compile(r"\b(?:gps|coord\w*|lat\w*|lon\w*|location|position|map|geo\w*)\b", re.IGNORECASE)
_COMPASS = re.compile(r"[NSEW]\b|°|\bat[ ]\Z")


def is_proven_room(around: Surroundings) -> bool:
    """Whether a room's word precedes the number, and nothing that the number would count follows it."""
    if not (around.found_by("pattern") or around.found_by("known")):
        return False
    named = _WITH_ITS_WORD.fullmatch(around.value)
    number = named["number"] if named else around.value
    if number.startswith("0"):  # a time of day, or the number of an item: "chair 0545", "001 | RJH"
        return False
    if named or _BEHIND_ITS_WORD.search(around.left):
        small = _SHORT.fullmatch(number) is not None
        return not (small and (_COUNTING.match(around.right) or _STATION.search(around.left + around.value)))
    if _UNIT_ROOM.fullmatch(around.value):
        return not (_LASTS.match(around.right) or _COUNTING.match(around.right))
    heads = around.is_before("name") and _HEADS.match(around.right) is not None
    if _GRADE.fullmatch(around.value) and not _ROW_STARTS.search(around.left):
        return False
    return heads and (LIST_HEADING.search(around.text) or _BARE_ROW.fullmatch(around.value)) is not None


def is_proven_street(around: Surroundings) -> bool:
    """Whether a finding is an address: known, before a town or a postal code, or of words that are not clinical."""
    if around.found_by("known"):
        return True
    if not around.found_by("pattern:place"):
        return False
    value = around.value
    if _ROAD.fullmatch(value) and not _NAMED_ROAD.match(value):
        return _DROVE.search(around.left + around.right) is not None and not around.is_value
    if around.is_before("town", "zip", "state"):
        return True
    if _MEASURING.match(value):
        return False
    words = [word for word in _WORD.findall(value) if word[0].isupper() and word.lower() not in _OF_STREETS]
    if _BOX.match(value):
        return True
    if any(clinical_words().knows(word) for word in words):
        return False
    if _WEAK_SUFFIX.search(value) and not _LIVES.search(around.left):
        return False
    return not (value.rstrip(".").endswith(" Dr") and _CAPITAL_BEHIND.match(around.right))


def is_proven_code(around: Surroundings) -> bool:
    """Whether a postal code has its label or follows a place; after a state it must belong to that state."""
    if _ZIP_LABEL.search(around.left):
        return True
    if not (around.found_by("pattern") or around.found_by("known")):
        return False
    if around.is_before("town") and _ZIP.fullmatch(around.value):
        return True
    if not around.is_behind(*PLACES, "organisation"):
        return around.found_by("known") and not around.is_value and any(map(str.isalpha, around.value))
    state = around.before
    if state is not None and state.type == "state" and _ZIP.fullmatch(around.value):
        code = around.text[state.start : state.end]
        return len(code) != 2 or state_of_zip(around.value) in (code, None)
    return True


def are_proven_coordinates(around: Surroundings) -> bool:
    """Whether a word for a position or the points of the compass distinguish them from results."""
    if not around.found_by("pattern:coordinates"):
        return False
    return _COMPASS.search(around.value) is not None or _POSITION.search(around.left) is not None
