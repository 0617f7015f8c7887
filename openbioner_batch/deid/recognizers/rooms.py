"""Finds rooms, beds and wards: by a word before, by a ward's form, by a patient who is moved."""

from __future__ import annotations

import re
from collections.abc import Iterator

from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.clinical_values import in_clinical_value
from openbioner_batch.deid.recognizers.clinical_words import clinical_words
from openbioner_batch.deid.recognizers.lexicon import lexicon
from openbioner_batch.deid.searching import Anchored

_NUMBERED = Anchored(
    r"\b(?i:room|rm|bed|(?P<moved>(?:moved|transferred|assigned|roomed|rmd|rm'd)(?:\s(?:to|in))?)|bay|ward|floor|"
    r"cubicle|bldg|building|dorm|(?<!t-)(?<!t\s)cell(?=\s\d{1,2}-\d{2,3}\b)|"
    r"chair|stretcher|gurney|hall(?:way)?(?:\sbed)?|theatre|recliner|incubator|isolette|zimmer|zi(?=\.|"
    r"\s\d)|bett|platz|liege|stat(?=\.)|"
    r"station(?!\s0\b)|chambre|ch(?=\.\s?\d)|habitaci[oó]n|hab(?=\.)|cama|leito|quarto|enfermaria|camera\sn\.?|"
    r"stanza|letto|"
    r"kamer|sala|sali|huone|oda|pokój|палата|łóżko)\b(?:\s(?:number|no\.?))?(?:[.:](?=[ ]?#?\w))?[ ]?#?[ ]?"
    r"(?P<number>(?:[A-Z]{2,3}-|[A-Za-z]-?)?\d{1,4}(?:-?[A-Z0-9]{1,3})?(?:/\d{1,3}(?![\d/]))?|"
    r"[A-Z](?=[ .,;\n]))(?![^\W_]|[.,:/]\d|[ ]?(?:%|degrees|times|mg|°)|[ ](?:bath|rests?|mobility|linens?|changes?|"
    r"checks?|alarms?|exits?|"
    r"stands?|rises?|transfers?|flights?|stairs?)\b)"
)
_BAY = Anchored(r"\b(?i:resus|trolley|side[ ]room)[ ](?P<ward>\d{1,2}[A-Za-z]?)(?![^\W_]|[./]\d|[ ]?[%/°])")
"""A place of an emergency department, but not "resus 2 L" and "trolley 4 hrs"."""
_WARD = Anchored(
    r"(?<![^\W_])(?<![/.:-])(?P<ward>\d{1,2}(?:st|nd|rd|th)[ ]floor"
    r"|\d{1,2}[ ](?:East|West|North|South)\b(?:[ ]\d{1,3}\b(?!%)|(?![ ](?:[A-Z]|of)))"
    r"|(?:[MSCPN]|CV|CC|B|T)?I?CU[- ](?:bed[ ]|room[ ])?\d{1,3}[A-Z]?"
    r"|\d{1,2}(?:EAST|WEST|NORTH|SOUTH)(?:[- ]?\d{1,3})?"
    r"|\d{1,2}(?:[NSEW]|NE|NW|SE|SW)[- ]\d{1,3}[A-Z]?)(?![^\W_]|[./]\d|%)"
)
"""Forms of a ward and its room: 5N-12, 2WEST, 4 South 22, MICU 11."""
_ENDS = (
    r"(?=[ ]*(?:[,;:)/|\n]|\.(?!\d)|\Z)|[ ](?:s/p|w/|for|scrub|circ|pt|RN|CNM)(?![^\W_]))(?!,?[ ](?:95|CI\b|p[ =<]))"
)
"""What ends a place: the end of a clause, but not an odds ratio's interval."""
_LABOUR = Anchored(rf"(?<![\w&/])(?P<ward>(?:L&D|LDRP?|OBS|MBU|PICU|NICU)[ -]#?\d{{1,2}}[A-Z]?){_ENDS}")
"""Units whose letters mean nothing else before a number: "L&D 6"."""
_SUITE = Anchored(
    r"(?<![^\W_])(?P<ward>(?:OR|IR|EP|GI|CT|MRI|[Cc]ath|[Ee]ndo|[Aa]ngio|[Hh]ybrid|[Dd]elivery|[Pp]rocedure)[ ]"
    r"(?i:suite|rm|bay)[ ]#?\d{1,2})(?![^\W_]|[./]\d)"
)
_OPERATED_IN = re.compile(
    rf"(?:\b(?:fr|from|to|in|into)[ ]|(?<=[a-z]),[ ]|[ ]/[ ])(?P<ward>(?:OR|ED|ER|IR)[ -]#?\d{{1,2}}[A-Z]?){_ENDS}"
    rf"|\b(?:seen?|roomed)[ ]in[ ](?P<small>(?:ed|er)[ ]\d{{1,2}})(?=[ ]at[ ]|[ ]*(?:[,;.\n]|\Z))"
)
"""Rooms for operations and of an emergency department after a preposition, a name or between bars: "fr OR 11"."""
_WING = Anchored(
    r"(?:(?<=,[ ])|(?<=\bin[ ])|(?<=\bto[ ])|(?<=\bfr[ ])|"
    r"(?<=\bfrom[ ]))(?P<ward>\d{1,2}[A-CEH-LNOPR-WYZ][A-Z]?-\d{2,3}[A-Z]?)"
    r"(?=[ ]*(?:[,;)\n]|\.(?!\d)|\Z))"
)
"""A wing of any letter and a room: "Neal, 8T-22."."""
_CODED = re.compile(
    r"(?:[A-Z][a-z'’-]{2,20}|"
    r"\(\d{1,3}[ ]?(?:[yY]\w*[ ]?)?[MF]\))[ ]in[ ](?P<ward>[A-Z]\d{3,4}[A-Z]?)(?=[ ]*(?:[,;)\n]|\.(?!\d)|\Z))"
    r"|\b(?:Pt|pt|Mr|Mrs|Ms)\.?[ ](?:[A-Z][a-z'’-]{1,20}[ ]?){1,2},[ ](?P<code>[ABEHJKQRUVWXYZ]\d{1,2})(?=,)"
)
"""A letter and a number after a person: "Poteet (61F) in B614", "Pt Ivory, R7,"."""
_THEATRE = Anchored(
    r"(?<![^\W_])(?:OR|OT|Th)[ ]?#?(?P<ward>\d{1,2})(?=:(?!\d)|[ ](?:surg|anes|circ|scrub|in[ ]\d{4})\b)"
)
"""An operating room, where "OR 2.1" is an odds ratio."""
_MOVED = Anchored(
    r"(?:\b(?i:moved|transferred|tx'?d|transfer|went|sent|back|returned|adm(?:itted)?|going|up|down|assigned)\s(?:to|"
    r"fr(?:om)?)\s|"
    r"\b(?i:tele|floor|loc(?:ation)?|unit|rec'd|report|called|per|on|from|fr|to|census|staffing|"
    r"discrepancy)[:=]?\s|->\s?|→\s?|"
    r"\b(?:Mrs?|Ms|Pt|pt|Miss)\.?\s[A-Z][\w'’-]+,\s|\b[MF]\s{2,}|\b(?i:man|woman|lady|gentleman|pt|patient|resident|"
    r"boy|girl)\sin\s)"
    r"(?P<ward>\d{1,2}(?:[NSEWABC]|NE|NW|SE|SW|[NSEW][AB]|T|ICU)(?:[- ]?\d{1,3}(?!\s?(?:mg|mL|L)))?)"
    r"(?![^\W_]|[./-]\d|%|\s?(?:/|mg|mcg))"
)
"""A number and letters after words for being or moving there: "moved to 6W", "Mrs Roe, 7C"."""
_OF_PERSON = Anchored(
    r"\b(?i:man|woman|lady|gentleman|pt|patient|resident|boy|girl)\sin\s(?P<ward>\d{3,4})(?=[,.;:)]|\s(?:needs|is|"
    r"was|"
    r"has|wants|called|c/o|w/|who)\b|\Z)"
)
"""A number after "patient in", followed by words that do not follow a count."""
_ROW_HEAD = Anchored(
    r"^[ \t]*(?P<ward>\d{1,3}[A-Za-z]\d?|\d{3,4}(?:-\d|[A-Za-z])?)[ \t]+(?=[^\W\d_][\w'’-]+(?:,[ "
    r"]?[^\W\d_][\w'’-]*)?[ ]/[ ][^/\n]+/)",
    re.MULTILINE,
)
"""A bed at the start of a row "bed name / doctor / ..."."""
_NAMED_IN = Anchored(
    r"(?<![^\W_])(?P<name>[A-ZÀ-Ž][a-zß-ɏ]+(?:['’-]?[A-Z][a-zß-ɏ]+)?)[ ](?:is[ ]|now[ ]|still[ ])?(?:in[ ]|"
    r"@[ ](?!(?:[01]\d|2[0-3])[0-5]\d(?!\d)))"
    r"(?P<ward>(?:ED|ER|PACU|OR|ICU|MICU|SICU|CCU|NICU|PICU)[ -]?\d{1,2}[A-Z]?|(?!(?:19|"
    r"20)\d\d(?!\d))[A-Z]?\d{3,4}(?:-[A-Z0-9]{1,2}|"
    r"[A-D])?)"
    r"(?=[,;:)?]|\.(?!\d)|[ ](?:NPO|for|is|was|has|needs|c/o|wants|c|w/|DNR|tele|iso|on)\b|[ ]*(?:\n|\Z))"
)
"""A room after a person's name: "McAllister in 4116-2, chest tube", "is Guidry in 418 NPO"."""
_UNIT_ROOM = Anchored(
    r"(?<![^\W_])(?:(?i:pt|patient|to|in|from|at|moved|@|ref|loc)[:]?[ ](?:in[ ])?(?P<ed>(?:ED|ER|"
    r"PACU)[ -](?:[Mm]ajors[ ]|[Mm]inors[ ]|[Rr]esus[ ]|"
    r"[Pp]od[ ][A-Z][ -]?)?\d{1,2}[A-Z]?)|(?P<pod>[Pp]od[ ][A-Z](?:[ ,]{1,2}(?:[Bb]ed|[Rr]m|[Rr]oom|[Ss]pot|[Cc]rib|"
    r"[Ii]solette)[ ]\d{1,2}))|"
    r"(?:apt|Apt|APT)\.?[ ]#?(?P<apt>\d{1,4}[A-Z]?)(?=[,.;)\n]|\Z)|"
    r"(?:hsg|housing|Hsg|HSG|Afd\.|afd\.|Abt\.|Oddział|Ward|WARD|sal|"
    r"Sal)[: ]{1,2}(?P<cell>[A-Z]?-?\d{1,3}(?:[-:]\d{1,3}){0,2}[A-Z]?|[A-Z]\d)(?=[,.;)\n ]|\Z))"
    r"(?![^\W_]|[./]\d|%)"
)
"""Places of an emergency department, a pod and its bed, apartments of a home, cells."""
_WARD_OF_STAFF = Anchored(
    r"(?<![^\W_])[A-Z][a-z]{1,15},?[ ](?:RN|LPN|CNA|PCT|MD|NP|PA|HUC)(?:,?[ ]|"
    r"[ ]on[ ])(?P<ward>\d{1,2}(?:[NSEWTABC]|NE|NW|SE|SW)(?:[- ]\d{1,3})?)(?![^\W_]|[./-]\d)"
)
"""A ward after a nurse: "Lonnie RN 5W"."""
_PLACE_OF_LIST = Anchored(r"(?<![^\W_])(?P<ward>\d{1,2}(?:[NSEW]|NE|NW|SE|SW))(?=[ \t]*(?:\n|\Z))")
"""A ward at the end of a line of numbers and names."""
_ROW = re.compile(r"[A-Z]{2,},|\d{1,2}/\d{1,2}/\d{2,4}|(?<!\d)\d{6,9}(?!\d)")
_COUNTED = re.compile(
    r"[ ](?:[:x]|(?!(?:is|was|has|as|needs|wants|gets|does|this|his|plus|vs|at|for|by|and|in|with|on|per|from|via|to|"
    r"but|after|before|while|pending|then|now|today|tonight|overnight|because|due|until|who|w|bed|north|south|east|"
    r"west|wing|side)\b)"
    r"[a-z]{3,}|(?:m[lL]|cc|mc?g|kg|wks?|hrs?|[ap]m|[AP]M)\b)|/[a-z]"
)
"""After a number that counts or divides: "moved 4 extremities", "assigned to 6 cycles", "assigned 1 : 1", "to 1/wk"."""
_MEASURED = re.compile(
    r"[ ]?(?:h(?:ou)?rs?|h|min(?:ute)?s?|sec(?:ond)?s?|feet|ft|foot|m|meters?|metres?|yards?|yds?|laps?|steps?|x|"
    r"ml|cm|mm|days?|weeks?|wks?|reps?|exercises?|point)\b|[ ]?['\u2019]"
)
"""After a number that measures: "chair 2 hours", "hallway 200 feet"."""
_LITRES = re.compile(
    r"[ ]?L(?:[ ]*(?:[.,;)/\n]|\Z)|/|[ ](?:NC|O2|NS|LR|RL|D5|of|via|on|per|over|by|IV|fluids?|bolus|oxygen|nasal|"
    r"saline|crystalloid|blood|output|urine|UF|removed|goal|neg|net)\b)"
)
"""After a number of litres, where "rm 12 L TKA" is the left knee of somebody in room 12."""
_DEGREES = re.compile(r"[ ]?[CF]\b")
_FEWEST_DEGREES = 20
_TIMES = re.compile(r"[xX]\d{1,2}")
"""How often: "up in chair x2", "bed alarm x1"."""
_BEDSIDE = re.compile(
    r"\b(?:head|foot|side|edge|out|age|median|average)[ ]of[ ](?:the[ ])?\Z|\b(?:pelvic|tumor|vascular|nail|graft|"
    r"wound|capillary|"
    r"surgical|ulcer|dental)[ ]\Z",
    re.IGNORECASE,
)


