"""Finds signatures of staff in shorthand and logs: initials after a verb or at an entry's end, user names by form."""

from __future__ import annotations

import re
from collections.abc import Iterator

from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.clinical_words import clinical_words
from openbioner_batch.deid.recognizers.context import in_regions
from openbioner_batch.deid.recognizers.lexicon import lexicon
from openbioner_batch.deid.searching import Anchored

_SHORT = r"[A-Z]{2,3}(?:-[A-Z])?"
_CUED = Anchored(
    r"(?<![^\W_])(?:[Ii]nit(?:ials)?\.?[ ]?[:=]?|[Ii]nitiall?ed|[Vv]erified|"
    r"[Vv]etted|[Gg]rossed|[Cc]hecked|[Rr]edrawn?|[Dd]rawn|"
    r"[Cc]oll(?:ected)?|"
    r"[Ww]itness(?:ed)?|[Ww]itn|[Cc]o-?signed|[Cc]ounted|[Ss]canned|[Pp]erformed|[Rr]eported|[Cc]ollector|[Ss]creened|"
    r"(?:[Rr]adiog|[Tt]ech|[Ss]onog|[Pp]hleb|[Rr]ead|[Ss]igned|[Dd]r(?:a)?wn|[Dd]ict|[Tt]yped|[Rr]eviewer|[Oo]perator|"
    r"[Aa]nalyst)[ ]?:)(?:[ ]by)?[ ]{1,2}"
    rf"(?P<cued>{_SHORT}|[A-Z][A-Za-z]{{1,2}}(?=[ ]?/)|[a-z]{{2,3}}(?=[ ]?[;,.\n]|"
    rf"[ ]\d{{1,2}}[A-Z/-]|\Z))(?:[ ]?[/&][ ]?(?P<other>[A-Z][A-Za-z]{{1,2}}))?(?![^\W_]|[-/:])"
)
_ROLE_CODE = Anchored(
    rf"(?<![^\W_])(?:[Tt]ech|[Ss]onog(?:rapher)?|[Rr]adiog(?:rapher)?|[Pp]hleb|[Ss]crub|[Cc]irc|"
    rf"[Rr]ecorder)[ ](?P<cued>{_SHORT})"
    r"(?=[.,;/)\n]|\Z)"
)
_READ_BACK = Anchored(
    rf"(?<![^\W_])(?:RB|RBV|R/B|VORB|TORB|rb)(?:[ ]by)?[ ](?P<cued>{_SHORT})(?=,?[ ](?:RN|MD|NP|PA|LPN)\b|[ ]?[;.\n]|"
    rf"\Z)"
)
_WITH_TYPIST = Anchored(
    r"(?<![\w/:.])(?P<author>[A-Z]{2,4})[/:](?P<typist>[a-z]{2,3}\d{0,2})(?=[ ]*(?:[.;\n]|\Z)|[ ]{1,2}(?:[DT]:|DD|DT|"
    r"[Cc][Cc]:|[Jj]ob|[Dd]oc))"
)
"""Who dictated and who typed: "RJM/tk D: 9/12 T: 9/13"."""
_SIGNED = re.compile(r"(?<=[a-z)\d][.!?])[ ]{1,2}(?P<author>[A-Z]{2,3})\.?\s*\Z")
"""Two or three capitals after the last sentence of a note."""
_LONGEST_SIGNATURE = 8
_CLOCK = r"(?:[01]\d|2[0-3]):?[0-5]\d"
_TIME = Anchored(rf"(?<![^\W_]){_CLOCK}[ ]")
"""A cheap look for `_ENTRY`."""
_ENTRY = re.compile(rf"(?:\A|(?<=[;\n|:])|(?<=,[ ])|(?<=;[ ])|(?<=:[ ])|(?<=MAR[ ]))[ ]*(?P<time>{_CLOCK})[ ][^;\n|]*?")
_ENTRY_END = re.compile(r"[ ](?P<code>[a-z]{2,3}|[A-Z]{2,3})[ .]*\Z")
_NOT_READ = Anchored(
    r"(?<![^\W_])(?i:(?:pre|re)?dictated[ ](?:but[ ])?not[ ](?:read|reviewed|"
    r"edited))[ ,.:/-]{1,3}(?P<author>[A-Z]{2,4})(?:[ ]?[/:][ ]?(?P<typist>[a-z]{2,4}))?(?!\w)"
)
_USER_CUE = (
    r"(?:\b(?i:(?:logs?|logged|uploads?|signs?|posts?|chats?|registered|enrolled)(?:[ ]in)?[ ]as|"
    r"by|user|usr|uid|author|auth|login|prior|edit(?:ed)?(?:[ ]by)?|last[ ]edit|amended|verified|"
    r"locked(?:[ ]by)?|unlocked|sender|sent[ ]by|"
    r"tech|operator|collector|coll(?:ected)?[ ]by|drawn[ ]by|entered|signed|acct|prov|msg|message|chat|session|owner|"
    r"opened[ ]by|viewed[ ]by|"
    r"read[ ]by|acknowledged|ack|ack'?d|released|logged[ ]in|cosigned|scanned[ ]by)[ ]?[:=]?[ \"'(]{1,2})"
)
_USER_FORM = (
    r"(?:[a-z]{2,20}_[a-z]\d{1,3}|[a-z]{1,12}[._][a-z]{2,20}\d{0,3}|[a-z]{2,20}\d{1,4}|[A-Z]{2,3}\d{1,4}|[A-Z]\d{3,4}|"
    r"[a-z]{1,4}-\d{1,4}|(?:RN|MD|rn|md|np|"
    r"pa|rx|lab)[-_.][a-z]{2,20}\d{0,3})"
)
_CUED_USER = Anchored(rf"{_USER_CUE}(?P<user>{_USER_FORM})(?![\w@/-]|\.\w|[ ]?(?:mg|mcg|ml|units?|%))")
_BARE_BY = re.compile(
    r"(?<!\w)(?!(?:enter|verif|sign|chart|typ|edit|review|giv|draw|collect|clos|open|creat|modif|updat|record|document|"
    r"scan|print|view|access|releas|order|perform|check|transcrib|result|ack|witness|amend|lock|log|read|sent|complet|"
    r"dispens|process)\w*[ ])\w+[ ]by[ \"'(]*\Z",
    re.IGNORECASE,
)
"""After verbs that logs do not use, capitals and digits are a gene: "activated by EGR1"."""
_ACTS = Anchored(
    r"(?<=[ ])(?:opened|viewed|accessed|edited|signed|printed|logged|exported|amended|modified|closed|locked|unlocked|"
    r"queried|charted|entered|cosigned|acknowledged|released|downloaded|copied|deleted|attempted|searched)\b|"
    r":[ ](?=[a-z])"
)
_ACTING_USER = re.compile(rf"(?<![\w.@/-])(?P<user>{_USER_FORM})\Z")
"""A user name before what `_ACTS` finds."""
_LONGEST_USER = 40
_BARE_USER = re.compile(r"(?<![\w.@/#=-])(?P<user>[a-z]{5,20}\d{1,2})(?![\w@/%-]|\.\w|[ ]?(?:mg|mcg|ml|units?|x\d))")
"""Letters and one or two digits, unlike any word of a note that is not listed: "hbrandt2", but not "stage3"."""
_USER = Anchored(
    r"\b(?:user\s?-?_?name|user\s?_?id|login|log-in|db_user|user|screen\sname|logged\sin\s(?:as|by))(?:\s(?:is|"
    r"was))?[\"']?\s{0,2}[:=]\s{0,2}[\"']?"
    r"(?P<name>[\w.\\-]{3,40})|\b(?:portal\s)?user\s(?P<login>[a-z]{2,20}[._]?[a-z]{0,20}\d{1,4})\b|\b(?:username|"
    r"login|logged\sin\sas|user\sID)\s(?:is\s|"
    r"was\s)?[\"']?(?P<plain>[\w.\\-]{0,30}[\d_\\][\w.\\-]{0,20})",
    re.IGNORECASE,
)
_BY_USER = Anchored(r"\b[Bb]y[:=]?[ ](?P<name>[a-z]{4,20}\d{1,4})(?![\w@-]|\.\w)")
_BADGE = Anchored(
    r"\b(?:Ofc|Officer|OFC|Dep(?:uty)?|Trooper|Det(?:ective)?|Sgt|Cpl|Agent|CO|"
    r"Interp(?:reter)?)\.?[ ](?:[A-Z]\.?[ ]?)?(?P<name>[A-Z][\w'’-]{1,20}),?[ ]?#[ ]?(?P<badge>\d{2,7})(?![^\W_])"
)
"""A number after an officer's or an interpreter's name."""
_COLLAR = Anchored(r"(?<![^\W_])(?:PC|WPC|PS)[ ](?P<badge>\d{3,5})[ ](?P<name>[A-Z][a-z'’-]{2,20})(?![^\W_])")
"""A British constable's number: "PC 2207 Adeyemi"."""
_BIOLOGY = re.compile(
    r"(?:ase|tein|kine|leukin|ferin|ogen|alpha|beta|gamma|delta|epsilon|kappa|lambda|sigma|omega|theta|zeta|exon|"
    r"intron|helix|chain|domain|receptor|ly|led)\Z"
)
"""Ends of words that numbers follow in papers: "kinase31", "alpha1"."""
_WORDS = frozenset(
    """stage grade phase level group visit cycle class point score part step week month hour minute panel screen image
    series view block slide vial tube plate batch round trial study table figure option grand total types group
    arms test question answer version model mesh screw rod pages lines days weeks months hours doses pills drops
    puffs units""".split()
)


