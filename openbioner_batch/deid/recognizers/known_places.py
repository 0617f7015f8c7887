"""Finds known addresses and places as phrases: each part that may occur alone, in any spelling of its words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.geography import STATES
from openbioner_batch.deid.normalising import normalise_word
from openbioner_batch.deid.recognizers.clinical_values import OTHER_UNIT
from openbioner_batch.deid.recognizers.clinical_words import clinical_words
from openbioner_batch.deid.recognizers.lexicon import lexicon

Phrase = tuple[tuple[str, ...], str]
"""(normalised words, type)."""

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
_UNITS = frozenset("apartment suite unit floor room building box lot".split())
_TOWN_COMMA = re.compile(r"[^\W\d_],\s{1,2}\Z")
_ZIP_NEXT = re.compile(r",?\s{1,2}\d{5}(?!\d)")
_SENTENCE_START = re.compile(r"(?:\A|[.!?:\n][\s\"'(]*|[-*•][ \t]*)\Z")
_PLACE_BEFORE = re.compile(
    r"\b(?:in|from|to|of|at|near|outside|town|city|county|village|lives|resides|moved|visiting)[ :]{1,2}\Z",
    re.IGNORECASE,
)
_STATE_NEXT = re.compile(r",[ ]{1,2}(?P<state>[A-Z]{2}|[A-Z][a-z]{3,}(?:[ ][A-Z][a-z]+)?)(?![^\W_])")
_ZIP_END = re.compile(r"-\d{4}(?![^\W_]|-\d)")


def phrases_of(value: str, type: str) -> Iterator[Phrase]:
    """The parts of an address or the words of a name of a place, as sequences of normalised words."""
    if type == "zip_code" and (digits := "".join(filter(str.isalnum, value))).isdecimal():
        yield (digits,), type
        if len(digits) in (3, 4, 8):  # a table that took it for a number has dropped its zeros
            digits = digits.zfill(5 if len(digits) < 5 else 9)
            yield (digits,), type
        if len(digits) == 9:
            yield from _town_phrases((digits[:5], digits[5:]))
        return
    if type not in ("street_address", "location"):
        if words := _normalised(value):
            yield words, type
        return
    for number, part in enumerate(_ADDRESS_PART.split(value)):
        words = _normalised(part)
        if words and (number == 0 or words[0].isdigit()):
            yield words, type
            yield from _street_phrases(words, type)
        elif words and (_ends_in_place(words) or not any(word.isdigit() for word in words)):
            yield from _town_phrases(words)
        elif words:
            yield words, type


def _street_phrases(words: tuple[str, ...], type: str) -> Iterator[Phrase]:
    """Of "418 Maple Street Apt 4 Springfield IL 62704": the street with and without its kind and number, the town."""
    end = next((at + 1 for at, word in enumerate(words) if at > 1 and word in _SUFFIXES), None)
    if end is None:
        if not words[0].isdigit() and _ends_in_place(words):
            yield from _town_phrases(words)
        elif len(words) > 1:
            yield from (((word,), "zip_code") for word in words[-2:] if _is_zip(word))
        return
    while words[end : end + 1] and words[end] in _SUFFIXES:
        end += 1
    yield words[:end], type
    yield words[: end - 1], type  # 418 Maple
    if words[0].isdigit():
        yield words[1:end], type  # Maple Street
    rest = words[end:]
    while len(rest) > 2 and rest[0] in _UNITS:
        rest = rest[2:]
    if rest and _ends_in_place(rest):
        yield from _town_phrases(rest)


def _town_phrases(words: tuple[str, ...]) -> Iterator[Phrase]:
    """Of "North Little Rock AR 72114-1234": the ZIP code with and without its end, the town with and without state."""
    if len(words) > 1 and _is_zip(words[-2]) and len(words[-1]) == 4 and words[-1].isdigit():
        yield words[-2:], "zip_code"
        words = words[:-1]
    if _is_zip(words[-1]):
        yield words[-1:], "zip_code"
        words = words[:-1]
    town = words[: len(words) - _words_of_state(words)]
    if town and len(town[0]) > 2:
        yield town, "city"
    if words and words != town and len(words[0]) > 2:
        yield words, "city" if town else "state"


def _ends_in_place(words: tuple[str, ...]) -> bool:
    """Whether an address ends here with a ZIP code or a state."""
    return _is_zip(words[-1]) or (len(words) > 1 and _is_zip(words[-2])) or _words_of_state(words) > 0


def _is_zip(word: str) -> bool:
    return len(word) == 5 and word.isdigit()


def _words_of_state(words: tuple[str, ...]) -> int:
    """How many words at the end are a state's code or name."""
    return next((count for count in (3, 2, 1) if words[-count:] in _states() and len(words) >= count), 0)


@cache
def _states() -> frozenset[tuple[str, ...]]:
    return frozenset(_normalised(name) for pair in STATES.items() for name in pair)


def find_phrases(text: str, phrases: Mapping[str, Sequence[Phrase]]) -> Iterator[Finding]:
    """Each mention of a phrase, the longest that begins with a word."""
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
            code = type == "state" and len(wanted[0]) == 2
            named = text[start].isupper() if code else _is_name_there(text, start, end)
            lone_word = len(wanted) == 1 and not wanted[0].isdigit() and not named
            if (
                gaps_fit
                and not lone_word
                and not (code and not _is_state(text, start, end))
                and not (len(wanted[0]) < 3 and len(wanted) == 1 and not text[start:end].isupper())
                and not (type == "zip_code" and OTHER_UNIT.match(text, end))
            ):
                more = _ZIP_END.match(text, end) if type == "zip_code" and _is_zip(wanted[-1]) else None
                yield Finding(start, more.end() if more else end, type, 1.0, ("known:place",))
                break


def _is_name_there(text: str, start: int, end: int) -> bool:
    """Whether one word is a name: it has a capital, and a word of the language does not owe it to its place.

    "Normal gait." and "NORMAL GAIT" are not the town of Normal, "lives in NORMAL" and "to Normal, IL" are.
    """
    if text[start].islower():
        return False
    word = text[start:end]
    if word.lower() not in lexicon().ordinary and not clinical_words().knows(word.lower()):
        return True
    owed = (word.isupper() and len(word) > 1) or _SENTENCE_START.search(text, max(0, start - 8), start)
    state = _STATE_NEXT.match(text, end)
    return (
        not owed
        or _PLACE_BEFORE.search(text, max(0, start - 24), start) is not None
        or (state is not None and _words_of_state(_normalised(state["state"])) > 0)
    )


def _is_state(text: str, start: int, end: int) -> bool:
    """Whether two capitals are a state's code: after a town's comma or before a ZIP code, since MA and OR are words."""
    return _TOWN_COMMA.search(text[max(0, start - 4) : start]) is not None or _ZIP_NEXT.match(text, end) is not None


def _normalised(value: str) -> tuple[str, ...]:
    return tuple(_word(token[0]) for token in _WORDLIKE.finditer(value))


def _word(word: str) -> str:
    word = normalise_word(word)
    return _ABBREVIATIONS.get(word, word)
