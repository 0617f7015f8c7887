"""Decides by the words around them which forms of dates are dates of a person's life, and not scores or doses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from openbioner_batch.deid.dates import DateMention, with_weekday
from openbioner_batch.deid.dates.forms import DASHES
from openbioner_batch.deid.dates.reading import DOUBTFUL
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.context import words_before
from openbioner_batch.deid.recognizers.date_types import TYPE_OF_CUE, date_type
from openbioner_batch.deid.searching import Anchored

_DATE_WORDS = frozenset(
    "on since dated from until till through thru by date dates dob seen admitted discharged last of lmp edc edd "
    "started began between before after around about approximately dos visit dictated collected performed done "
    "operated surgery due appointment onset home comparison signed received drawn dod born scheduled ending "
    "starting effective was circa during culture cultures labs ct mri xray x-ray echo colonoscopy echocardiogram "
    "cxr ekg repeat as next again flu tdap vaccine vaccines vaccinated shingrix pneumovax prevnar covid booster mmr "
    "hpv lot due expires exp".split()
)
_STRONG_DATE_WORDS = frozenset(
    "date dates dated dob dos lmp edc edd visit collected dictated born signed appointment appointments scheduled "
    "admitted discharged".split()
)
SCORED = re.compile(
    r"\b(?:strength|motor|power|pain|scale|scor|murmur|vision|acuity|visual|reflex|pulse|grade|stage|edema|dtr|motion|"
    r"muscle|vicryl|suture|apgar|gcs|bishop|iv/|jaeger|orient|dos(?:e|ing)|tab|inch|bp\b|pressure|ratio\b|range|rated|"
    r"level|station|criteria|nodes|lymph|gleason|points|words|recall|minutes|sections|cores|positive|extremit)|"
    r"systolic",
    re.IGNORECASE,
)
_AFTER_QUANTITY = re.compile(
    r"[ \t-]*(?:mg|mcg|ml|cc|cm|mm|kg|g\b|tab|pill|of\s|in\b|inch|hour|hr|strength|systolic|murmur|pain|out|"
    r"edema|pulses|reflex|scale|positive|negative|words|objects|normal|bilat|throughout|strain|x\b|weeks|wks|days|"
    r"day\b|pack|ppd|per|cup|"
    r"lymph|nodes|cores|dose|teaspoon|tsp|gauge|holosyst|diastolic|power|motor|vision|lower|upper|right|left|with\s|"
    r"ns\b|normal|saline|month|year|the\s|way|units?|amp|liter|L\b)|\s?[\"”%+]|\s?×",
    re.IGNORECASE,
)
_BORN_IN = Anchored(
    r"\b(?:born|birth|DOB|D\.O\.B\.|YOB|b\.|birth\s?year|year\sof\sbirth)[\s:.,=]{0,3}"
    r"(?:(?:was|is|in|on|about|around|the|year)\s){0,3}(?P<year>(?:18|19|20)\d\d|['’‘]\d\d)(?![\d/\-]|\.\d)",
    re.IGNORECASE,
)
_DONE = frozenset(
    "seen on since dc'd d/c'd dc'ed placed removed inserted started stopped drawn changed exchanged".split()
)
"""Words after which 4/2 is a day and not a score."""
_TIMED = re.compile(r"(?<![\d.,/])(?:[01]\d|2[0-3]):?[0-5]\d(?:h|hrs)?[ ](?:on[ ])?\Z")
_TIME_AFTER = re.compile(
    r"[ ]?@[ ]?\d{1,2}:?\d\d(?!\d)|[ ](?:at[ ])?(?:[01]\d|2[0-3]):[0-5]\d(?!\d)|[ ](?:0\d|1\d|2[0-3])[0-5]\d(?=[ "
    r",;:.]|\Z)(?![ .,]\d)(?![ ]?(?:mg|ml|cc|mL|units|kcal|cal))"
)
"""A time of day before or after 3/4."""
_STAY = Anchored(
    r"\b(?i:adm(?:it(?:ted)?)?)[ :](?P<from>\d{1,2}\.\d{1,2})[ ,;/-]{1,3}(?:to[ ])?(?i:d/?c(?:'?d)?|"
    r"disch(?:arged)?)[ :](?P<to>\d{1,2}\.\d{1,2})(?![\d%]|[ ]?(?:mg|kg|lb|g\b))"
)
"""Admission and discharge with dots and without years."""
_LAST_YEAR = Anchored(
    r"(?<![^\W_])(?:d\.|died(?:[ ]in)?|deceased(?:[ ]in)?|passed(?:[ ]away)?(?:[ ]in)?|death[ ]in)[ "
    r"](?P<year>(?:19|20)\d\d)(?![\d/\-]|\.\d)"
)
_LABORATORY = re.compile(
    r"\b(?:[A-Z][a-z]{0,3}|wt|weight|temp|hgb|hct|wbc|cr|creat\w*|inr|ef|bmi|k|na)(?:[ ]on)?[ ]\Z", re.IGNORECASE
)
_ACUITY = re.compile(r"6/(?:4|5|6|9|12|18|24|36|60)")
_EYES = re.compile(r"\b(?:VA|OD|OS|OU|IOP|[Vv]isual|[Vv]ision|[Aa]cuity|[Ss]nellen|(?:un)?aided|[Pp]inhole|[Ee]yes?)\b")
_TITER = re.compile(r"titer|titre|dilut|\b(?:cx|cervix|sve|ve)\b", re.IGNORECASE)
_OPEN_RANGE = re.compile(rf"[{DASHES}](?=[\s,;.)]|\Z)")
_BEFORE_MONTH = re.compile(
    r"\b(?:in|on|since|last|this|next|past|visit|lmp|onset|drawn|out|early|late|mid|middle|end|beginning|until|till|by|"
    r"from|of|during|through|between|"
    r"around|before|after|and|to|or)(?:[\s-]of)?[\s-]\Z",
    re.IGNORECASE,
)
_OF_YEAR = re.compile(r"[ ]of[ ](?:last|this|that|next|the[ ](?:same|previous|following))[ ]year\b", re.IGNORECASE)
_BEFORE_QUARTER = re.compile(
    r"\b(?:in|since|last|this|next|early|late|mid|end|beginning|until|till|by|from|of|during|through|before|after|for|"
    r"and|to|between)(?:[\s-]of)?[\s-]\Z",
    re.IGNORECASE,
)
_SINGLE_WORDS = frozenset({"mars", "mai", "mei", "jan", "juni", "juli"}) | DOUBTFUL
"""Months that mean something else when they are alone in small letters or in capitals."""
_BEFORE_DAY = re.compile(
    r"\b(?:on|since|until|till|by|from|before|after|through|between|lmp|onset|visit|due|out|seen|done|off|home|floor|"
    r"again|yesterday|d/c|d/c'd|[a-z]{2,12}ed|(?:morning|afternoon|evening|night|day|week|wk)\sof)\sthe\s\Z",
    re.IGNORECASE,
)
_BETWEEN_DAYS = re.compile(rf"(?:,\s|,?\s(?:and|or|to|through|until|&)\s|\s?[{DASHES}]\s?)(?:the\s)?", re.IGNORECASE)
_IN_A_ROW = re.compile(r",\s|,?\s(?:and|or|&)\s", re.IGNORECASE)
_THEN_DONE = re.compile(r",\s(?:(?:then|and)\s)?(?:[a-z]{3,12}ed|[a-z]{2,6}'d|sent|back|again)\s")
"""Between a day and the next one, on which something else was done: "Seen 3/4, called 3/6"."""
_AFTER_DAY = re.compile(
    r"[.,;:)?!\n]|\Z|\s\d\d?:\d\d|\s(?:and|at|is|are|was|were|when|with|for|if|because|but|then|he|she|they|we|it|i|"
    r"you|pt|patient|had|has|have|after|before|until|by|due|while|as|there|no|not|so|who|which|that|without|her|his|"
    r"to|or|on|in|from|"
    r"of\s(?:the|this|last|next)\s(?:month|year))\b",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"\b(?:ribs?|toes?|fingers?|digits?|metatarsals?|metacarpals?|rays?|percentiles?|floors?|grades?|trimesters?|"
    r"degrees?|intercostals?|ventricles?|nerves?|molars?|vertebrae?|interspaces?|joints?|rank|place)\b",
    re.IGNORECASE,
)
_THE = re.compile(r"\bthe\s\Z", re.IGNORECASE)


def find_personal_dates(text: str, found: Iterable[DateMention]) -> Iterator[Finding]:
    """The mentions that are a person's dates, with the catalog's type; birth years too."""
    mentions = list(found)
    for mention, start, score in _joined(text, mentions, _scored(text, mentions)):
        if score > 0:
            if start == mention.start and _is_worded(text, mention):
                article = _THE.search(text, max(0, start - 4), start)
                start = article.start() if article else start
            yield Finding(start, mention.end, date_type(text, start), score, ("pattern:date",))
    for match in _BORN_IN.finditer(text):
        yield Finding(match.start("year"), match.end(), "birth_date", 0.8, ("pattern:date",))
    for match in _LAST_YEAR.finditer(text):
        yield Finding(*match.span("year"), "death_date", 0.8, ("pattern:date",))
    for match in _STAY.finditer(text):
        if not _LABORATORY.search(text[max(0, match.start() - 12) : match.start()]) and _are_days(
            match["from"], match["to"]
        ):
            yield Finding(*match.span("from"), "admission_date", 0.8, ("pattern:date",))
            yield Finding(*match.span("to"), "discharge_date", 0.8, ("pattern:date",))


def _scored(text: str, mentions: list[DateMention]) -> list[tuple[DateMention, int, float]]:
    """Each mention, where it begins with its weekday, and how sure it is by itself."""
    days = _days_of_some_month(text, [mention for mention in mentions if mention.form == "day"])
    scored = []
    for mention in mentions:
        start = with_weekday(text, mention.start)
        score = 0.8 * (mention in days) if mention.form == "day" else _score(text, mention, start < mention.start)
        scored.append((mention, start, score))
    return scored


def _joined(
    text: str, mentions: list[DateMention], scored: list[tuple[DateMention, int, float]]
) -> list[tuple[DateMention, int, float]]:
    """The same, with pairs and months in a row with a date as sure as a date: "on Friday, 4/22, April 29 and 5/6"."""
    for order in (1, -1):
        places = range(len(scored))[::order]
        for here, other in zip(places[1:], places[:-1], strict=True):
            mention, start, score = scored[here]
            first, last = sorted((mentions[here], mentions[other]), key=lambda one: one.start)
            if (
                score == 0
                and mention.form in ("pair", "month", "dotted")
                and scored[other][2] > 0
                and (
                    _IN_A_ROW.fullmatch(text, first.end, last.start)
                    or (last is mention and _THEN_DONE.fullmatch(text, first.end, last.start))
                )
                and (not text[mention.start].islower() if mention.form == "month" else not is_measure(text, mention))
            ):
                scored[here] = (mention, start, 0.5)
    return scored


def _are_days(*values: str) -> bool:
    """Whether two numbers with a dot between can be a month and a day."""
    parts = [value.split(".") for value in values]
    return all(0 < int(month) <= 12 and 0 < int(day) <= 31 for month, day in parts)


def _is_worded(text: str, mention: DateMention) -> bool:
    """Whether "the" before a date belongs to it: "the 4th of March", "the 15th", but not "the 12/30/08"."""
    return mention.form in ("full", "month_day", "day") and any(map(str.isalpha, text[mention.start : mention.end]))


def _score(text: str, mention: DateMention, after_weekday: bool) -> float:
    """How sure a form is of being a date in its context: 0 means no."""
    form, before = mention.form, text[max(0, mention.start - 20) : mention.start]
    if form in _SURE:
        return _SURE[form]
    if form == "year":
        return 0.0  # no identifier by itself
    if form == "month":
        after = _OF_YEAR.match(text, mention.end)
        return 0.6 * (after is not None or _is_month_alone(text[mention.start : mention.end], before))
    if form == "quarter":
        return 0.8 if mention.dates or _BEFORE_QUARTER.search(before) else 0.0
    if after_weekday:
        return 0.8
    words = _date_words(text, mention.start)
    if form == "eight" and mention.dates:
        return 0.8
    if form in ("eight", "six", "dashed"):
        strong = words & (_STRONG_DATE_WORDS | TYPE_OF_CUE.keys()) if form != "dashed" else words & _DASHED_WORDS
        return 0.8 if strong and not _AFTER_QUANTITY.match(text, mention.end) else 0.0
    if form == "dotted":
        sure = text[mention.start] == "0" or words & _DATE_WORDS
        return 0.7 if sure else 0.0 if is_measure(text, mention) else 0.5
    return _range_score(text, mention, words) if form == "range" else _pair_score(text, mention, words)


_SURE = {"full": 0.9, "month_year": 0.8, "month_day": 0.8, "holiday": 0.8, "season": 0.8}
_DASHED_WORDS = frozenset("dob dos lmp edd edc date dated born dod doa".split())


def _is_month_alone(name: str, before: str) -> bool:
    """Whether a month's name without day and year means the month: "since March", but not "March" before a surname."""
    small = name.lower()
    if name.isupper() and small in _SINGLE_WORDS:
        return False
    alone = (name[0].isupper() and (len(name) > 3 or name == "May")) or (small not in _SINGLE_WORDS and len(name) > 3)
    return alone and bool(_BEFORE_MONTH.search(before))


