"""The grammar of dates, both for finding them in a note and for reading a finding.

A mention holds the dates that its words state, two for the ends of a range, none if it can only become a tag
(holidays, "the 3rd", a quarter without a year). `recognizers.date_context` decides by the words around
it whether it is a person's date and not a score or dose. Month names in seven languages. The size of
day and month in digits distinguishes them where it can, otherwise the requested order does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from openbioner_batch.deid.dates.forms import (
    CJK,
    DASHES,
    DAY_TO_DATE,
    DOTTED_DAYS,
    HOLIDAY,
    LED,
    QUARTER,
    ROMAN,
    SEASON,
)
from openbioner_batch.deid.dates.reading import ORDERS, DateMention, partial_mention, read_date, read_match
from openbioner_batch.deid.dates.words import ORDINALS

SEASONS = {"spring": 4, "summer": 7, "fall": 10, "autumn": 10, "winter": 1}
"""A month in the middle of each."""


def find_dates(text: str, order: str = ORDERS[0], pivot: int = 2026) -> list[DateMention]:
    """Everything in `text` that has the form of a date, in order and without overlap.

    Args:
        text: a note, or what was found in one.
        order: one of `ORDERS`, for 03/04/2021; the other is kept as another reading.
        pivot: a year; one of two digits is the latest that is at most the next year after it.
    """
    found = sorted(
        [*_written_dates(text, order, pivot), *_named_times(text, pivot)], key=lambda one: (one.start, -one.end)
    )
    kept: list[DateMention] = []
    for mention in found:
        if not kept or mention.start >= kept[-1].end:
            kept.append(mention)
    return _ranges(text, kept)


def _written_dates(text: str, order: str, pivot: int) -> Iterator[DateMention]:
    """Dates that begin with a number or with a word."""
    end = 0
    for at in LED.places(text):
        match = LED.pattern.match(text, at) if at >= end else None
        if match and (mention := read_match(match, order, pivot)) is not None:
            yield mention
            end = mention.end


def _named_times(text: str, pivot: int) -> Iterator[DateMention]:
    """Seasons, quarters and holidays."""
    small = text.lower()
    if any(season in small for season in SEASONS):
        for match in SEASON.finditer(text):
            yield partial_mention(match, "season", SEASONS[match["season"].lower()], pivot)
    if "q" in small or "quarter" in small:
        for match in QUARTER.finditer(text):
            number = match["q"] or match["first"] or str(ORDINALS[match["word"].lower()])
            if match["y"] or match["z"]:
                yield partial_mention(match, "quarter", 3 * int(number) - 1, pivot)
            else:
                yield DateMention(match.start(), match.end(), "quarter")
    for match in CJK.finditer(text) if "年" in text else ():
        parts = {part: match.span(part) for part in "ymd" if match[part]}
        date = read_date(text, match.span(), parts, pivot)
        if 1 <= (date.month or 0) <= 12 and (date.day or 1) <= 31:
            yield DateMention(match.start(), match.end(), "full" if date.day else "month_year", (date,))
    for match in ROMAN.finditer(text):
        yield DateMention(match.start(), match.end(), "full")
    for match in DOTTED_DAYS.finditer(text):
        for start, end in (match.span("first"), match.span("second")):
            yield DateMention(start, end, "full")
        for more in re.finditer(r"[\d.]+", match["more"]):
            yield DateMention(match.start("more") + more.start(), match.start("more") + more.end(), "full")
    for match in DAY_TO_DATE.finditer(text):
        yield DateMention(*match.span("first"), "full")
    for match in HOLIDAY.finditer(text):
        yield DateMention(match.start(), match.end(), "holiday")


_JOINED = re.compile(rf"\s?(?:[{DASHES}/]|to|through|thru|until|till|bis|au|al|tot)\s?", re.IGNORECASE)


def _ranges(text: str, found: list[DateMention]) -> list[DateMention]:
    """Joins mentions of which one states the other's year: Jan 28 - Feb 3, 2018; March-April 2021."""
    joined: list[DateMention] = []
    for mention in found:
        last = joined[-1] if joined else None
        if last and last.dates and mention.dates and _JOINED.fullmatch(text, last.end, mention.start):
            if last.form == "month_day" and mention.form in ("month_day", "full"):
                dates = (*last.dates, *mention.dates)
                joined[-1] = DateMention(last.start, mention.end, mention.form, dates)
                continue
            if last.form == "month" and mention.form == "month_year":
                whole = replace(mention.dates[0], start=last.start)
                joined[-1] = DateMention(last.start, mention.end, "month_year", (whole,))
                continue
        joined.append(mention)
    return joined
