"""Ages over 89, in digits and in words: a number, a unit and a frame around them.

Only the number is found, or a range of them, so that "92-year-old" may become "90+-year-old" and "93M" "90+M". Units
and frames are listed apart and combined; a number needs one of them, and words that make it a dose, a pressure, a
saturation or a temperature rule it out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.clinical_values import OTHER_UNIT
from openbioner_batch.deid.recognizers.clinical_words import clinical_words
from openbioner_batch.deid.recognizers.context import any_in, lowered
from openbioner_batch.deid.recognizers.lexicon import lexicon
from openbioner_batch.deid.searching import Anchored

OLDEST = 125
_NINETY = Anchored(r"(?<!\d)0?(?:9\d|1[0-2]\d)(?!\d)")
_WRITTEN = ("ninet", "hundred", "centenarian", "nonagenarian")
_ONES = "one|two|three|four|five|six|seven|eight|nine"
_ORDINAL_ONES = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth"
_TEENS = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
_DIGITS = r"(?:9\d|1[01]\d|12[0-5])"
_IN_WORDS = (
    rf"(?:ninety(?:[\s-](?:{_ONES}))?"
    rf"|(?:(?:one|a)[\s-]?)?hundred(?:[\s-](?:and[\s-])?(?:{_ONES}|{_TEENS}|twenty(?:[\s-](?:{_ONES}))?))?)"
)
_ORDINAL = rf"(?:{_DIGITS}(?:st|nd|rd|th)|ninetieth|ninety[\s-](?:{_ORDINAL_ONES})|(?:one[\s-])?hundredth)"
_ONE_NUMBER = rf"(?:{_DIGITS}(?!\d)(?:\.\d)?|{_IN_WORDS}(?![^\W_]))"
_NUMBER = (
    rf"(?P<age>(?:(?<![\w.,$#'’/:+-])|(?<=[\s(\d]-)|(?<=/))0?"
    rf"{_ONE_NUMBER}(?:\s?(?:-|–|to|and|or)\s?{_ONE_NUMBER})?)"
)

_UNITS = (
    r"(?:years?[\s-]{0,2}(?:old|young)|(?:too\s)?old\b|years?\sof\sage|y(?:ea)?rs?\.?[\s-]{0,2}old|"
    r"y\s?[./-]?\s?o(?:ld)?(?:\b|(?=[mfwb]\b))|y(?:rs?)?\s?\d{1,2}\s?m(?:os?|ths?|onths?)?\b"
    r"|yo[mfwb]{1,2}\b|y\.\s?o\.|yrs?\.?\s?/?\s?(?:old|o|m|f)\b|y\.?\s?/?\s?[mf]\b|jahre\b|-?j\.|j(?:ähr|aehr)|"
    r"aa\b(?=,\s|\snat[ao]\b)|ans\b|años|anos\b|anni\b|jaar\b|jarige|"
    r"år\b|års\b|årig|vuo(?:tta|tias)|letni|let(?:á|ý|é)\b|lata\b|éves|yaş|год(?:а|у|ом|ов)?\b|лет\b|-?річ|рок(?:и|"
    r"ів)\b|歳|才|岁|歲|세)"
)
"""Units of age alone."""
_YEARS = (
    r"(?:years?|yrs?|y)\b\.?(?!\s?(?:ago|later|prior|previous|before|earlier|after|history|hx|since|survival|follow|"
    r"pack|"
    r"from|in\b|of\s(?!age)|and\s\d|or\s\d))"
)
"""Units of ages, and of time that has passed."""
_SEXES = r"(?:male|female|man|woman|gentleman|lady|grandmother|grandfather|nun|priest|veteran)\b"
_SEX = (
    r"(?-i:\s?[♂♀]|\s?/\s?[MFmf]\b|-?(?:W|B|H|A|AA|C|L|O)?M\b|-?(?:W|B|H|A|AA|C|L|O)F\b|\s(?:W|H|AA|C|L)?M\b|\s(?:W|H|AA|"
    r"L)F\b)"
)
_FEMALE = (
    r"(?-i:[ -]?F\b)(?=\s?(?:[,;.)]|with\b|w/|w\b|s/p\b|c/o\b|p/w\b|hx\b|h/o\b|who\b|presents?|presenting|presented|"
    r"fall\b|fell\b|glf\b|mechanical\b|syncope|collapse|weak|confus|ams\b|cp\b|sob\b|cough|dizz|pain|abd\b|hip\b|"
    r"fx\b|stroke|cva\b|uti\b|sepsis|pna\b|chf\b|gib?\b|fractur|trauma|injur|"
    r"adm|found\b|here\b|from\b|fr\b|via\b|lives|pmh|brought|bib|in\s(?:nad|no\sacute)|known|sent|transferred|living|"
    r"resident|nursing|"
    r"to\s(?:ed|er)|b\.|born\b|dob\b)|\s?\Z)"
)
"""F is Fahrenheit too: the context must show a person."""
_HEAT = re.compile(
    r"(?:\btemp\w*|\btm(?:ax)?|\bt|fever\w*|febrile|°|degrees?)[\s:=@of]{0,8}(?:to\s|is\s|was\s|"
    r"at\s)?\Z",
    re.IGNORECASE,
)

_AFTER = Anchored(
    rf"{_NUMBER}(?:(?:\sand\s(?:a|one)[\s-]half|\s?½|\s1/2)?[\s-]{{0,2}}(?:{_UNITS}|{_YEARS})|{_SEX}(?!\d|"
    rf"/(?!\d{{2,3}}[MF]\b|[WBHAO]\b))|(?P<female>{_FEMALE})|[\s-]{{1,2}}{_SEXES})",
    re.IGNORECASE,
)
_NO_AGE_AFTER = (
    r"(?!\s?(?:%|percent|mg|mcg|kgs?\b|lbs?\b|pounds|cm\b|mm\b|in\.?\stall|inches|ml\b|cc\b|days?\b|d\b|weeks?|"
    r"wks?\b|w\b|months?|mos?\b|"
    r"hours?|hrs?\b|h\b|minutes?|mins?\b|degrees?|deg\b|°|bpm|beats|units?|points?|x\b|times|meters?|feet|ft\b|"
    r"steps|miles|yards|dollars|calls|cigar|"
    r"on\s(?:\d|ra\b|room\sair|nc\b|o2|oxygen|bipap|cpap|nrb)|over\s\d|systolic|diastolic|g\b|sats?\b)|[-/.:,]\d|"
    r"[a-z]?\d)"
)
_RELATIVES = (
    r"(?:grand|great[- ]grand|step)?(?:mother|father|parents?|mom|mum|dad|ma|pa)|sister|brother|sibling|aunt|uncle|"
    r"wife|husband|hubby|spouse|partner|son|daughter|cousin|grandma|grandpa|granny|gran|nan|nana|mgm|mgf|pgm|pgf"
)
_FRAMES = (
    rf"aged?(?:\s?/\s?(?:sex|gender)|,?\s?[\[(]?(?:in\s)?(?:yrs?|years|y)\b\.?[\])]?)?"
    rf"(?:\s(?:is|of|was|at\s(?:death|diagnosis|onset|admission|visit|dx)))?"
    rf"[:=\s(~-]{{1,4}}(?:(?:approx\w*|about|over|under|around|nearly|almost)\.?\s)?|ages\s"
    r"|(?:turned|turning|turns?|nearly|almost|(?:will|to)\sbe)\s|(?:lived|lives|living)\s(?:to|until)\s(?:be\s|"
    r"age\s)?|birthday\sof\s"
    r"|(?:reached|attained|reaching)\s(?:age\s|the\sage\sof\s)?"
    r"|(?:died|dies|death|dead|deceased|expired|passed(?:\saway)?|alive|living|well|d\.)\s(?:at|@)\s(?:age\s|"
    r"the\sage\sof\s)?"
    rf"|(?:{_RELATIVES})(?:'s)?(?:\s?[,(:-]\s?|\s)(?:(?:is|was|now|age|alive|living|died|dec'?d|deceased|still\sliving|"
    rf"age\sof|at|d\.?|,)\s){{0,3}}"
    r"|(?:edad|alter|âge|età|idade|leeftijd|ålder|alder|wiek|ikä|возраст|вік)\s?[:=]?\s"
    r"|(?:pt|patient|he|she|client|resident|veteran|gentleman|lady|who|s/he|they)(?:\s(?:is|was|will\sbe|are)|'s|"
    r"s/he's)\s"
    r"(?:now\s|only\s|about\s|approximately\s|nearly\s|almost\s|already\s|currently\s)?"
    r"|(?:lady|gentleman|man|woman|widow|widower|veteran|nun|priest)\sof\s"
    r"|(?-i:[MF])\s?/\s?"
)
_BEFORE = Anchored(rf"(?<![^\W_])(?:{_FRAMES}){_NUMBER}{_NO_AGE_AFTER}", re.IGNORECASE)
_WITH_YOUNGER = Anchored(
    rf"\bage[sd]?[ ](?:of[ ]|from[ ]|between[ ]|range[d]?[ :])?(?P<age>\d{{1,3}}\s?(?:[-–,]|to|and|or)\s?{_ONE_NUMBER})"
    rf"{_NO_AGE_AFTER}",
    re.IGNORECASE,
)
"""A range or two ages, the second of which is over 89: "ages 85-95"."""
_STAMPED = Anchored(r"(?<![\w.])(?P<age>0?(?:9\d|1[01]\d|12[0-5]))Y(?:\s?\d{1,2}M)?(?![^\W_])")
"""Ages as DICOM and laboratory systems write them: 094Y, 91Y 04M."""
_OF_RELATIVES = Anchored(
    rf"(?<![^\W_])(?:{_RELATIVES})s\s(?P<ages>\d{{2,3}}(?:(?:,\s|\s?&\s?|\sand\s)\d{{2,3}})+)(?![\w%]|[./]\d)",
    re.IGNORECASE,
)
"""Several ages after relatives in the plural: "sisters 97, 95 & 88"."""
_BESIDE_NAME = Anchored(
    rf"(?<![^\W_])(?P<name>[A-ZÀ-Ž][a-zß-ɏ'’-]+|[A-Z]\.?),\s{_NUMBER}(?=,\s[A-Za-z]|\s?[;)]|\.(?:\s|\Z)|"
    r"\s(?:last|next|this)\s(?:week|month|year|birthday)\b)"
)
"""An age between commas after a name: "Effie, ninety-nine, died", "Mr Roe, 95 last week"."""
_SEX_BEHIND_NAME = Anchored(
    r"(?<![^\W_])(?P<name>[A-ZÀ-Ž][\w'’-]{2,24})(?:,[ ][A-Z][\w'’-]{0,24}|[ ][A-Z])?[,|]?[ ]?"
    r"(?P<age>9\d|1[01]\d|12[0-5])(?=F(?![\w/°]|[ ]?(?:oral|axillary|rectal|tympanic|temporal|PO|ax)))"
)
"""A woman's age after her name, where "98F" alone may be a temperature: "ROE, JANE 92F IMN hip"."""
_NO_PERSON = re.compile(
    r"(?:temp|tmax|fever|febrile|afebrile|pyrex|heat|oral|axill|rectal|tympanic|room|bath|water|vitals?|max|low|"
    r"high)",
    re.IGNORECASE,
)
_BIRTHDAY = Anchored(
    rf"(?<![\w.])(?P<age>{_ORDINAL})(?=\s(?:birthday|bday|b-day|year\sof\s(?:life|age)|decade)\b|\syear\b(?!\sof))",
    re.IGNORECASE,
)
_BORN = Anchored(rf"\bborn\s(?:about\s|some\s|over\s|nearly\s)?{_NUMBER}\sy(?:ea)?rs?\sago", re.IGNORECASE)
_DECADE = Anchored(
    r"\b(?:(?P<whose>his|her|their|my|our)|the|mid|early|late|upper|lower)[\s-]"
    r"(?:(?:mid|early|late|upper|lower|very\slate)[\s-](?:to[\s-](?:mid|late)[\s-])?)?(?P<age>(?:9|10|11)0['’]?s|"
    r"nineties)\b"
    r"|\b(?P<word>(?:super)?centenarian|nonagenarian)s?\b",
    re.IGNORECASE,
)
_CORRECTED = Anchored(
    r"(?<![\w.,/])(?P<first>\d{1,3})(?:\s(?:yrs?\s)?|,\s)(?:not|and\snot|"
    r"rather\sthan)\s(?P<second>\d{1,3})(?![\w%/]|\.\d)"
)
"""Two ages, one of which is wrong: "95 not 59"."""
_NO_DECADE = re.compile(r"\s?(?:%|percent|systolic|diastolic|beats|bpm|mm|on\s(?:ra|room))", re.IGNORECASE)