def find_staff_codes(text: str, regions: list[tuple[int, int, int]]) -> Iterator[Finding]:
    """Initials of those who did or wrote something, and user names; `regions` are the text's `number_regions`."""
    for pattern in (_CUED, _ROLE_CODE, _READ_BACK, _NOT_READ):
        for match in pattern.finditer(text):
            for group in match.groupdict():
                if match[group] and (
                    are_initials(match[group]) or (pattern in (_READ_BACK, _NOT_READ) and may_be_initials(match[group]))
                ):
                    yield _initials(*match.span(group))
                elif match[group] and group == "cued":
                    break
    for match in _SIGNED.finditer(text, max(0, len(text.rstrip()) - _LONGEST_SIGNATURE)):
        if are_initials(match["author"]):
            yield _initials(*match.span("author"))
    for match in _WITH_TYPIST.finditer(text) if "/" in text or ":" in text else ():
        stamped = text[match.end() : match.end() + 4].strip()[:2] in (
            "D:",
            "T:",
            "DD",
            "DT",
            "Jo",
            "jo",
            "cc",
            "CC",
            "Cc",
        )
        if (may_be_initials if stamped else are_initials)(match["author"] + match["typist"]) and (
            stamped or all(map(are_initials, match.groups()))
        ):
            yield _initials(*match.span("author"))
            yield Finding(*match.span("typist"), "username", 0.6, ("pattern:username",))
    yield from _signed_entries(text)
    for match in _USER.finditer(text):
        name = str(match.lastgroup)
        end = match.start(name) + len(match[name].rstrip(".-"))
        if match[name].lower() in ("none", "unknown", "null"):
            continue
        yield Finding(match.start(name), end, "username", 0.8, ("pattern:username",))
    for match in _BY_USER.finditer(text):
        if not clinical_words().knows(match["name"].rstrip("0123456789")):
            yield Finding(*match.span("name"), "username", 0.7, ("pattern:username",))
    for match in _BADGE.finditer(text) if "#" in text else ():
        if (
            clinical_words().knows(match["name"])
            or match["name"].lower() in lexicon().not_names
            or match["name"].isupper()
        ):
            continue  # "Take CO Daily #30"
        yield Finding(*match.span("badge"), "employee_id", 0.8, ("pattern:number",))
    for match in _COLLAR.finditer(text):
        if not clinical_words().knows(match["name"]) and match["name"].lower() not in lexicon().not_names:
            yield Finding(*match.span("badge"), "employee_id", 0.8, ("pattern:number",))
    for match in (*_CUED_USER.finditer(text), *_acting_users(text)):
        if _is_user(match["user"]) and not _is_of_a_paper(text, match):
            yield Finding(*match.span("user"), "username", 0.7, ("pattern:username",))
    for match in in_regions(_BARE_USER, text, regions, 1):
        if _is_user(match["user"]):
            yield Finding(*match.span("user"), "username", 0.6, ("pattern:digits",))


