"""Telephones, faxes, pagers, e-mail, web and network addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.context import any_in, in_regions, labels, lowered, words_before
from openbioner_batch.deid.searching import Anchored

LABELS = labels("phones")
_WEAK = frozenset("number home work office line text at emergency page pg contact reach call called".split())
_EXTENSION = r"(?:[ ,;]{0,3}(?:x|ext\.?|extn\.?|extension|#)[ .:#]{0,3}(?:\d-\d{3,5}|\d{1,6})\b)?"
_US = re.compile(
    rf"(?<![^\W_])(?<!\d[.\-/])(?:\+?1[ .\-]{{0,2}})?"
    rf"(?:\(\d{{3}}\)[ .\-]{{0,2}}\d{{3}}[ .\-]{{0,2}}|\d{{3}}[ .\-/—•]{{1,2}}\d{{3}}[ .\-—•]{{1,2}})\d{{4}}"
    rf"(?![\d]|[-.]\d){_EXTENSION}"
)
_BROKEN = Anchored(
    r"(?<![^\W_])(?<!\d[.\-/])\(?\d{3}(?:\)?[ .\-]{0,2}\n[ \t]{0,16}\d{3}[.\-]|[.\-]\d{3}[.\-]?\n[ \t]{0,16}"
    r"|\)?[ .\-]{1,2}\d{3}[.\-][ ]?\n[ \t]{0,16})\d{4}"
    r"(?![^\W_]|[-.]\d)"
)
"""A telephone number that continues in the next line."""
_LOCAL = re.compile(rf"(?<![^\W_])(?<![\d.\-/+$(] )(?<![.\-/+$])[2-9]\d\d[-.]\d{{4}}(?![^\W_]|[-./]\d){_EXTENSION}")
_FOREIGN = re.compile(
    r"(?<![^\W_])(?:\+|00(?=[1-9]\d[ .\-]))\d{1,3}(?:[ .\-/]{0,2}\(?\d{1,5}\)?){2,6}(?![^\W_])" + _EXTENSION
)
_NATIONAL = re.compile(
    r"(?<![^\W_])(?<![/.,\-$+])(?:0[1-9](?:[ .]\d\d){4}(?![^\W_]|[./,-]\d)|(?:\(0\d{1,4}\)|"
    r"0\d{2,4})(?:[ \-]\d{3,4}[ \-]\d{3,4}|[ /\-]\d{6,8}|(?:[ ]\d\d){3,5})"
    r"(?![^\W_]|[./,-]\d))" + _EXTENSION
)
"""Written with the trunk prefix 0 of Europe, Australia and India: 0141 496 0077, 07700 900217, 030 23125441."""
_FLOWSHEET = re.compile(
    r"(?:[01]\d|2[0-4])[0-5]\d(?:(?:[ \-](?:[01]\d|2[0-4])[0-5]\d)+|(?:[ \-](?:\d{2,3}|[1-9]\d{1,6}0))+)"
)
"""A time with times or amounts after it: 0800 1200 1600; 0600 250 1400; 0915 150000."""
_ANY = re.compile(rf"(?<![^\W_])(?<![/.,\-$+])\(?\d[\d().\-/ ]{{4,19}}\d(?![^\W_]|[./,-]\d){_EXTENSION}")
_SHORT = re.compile(
    r"(?<![^\W_])(?<![/.,\-$+])(?:p(?=\d{5}\b))?#?\d{1,2}[- ]?\d{2,5}(?![^\W_]|[./,:-]\d|\s?(?:%|mg|am|pm|hours?|"
    r"minutes?|times))"
)
_SHORT_LABELS = (
    "pager",
    "page",
    "beep",
    "pg",
    "bleep",
    "fax",
    "tel",
    "phone",
    "p1",
    "p2",
    "p3",
    "p4",
    "p5",
    "p6",
    "p7",
    "p8",
    "p9",
)
_EXT_ALONE = Anchored(
    r"\b(?:ext\.?|extn\.?|extension)[ :#]{1,3}(?P<number>\d{3,6}|\d-\d{3,5})\b(?!\s?(?:degrees|deg|°))|"
    r"\bx(?P<x>\d{4,5}|\d-\d{4})\b",
    re.IGNORECASE,
)
_DATE = re.compile(r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}")
_UNIT = re.compile(r"\s?(?:mg|mcg|ml|cc|kcal|cal|units?|feet|ft|cm|mm|iu|g\b|kg|per|/|%|cells|hz)", re.IGNORECASE)

_PAGED = Anchored(r"\b(?i:paged?|pgd|bleeped|beeped)[ ](?:[\w./'’-]{1,14}[ ]){1,2}#[ ]?(?P<number>\d{4,5})(?![\w./-])")
"""The number after whoever was paged: "Paged xcover #5306"."""
_ACCOUNT_AT = Anchored(
    r"\b(?:UPI|VPA|GPay|Gpay|PhonePe|Paytm)(?:[ ](?:id|ID))?[ :]{1,2}(?P<at>[\w.-]{2,40}@[A-Za-z]{2,20})(?![\w@]|\.\w)"
)
"""An address for payments in India."""
_ON_PLATFORM = Anchored(
    r"\b(?i:fb|facebook|messenger|ig|insta(?:gram)?|snap(?:chat)?|tiktok|twitter|telegram|venmo|discord|signal)"
    r"(?:[ ](?i:handle|name|acct|account|msg|id|is|as|at|messenger))?[ :]{1,2}"
    r"(?P<handle>[A-Za-z][\w-]{1,24}(?:[._][\w-]{1,24}){1,4})(?![\w@])"
)
_THREE_WORDS = re.compile(r"(?<![\w/:])///?[a-z]{3,20}\.[a-z]{3,20}\.[a-z]{3,20}(?![\w./])")
"""A place as three words of a map of words: "///kettle.mango.drift"."""

_EMAIL = re.compile(
    r"(?<![\w.+%-])[\w+%-](?:[\w.+%-]{0,62}[\w+%-])?@[\w-]{1,63}(?:\.[\w-]{1,63}){0,4}\.[^\W\d_][\w-]{0,62}(?<!-)"
)
_URL = re.compile(
    r"(?<![^\W_])(?:(?:https?|ftps?|sftp)://|www\.)[^\s<>\"'{}|\\^`⟧]{2,500}"
    r"|(?<![\w@.-])(?:[a-z0-9-]{1,63}\.){1,4}(?:com|org|net|edu|gov|mil|info|io|health|care|clinic|co\.uk|de|fr|"
    r"ca)\b(?:/[^\s<>\"']{0,300})?",
    re.IGNORECASE,
)
_WEB = (
    "://",
    "www.",
    ".com",
    ".org",
    ".net",
    ".edu",
    ".gov",
    ".mil",
    ".info",
    ".io",
    ".health",
    ".care",
    ".clinic",
    ".co.",
    ".de",
    ".fr",
    ".ca",
)
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_IPV4 = re.compile(rf"(?<![\w.])(?:{_OCTET}\.){{3}}{_OCTET}(?![^\W_]|\.\d)(?::\d{{2,5}}\b)?(?:/\d\d?\b)?")
_IPV6 = re.compile(
    r"(?<![\w:.])(?=[0-9a-f:]{0,40}[0-9a-f])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])", re.IGNORECASE
)
_MAC = re.compile(
    r"(?<![\w:-])(?:[0-9a-f]{2}([:-]))(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}(?![\w:-])|\b(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}\b",
    re.IGNORECASE,
)
_HANDLE = re.compile(r"(?<![\w.@+-])@[A-Za-z_][\w.]{2,30}(?<!\.)")


def find_contacts(text: str, regions: list[tuple[int, int, int]]) -> Iterator[Finding]:
    """Contact details of people and addresses of machines; `regions` are the text's `number_regions`."""
    if "@" in text:
        for match in _EMAIL.finditer(text):
            yield Finding(*match.span(), "email_address", 0.95, ("pattern:email",))
        for match in _HANDLE.finditer(text):
            yield Finding(*match.span(), "social_media_handle", 0.7, ("pattern:handle",))
        for match in _ACCOUNT_AT.finditer(text):
            yield Finding(*match.span("at"), "account_number", 0.8, ("pattern:handle",))
    for match in _ON_PLATFORM.finditer(text):
        yield Finding(*match.span("handle"), "social_media_handle", 0.8, ("pattern:handle",))
    for match in _THREE_WORDS.finditer(text) if "//" in text else ():
        yield Finding(*match.span(), "geographic_coordinates", 0.8, ("pattern:place",))
    small = lowered(text)
    if any_in(small, _WEB):
        yield from _urls(text)
    for match in in_regions(_IPV4, text, regions, 4):
        yield Finding(*match.span(), "ip_address", 0.9, ("pattern:ip",))
    for match in in_regions(_IPV6, text, regions, 1) if text.count(":") > 1 else ():
        if "::" in match[0] or match[0].count(":") == 7:
            yield Finding(*match.span(), "ip_address", 0.8, ("pattern:ip",))
    for match in in_regions(_MAC, text, regions, 2):
        yield Finding(*match.span(), "device_identifier", 0.9, ("pattern:mac",))
    yield from _phones(text, small, regions)


