"""Finds identifiers in tables and markup within a text: by heads of columns, labels in cells, and keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.clinical_words import clinical_words
from openbioner_batch.deid.recognizers.context import any_in, labels
from openbioner_batch.deid.recognizers.lexicon import lexicon

MARKUP = "pattern:markup"
"""Types of keys, even of those that are terms elsewhere."""
Cell = tuple[int, int]
"""The range of a cell's content."""

_SHORT_HEADS = {
    "pt": "patient_name",
    "rm": "room_number",
    "md": "clinician_name",
    "rn": "clinician_name",
    "np": "clinician_name",
    "attg": "clinician_name",
    "anes": "clinician_name",
    "age": "age_over_89",
    "bed": "room_number",
    "loc": "room_number",
}
_AMBIGUOUS = frozenset("site date staff mother father name_of nurse case family".split())
"""Names of columns that may hold other things too."""
_NAMES = frozenset({"patient_name", "clinician_name", "relative_name", "person_name"})
_DIGITS = frozenset({"room_number", "zip_code", "birth_date", "admission_date", "discharge_date", "personal_date"})
_OLD = re.compile(r"(?:9\d|1[0-2]\d)(?=\s?(?:y\w*\.?|yo|y/o)?\s?(?:/?[MF])?\Z)")
_HEAD = re.compile(r"[A-Za-z][A-Za-z /_.#'-]{0,29}:?")
_HL7 = re.compile(r"[A-Z][A-Z][A-Z0-9]\|")
_FEWEST_DIGITS = 4
"""The fewest digits of a number in a cell; shorter ones count or measure."""
_QUOTED = re.compile(r'"[^"\n]*"|[^,\n]*')
_FEWEST_CELLS = {"\t": 3, "|": 3, ",": 4}
_KEYED = re.compile(
    r'"(?P<key>[A-Za-z_]{2,24})"\s?:\s?\[?\s?(?:"(?P<value>[^"\n]{1,80})"|(?P<bare>\d[\d.-]{0,20})(?=\s?[,}\]]))'
    r"|<(?P<tag>[A-Za-z_]{2,24})(?:\s[^<>]{0,80})?>(?P<content>[^<>\n]{1,80})</(?P=tag)>"
    r"|(?<=[\s;&|{(,])(?P<name>[A-Za-z_]{2,24})=[\"'](?P<quoted>[^\"'\n<>]{1,80})[\"']"
    r"|(?:\A|(?<=[\n;&|?{(,]))[ ]?(?P<field>[A-Za-z_]{2,24})=(?P<rest>[^\s;&|=\"'][^;&|=\n\"']{0,60}?)(?=[ ]?(?:[;&|"
    r")}\n]|\Z))"
)
"""A key and its value in JSON, in an element or an attribute of XML, and as key=value between semicolons."""
_KEYS = frozenset(
    "given given_name first_name last_name family_name surname city state county postal_code zip zip_code phone "
    "telephone email mrn ssn birth_date "
    "dob date_of_birth address street line "
    "pt patient patient_name author prov provider user username user_id login by room rm bed age csn encounter nok "
    "attending nurse pcp md rn employer signed_by".split()
)
"""Keys of markup with the same meaning in every system; `family` is one beside `given`."""


def find_tables(text: str) -> Iterator[Finding]:
    """Values in columns with known heads, in cells after a label, and under keys of JSON and XML."""
    for separator, fewest in _FEWEST_CELLS.items():
        if text.count(separator) >= fewest - 1:
            yield from _columns(text, separator, fewest)
    if any_in(text, ("<", '"', "=")):
        yield from _keyed(text)


def _columns(text: str, separator: str, fewest: int) -> Iterator[Finding]:
    """Cells below a row of heads, as long as the rows have as many cells; cells right of a label in their own row."""
    heads: list[str | None] = []
    for start, end in _lines(text):
        cells = _cells(text, start, end, separator)
        types = [_type_of_head(text[left:right]) for left, right in cells]
        if heads and len(cells) == len(heads):
            for cell, type in zip(cells, heads, strict=True):
                yield from _in_cell(text, cell, type)
            continue
        is_head = len(cells) >= fewest and sum(type is not None for type in types) > 1
        if is_head and not any(map(str.isdigit, text[start:end])):
            heads = types
            continue
        heads = []
        if separator == "|" and len(cells) >= fewest and not _HL7.match(text, start):
            for label, cell, following in zip(types, cells[1:], types[1:], strict=False):
                if following is None:
                    yield from _in_cell(text, cell, label)