def _days_of_some_month(text: str, days: list[DateMention]) -> list[DateMention]:
    """Days such as "the 3rd" and "6th" in "since the 3rd, worse on the 5th and 6th", but not ribs and floors."""
    kept: list[DateMention] = []
    chain: list[DateMention] = []
    for place, day in enumerate(days):
        joined = chain and _BETWEEN_DAYS.fullmatch(text, chain[-1].end, day.start)
        chain = [*chain, day] if joined else [day]
        following = days[place + 1] if place + 1 < len(days) else None
        if following and _BETWEEN_DAYS.fullmatch(text, day.end, following.start):
            continue
        first, last = chain[0].start, chain[-1].end
        before = text[max(0, first - 32) : first]
        begins = _BEFORE_DAY.search(before) or with_weekday(text, first) < first
        if begins and _AFTER_DAY.match(text, last) and not _COUNTED.search(_counted_around(text, first, last)):
            kept += chain
    return kept


def _counted_around(text: str, first: int, last: int) -> str:
    """The words around days within their clause: "floor" of "the 5th, floor on the 7th" is not counted by "5th"."""
    return text[max(0, first - 32) : last] + re.split(r"[,;.\n]", text[last : last + 12])[0]


def _range_score(text: str, mention: DateMention, words: set[str]) -> float:
    """3/4-3/8 is a range of dates unless it is one of scores, which share their second number."""
    first, last = mention.dates
    if last.year is not None or words & _STRONG_DATE_WORDS:
        return 0.8
    if is_measure(text, mention):
        return 0.0
    same = text[first.fields[1][0] : first.fields[1][1]] == text[last.fields[1][0] : last.fields[1][1]]
    return 0.6 if words & _DATE_WORDS or not same else 0.0


