"""Cues around a word that mean a person: a title, a role, a relation, a label, a credential, speech."""

from __future__ import annotations

import re
from enum import IntEnum

from openbioner_batch.deid.recognizers.clinical_words import clinical_words
from openbioner_batch.deid.recognizers.context import labels
from openbioner_batch.deid.recognizers.roles import ROLE

_AROUND = 64
_NAMES_BETWEEN = r"(?:(?:[A-ZÀ-Þ]\.|[A-ZÀ-Þ][\w'’-]{0,20}),?[ ](?:and[ ]|&[ ])?){0,2}"
_TITLES = (
    r"(?:[Mm]rs?|[Mm]s|[Mm]iss|[Mm]x|[Dd]rs?|[Pp]rof|MRS?|MS|DRS?|PROF|Professor|[Dd]octor|Rev|Sra?|Mme|Hr|Herr|Frau)"
)
_ROLES = (
    r"(?:RN|LPN|LVN|NP|APRN|FNP|CRNP|CNM|PA|PA-C|MD|DO|RT|PT|OT|SLP|CNA|PCT|PCA|HUC|MA|CRNA|PharmD|WOCN|EMT|NOK|OA|"
    r"PGY-?\d|"
    r"[Aa]tt(?:g|n|ending)|[Rr]esident|[Ii]ntern|[Ff]ellow|[Cc]harge|[Cc]onsultant|[Ss]urgeon|[Nn]urse|[Ss]itter|"
    r"[Ii]nterp(?:reter)?|"
    r"[Cc]haplain|[Pp]astor|[Oo]fficer|[Ss]cribe|[Tt]ech|[Pp]harmacist|[Mm]idwife|[Cc]ase\s?manager|[Pp]hysician|PCP|"
    r"pcp|GP|SW|CM|rn|np)"
)
_CALLED_BY_ROLE = re.compile(rf"(?<![^\W_])(?<![-/'’.]){ROLE}\.?[ ]\Z")
"""Roles that a name follows without a colon."""
_RELATIVES = (
    "(?:"
    + "|".join(
        f"[{name[0]}{name[0].upper()}]{re.escape(name[1:])}"
        if len(name) > 3
        else f"(?:{name}|{name.capitalize()}|{name.upper()})"
        for name, type in sorted(labels("relations").items(), key=lambda one: -len(one[0]))
        if type == "relative_name" and name not in ("law",)
    )
    + ")"
)
_RELATION = re.compile(rf"(?<![^\W_]){_RELATIVES}[ ]\Z")
_POSSESSIVE = re.compile(r"['’]s?(?![^\W_])")
_PATIENT = r"(?:[Pp]atient|[Pp]t|[Cc]lient|PT|PATIENT|[Nn]ame|NAME|NM|[Pp]aciente|Patientin)"
_STRONG = re.compile(
    rf"(?<![^\W_])(?:{_TITLES}(?:\.\s{{0,2}}|\s)|(?:{_PATIENT}|{_ROLES}|Provider|Attending|cc|[Rr]e|RE|By|BY|REF|"
    rf"[Ss]igned|Sig|[Ff]rom|[Tt]o)(?:\sname)?\s?[:=|>]\s{{0,3}}"
    rf"(?:Dr\.?\s)?|(?:[Ss]igned|[Dd]ictated|[Ss]een|[Rr]ead|[Dd]rawn|[Pp]laced)\sby\s|(?:d/w|D/w|D/W|s/b|S/b|S/B)\s"
    rf"|(?:[Pp]aged|[Nn]otified|[Ss]poke\s(?:w/|with|to))\s){_NAMES_BETWEEN}\Z"
)
_WEAK = re.compile(
    rf"(?<![^\W_])(?:(?:{_PATIENT}|{_ROLES})\s|{_RELATIVES}(?:'s\sname\sis|\snamed)?[:,]?(?:\s\(?|\()|(?:[Pp]er|[Bb]y|"
    rf"[Ff]rom|[Ff]r|[Tt]o|[Ww]ith|w/|[Cc]alled|[Tt]old|[Rr]e|cc|--?|—)\s){_NAMES_BETWEEN}\Z"
)
_CREDENTIAL = re.compile(
    r",?[ ]{1,2}\(?(?:M\.?D|D\.?O|R\.?N|PA-C|N\.?P|Ph\.?D|LPN|DDS|MBBS|CRNA|DPT|PharmD|LCSW|PGY-?\d|R[1-5]|"
    r"MS[1-4]|WOCN|OB)\b"
)
_SPEAKS = re.compile(
    r"['’]s\s(?:wife|husband|son|daughter|dtr|mother|mom|father|dad|sister|brother|aunt|uncle|cousin|nurse|room|chart|"
    r"family)\b"
    r"|\s(?:is|was|has|had|says|said|states|stated|reports|reported|denies|called|agrees|will|would|lives|came|slept|"
    r"ambulated|"
    r"refused|requests|wants|asked|presents|presented)\b"
    r"|\s?\((?:dtr|daughter|son|wife|husband|mother|mom|father|dad|sister|brother|RN|MD|NP|PA|nephro|cards|surg|neuro|"
    r"GI|ID)\b"
    r"|,\s[A-Z]\.(?!\w)|[\s,|]{1,3}(?:DOB|MRN|dob|mrn|A&O|[Rr]m\b|[Bb]ed\b|c/o|C/O|\d{1,3}\s?(?:yo\b|y/o|yr|[MF]\b))"
)
CLOSING = re.compile(
    r"^[ \t]*(?:(?:with[ ])?(?:\w+[ ])?regards|(?:very[ ]|most[ ])?(?:yours[ ])?"
    r"(?:sincerely|truly|respectfully|cordially|best)(?:[ ](?:yours|submitted))?|yours),[ \t]*\n\s{0,4}\Z",
    re.IGNORECASE | re.MULTILINE,
)
"""The line above a signature."""