def find_ages(text: str) -> Iterator[Finding]:
    """Ages from 90 to 125 years."""
    if not _NINETY.search(text) and not any_in(lowered(text), _WRITTEN):
        return
    told: set[str] = set()
    for pattern in (_AFTER, _BEFORE, _WITH_YOUNGER, _BIRTHDAY, _BORN, _STAMPED):
        for match in pattern.finditer(text):
            if pattern is _BEFORE and OTHER_UNIT.match(text, match.end("age")):
                continue  # "gran, 125 mmHg"
            if not (match.groupdict().get("female") and _may_be_heat(text, match)):
                told.add(match["age"])
                yield Finding(*match.span("age"), "age_over_89", 0.9, ("pattern:age",))
    for match in _OF_RELATIVES.finditer(text):
        for number in re.finditer(r"\d+", match["ages"]):
            if 90 <= int(number[0]) <= OLDEST:
                start = match.start("ages") + number.start()
                yield Finding(start, start + len(number[0]), "age_over_89", 0.9, ("pattern:age",))
    for match in _BESIDE_NAME.finditer(text):
        if not clinical_words().knows(match["name"]) and match["name"].lower() not in lexicon().not_names:
            yield Finding(*match.span("age"), "age_over_89", 0.7, ("pattern:age",))
    for match in _SEX_BEHIND_NAME.finditer(text):
        known = clinical_words().knows(match["name"]) or match["name"].lower() in lexicon().not_names
        if not known and not _NO_PERSON.match(match["name"]):
            yield Finding(*match.span("age"), "age_over_89", 0.8, ("pattern:age",))
    for match in _CORRECTED.finditer(text) if told else ():
        for name in ("first", "second"):
            if match[name] in told:
                yield Finding(*match.span(name), "age_over_89", 0.8, ("pattern:age",))
    for match in _DECADE.finditer(text):
        if match["age"] and match["age"][0].isdigit() and not match["whose"]:
            continue  # heart rate in the 90s
        name = "age" if match["age"] else "word"
        if not _NO_DECADE.match(text, match.end()):
            yield Finding(*match.span(name), "age_over_89", 0.8, ("pattern:age",))


def _may_be_heat(text: str, match: re.Match[str]) -> bool:
    """Whether "98 F" is a temperature: a word before shows it, or a likely value ends with a dot."""
    if "." in match["age"] or _HEAT.search(text[max(0, match.start() - 24) : match.start()]):
        return True
    opens = not text[max(0, match.start() - 3) : match.start()].strip(" \t")
    return (
        not opens
        and match["female"][0] == " "
        and text[match.end() : match.end() + 1] in ".,;)"
        and match["age"] >= "95"
    )
