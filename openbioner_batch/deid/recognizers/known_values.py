"""Finds known values in a text: names, numbers, dates, addresses, with small variations, in one pass per note."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from openbioner_batch.deid.dates import DateMention, Reading, find_dates, with_weekday
from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.known import KnownIdentifiers
from openbioner_batch.deid.recognizers.clinical_values import in_clinical_value
from openbioner_batch.deid.recognizers.context import label_before, labels
from openbioner_batch.deid.recognizers.date_context import is_measure
from openbioner_batch.deid.recognizers.known_names import KnownNames
from openbioner_batch.deid.recognizers.known_places import Phrase, find_phrases, phrases_of

SHORTEST = 4
"""Numbers and codes with fewer letters and digits are matched as whole words with their own punctuation only."""

LONGEST_VALUE = 5
"""The most digits of a known number that may be a dose, a volume or a result beside a unit or a measurement's name."""

_PHONES = frozenset({"phone_number", "fax_number", "pager_number"})
_SHORTEST_NATIONAL = 8
"""Digits of a telephone number without its country's code."""
_NUMBER_GAP = re.compile(r"[ \t()./\-–+#_]{0,3}")
_SEPARATORS = re.compile(r"(?<=[^\W_])[\W_]{1,3}(?=[^\W_])")
_MADE_DECIMAL = re.compile(r"\.0+(?![^\W_])")
"""What a table makes of a whole number: 22087.0."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """Known values in the forms in which texts are searched for them."""

    names: KnownNames
    codes: tuple[tuple[str, str], ...]
    """(letters and digits in lower case, type), the longest first."""
    separators: frozenset[str]
    """What stands between letters and digits of the codes as the record writes them."""
    phrases: dict[str, list[Phrase]]
    """First word -> (all words, type), the longest first."""
    dates: dict[Reading, str]


def find_known(
    text: str, known: KnownIdentifiers, dates: Sequence[DateMention], typos: bool = True, nicknames: bool = True
) -> Iterator[Finding]:
    """Each mention of a known value.

    Args:
        text: the note.
        known: what its record says about the patient.
        dates: the text's `dates.find_dates`; the known dates are found in any of their forms.
        typos: find names of six letters and more with one letter wrong.
        nicknames: find given names in their frequent short forms.
    """
    prepared = _prepare(known, nicknames)
    yield from prepared.names.find(text, typos)
    yield from _find_codes(text, prepared.codes, prepared.separators)
    yield from find_phrases(text, prepared.phrases)
    yield from _find_dates(text, dates, prepared.dates)


@lru_cache(maxsize=256)
def _prepare(known: KnownIdentifiers, nicknames: bool) -> _Prepared:
    codes: dict[str, str] = {}
    separators: set[str] = set()
    phrases: dict[str, list[Phrase]] = {}
    dates: dict[Reading, str] = {}
    for one in known.values:
        family = family_of(one.type)
        if family == "date":
            for reading in _readings(one.value):
                dates.setdefault(reading, one.type)
        elif family in ("address", "town", "county", "zip", "state", "country", "organisation", "room", "description"):
            for phrase in phrases_of(one.value, one.type):
                phrases.setdefault(phrase[0][0], []).append(phrase)
        elif family != "name":
            separators.update(_SEPARATORS.findall(one.value))
            for code in _codes_of(one.value, one.type):
                codes.setdefault(code, one.type)
    for found in phrases.values():
        found.sort(key=lambda one: (-len(one[0]), one))
    names = KnownNames.build(
        [(one.value, one.type) for one in known.values if family_of(one.type) == "name"], nicknames
    )
    ordered = sorted(codes.items(), key=lambda one: (-len(one[0]), one))
    return _Prepared(names, tuple(ordered), frozenset(separators), phrases, dates)


def _codes_of(value: str, type: str) -> Iterator[str]:
    """A number or code as searched: all of it, a telephone also without country code and area."""
    code = "".join(filter(str.isalnum, value)).lower()
    if type in _PHONES:
        whole = "".join(filter(str.isdigit, re.split(r"(?i)\s*(?:x|ext)", value)[0]))
        code = whole or "".join(filter(str.isdigit, value))  # an extension alone
        american = len(code) == 11 and code[0] == "1"
        if american:
            code = code[1:]
        foreign = not american and value.lstrip().startswith(("+", "00"))
        if len(code) == 10 and not foreign:
            yield code[3:]
        elif foreign:
            # A country's code has one to three digits; what follows it occurs alone, or after a zero.
            yield from (
                code.lstrip("0")[cut:] for cut in (1, 2, 3) if len(code.lstrip("0")) - cut >= _SHORTEST_NATIONAL
            )
    if type == "social_security_number" and len(code) == 9:
        yield code
        return
    if code:
        bare = code.lstrip("0")
        yield code
        if bare.isdigit() and len(bare) >= 5 and bare != code:
            yield bare
        letters = re.match(r"[a-z]+", code)
        if letters and sum(map(str.isdigit, code[letters.end() :])) >= 5:
            yield code[letters.end() :]  # MRN-2208714 written without its MRN


def _find_codes(text: str, codes: tuple[tuple[str, str], ...], separators: frozenset[str]) -> Iterator[Finding]:
    """Codes with any separators: searched in the text's letters and digits, then checked against the text itself."""
    if not codes:
        return
    places = [place for place, letter in enumerate(text) if letter.isalnum()]
    squeezed = "".join([text[place] for place in places]).lower()
    if len(squeezed) != len(places):  # a letter whose small form has two characters
        squeezed = "".join([text[place].lower()[0] for place in places])
    for code, type in codes:
        at = squeezed.find(code)
        while at >= 0:
            first = at
            while (
                len(code) > SHORTEST
                and code.isdigit()
                and first
                and squeezed[first - 1] == "0"
                and _side_by_side(places, first)
            ):
                first -= 1  # 0012345 is 12345
            start, end = places[first], places[at + len(code) - 1] + 1
            decimal = _MADE_DECIMAL.match(text, end) if code.isdigit() and len(code) > SHORTEST else None
            if _holds(text, start, end, code, places[first : at + len(code)], separators) and (
                decimal or not is_short_value(text, start, end, code)
            ):
                yield Finding(start, decimal.end() if decimal else end, type, 1.0, ("known:number",))
            at = squeezed.find(code, at + 1)


