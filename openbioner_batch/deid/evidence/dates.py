"""Whether digits are a day: by a form that nothing else has, or by the words around a pair that may be a count.

"3/10" is the tenth of March, a visit of ten, a pain, a quarter of a tablet or a setting. The first number of a part of
a whole is the smaller one, the first of two pressures the greater: each order needs its own evidence.
"""

from __future__ import annotations

import re

from openbioner_batch.deid.dates import DateMention, find_dates, with_weekday
from openbioner_batch.deid.evidence.surroundings import Surroundings
from openbioner_batch.deid.recognizers.clinical_words import clinical_words
from openbioner_batch.deid.recognizers.date_context import SCORED
from openbioner_batch.deid.recognizers.event_dates import PRESSURE_BEHIND, is_event, is_result
from openbioner_batch.deid.recognizers.terse_dates import in_series

_SURE = frozenset({"full", "month_day", "month_year", "season", "holiday", "quarter", "month"})
_LAST_MONTH, _LAST_DAY = 12, 31
_LABEL = re.compile(
    r"(?<![^\W_])(?:dob|d\.o\.b\.?|dos|doa|dod|doi|lmp|edc|edd|date[sd]?|born|birth(?:day|date)?|geb\.?|appts?\.?|"
    r"appointments?|"
    r"deadline|dated|due|exp(?:ires?|iry|\.)?|scheduled|sched|expired|d|dt|t|dd|(?:adm(?:it(?:ted)?)?|"
    r"disch(?:arged)?|visit|service)(?=[:=]))"
    r"(?:[ ](?:of|is|was|on|for|birth|service|admission|discharge))*[ ]?[:=(\"']{0,2}[ ]?\Z",
    re.IGNORECASE,
)
_ON = re.compile(
    r"(?<![^\W_])(?:on|since|until|till?|'til|thru|through|dated|as[ ]of|cf|circa|eff(?:ective)?|am|vom|bis|seit|"
    r"ab|den|le|du|el|"
    r"dal|il|op|em|seen|done|placed|removed|inserted|started|stopped|drawn|changed|exchanged|coll(?:ected)?|"
    r"d/?c'?d|w(?:ee)?k[ ]of)[ :]{1,2}\(?\Z",
    re.IGNORECASE,
)
_UNTIL = re.compile(r"(?<![^\W_])(?:since|until|till?|'til|thru|through|dated|as[ ]of)[ :]{1,2}\Z", re.IGNORECASE)
_LAST = re.compile(r"(?<![^\W_])(?:last|prior|prev(?:ious)?|next|first|missed)[ ](?:[\w'’-]+[ ])?\Z", re.IGNORECASE)
_CHANGED = re.compile(r"(?<![^\W_])(?:from|fr|to|up|down)[ :]{1,2}\Z", re.IGNORECASE)
"""Before doses and settings that were changed, too: "weaned from 10/5"."""
_IMAGED = re.compile(
    r"(?<![^\W_])(?:mri|ct|cta|cxr|kub|x-?ray|echo|tte|tee|ekg|ecg|eeg|emg|us|scan|mammo(?:gram)?|labs?|exam|note|"
    r"order|event|"
    r"conf(?:erence)?|board)[ ]\Z",
    re.IGNORECASE,
)
_FROM = re.compile(
    r"(?<![^\W_])(?:before|after|by|between|hold to|w/e|last|next|prev|prior|this|from|fr|to)[ :]{1,2}\Z", re.IGNORECASE
)
_BEHIND = re.compile(
    r"[ ]?(?:mg|mcg|m[lL]|cc|cm|mm|kg|g\b|tabs?\b|pills?\b|of\b|inch|hours?\b|hrs?\b|strength|systolic|murmur|"
    r"pain|out\b|edema|"
    r"pulses|reflex|scale|pos(?:itive)?\b|neg(?:ative)?\b|words|objects|throughout|x\b|weeks?\b|wks?\b|days?\b|"
    r"pack|ppd|per\b|cups?\b|"
    r"nodes|cores|doses?\b|tsp|gauge|power|NS\b|normal|month|units?\b|amp|L\b|cells|copies|pts?\b|fields|risk|"
    r"titer|alveoli|tiles|"
    r"correct|tender|lesions|trials|cards|reps|slides|sticks|correctly|points|items|sessions|visits|cycles|done\b|"
    r"ago\b|LN|LB)"
    r"|[\"”%+]|[ ]?[×]|[ ]on[ ](?:[A-Z]{2,}|MoCA|L\b|R\b|\d|exam|VAS)|[ ]?(?:->|→|=)[ ]?\d"
)
"""Words after a number for what it counts or measures."""
_SETTINGS = re.compile(
    r"(?<![^\W_])(?:bipap|cpap|ipap|epap|niv|avaps|vpap|pap|bilevel|asv|vent(?:ilator)?|peep|pip|psv?|pc|simv|"
    r"settings?|trilogy|"
    r"dose[sd]?|dosing|ratio|apgars?|iop|c/d|va|od|os|ou|icr|isf|tid|bid|h/h|h&h|i/o|i&o|insulin|humalog|novolog|"
    r"novorapid|lispro|"
    r"aspart|glulisine|apidra|fiasp|lyumjev|admelog|humulin|novolin|lantus|levemir|tresiba|toujeo|basaglar|nph|regular|"
    r"weaned|increased?|decreased?|dec|inc|cut|taper(?:ed|ing)?|titrat\w+|rom|grip|pinch|jamar|drains?|jps?|abi|sats?|"
    r"voids?|stools?|"
    r"strengths?|teeth|depths?|pockets?|reps|sets|bps|meals)(?![^\W_])",
    re.IGNORECASE,
)
"""Words for settings, doses, left and right: they have two or three numbers."""
_COUNTED = re.compile(
    r"(?<![^\W_])(?:visits?|sessions?|treatments?|tx|txs|dives?|fractions?|fx|doses?|shots?|jabs?|vacc?(?:ine)?s?|"
    r"vaccinations?|mmr|"
    r"hpv|hep(?:[ ]?[ab])?|hbv|dtap|pcv|ipv|hib|varicella|shingrix|covid|rota(?:virus)?|rabies|flu|rsv|prevnar|"
    r"gardasil|cycles?|c\d|"
    r"chemo|infusions?|transfusions?|ivig|hd|dialysis|class(?:es)?|groups?|steps?|phases?|weeks?|wks?|days?|"
    r"months?|mos?|goals|met|"
    r"sets|reps|words|recall|items|meals?|voids?|bms?|trop(?:onin)?s?|cultures?|b?cx|afb|sputum|fobt|nodes?|lns?|"
    r"sln|cores?|"
    r"margins?|compartments|monofilament|pulses|dtrs?|strength|power|pain|sx|symptoms?|ros|criteria|jones|wells|"
    r"screens?|screening|"
    r"scores?|scored|seizures?|sz|falls?|episodes?|stools?|nights?|naps?|feeds?|bottles?|breastfeeds|latch|parts?|"
    r"slides?|"
    r"blocks?|sections?|images?|views?|films?|leads?|electrodes?|levels?|ribs?|toes?|fingers?|digits?|joints?|"
    r"teeth|tooth|"
    r"quadrants?|lobes?|segments?|kits?|pills?|tabs?|refills?|left|murmur|sem|edema|bounce|grade|stage|final|"
    r"inj(?:ections?)?|patch(?:es)?|cards?|samples?|swabs?|limbs?|extremities|"
    r"returned|completed|positive|pos|neg|negative|taken|given|checked|tests?|trials?|attempts?|positions?|fills?|"
    r"uses?|drinks?|"
    r"[A-Z][A-Za-z]{0,5}-?\d{1,2}|[A-Z]{2,8}-[A-Z]{2,8}|[A-Z]{2,3}\d?-\w{2,7})[ :=#]{0,2}\Z",
    re.IGNORECASE,
)
"""Words before a part of a whole, for what is counted: "visit 3/10", "MMR 2/2", "SCAT5 3/22"."""
_STRICT = re.compile(
    r"(?<![^\W_])(?:dob|dos|doa|dod|lmp|edd|edc|date|dated|born|adm(?:it(?:ted)?)?|readmit(?:ted)?|d/?c'?d?|"
    r"disch(?:arged)?|eloped|"
    r"left[ ]ama|transferred|extubated|intubated|expired|died|deceased|arrived|pronounced|last[ ]seen|since|exp|"
    r"expires|"
    r"since|appt|due|on|seen|sched(?:uled)?)[ :]{1,2}\Z",
    re.IGNORECASE,
)
"""Words before a day with a hyphen; fewer of them come before a range of numbers."""
_CLOSES = re.compile(
    r"[ ]*(?:[.,;:)(\n|]|\Z)|[ ](?:@|at|and|with|by|for|pt|pm|am|w|w/|from|fr|\d{1,2}:\d\d|(?:[01]\d|"
    r"2[0-3])[0-5]\d)(?![^\W_])"
)
_TIME = re.compile(r"[ ,]{1,2}(?:@[ ]?|at[ ])?(?:(?:[01]\d|2[0-3]):?[0-5]\d(?!\d)|\d{1,2}(?::\d\d)?[ ]?[ap]m?\b)")
_TIME_BEFORE = re.compile(r"(?<!\d)(?:(?:[01]\d|2[0-3]):?[0-5]\d|\d:[0-5]\d)(?:h|hrs)?,?[ ](?:on[ ])?\Z")
_END = re.compile(r"[\s.)]*\Z")
_LOOKS_SMALL = re.compile(r"(?i:jan|mar|may|aug|sept?|oct|dec)\.?[ -]\d{1,2}(?:-\d{1,2})?")
"""Months that mean something else: "dec 10", "may 2 tabs", "Aug 8", "sep 2"."""
_MORE_BEHIND = re.compile(r"[ ]?(?:to|-)[ ]?\d|[ ](?:tabs?|pos|neg|mg|mcg|m[lL]|units?|caps?)\b")
_TRIPLE = re.compile(r"\d{1,2}([/-])\d{1,2}\1\d{2}")
_IN_WEEKS = re.compile(r"(?<![\d/])\d{1,2}/52(?![\d/])")
_OF_A_YEAR = frozenset((7, 12, 52))
"""A note that counts in weeks as 4/52 counts in days and months as 5/7 and 3/12, in the British way."""
_DOTTED_TRIPLE = re.compile(r"\d{1,2}\.[ ]?\d{1,2}\.[ ]?\d{2}")
_LIKE_DOSES = frozenset((4, 5, 6, 8, 10, 12, 13, 14, 15, 16, 18, 20, 30, 40))
"""The last of three doses, scores or amounts, which looks like a year."""
_AMOUNTS = re.compile(
    r"(?<![^\W_])(?:apgars?|gabapentin|methadone|ritalin|adderall|pred(?:nisone)?|clozapine|baclofen|hydrocort\w*|"
    r"(?:levo|carbi)dopa|prandin|oxy(?:codone)?|probing|pain|scores?|split|at|with[ ]meals)[ :]{1,2}\Z",
    re.IGNORECASE,
)
_YEAR_WORDS = re.compile(
    r"(?:born|birth|dob|yob|d\.|died|deceased|death|passed|since|in|of|from|until|year|b\.)\W{0,3}(?:in\s|the\s|"
    r"about\s|year\s)*\Z",
    re.IGNORECASE,
)
_ROUND = 100