def _acting_users(text: str) -> Iterator[re.Match[str]]:
    """User names that do something, or speak: "hbrandt2 opened the chart", "mroe: will call back"."""
    for act in _ACTS.finditer(text):
        end = act.start() if act[0][0] == ":" else act.start() - 1
        if user := _ACTING_USER.search(text, max(0, end - _LONGEST_USER), end):
            yield user


def _signed_entries(text: str) -> Iterator[Finding]:
    """Initials at the ends of two timed entries and more: "0900 metop 25 held sjw; 1300 APAP 650 sjw"."""
    if len(list(_TIME.finditer(text))) < 2:
        return
    starts = [match.start("time") for match in _ENTRY.finditer(text)]
    if len(starts) < 2:
        return
    codes, sure = [], 0
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        entry = re.split(r"[;\n|]|\.\s", text[start:end])[0].rstrip(" ,;")
        if (code := _ENTRY_END.search(entry)) and may_be_initials(code["code"]):
            sure += are_initials(code["code"])
            codes.append((start + code.start("code"), start + code.end("code")))
    if len(codes) > 1 and sure:
        yield from (_initials(*place) for place in codes)


def are_initials(code: str) -> bool:
    """Whether two or three letters are neither shorthand nor a short word; half a double name is clear: "HS-M"."""
    return may_be_initials(code) and ("-" in code or not clinical_words().knows(code))


