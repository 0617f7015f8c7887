"""Finds lists of patients by their beds: "7A Pruitt POD1 | 7B Zamora, E | 8 empty" and "Beds: A2 Roe (abx), A3 Doe"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from openbioner_batch.deid.allowlist import allow_list
from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.clinical_words import clinical_words
from openbioner_batch.deid.recognizers.lexicon import lexicon
from openbioner_batch.deid.recognizers.roles import NAME, may_be_name
from openbioner_batch.deid.searching import Anchored

_ROW = Anchored(
    r"(?<![^\W_])(?:(?i:rm|room|bed)\.?[ ]?#?)?"
    r"(?P<bed>\d{1,3}(?:[ -]?[A-DNSEWTab])?|[A-H]-?\d{1,2})(?P<mark>[ ]?[:.)=-])?[ ]{1,2}"
    r"(?:(?P<vacant>(?i:empty|closed|vacant|open|dirty|clean|blocked|admit|available)\b)"
    r"|(?P<title>(?:Mr|Mrs|Ms|Miss|Dr|Hr|Fr|Herr|Frau|Sra?|Mme|"
    r"M)\.?[ ])?(?P<name>[A-ZÀ-ÖØ-ÞĀ-Ž][^\W\d_'’-]*(?:['’-][^\W\d_]+)*)(?![^\W_]))"
)
_ITEM = re.compile(r"(?:\A|(?<=[\n|;:,.)\]]))[ \t]{0,3}(\d{1,2})(?:[.)=-]|[ ])")
_BEDS = re.compile(r"\b[Bb]eds?:\Z")
"""Before the first row."""
_IN_ROOM = Anchored(
    rf"\b(?i:rm|room|bed|chair|bay|cubicle|stretcher|crib|"
    rf"isolette)\.?[ ]?#?\d{{1,4}}[A-Za-z]?(?:-[A-Z0-9]{{1,2}})?[:,]?[ ](?P<name>{NAME})"
    r"(?![^\W_]|[-/&])"
)
"""A name after a room: "Rm 9 Odom 1:1"."""
_ALONE = re.compile(r"[.,:;](?=\s)|\s*(?:\n|\Z)")
"""After an eponym that is a person's name after a room: "BAY 11 Whitaker."."""
LIST_HEADING = Anchored(
    r"\b(?:beds?|by bed|census|rooms?|rms)[ ]?:|\b(?:bed|census|ob|l&d|white|patient)[ ]?board\b", re.IGNORECASE
)
_BAR_ROW = re.compile(
    r"^[ \t]*(?P<bed>\d{1,4}(?:[ -]?[A-D])?(?:[-/]\d{1,2})?|[A-Z]{1,2}-?\d{1,3}(?:[-/]\d{1,3})?)[ ]?[|\t][ ]?"
    r"(?P<name>[A-ZÀ-ÖØ-ÞĀ-Ž][^\W\d_'’-]+(?:['’-][^\W\d_]+)*(?:,[ ]?[A-Z][^\W\d_]*\.?)?)[ ]?(?:[|"
    r"\t][ ]?)?(?:\d{1,3}[ ]?(?:[yY]\w*[ ]?)?/?[MF](?![^\W_])|[|\t])",
    re.MULTILINE,
)
"""A bed and a name in the first cells of a row: "401|Ames|71M", "B2/3 | Okonjo 78F | CAP"."""
_PATIENT = r"[A-ZÀ-Þ][\w'’-]+(?:,[ ]?[A-Z]\w*)?"
_AGED = r"[ ]?\d{1,3}[ ]?(?:[yY]\w*[ ]?)?[MF](?![^\W_])"
_AGED_ROW = re.compile(
    rf"^[ \t]*(?P<bed>\d{{3,4}}(?:-?[A-Z0-9])?)[ ]{{1,2}}(?P<name>{_PATIENT}),?{_AGED}"
    rf"|^[ \t]*(?P<wing>\d{{1,2}}[ ]?(?:North|South|East|West|[NSEW])(?:[ -]\d{{1,3}})?)[ ]?\|"
    rf"[ ]?(?P<named>{_PATIENT})[ ]?\|{_AGED}",
    re.MULTILINE,
)
"""A room, a name, an age and a sex at the head of a line: "4401 Haskins 72M", "2 West|Lomax|64M"."""
_CLOCK = re.compile(r"(?:[01]\d|2[0-3])[0-5][05]")
"""A time of day as schedules have it."""
_SCHEDULED = Anchored(
    r"(?<![\d:.])(?:[01]?\d|"
    r"2[0-3]):?[0-5]\d(?:[ ]?[ap]m?)?[ ](?P<name>[A-Z][a-zß-ɏ'’-]{1,20},[ ][A-Z])(?=\.?[ ](?:[a-z]|[A-Z]{2})|"
    r"\.?[ ]*(?:[|;\n]|\Z))"
)
"""A surname and an initial after a time, as schedules have them."""
_CAPITALS = Anchored(
    r"(?<![^\W_])(?P<name>(?P<last>[A-Z][A-Z'’-]{2,20}),[ ](?P<first>[A-Z]{3,15})(?:[ ][A-Z]{1,12})?)"
    r"(?=,?[ ](?:\d{1,3}(?:,|[ ]?(?:[yY]|/?[MF]\b))|DOB\b|MRN\b|[MF][ ,/]|/[ ]\d{5}))"
)
"""A name in capitals before an age, a sex or a number: "ROE, EARLENE, 98, DNR", "ROE, LIN / 3318842"."""
_SPINE = re.compile(r"[CTLS]\d{1,2}")
_FEWEST = 2
"""Rows of a list that name somebody, or one that does among empty ones."""