_FOUND_BY, _FORM = ("pattern:room",), ("pattern:digits",)
"""How a room was found: one found by its form alone becomes a tag where others get surrogates."""


def find_rooms(text: str) -> Iterator[Finding]:
    """Rooms, beds and wards with their numbers."""
    for match in _NUMBERED.finditer(text):
        if _TIMES.fullmatch(match["number"]) or (match["number"].isdecimal() and _is_counted(text, match)):
            continue
        if not _BEDSIDE.search(text[max(0, match.start() - 16) : match.start()]):
            yield _room(match, "number" if match["moved"] else 0)
    for pattern in (_LABOUR, _SUITE, _WING, _OPERATED_IN, _CODED):
        for match in pattern.finditer(text):
            yield _room(match, str(match.lastgroup), _FORM)
    for pattern in (_WARD, _THEATRE, _MOVED, _OF_PERSON, _ROW_HEAD):
        for match in pattern.finditer(text):
            yield _room(match, "ward")
    for pattern in (_NAMED_IN, _UNIT_ROOM, _WARD_OF_STAFF):
        for match in pattern.finditer(text):
            if pattern is not _NAMED_IN or not (
                clinical_words().knows(match["name"]) or match["name"].lower() in lexicon().not_names
            ):
                yield _room(match, str(match.lastgroup), _FORM if pattern is _WARD_OF_STAFF else _FOUND_BY)
    for match in _BAY.finditer(text):
        if not in_clinical_value(text, *match.span("ward")):
            yield _room(match, 0)
    for match in _PLACE_OF_LIST.finditer(text):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if len(_ROW.findall(line)) > 1:
            yield _room(match, "ward")


def _is_counted(text: str, match: re.Match[str]) -> bool:
    """Whether the number after a room's word counts or measures."""
    if match["moved"]:
        return _COUNTED.match(text, match.end()) is not None
    hot = int(match["number"]) >= _FEWEST_DEGREES and _DEGREES.match(text, match.end())
    return bool(hot or _LITRES.match(text, match.end()) or _MEASURED.match(text, match.end()))


def _room(match: re.Match[str], name: str | int, found_by: tuple[str, ...] = _FOUND_BY) -> Finding:
    return Finding(*match.span(name), "room_number", 0.7, found_by)