def _urls(text: str) -> Iterator[Finding]:
    for match in _URL.finditer(text):
        end = match.start() + len(match[0].rstrip(".,;:!?)]"))
        yield Finding(match.start(), end, "url", 0.9, ("pattern:url",))


def _is_schedule(value: str) -> bool:
    """Whether digits are a time with amounts, or hours of a day: "0915 150000", "08 10 12 14 16"."""
    hours = re.findall(r"\d+", value)
    ascending = all(len(one) == 2 and one <= "24" for one in hours) and hours == sorted(set(hours))
    return ascending or _FLOWSHEET.fullmatch(value) is not None


def _phones(text: str, small: str, regions: list[tuple[int, int, int]]) -> Iterator[Finding]:
    for match in in_regions(_US, text, regions, 10):
        yield _phone(text, match, 0.9)
    for match in _BROKEN.finditer(text) if "\n" in text else ():
        yield _phone(text, match, 0.7)
    for match in in_regions(_LOCAL, text, regions, 7):
        if not _UNIT.match(text, match.end()) and (_label(text, match.start()) or not match[0][-4:].endswith("00")):
            yield _phone(text, match, 0.85 if "x" in match[0].lower() else 0.7)
    if "+" in text or "00" in text:
        for match in in_regions(_FOREIGN, text, regions, 8):
            if 8 <= sum(letter.isdigit() for letter in match[0]) <= 21:
                yield _phone(text, match, 0.85 if match[0][0] == "+" else 0.7)
    for match in in_regions(_NATIONAL, text, regions, 9) if "0" in text else ():
        digits = sum(map(str.isdigit, match[0]))
        if 9 <= digits <= 12 and not _is_schedule(match[0]) and not _UNIT.match(text, match.end()):
            yield _phone(text, match, 0.75)
    for match in _PAGED.finditer(text):
        yield Finding(*match.span("number"), "pager_number", 0.7, ("pattern:phone",))
    for match in _EXT_ALONE.finditer(text):
        name = "number" if match["number"] else "x"
        yield Finding(*match.span(name), "phone_number", 0.6, ("pattern:phone",))
    for match in in_regions(_ANY, text, regions, 6):
        digits = sum(map(str.isdigit, match[0]))
        if digits < 6 or _DATE.match(match[0]) or _UNIT.match(text, match.end()):
            continue
        label = _label(text, match.start())
        if label and (label not in _WEAK or (digits >= 7 and not _is_schedule(match[0]))):
            yield _phone(text, match, 0.75)
    for match in in_regions(_SHORT, text, regions, 3) if any_in(small, _SHORT_LABELS) else ():
        label = _label(text, match.start())
        if label in ("pager", "beeper", "pgr", "bleep", "fax", "pagers", "tel", "telephone", "phone") or (
            (label in ("pg", "page", "beep") and len(match[0]) >= 4) or match[0][0] == "p"
        ):
            yield _phone(text, match, 0.7)


def _label(text: str, start: int) -> str | None:
    """The last word before a number that announces a telephone."""
    for word in reversed(words_before(text, start, most=3)):
        if word in LABELS:
            return word
    return None


def _phone(text: str, match: re.Match[str], score: float) -> Finding:
    start, end = match.span()
    type = "pager_number" if match[0][0] == "p" else LABELS.get(_label(text, start) or "", "phone_number")
    return Finding(start, end, type, score, ("pattern:phone",))