def _lines(text: str) -> Iterator[Cell]:
    start = 0
    for line in text.split("\n"):
        yield start, start + len(line)
        start += len(line) + 1


def _cells(text: str, start: int, end: int, separator: str) -> list[Cell]:
    """The cells of a row without blanks and quotes; the bars around a row do not separate cells."""
    found: list[Cell] = []
    place = start
    while place <= end:
        stop = text.find(separator, place, end)
        if separator == "," and (quoted := _QUOTED.match(text, place, end)):
            stop = quoted.end() if quoted.end() < end else -1
        stop = end if stop < 0 else stop
        found.append(_stripped(text, place, stop))
        place = stop + 1
    framed = separator == "|" and len(found) > 2 and text[start:end].strip()[0] == text[start:end].strip()[-1] == "|"
    return found[1:-1] if framed else found


def _stripped(text: str, start: int, end: int) -> Cell:
    while start < end and text[start] in ' \t"*':
        start += 1
    while start < end and text[end - 1] in ' \t"*':
        end -= 1
    return start, end


def _type_of_head(head: str) -> str | None:
    name = re.sub(r"[^a-z]+", "_", head.lower()).strip("_")
    if _HEAD.fullmatch(head) is None or name in _AMBIGUOUS:
        return None
    return _SHORT_HEADS.get(name) or labels("fields").get(name)


def _in_cell(text: str, cell: Cell, type: str | None) -> Iterator[Finding]:
    start, end = cell
    value = text[start:end]
    if type is None or end - start > 80 or not _fits(type)(value):
        return
    if type == "age_over_89":
        if age := _OLD.match(value):
            yield _found(start, start + age.end(), type)
    else:
        yield _found(start, end, type)


def _fits(type: str) -> Callable[[str], bool]:
    """Whether a value may be of a type: a name has a letter and is not a term, a number or date has a digit."""
    if type in _NAMES:
        return _may_be_a_name
    if type.endswith("_number") and type != "room_number":
        return lambda value: sum(map(str.isdigit, value)) >= _FEWEST_DIGITS
    if type in _DIGITS:
        return lambda value: any(map(str.isdigit, value))
    return lambda value: any(map(str.isalnum, value)) and not _is_empty(value)


def _may_be_a_name(value: str) -> bool:
    words = re.findall(r"[^\W\d_]+", value)
    stop = lexicon().not_names
    return bool(words) and not all(clinical_words().knows(word) or word.lower() in stop for word in words)


def _is_empty(value: str) -> bool:
    return value.lower() in ("none", "unknown", "n/a", "na", "null", "nan", "pending", "tbd")


def _keyed(text: str) -> Iterator[Finding]:
    for match in _KEYED.finditer(text):
        head = next(filter(None, map(match.group, ("key", "tag", "name", "field"))))
        key = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", head).lower()
        name = str(match.lastgroup)
        if key == "family" and "given" in text:
            key = "family_name"
        short = key.removeprefix("pt_").removeprefix("patient_")
        if key not in _KEYS and short not in _KEYS:
            continue
        type = "street_address" if key == "line" else _KEY_TYPES.get(key) or _type_of_head(head) or _type_of_head(short)
        if type is None or _is_empty(match[name]) or (key in _TERSE_KEYS and not _NAMED.match(match[name])):
            continue
        if type in _NAMES and (match["key"] or match["tag"]):
            yield replace(_found(*match.span(name), type), recognizers=(MARKUP,))
        else:
            for one in _in_cell(text, match.span(name), type):
                yield one if match["field"] else replace(one, recognizers=(MARKUP,))


_TERSE_KEYS = frozenset("pt by md rn nurse prov attending pcp nok author".split())
"""Keys that also have results and words as values: PT=13.2, "by": "mouth"."""
_NAMED = re.compile(r"[^\W\d_a-z]|[a-z]{2,20}[._]?[a-z]*\d")
"""A capital, or letters with a number as user names have."""
_KEY_TYPES = {"user": "username", "by": "clinician_name", "prov": "clinician_name", "name": "patient_name"}


def _found(start: int, end: int, type: str) -> Finding:
    return Finding(start, end, type, 0.8, ("pattern:table",))
