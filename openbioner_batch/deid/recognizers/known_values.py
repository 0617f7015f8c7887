"""Known values in a text: names, numbers, dates, addresses, matched with small variations in one pass per note."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from openbioner_batch.deid.dates import Mention, Reading, find_dates, with_weekday
from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.known import KnownIdentifiers
from openbioner_batch.deid.normalising import normalise_word
from openbioner_batch.deid.recognizers.date_context import is_measure
from openbioner_batch.deid.recognizers.known_names import KnownNames

SHORTEST = 4
"""Numbers and codes with fewer letters and digits are matched as whole words with their own punctuation only."""

_WORDLIKE = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)*")
_ADDRESS_PART = re.compile(r"\s*[,;\n]\s*")
_LONG_FORMS = """
street: st str saint; avenue: ave av; road: rd; boulevard: blvd; lane: ln; drive: dr; court: ct; place: pl;
terrace: ter; circle: cir; parkway: pkwy; highway: hwy; square: sq; trail: trl; apartment: apt; suite: ste; floor:
fl; building: bldg; room: rm; north: n; south: s; east: e; west: w; northeast: ne; northwest: nw; southeast: se;
southwest: sw; mount: mt; fort: ft; hospital: hosp; center: ctr centre; medical: med; number: no; post: p; office:
o
"""
_ABBREVIATIONS = {
    short: long.strip()
    for long, _, shorts in (entry.partition(":") for entry in _LONG_FORMS.split(";"))
    for short in shorts.split()
}
_SUFFIXES = frozenset(
    "street avenue road boulevard lane drive court place terrace circle parkway highway square trail way".split()
)
_PHONES = frozenset({"phone_number", "fax_number", "pager_number"})
_TOWN_COMMA = re.compile(r"[^\W\d_],\s{1,2}\Z")
_ZIP_NEXT = re.compile(r",?\s{1,2}\d{5}(?!\d)")
_NUMBER_GAP = re.compile(r"[ \t()./\-–+#_]{0,3}")


@dataclass(frozen=True, slots=True)
class _Prepared:
    """Known values in the forms in which texts are searched for them."""

    names: KnownNames
    codes: tuple[tuple[str, str], ...]
    """(letters and digits in lower case, type), the longest first."""
    phrases: dict[str, list[tuple[tuple[str, ...], str]]]
    """First word -> (all words, type), the longest first."""
    dates: dict[Reading, str]


def find_known(
    text: str, known: KnownIdentifiers, dates: Sequence[Mention], typos: bool = True, nicknames: bool = True
) -> Iterator[Finding]:
    """Each place where a known value stands.

    Args:
        dates: the text's `dates.find_dates`; the known dates are found in any of their forms.
        typos: find names of six letters and more with one letter wrong.
        nicknames: find given names in their frequent short forms.
    """
    prepared = _prepare(known, nicknames)
    yield from prepared.names.find(text, typos)
    yield from _find_codes(text, prepared.codes)
    yield from _find_phrases(text, prepared.phrases)
    yield from _find_dates(text, dates, prepared.dates)


@lru_cache(maxsize=256)
def _prepare(known: KnownIdentifiers, nicknames: bool) -> _Prepared:
    codes: dict[str, str] = {}
    phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    dates: dict[Reading, str] = {}
    for one in known.values:
        family = family_of(one.type)
        if family == "date":
            for reading in _readings(one.value):
                dates.setdefault(reading, one.type)
        elif family in ("address", "town", "county", "zip", "state", "country", "organisation", "room", "description"):
            for phrase in _phrases_of(one.value, one.type):
                phrases.setdefault(phrase[0][0], []).append(phrase)
        elif family != "name":
            for code in _codes_of(one.value, one.type):
                codes.setdefault(code, one.type)
    for found in phrases.values():
        found.sort(key=lambda one: (-len(one[0]), one))
    names = KnownNames.build(
        [(one.value, one.type) for one in known.values if family_of(one.type) == "name"], nicknames
    )
    ordered = sorted(codes.items(), key=lambda one: (-len(one[0]), one))
    return _Prepared(names, tuple(ordered), phrases, dates)


def _codes_of(value: str, type: str) -> Iterator[str]:
    """A number or code as searched: all of it, a telephone also without country code and area."""
    code = "".join(filter(str.isalnum, value)).lower()
    if type in _PHONES:
        code = "".join(filter(str.isdigit, re.split(r"(?i)\s*(?:x|ext)", value)[0]))
        if len(code) == 11 and code[0] == "1":
            code = code[1:]
        if len(code) == 10:
            yield code[3:]
    if type == "social_security_number" and len(code) == 9:
        yield code
        return
    if code.isascii() or code:
        bare = code.lstrip("0")
        yield code
        if bare.isdigit() and len(bare) >= 5 and bare != code:
            yield bare
        letters = re.match(r"[a-z]+", code)
        if letters and code[letters.end() :].isdigit() and len(code) - letters.end() >= 5:
            yield code[letters.end() :]  # MRN-2208714 written without its MRN


def _find_codes(text: str, codes: tuple[tuple[str, str], ...]) -> Iterator[Finding]:
    """Codes with any separators: searched in the text's letters and digits, then held against the text itself."""
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
            start, last = places[first], places[at + len(code) - 1]
            if _holds(text, start, last + 1, code, places[first : at + len(code)]):
                yield Finding(start, last + 1, type, 1.0, ("known:number",))
            at = squeezed.find(code, at + 1)