def is_proven_date(around: Surroundings) -> bool:
    """Whether a date is proven by its form or by the words around it."""
    value = around.value
    if any(value.startswith(one) for one in ("'", "’")):
        return True
    mentions = find_dates(value)
    if not mentions:
        return not around.found_by("model") and any(map(str.isalpha, value))
    if with_weekday(value, mentions[0].start) < mentions[0].start:
        return True
    return all(_is_proven(around, one, place) for place, one in enumerate(mentions))


def _is_proven(around: Surroundings, mention: DateMention, place: int) -> bool:
    written = around.value[mention.start : mention.end]
    if place and mention.form != "pair":
        return True
    match mention.form:
        case "pair":
            return _is_proven_pair(around, written)
        case "range":
            return _is_proven_range(around, mention, written)
        case "dashed":
            return (
                _STRICT.search(around.clause) is not None and _CLOSES.match(around.right) is not None
            ) or is_told_by_time(around)
        case "dotted" if _DOTTED_TRIPLE.fullmatch(written):
            return _is_proven_whole(around, written)
        case "dotted":
            zero = written[0] == "0" or re.search(r"\.0\d", written)
            return bool(zero or _is_cued(around)) and not _BEHIND.match(around.right)
        case "six" | "eight":
            return _LABEL.search(_left(around)) is not None or around.found_by("known")
        case "year":
            return _YEAR_WORDS.search(around.left) is not None
        case "full":
            return _is_proven_whole(around, written)
        case "month_year" if "/" in written or "-" in written:
            return _is_proven_month(around, mention, written)
        case "month_day" if _LOOKS_SMALL.fullmatch(written):
            return not (written[0].islower() and not _is_cued(around)) and not _MORE_BEHIND.match(around.right)
        case _:
            return True


