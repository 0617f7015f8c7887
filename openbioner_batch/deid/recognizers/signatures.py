"""Finds those who sign with initials or a first name alone: at the end of a note, in a flow sheet, in pairs.

"... ride is coworker Phil. jh", "placed 7/8 by TW", "2nd check AL/GT", "RBV by ejs", "FROM Deb ext 119".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.clinical_words import clinical_words
from openbioner_batch.deid.recognizers.lexicon import lexicon
from openbioner_batch.deid.recognizers.roles import NAME, may_be_name
from openbioner_batch.deid.recognizers.staff_codes import are_initials, may_be_initials
from openbioner_batch.deid.searching import Anchored

_LAST = re.compile(
    r"(?:(?<=[a-z\d%)\]][.!?])[ \n]+(?P<small>[a-z]{2,3})|(?:[ \n]|\A)(?:/|--?|~|—|–)[ ]?(?P<marked>[A-Z]{2,3}|"
    r"[a-z]{2,3}))\.?\s*\Z"
)
"""Letters after the last sentence of a note, or after a mark at its end."""
_LAST_NAME = re.compile(
    rf"(?<=[a-z\d%)\]][.!?])[ \n]+(?P<name>{NAME}),?[ ](?P<day>\d{{1,2}}[/.-]\d{{1,2}}(?:[/.-]\d{{2,4}})?)"
    r"(?:[ ]\d{1,2}:?\d\d)?\s*\Z"
)
"""A surname and a day after the last sentence."""
_BY = Anchored(
    r"\b(?:by|BY)[ ](?P<by>[A-Z]{2}(?:[A-Z]|-[A-Z])?|[a-z]{3})(?=[ ]*(?:[,;)\n]|\.(?!\w)|\Z)|[ ]\d{1,2}[/:]\d|[ ]@)"
)
_DONE = re.compile(
    r"\b(?:placed|drawn|collected|inserted|started|changed|removed|given|called|checked|verified|done|sent|read|rbv|"
    r"rb|readback|back|"
    r"received|rec'?d|charted|entered|reviewed|counted|witnessed|wasted|taken|dc'?d|d/c'?d|pulled|dressed|cleaned|"
    r"hung|spiked|"
    r"transcribed|dictated|scanned|labell?ed|administered|adm|assessed|completed|assisted|escorted|"
    r"notified)\b[^.;\n]{0,24}\Z",
    re.IGNORECASE,
)
"""Verbs of actions before "by", with a day or a place between."""
_PAIR = Anchored(
    r"\b(?i:(?:2nd|second|dbl|double|independent|dual|cross|witness|chemo|insulin|heparin|count)[ -](?:check(?:ed)?|"
    r"verif(?:ied|y)?|sign(?:ed|-?off)?|rn|rph|count)|checked|verified|counted|wasted|co-?signed|"
    r"counts?[ ](?:correct|ok))"
    r"(?:[ ]by)?[ :]{1,2}(?P<one>[A-Z]{2,3})(?:[ ]?/[ ]?(?P<two>[A-Z]{2,3}))(?![\w/-])"
)
_DICTATED = Anchored(
    r"\b(?:[Dd]ict(?:ated)?|[Gg]ross(?:ed)?|[Mm]icro|[Pp]relim|[Tt]ranscribed|[Rr]ead|[Tt]yped|[Ss]cribed|[Cc]ut|"
    r"[Ee]mbedded|[Ff]inal)"
    r"(?::[ ]|[ ](?=[A-Z]{2,3}[ ]/))[ ]?(?P<who>[A-Z]{2,3}|[a-z]{2,3})(?=[ ]*(?:[/;\n]|\.(?!\w)|\Z))"
)
_CREW = Anchored(
    rf"\b(?:[Cc]rew|[Tt]eam|[Ss]taff|[Mm]edics|[Pp]aramedics|RNs|[Nn]urses|[Tt]echs|"
    rf"EMTs?)[: ]{{1,2}}(?P<one>{NAME})[ ]?[/&+][ ]?(?P<two>{NAME})(?![^\W_])"
)
_HEADER = Anchored(
    rf"(?<![^\W_])(?:FROM|TO|ATTN|RE|FM|PT|CC)[:]?[ \t]{{1,3}}(?P<name>{NAME})(?=[ ]{{1,3}}(?:ext|x\d|@|\(\d|"
    rf"\d{{3}}|fax|FAX|RE\b|in[ ])|[ ]{{2,}}|\n|\Z)"
)
"""A first name in the header of a fax."""
_SHEET = re.compile(r"^(?=[^\n]*\d)[^\n]*[\t|][ ]*(?P<code>[a-z]{2,3}|[A-Z]{2,3})[ ]*\|?[ ]*$", re.MULTILINE)
_FEWEST_CELLS = 2
_FEWEST_ROWS = 2


def find_signatures(text: str) -> Iterator[Finding]:
    """Initials and first names of those who sign or do something, by their place."""
    if (last := _LAST.search(text, max(0, len(text.rstrip()) - 8))) and are_initials(last[str(last.lastgroup)]):
        yield _name(*last.span(str(last.lastgroup)))
    last = _LAST_NAME.search(text, max(0, len(text) - 64))
    if last and may_be_name(last["name"]) and not clinical_words().knows(last["name"]):
        yield _name(*last.span("name"))
        yield Finding(*last.span("day"), "personal_date", 0.8, ("pattern:date",))
    for match in _BY.finditer(text):
        if are_initials(match["by"]) and _DONE.search(text[max(0, match.start() - 40) : match.start()]):
            yield _name(*match.span("by"))
    for match in _DICTATED.finditer(text):
        if are_initials(match["who"]):
            yield _name(*match.span("who"))
    for match in _PAIR.finditer(text):
        if may_be_initials(match["one"]) and may_be_initials(match["two"]):
            yield _name(*match.span("one"))
            yield _name(*match.span("two"))
    for match in _CREW.finditer(text):
        if may_be_name(match["one"]) and may_be_name(match["two"]):
            yield _name(*match.span("one"))
            yield _name(*match.span("two"))
    for match in _HEADER.finditer(text):
        if match["name"].lower() in lexicon().called:
            yield Finding(*match.span("name"), "person_name", 0.7, ("pattern:name",))
    yield from _sheet(text)


def _sheet(text: str) -> Iterator[Finding]:
    """Initials in the last column of two rows and more."""
    if "\t" not in text and "|" not in text:
        return
    rows = [
        row
        for row in _SHEET.finditer(text)
        if max(row[0].count("\t"), row[0].count("|")) >= _FEWEST_CELLS and are_initials(row["code"])
    ]
    if len(rows) >= _FEWEST_ROWS:
        for row in rows:
            yield _name(*row.span("code"))


def _name(start: int, end: int) -> Finding:
    return Finding(start, end, "clinician_name", 0.7, ("pattern:name",))