def is_short_value(text: str, start: int, end: int, code: str) -> bool:
    """Whether a short known number is a clinical value there, without a label: 1840 in "UOP 1840 mL"."""
    return (
        code.isdigit()
        and len(code) <= LONGEST_VALUE
        and label_before(text, start, labels("numbers")) is None
        and in_clinical_value(text, start, end)
    )


def _side_by_side(places: Sequence[int], at: int) -> bool:
    return places[at] - places[at - 1] == 1


def _holds(text: str, start: int, end: int, code: str, places: list[int], separators: frozenset[str]) -> bool:
    """Whether a code occurs by itself, not as part of a longer one, with only separators within."""
    if len(code) < SHORTEST and end - start != len(code):
        return False
    before, after = text[start - 1 : start], text[end : end + 1]
    if before.isdigit() or after.isdigit() or (after.isalpha() and code[-1].isalpha()):
        return False
    if before.isalpha() and (code[0].isalpha() or len(code) < 6):
        return False
    wide = end - start > len(places)
    return not wide or all(
        two - one == 1 or _mail_or_number_gap(gap := text[one + 1 : two]) or gap in separators
        for one, two in pairwise(places)
    )


def _mail_or_number_gap(between: str) -> bool:
    return bool(_NUMBER_GAP.fullmatch(between)) or between in ("@", ":", "://", "?", "=", "&", "%", "~", ", ")


def _readings(value: str) -> Iterator[Reading]:
    """All readings of a known date."""
    for mention in find_dates(value):
        if mention.form in ("full", "dotted", "eight"):
            yield from mention.readings[:2]


def _find_dates(text: str, dates: Sequence[DateMention], known: dict[Reading, str]) -> Iterator[Finding]:
    """Mentions that may be read as a known date, whole or as its day and month, or as its month and year."""
    if not known:
        return
    parts: dict[Reading, str] = {}
    for (year, month, day), type in known.items():
        for reading in ((year, month, day), (None, month, day), (year, month, None)):
            parts.setdefault(reading, type)
    for mention in dates:
        if mention.form == "dashed" or (mention.form in ("pair", "range") and is_measure(text, mention)):
            continue
        for reading in mention.readings:
            if mention.form == "pair" and reading[0] is not None:
                continue  # 3/48 is more often a score than a month and a year
            if (found := parts.get(reading) or _two_digit(reading, parts)) is not None:
                yield Finding(with_weekday(text, mention.start), mention.end, found, 1.0, ("known:date",))
                break


def _two_digit(reading: Reading, parts: dict[Reading, str]) -> str | None:
    """A year in two digits may mean either century."""
    year, month, day = reading
    if year is None:
        return None
    return parts.get((year - 100, month, day)) or parts.get((year + 100, month, day))