def is_told_by_time(around: Surroundings) -> bool:
    """Whether a time of day precedes the date, and the clause ends after the date."""
    return _TIME_BEFORE.search(around.left) is not None and _CLOSES.match(around.right) is not None


_CHAIN = re.compile(r"(?:(?<!\d)\d{1,2}/\d{1,2}(?:,|,?[ ](?:and|or)(?:[ ]again)?|[ ]?[-&])[ ]?)+\Z")


def _left(around: Surroundings) -> str:
    """The text before a date, without the dates of a row: "seen " of "seen 3/3, 3/5 and "."""
    return _CHAIN.sub("", around.left)


def _is_cued(around: Surroundings) -> bool:
    return bool(_LABEL.search(_left(around)) or _ON.search(_left(around)) or is_event(around.clause))


def _is_proven_whole(around: Surroundings, written: str) -> bool:
    """Three numbers are a day, unless the year has two digits and a dose or a score precedes them."""
    dotted = _DOTTED_TRIPLE.fullmatch(written)
    if not (_TRIPLE.fullmatch(written) or dotted):
        return True
    if _LABEL.search(_left(around)) or _ON.search(_left(around)):
        return True
    if (
        _SETTINGS.search(around.clause[-24:])
        or _AMOUNTS.search(around.clause)
        or around.last_word in clinical_words().measures
    ):
        return False
    parts = re.findall(r"\d+", written)
    zero = any(part[0] == "0" for part in parts[:2])
    if dotted:
        return zero or max(map(int, parts[:2])) > _LAST_MONTH or int(parts[2]) > _LAST_DAY
    known = around.last_word.islower() and clinical_words().knows(around.last_word) and not is_event(around.clause)
    return zero or not (known and int(parts[2]) in _LIKE_DOSES)


