"""Days such as 3/6 by what happened on them: "EGD 3/6", "Foley out 9/5", "A1c 9.4 6/20", "11/1 138/84", a last "7/8".

A pair of numbers is a score or a ratio as often as a day. The words right before it, and the end of its clause after
it, distinguish them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.clinical_words import clinical_words
from openbioner_batch.deid.recognizers.date_context import SCORED
from openbioner_batch.deid.searching import Anchored

_PAIR = Anchored(
    r"(?<![\w./:+#%$&<>=-])(?<!\d,)(?P<a>0?[1-9]|[12]\d|3[01])/(?P<b>0?[1-9]|[12]\d|3[01])(?![\w/%+-]|[.,:]\d)"
)
_CLAUSE_ENDS = re.compile(
    r"[ ]*(?:[.;)\n(|]|:(?=[ ])|,(?![ ]?\d{1,3}/\d)|\Z)|"
    r"[ ](?:w/|->|→|@|(?:with|by|at|for|and|per|then|fr|from|nl|wnl|neg|normal|EF)\b)|"
    r"[ ][-–—][ ]"
)
_CLOCK_BEHIND = re.compile(r",?[ ](?:@[ ]?|at[ ])?(?:1[0-2]|[1-9])(?::[0-5]\d)?[ ]?[ap]\.?(?:m\b\.?)?(?![\w-])")
_TIME_BEHIND = re.compile(r"[ ](?:[01]\d|2[0-3])[0-5]\dh(?![^\W_])")
_HOUR_BEHIND = re.compile(
    r"[ ](?:[01]\d|2[0-3])[0-5]\d(?=[ ]?[.,;)\n]|[ ][a-z]|\Z)(?![ ]?(?:mg|m[lL]|mcg|units?|cc|g|kcal|cal)\b)"
)
"""A time of day after the day of an event; after another day it may be a result."""
_PRESSURE = re.compile(r"\b(?:N?I?BPs?|[SD]BP|RR|TA|pressures?)\b")
"""Taken hour by hour: "BP 10:00 12/8, 14:00 13/9"."""
_HOUR_BEFORE = re.compile(r"(?<![\d:])\d{1,2}:[0-5]\d[ ]?[ap]?m?[ ]\Z")
PRESSURE_BEHIND = re.compile(r"[ :-]{1,3}(?:[89]\d|1\d\d|2[0-3]\d)/(?:[3-9]\d|1[0-3]\d)(?![\d/])")
_CLAUSE = re.compile(r"[;|\n]|[.:](?=\s)|,(?=[ ][A-Z])")
_STEM = r"\w{3,}(?:ectomy|oscopy|otomy|ostomy|plasty|centesis|pexy|odesis|ography|ogram|angio)"
_EVENT = re.compile(
    rf"(?:(?<![\w/-])(?i:{_STEM}|egd|ercp|eus|tee|tte|pci|cabg|tavr|evar|mbss?|mbsw|fees|swallow|vfss|bx|biopsy|fna|"
    rf"colpo|leep|"
    r"iol|c/s|section|repair|fusion|crani|ivig|infusion|transfusion|chemo|hd|thora|para|pet(?:/ct)?|cta|mra|us|xr|"
    r"kub|dexa|eeg|emg|"
    r"ncs|pfts?|psg|stress|holter|mammo|pap|hida|vq|v/q|barium|screen|board|conference|conf|clinic|appt|rehab|eval|"
    r"consult|cva|tia|stroke|nstemi|stemi|arrest|seizure|sz|bleed|sepsis|hbv|hep[ ]?b|tdap|mmr|rsv|flu|vit[ ]?k|nbs|"
    rf"mtg|meeting|hearing|court|tribunal|auth|app|application|referral|letter|duty|work|school|eviction|"
    r"evicted|"
    r"moved|placed|inserted|drawn|changed|exchanged|pulled|care|hospice|rounds|visit|surgery|sx|op|procedure|"
    r"admission|adm|fall|fell|mva|mvc|gsw|injury|onset|dx|"
    r"dx'd|"
    r"refill|refilled|pickup|delivery|vac|vacc|shot|jab|dressing|removal|placement|exchange|insertion|extubation|"
    r"intubation|"
    r"discharge|dispo|transfer|sched|resched|rescheduled|booked|lcd|elos|nomnc|imm|moon|soc|roc|recert|fit|fobt|"
    r"cologuard|mdt|"
    r"rtc|admit(?:ted)?|dc'?d?|doi|doa|returned|(?:week|wk)[ ]of|(?:days?|weeks?)[ ]post|"
    r"labs?|cx|cultures?|poli|review|reviewed|recheck|recall|hus|landed|d/c'?d?|restart|restarted|resumed|resume|"
    r"initiated|"
    r"intake|[a-z]{2,8}['’]d(?:[ ]here)?|completed|finished|ended|expired|arrested|booked|signed|mailed|faxed|"
    r"notified|updated)"
    r"|\b(?i:foley|picc|port|cvc|midline|piv|iv|drain|ct|chest tube|line|ngt|dobhoff|peg|trach|evd|jp|staples|"
    r"sutures|pacer wires|"
    r"wires|hemovac|epidural|pca|tpn|vent|cast|splint|boot|brace|pessary|iud|nexplanon)[ ](?i:out|in|off|on|d/c'?d|"
    r"dc'?d|pulled|up)"
    r"|\b(?i:last|first|next|final|1st|2nd|3rd)[ ](?i:dose|inj(?:ection)?|fill|bm|seizure|drink|use|fall|visit|tx|"
    r"treatment|"
    r"session|void|cycle|chemo|scan|echo|clinic|seen|appt|menses|period)"
    r"|(?<![\w])(?:[RL]|left|right|Left|Right|bilat)[ ](?:CEA|THA|TKA|TKR|THR|IHR|CTR|AVF|AVG|BKA|AKA|RCR|ACL)"
    r"|(?i:hip|ankle|wrist|femur|nof|shoulder|rib)[ ]#)"
    r"(?:[ ]\d[\d.,]*[ ]?(?:mg|mcg|g|units?|mL|u|Gy|Fr|L)(?:/kg)?)?"
    r"(?:[ ]?[+-]|[ ](?i:neg|pos|done|ok|wnl|nl|normal|stable|negative|positive|clear|clean|planned|on|"
    r"again))?[ :]{1,2}\Z"
)
"""Events right before their day; a short result may lie between."""
_LINE = re.compile(
    r"(?<![\w/-])(?:PICC|CVC|PIV|IV|IJ|midline|Midline|Foley|foley|port|Port|A-line|art line|NGT|Dobhoff|PEG|Trach|"
    r"trach|"
    r"chest tube|JP|EVD|epidural)(?![\w/-])[^;\n/]{0,32}[ ]\d{1,3}[ ]?(?:cm|g|ga|Fr|fr)[ ]\Z"
)
"""A line or a tube with its size, and the day when it was put in."""
_RESULT = re.compile(
    r"(?<![\w/.-])(?P<name>[A-Za-z][A-Za-z0-9-]{0,9})[ :]{1,2}[<>]?\d{1,4}(?:\.\d{1,2})?%?[ ](?:on[ ]|\()?\Z"
)
"""A result, with its day after it."""
_GESTATION = re.compile(
    r"\b(?:e?ga|aog|iup|pma|cga|gest(?:ation\w*)?)(?:[ ](?:of|at))?[ :@]{1,2}\d{1,2}[ ]\Z", re.IGNORECASE
)
"""Weeks of a pregnancy, whose days are sevenths: "EGA 28 3/7"."""
_REMAINS = re.compile(r"\b(?:wnl|nl|neg|negative|normal|stable|unchanged|clear)[ ]\Z", re.IGNORECASE)
"""A finding in a word, with its day after it."""
_FOR_DAYS = re.compile(
    r"\b(?:sx|dx|onset|fall|bloods|review(?:ed)?|recheck|recall|care|dressing|labs?|duty|work|school|rest|leave|"
    r"d/c'?d?|hospice|clinic|"
    r"rehab)[ ]\Z",
    re.IGNORECASE,
)
"""After these 2/7 is two days and 3/12 three months, in the British way."""
_SCORES_OF = frozenset((2, 3, 4, 5, 6, 8, 10, 15, 30))
"""The denominators of scores and fractions."""
_SETTINGS = re.compile(
    r"\b(?:bipap|cpap|ipap|epap|niv|avaps|vpap|pap|iddsi|settings?|mmse|moca|phq|gad|epds|score|va|od|os|ou|visus|"
    r"apgars?|nodes?|lns?|sln|cores?|pain|strength|power|mrc|ratio|teeth|words|"
    r"items)(?![^\W_])[ :(]{0,2}(?:[^\W\d]+[ ]){0,2}\Z",
    re.IGNORECASE,
)
"""After these a pair is a setting or a score."""
_LAST = re.compile(r"(?:(?<=[A-Za-z\d)]),[ ]|\n[ ]*|(?<=[.)])[ ]{1,2}|[ ]{2,})\Z")
"""Words before the day at the end of a note."""
_LONGEST_CLAUSE = 64
_TIME_DASHED = Anchored(
    r"(?<![\w.:/-])(?:[01]\d|2[0-3]):?[0-5]\d,[ ](?P<date>(?:0[1-9]|1[0-2])-(?:[0-2]\d|3[01]))(?=[.;)\n]|\Z)"
)
"""A time and a day with hyphens: "prelim 0148, 01-19."."""
_PADDED = Anchored(
    r"(?<![\w.,/])(?:(?P<zero>0[1-9]\.(?:0[1-9]|1[0-2])\.)(?![\w.])|(?P<ends>(?:[12]\d|3[01])\.(?:0[1-9]|"
    r"1[0-2])\.)(?=[,;)][ \n]))"
)
"""A day and a month with two dots, recognised by a leading zero or by a mark after it: 06.05., "28.12.,"."""
_ROMAN_MONTH = Anchored(
    r"(?<![\w./])(?P<date>(?:0?[1-9]|[12]\d|3[01])[ ](?:I{1,3}|IV|VI{0,3}|IX|XI{0,2})[ ](?:19|20)\d\d)(?![\w/]|"
    r"[.,]\d)"
)


def find_event_dates(text: str) -> Iterator[Finding]:
    """Days of a month by what happened on them."""
    if "/" in text:
        for pair in _PAIR.finditer(text):
            if _is_day(text, pair):
                yield _day(*pair.span())
    for pattern in (_TIME_DASHED, _PADDED, _ROMAN_MONTH):
        for match in pattern.finditer(text):
            yield _day(*match.span(str(match.lastgroup)))


def is_event(clause: str) -> bool:
    """Whether a clause ends with what happens on a day."""
    return _EVENT.search(clause) is not None or _LINE.search(clause) is not None


def is_result(clause: str) -> bool:
    """Whether a clause ends with a result after its name: "A1c 9.4 "."""
    result = _RESULT.search(clause)
    return result is not None and result["name"].lower() in clinical_words().measures


def _is_day(text: str, pair: re.Match[str]) -> bool:
    first, second = int(pair["a"]), int(pair["b"])
    if min(first, second) > 12:
        return False
    before = text[max(0, pair.start() - _LONGEST_CLAUSE) : pair.start()]
    clause = _CLAUSE.split(before)[-1]
    if any(behind.match(text, pair.end()) for behind in (_CLOCK_BEHIND, _TIME_BEHIND, PRESSURE_BEHIND)):
        return not _SETTINGS.search(clause)
    happened = _EVENT.search(clause) is not None
    if _SETTINGS.search(clause) or not (
        _CLAUSE_ENDS.match(text, pair.end()) or (happened and first > second and _HOUR_BEHIND.match(text, pair.end()))
    ):
        return False
    if second == 7 and first < 7 and _GESTATION.search(clause):
        return False
    by_the_hour = _HOUR_BEFORE.search(before) and not (_PRESSURE.search(clause) or SCORED.search(clause))
    if first > second and (by_the_hour or clause.lower().endswith("last ")):
        return True
    if happened:
        return not (second in (7, 12) and first < second and _FOR_DAYS.search(clause))
    if SCORED.search(clause[-32:] + re.split(r"[.;\n]", text[pair.end() : pair.end() + 16])[0]):
        return False
    if _LINE.search(clause):
        return True
    if _LAST.search(before) and not text[pair.end() :].strip(" .\n"):
        return first > second or second not in (3, 4, 5, 6, 7, 10, 12)
    if first <= second and second in _SCORES_OF:
        return False
    return _REMAINS.search(clause) is not None or is_result(clause)


def _day(start: int, end: int) -> Finding:
    return Finding(start, end, "personal_date", 0.8, ("pattern:date",))
