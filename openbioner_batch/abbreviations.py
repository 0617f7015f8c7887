"""Abbreviations and what they stand for, found where a text itself defines them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_BRACKETS = re.compile(r"[(\[]([^()\[\]\n]{2,250})[)\]]")
_STOP = re.compile("[;,]")
_AROUND = " \t\"'"
_SENTENCE_END = re.compile(r"[.!?;:]\s+|\n|[()\[\]]")
_SHORT_FORM = re.compile(r"[^\W_][^\s()\[\]]{1,9}|[^\W_][^\s()\[\]]{0,7} [^\s()\[\]]{1,8}")
_LAST_WORD = re.compile(r"[^\s()\[\]]{2,10}$")
_MOST_CHARACTERS = 250
"""Of a long form and what stands before it."""


@dataclass(frozen=True, slots=True)
class Abbreviation:
    """A definition in a text, such as "atrial fibrillation (AF)": half-open code-point offsets of both forms."""

    short_start: int
    short_end: int
    long_start: int
    long_end: int


def find_abbreviations(text: str) -> list[Abbreviation]:
    """The abbreviations that a text defines, by the algorithm of Schwartz and Hearst (2003).

    Found are "long form (SF)" and "SF (long form)", in round or square brackets and within a sentence. A long form's
    characters hold those of the short form in order, the first at the beginning of a word.

    Args:
        text: of one document.

    Returns:
        The definitions in order of the brackets.
    """
    return [found for match in _BRACKETS.finditer(text) for found in _defined(text, match.start(), *match.span(1))]


def expansions(text: str) -> dict[str, str]:
    """Each short form that a text defines and its long form; of several definitions the first holds."""
    found: dict[str, str] = {}
    for item in find_abbreviations(text):
        found.setdefault(text[item.short_start : item.short_end], text[item.long_start : item.long_end])
    return found


def expanded(mention: str, known: dict[str, str]) -> str | None:
    """What a mention stands for if it is a short form, or its plural or singular; else None."""
    for form in (mention, mention.removesuffix("s"), f"{mention}s"):
        if form in known:
            return known[form]
    return None


def _defined(text: str, bracket: int, start: int, end: int) -> Iterator[Abbreviation]:
    """What the bracket at `bracket` with the content from `start` to `end` defines."""
    before_end = bracket
    while before_end and text[before_end - 1] == " ":
        before_end -= 1
    before_start = max(0, before_end - _MOST_CHARACTERS)
    for stop in _SENTENCE_END.finditer(text, before_start, before_end):
        before_start = stop.end()
    before = text[before_start:before_end]
    start, end = _trimmed(text, start, end)
    content = text[start:end]
    if _is_short(content) and (found := _long_form(before, content)) is not None:
        yield Abbreviation(start, end, before_start + found, before_end)
    elif (last := _LAST_WORD.search(before)) and _is_short(last.group()) and _long_form(content, last.group()) == 0:
        yield Abbreviation(before_start + last.start(), before_end, start, end)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """A bracket's content up to the first comma or semicolon, without space and quotes around it."""
    if stop := _STOP.search(text, start, end):
        end = stop.start()
    while start < end and text[start] in _AROUND:
        start += 1
    while end > start and text[end - 1] in _AROUND:
        end -= 1
    return start, end


def _is_short(form: str) -> bool:
    """Whether a text looks like a short form: one or two short words with a capital in them."""
    return _SHORT_FORM.fullmatch(form) is not None and form != form.lower()


def _long_form(candidate: str, short: str) -> int | None:
    """Where the long form of `short` begins in the words of `candidate`, which it ends; None if it holds none."""
    words = candidate.split(" ")
    most = min(len(short) + 5, len(short) * 2)
    offset = len(" ".join(words[:-most])) + 1 if len(words) > most else 0
    place = len(candidate) - 1
    letters = [character for character in short.lower() if character.isalnum()]
    for number in range(len(letters) - 1, -1, -1):
        while place >= offset and (
            candidate[place].lower() != letters[number]
            or (number == 0 and place > 0 and candidate[place - 1].isalnum())
        ):
            place -= 1
        if place < offset:
            return None
        place -= 1
    start = candidate.rfind(" ", 0, place + 1) + 1
    long = candidate[start:]
    if len(long) <= len(short) or short.lower() in long.lower().split():
        return None
    return start