def _side_by_side(places: Sequence[int], at: int) -> bool:
    return places[at] - places[at - 1] == 1


def _holds(text: str, start: int, end: int, code: str, places: list[int]) -> bool:
    """Whether a code stands in the text by itself, not as part of a longer one, with no more than separators within."""
    if len(code) < SHORTEST and end - start != len(code):
        return False
    before, after = text[start - 1 : start], text[end : end + 1]
    if before.isdigit() or after.isdigit() or (after.isalpha() and code[-1].isalpha()):
        return False
    if before.isalpha() and (code[0].isalpha() or len(code) < 6):
        return False
    wide = end - start > len(places)
    return not wide or all(two - one == 1 or _mail_or_number_gap(text[one + 1 : two]) for one, two in pairwise(places))


def _mail_or_number_gap(between: str) -> bool:
    return bool(_NUMBER_GAP.fullmatch(between)) or between in ("@", ":", "://", "?", "=", "&", "%", "~", ", ")


def _phrases_of(value: str, type: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """The parts of an address or the words of a name of a place, as sequences of normalised words."""
    parts = _ADDRESS_PART.split(value) if type in ("street_address", "location") else [value]
    for number, part in enumerate(parts):
        words = _normalised(part)
        if not words:
            continue
        if type not in ("street_address", "location"):
            yield words, type
            continue
        if number == 0 or any(word.isdigit() for word in words):
            stop = len(words)
            if number > 0 and words[-1].isdigit() and len(words[-1]) == 5 and len(words) <= 4:
                yield (words[-1],), "zip_code"
                stop -= 1
                if stop and len(words[0]) > 2:
                    yield words[:stop], "state" if len(words) == 2 else "city"
                continue
            yield words[:stop], type
            if len(words) > 2 and words[-1] in _SUFFIXES:
                yield words[:-1], type  # 418 Maple
                if words[0].isdigit():
                    yield words[1:], type  # Maple Street
        elif len(words[0]) > 2:
            yield words, "city"


def _find_phrases(text: str, phrases: dict[str, list[tuple[tuple[str, ...], str]]]) -> Iterator[Finding]:
    if not phrases:
        return
    tokens = list(_WORDLIKE.finditer(text))
    words = [_word(token[0]) for token in tokens]
    for place, word in enumerate(words):
        for wanted, type in phrases.get(word, ()):
            stop = place + len(wanted)
            if tuple(words[place:stop]) != wanted:
                continue
            start, end = tokens[place].start(), tokens[stop - 1].end()
            gaps_fit = end - start <= sum(len(token[0]) + 4 for token in tokens[place:stop])
            lone_word = len(wanted) == 1 and not wanted[0].isdigit() and not text[start].isupper()
            if (
                gaps_fit
                and not lone_word
                and not (type == "state" and len(wanted[0]) == 2 and not _is_state(text, start, end))
                and not (len(wanted[0]) < 3 and len(wanted) == 1 and not text[start:end].isupper())
            ):
                yield Finding(start, end, type, 1.0, ("known:place",))
                break


def _is_state(text: str, start: int, end: int) -> bool:
    """Whether two capitals are a state's code: after a town's comma or before a ZIP code, since MA and OR are words."""
    return _TOWN_COMMA.search(text[max(0, start - 4) : start]) is not None or _ZIP_NEXT.match(text, end) is not None


def _normalised(value: str) -> tuple[str, ...]:
    return tuple(_word(token[0]) for token in _WORDLIKE.finditer(value))


def _word(word: str) -> str:
    word = normalise_word(word)
    return _ABBREVIATIONS.get(word, word)


def _readings(value: str) -> Iterator[Reading]:
    """What a known date may mean."""
    for mention in find_dates(value):
        if mention.form in ("full", "dotted", "eight"):
            yield from mention.readings[:2]


def _find_dates(text: str, dates: Sequence[Mention], known: dict[Reading, str]) -> Iterator[Finding]:
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