class PersonEvidence(IntEnum):
    """What the words around a name show about a person."""

    NONE = 0
    WEAK = 1
    """A preposition or a role precedes, or a verb of speech follows: things may be meant too."""
    STRONG = 2
    """A title, a label, a relation or a credential."""


def person_evidence(text: str, start: int, end: int) -> PersonEvidence:
    """What the words around `text[start:end]` show about a person."""
    before = text[max(0, start - _AROUND) : start]
    if _STRONG.search(before) or _CREDENTIAL.match(text, end) or _is_called(text, start, end, before):
        return PersonEvidence.STRONG
    return PersonEvidence.WEAK if _WEAK.search(before) or _SPEAKS.match(text, end) else PersonEvidence.NONE


def _is_called(text: str, start: int, end: int, before: str) -> bool:
    """Whether a word with a capital follows a relation or a role: "partner Lennox", but not "father Parkinson's"."""
    return (
        text[start:end].istitle()
        and not clinical_words().knows(text[start:end])
        and not _POSSESSIVE.match(text, end)
        and (_RELATION.search(before) or _CALLED_BY_ROLE.search(before)) is not None
    )


OF_A_WORK = re.compile(
    r"[ ](?:Program(?:me)?|Test|Score|Scale|Index|Study|Trial|Criteria|Classification|Questionnaire|Inventory|Method|"
    r"Procedure|Technique|Protocol|Battery)\b"
)
"""After a proper name that is not a person's: "Alberta Stroke Program"."""

OF_A_THING = re.compile(
    r"[ ](?:arch|bars?|clamps?|forceps|retractors?|needles?|catheters?|tubes?|sutures?|scissors|tongs|buffer|test|"
    r"score|scale|technique|method|procedure|man(?:o)?euvers?|position|stain|assay)\b"
)
"""After an eponym: "with Alfred clamps", "with Erich arch bars"."""