def _pair_score(text: str, mention: DateMention, words: set[str]) -> float:
    """Whether 3/4 is a date in its context, and not a score, dose, ratio or fraction."""
    if text.startswith(" ago", mention.end):
        return 0.0
    if not mention.dates:  # 2/30, also a score of a test
        cued = words & (_STRONG_DATE_WORDS | TYPE_OF_CUE.keys() | _DONE - {"on"} | {"returned", "returns", "appt"})
        return 0.8 if cued and not is_measure(text, mention) else 0.0
    if words & _STRONG_DATE_WORDS or words_before(text, mention.start, most=1) in (["since"], ["cf"]):
        return 0.8
    if _TIMED.search(text[max(0, mention.start - 8) : mention.start]) or _TIME_AFTER.match(text, mention.end):
        return 0.0 if is_measure(text, mention) else 0.6
    if _AFTER_QUANTITY.match(text, mention.end):
        return 0.0
    one, two = (text[start:end] for start, end, _ in mention.dates[0].fields)
    if (one[0] == "0" and len(one) == 2) or two[0] == "0":
        return 0.6  # ratios have no leading zero
    if int(one) <= 12 and int(two) >= 60:
        return 0.0 if _TITER.search(text[max(0, mention.start - 24) : mention.start]) else 0.6  # 12/94
    if is_measure(text, mention):
        return 0.0
    if (
        two in ("10", "5", "6", "4", "8", "2", "3")
        and int(one) <= int(two)
        and not (words & _DONE or (two != "10" and words & {"from", "until", "through", "dated"}))
    ):
        return 0.0  # 3/10, 2/6, 5/5: scores more often than dates
    if int(two) > 12 and words_before(text, mention.start, most=1) == ["in"]:
        return 0.5  # in 10/15
    return 0.5 if words & _DATE_WORDS or _OPEN_RANGE.match(text, mention.end) else 0.0


def is_measure(text: str, mention: DateMention) -> bool:
    """Whether 3/4 is in a context of scores, doses or fractions."""
    around = text[max(0, mention.start - 32) : mention.end + 16]
    return bool(_AFTER_QUANTITY.match(text, mention.end) or SCORED.search(around)) or _is_acuity(text, mention)


def _is_acuity(text: str, mention: DateMention) -> bool:
    """Whether every pair is a visual acuity in metres, with a word for eyes nearby: "OD 6/6 and 6/12"."""
    pairs = re.findall(r"\d+/\d+", text[mention.start : mention.end])
    return all(map(_ACUITY.fullmatch, pairs)) and _EYES.search(text, mention.start - 96, mention.end + 48) is not None


def _date_words(text: str, start: int) -> set[str]:
    """The last two words before a place, if only blanks and a colon lie between."""
    return set(words_before(text, start, most=2)) if text[max(0, start - 1) : start] in " :=\t\n(\"'>,-" else set()