def find_beds(text: str, names: Iterable[Finding]) -> Iterator[Finding]:
    """The beds at the start of such a list's rows, and the names after them.

    A row counts where a name that was found follows the bed, or a capitalised word that is not a listed term. There
    must be two rows, and in one of them a name that was found or a heading such as "Beds:".

    Args:
        text: the note.
        names: findings in it; those that are not names are skipped.
    """
    for match in _IN_ROOM.finditer(text):
        surname = allow_list().is_surname(match["name"]) and _ALONE.match(text, match.end())
        if may_be_name(match["name"]) and (surname or not allow_list().knows(match["name"])):
            yield Finding(*match.span("name"), "patient_name", 0.7, ("pattern:name",))
    yield from _in_cells(text)
    yield from _in_aged_rows(text)
    for match in _SCHEDULED.finditer(text):
        if not clinical_words().knows(match["name"].split(",")[0]):
            yield Finding(*match.span("name"), "patient_name", 0.7, ("pattern:name",))
    for match in _CAPITALS.finditer(text):
        if all(
            may_be_name(match[part]) and not allow_list().keeps(text, *match.span(part)) for part in ("last", "first")
        ):
            yield Finding(*match.span("name"), "patient_name", 0.7, ("pattern:name",))
    headed = LIST_HEADING.search(text) is not None
    starts = {one.start for one in names if family_of(one.type) == "name"}
    rows = [
        match
        for match in _ROW.finditer(text)
        if _opens_row(text, match.start()) and (match["vacant"] or _is_name(match, starts, headed))
    ]
    if len({row["bed"] for row in rows}) < _FEWEST or all(row["vacant"] for row in rows):
        return
    if not (headed or any(_is_found(row, starts) for row in rows)):
        return
    if not headed and _are_numbered(text, [row["bed"] for row in rows]):
        return
    for row in rows:
        yield Finding(*row.span("bed"), "room_number", 0.6, ("pattern:room",))
        if row["name"] and row.start("name") not in starts:
            yield Finding(*row.span("name"), "patient_name", 0.6, ("pattern:name",))


def _are_numbered(text: str, heads: list[str]) -> bool:
    """Whether the heads number the items of a list: they count up from one without gaps."""
    if not all(map(str.isdecimal, heads)):
        return False
    numbers = {int(one[1]) for one in _ITEM.finditer(text)} | set(map(int, heads))
    return set(range(1, max(map(int, heads)) + 1)) <= numbers


def _in_aged_rows(text: str) -> Iterator[Finding]:
    """Rooms and names before an age and a sex; where every row begins with a time of day, it is a schedule."""
    rows = list(_AGED_ROW.finditer(text))
    is_schedule = all(row["bed"] and _CLOCK.fullmatch(row["bed"]) for row in rows)
    for row in rows:
        name = "name" if row["name"] else "named"
        if may_be_name(row[name].split(",")[0]):
            if not is_schedule:
                yield Finding(*row.span("bed" if row["bed"] else "wing"), "room_number", 0.7, ("pattern:room",))
            yield Finding(*row.span(name), "patient_name", 0.7, ("pattern:name",))


def _in_cells(text: str) -> Iterator[Finding]:
    """Beds and names in the first cells of two rows and more."""
    if "|" not in text and "\t" not in text:
        return
    rows = [
        row
        for row in _BAR_ROW.finditer(text)
        if may_be_name(row["name"].split(",")[0])
        and (row[0][-1] in "MF" or len(row["bed"]) > 2)  # "1|Sodium|138" is numbered
        and not row["bed"].startswith("0")  # and so is "001 | RJH"
    ]
    if len(rows) >= _FEWEST:
        for row in rows:
            yield Finding(*row.span("bed"), "room_number", 0.7, ("pattern:room",))
            yield Finding(*row.span("name"), "patient_name", 0.7, ("pattern:name",))


def _opens_row(text: str, start: int) -> bool:
    """Whether a row of a list may begin at a place: at the start of a line, after a bar, a sentence or "Beds:"."""
    end = start
    while end and text[end - 1] in " \t":
        end -= 1
    if end == 0 or text[end - 1] in "\n|;":
        return True
    return text[end:start].startswith(" ") and (
        text[end - 1] in ",.)]" or _BEDS.search(text, max(0, end - 5), end) is not None
    )


def _is_found(row: re.Match[str], starts: set[int]) -> bool:
    return bool(row["name"]) and bool({row.start("name"), row.start("title")} & starts)


def _is_name(row: re.Match[str], starts: set[int], headed: bool) -> bool:
    word = row["name"]
    if _is_found(row, starts) or row["title"]:
        return True
    if row["mark"]:
        return False  # "2. Encourage fluids"
    known = clinical_words().knows(word) or allow_list().knows(word) or word.lower() in lexicon().not_names
    return len(word) > 2 and not known and (headed or not _SPINE.fullmatch(row["bed"]))