def may_be_initials(code: str) -> bool:
    """Whether letters are neither a short word nor one that no name has."""
    return code.lower() not in lexicon().not_names and code.lower() not in _SHORT_WORDS


_SHORT_WORDS = frozenset(
    """ok now pls thx dr mr ms am pm hs ac ad if so up out off all few two ten six one per via yet due ago ate bed fed
    ran run sat set saw was had did has him her his she try day far non low hot red new old big bad mid eye ear
    arm leg toe lip hip jaw rib gut sob nil neg pos avg std sub sup ant lat med inf est pre via tba tbc tbd tbi
    uk usa eu mg ml cc kg cm mm hr min sec lb oz iv im po sq sc pr sl ng gt og nj qd bid tid qid prn stat held
    given done ref nad ooh aa bb abc qa qc""".split()
)


def _is_of_a_paper(text: str, match: re.Match[str]) -> bool:
    """Whether capitals and digits are a gene or a strain: "activated by EGR1", "Coxsackievirus B4: an"."""
    start, end = match.span("user")
    if not text[start].isupper():
        return False
    named = text[end : end + 1] == ":" and re.search(r"[^\W\d_]{3,}[ ]\Z", text[max(0, start - 16) : start])
    return bool(named or _BARE_BY.search(text[max(0, start - 24) : start]))


def _is_user(name: str) -> bool:
    """Whether the letters of a name are neither a clinical word nor a word that numbers follow."""
    letters = re.split(r"[\d._-]", name)[0]
    small = letters.lower()
    if _BIOLOGY.search(small):
        return False
    plain = small not in _WORDS and small.rstrip("s") not in _WORDS and small not in lexicon().not_names
    if parts := re.findall(r"[^\W\d_]+", name)[1:]:
        return not all(
            clinical_words().knows(part) or part.lower() in lexicon().not_names for part in (letters, *parts)
        )
    return plain and not clinical_words().knows(letters)


def _initials(start: int, end: int) -> Finding:
    return Finding(start, end, "clinician_name", 0.6, ("pattern:name",))