def _is_proven_month(around: Surroundings, mention: DateMention, written: str) -> bool:
    """4/2020 is a month, 1/2000 a risk."""
    year = mention.dates[0].year or 0
    return (bool(year % _ROUND) and not _BEHIND.match(around.right) and not written.startswith("1/")) or written[
        0
    ] == "0"


def _is_proven_range(around: Surroundings, mention: DateMention, written: str) -> bool:
    if mention.dates[-1].year is not None or _LABEL.search(_left(around)) or _ON.search(_left(around)):
        return True
    if _BEHIND.match(around.right) or _is_measured(around):
        return False
    numbers = [int(part) for part in re.findall(r"\d+", written)][:4]
    return numbers[1] != numbers[3] and (
        max(numbers) > _LAST_MONTH or numbers[0] > numbers[1] or is_event(around.clause)
    )


def _is_measured(around: Surroundings) -> bool:
    part = around.clause.rpartition(",")[2]
    return bool(_SETTINGS.search(part[-32:]) or SCORED.search(around.clause[-32:]))


def _is_proven_pair(around: Surroundings, written: str) -> bool:
    """Whether two numbers with a slash are a day."""
    one, two = re.split(r"\D+", written)[:2]
    first, second = int(one), int(two)
    if _BEHIND.match(around.right):
        return False
    if (len(one) == 2 and one[0] == "0") or two[0] == "0":
        return True  # ratios have no leading zero
    if second in _OF_A_YEAR and _IN_WEEKS.search(around.text):
        return False
    left = _left(around)
    if _LABEL.search(left) or _UNTIL.search(left):
        return True
    if _is_measured(around):
        return False
    if second > _LAST_DAY:
        return _ON.search(left) is not None
    if first <= second and _COUNTED.search(left) and not _LAST.search(left):
        return False
    if _ON.search(left) or PRESSURE_BEHIND.match(around.right) or in_series(around.text, around.finding.start):
        return True
    late, closes = max(first, second) > _LAST_MONTH, _CLOSES.match(around.right) is not None
    if (is_event(around.clause) or _IMAGED.search(left) or around.is_behind("name")) and (closes or late):
        return True
    if not around.found_by("pattern"):
        return False
    times = _TIME.match(around.right) or (closes and _TIME_BEFORE.search(left))
    told = _FROM.search(left) or _LAST.search(left) or is_result(around.clause)
    cued = told or times or around.is_behind("town", "phone", "zip", "organisation")
    if _CHANGED.search(left) and not late:
        return False
    return first > second or (late and bool(cued or _END.match(around.right)))
