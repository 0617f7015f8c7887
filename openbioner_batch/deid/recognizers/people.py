"""Names of people, recognised by titles, labels, credentials, relations and signatures around capitalised words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from openbioner_batch.deid.allowlist import allow_list
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.clinical_words import clinical_words
from openbioner_batch.deid.recognizers.context import labels, words_before
from openbioner_batch.deid.recognizers.initials import find_initials
from openbioner_batch.deid.recognizers.lexicon import lexicon
from openbioner_batch.deid.recognizers.name_forms import UPPER, find_names_by_form, find_numbered_names
from openbioner_batch.deid.recognizers.person_cues import CLOSING, OF_A_THING, OF_A_WORK
from openbioner_batch.deid.recognizers.roles import find_names_by_role, is_of_headings
from openbioner_batch.deid.searching import Anchored

TITLES = labels("titles")
"""A capitalised word after one of these is a name."""

LABELS = labels("people")
"""What names follow after a colon or in a field of this name."""

TRIGGERS = labels("relations")
"""What names follow without a colon, in capitalised, not all-capital letters."""

WEAK_TRIGGERS = frozenset(
    "per by with contact called patient pt client law partner friend re cc attn progress note dear".split()
)
"""After these a single capitalised word may be anything: a frequent given name or a second word is required."""

_BEFORE_TWO_WORDS = frozenset("patient pt client note dear re cc by".split())

_LETTER = r"[^\W\d_]"
_WORD = rf"(?:(?:[OD]['’]|[dl]['’])?[{UPPER}]{_LETTER}{{0,24}}+(?:['’`-][{UPPER}]{_LETTER}{{0,24}}+){{0,2}}+\.?)"
_PARTICLE = (
    r"(?:de la|de los|van der|van den|von der|de|del|della|da|dos|di|van|von|der|den|la|le|bin|ibn|al|el|ten|ter|y)"
)
_RUN = Anchored(rf"(?<![^\W_])(?<!['’&]){_WORD}(?:[ ]{{1,2}}+(?:{_PARTICLE}[ ])?{_WORD}){{0,7}}+")
_PIECE = re.compile(rf"(?:{_PARTICLE}[ ])?{_WORD}")
_TITLE_END = re.compile(r"(?P<title>[^\W\d_]+)(?P<dot>\.?)[ \t\n]{0,3}\Z")
_PROFESSIONS = frozenset("nurse rn lpn cna surgeon father officer judge doctor pharmacist captain detective".split())
_CREDENTIAL = re.compile(
    r"[ ]?,?[ ]{0,2}(?:M\.?[ ]?D\b|D\.?O\b|R\.?N\b|P\.?A\b(?:-C)?|N\.?P\b|C?RNP\b|ARNP\b|APRN\b|FNP|Ph\.?[ ]?D\b|"
    r"Psy\.?D|D\.?D\.?S\b|D\.?P\.?M\b|D\.?M\.?D\b|MBBS|LCSW|MSW|LPN|CRNA|"
    r"PharmD|Pharm\.D|D\.?P\.?T\b|OTR|FACS|FACC|FACP|LVN|BSN|MSN|RPh|LMFT|RD\b|CNM|MPH|D\.?V\.?M\b|Esq)\b\.?"
)
_SECOND = re.compile(rf",[ ]{{1,2}}(?P<given>{_WORD}(?:[ ]{_WORD}){{0,2}}+)")
_ANY_SCRIPT = re.compile(rf"{_LETTER}{{1,20}}+(?:[ '’·・-]{_LETTER}{{1,20}}+){{0,3}}+")
_FIELD = re.compile(r"[:=>][ \t]{0,3}[\"'>]?[ \t]?")
_SPEAKS = re.compile(
    r"[ ](?i:says|said|states|stated|reports|reported|denies|denied|is|was|has|had|called|agrees|wants|lives|feels|"
    r"asked|told|"
    r"came|comes|understands|complains|notes|will|would|presents|presented|up|asleep|awake|resting|settled|rotated|"
    r"tolerated|"
    r"tolerating|ambulated|ambulating|refused|refusing|voided|slept|sleeping|ate|eating|fell|NPO|crying|playing|doing|"
    r"remains|appears|looks)\b"
    r"|[ ]\d{1,2}(?:\.\d{1,2})?[ ]?kg\b|[ ](?:c/o|d/c'?d|w/)"
)
_ACTS = re.compile(
    r"[ ](?:c/o|denies|refused|slept|voided|ambulated|ambulating|rotated|OOB|A&O|(?P<passive>denied))(?![^\W_])"
)
"""What only a patient does, after a word that no list knows."""
_UNKNOWN = re.compile(r"(?!\w+(?:ly|ed|ing|es)\b)[^\W\d_]{3,}")
_ADVERBS = frozenset(
    "still also again overnight remains currently otherwise then now she they who and but mother father mom "
    "resident parent parents client veteran family spouse guardian member inmate student site "
    "sites supper meal meals snack shower bath request appeal service transport".split()
)
_GOES_ON = re.compile(r"[0-9&]|-[a-z0-9]")
_CLAUSE_ENDS = re.compile(r"[ ]*(?:[.,;)\n]|\Z)")
_RESULT_OR_LABEL = re.compile(r"[ ]?[<>=]?[ ]?\d|[ ]?:")


def find_people(text: str) -> Iterator[Finding]:
    """Names with words around them that say so, and pairs of a frequent given name and another name."""
    for run in _RUN.finditer(text):
        yield from _names_in(text, run.start(), run[0])
    yield from find_numbered_names(text)
    for field in _FIELD.finditer(text):
        place = field.end()
        if place == len(text) or text[place].isascii():
            continue
        if (type := _field_type(text, field.start())) and (name_there := _ANY_SCRIPT.match(text, place)):
            yield _name(*name_there.span(), type, 0.8)
    yield from find_names_by_role(text)
    yield from find_initials(text)
    yield from find_names_by_form(text)


def _names_in(text: str, offset: int, run: str) -> Iterator[Finding]:
    """Names within a run of capitalised words: its stretches between words that belong to no name."""
    lists = lexicon()
    stretch: list[tuple[int, int, str]] = []
    titled = False
    credentials_end = 0
    for piece in _PIECE.finditer(run):
        word = piece[0]
        if _GOES_ON.match(text, offset + piece.end()):
            break
        bare = word.rstrip(".").lower()
        after_given = bool(stretch) and bare in lists.word_names and stretch[-1][2].lower() in lists.given_names
        initial = len(bare) == 1 and (word.endswith(".") or bool(stretch))
        before_credential = bool(stretch) and bool(_CREDENTIAL.match(text, offset + piece.end()))
        related = not stretch and bare in lists.word_names and _after_relation(text, offset + piece.start())
        a_name = initial or after_given or related or ((titled or before_credential) and bare in lists.word_names)
        relation = TRIGGERS.get(bare) == "relative_name" and bare not in lists.given_names
        mixed = bool(stretch) and not stretch[-1][2].isupper() and len(word) > 1 and word.isupper()
        shorthand = mixed and clinical_words().knows(word)  # "Jane Roe NPO"
        ends = not a_name and (bare in lists.not_names or bare in TITLES or relation or shorthand)
        titled = bare in TITLES
        if stretch and (credential := _CREDENTIAL.match(text, stretch[-1][1])):
            yield from _judge(text, stretch)
            stretch = []
            credentials_end = credential.end()
        if offset + piece.start() < credentials_end:
            continue
        if stretch and (
            ends or _ends(stretch[-1][2]) or text[offset + piece.start() - 2 : offset + piece.start()] == "  "
        ):
            yield from _judge(text, stretch)
            stretch = []
        if not ends:
            stretch.append((offset + piece.start(), offset + piece.end(), word))
    if stretch:
        yield from _judge(text, stretch)


def _after_relation(text: str, start: int) -> bool:
    """Whether a relation stands right before a word: "cousin Do", "wife Hope"."""
    before = words_before(text, start, most=1)
    return bool(before) and text[start - 1 : start] == " " and TRIGGERS.get(before[-1]) == "relative_name"


def _ends(word: str) -> bool:
    """Whether the dot of a word ends a sentence: an initial's, "Jr." and "St." do not."""
    return word[-1] == "." and len(word) > 2 and word not in ("Jr.", "Sr.", "St.") and "." not in word[:-1]


def _judge(text: str, stretch: list[tuple[int, int, str]]) -> list[Finding]:
    """What a stretch holds."""
    found = _name_in(text, stretch)
    return [found] if found else []


def _name_in(text: str, stretch: list[tuple[int, int, str]]) -> Finding | None:
    """The name that a stretch is, by its context, or None."""
    start, end = stretch[0][0], stretch[-1][1]
    if _ends(stretch[-1][2]):
        end -= 1
    if len(stretch) == 1 and len(stretch[0][2]) == 2 and stretch[0][2][1] == ".":
        end -= 1  # "Dr. X." at the end of a sentence
    words = [word for _, _, word in stretch]
    capitals = text[start:end].isupper() and len(text[start:end]) > 1
    short = text[start:end].isupper() and end - start < 4
    given = words[0].lower() in lexicon().given_names
    only = words[0].rstrip(".")
    is_word = len(words) == 1 and clinical_words().knows(only)  # "Float RN"
    if _CREDENTIAL.match(text, end) and len(words[0]) > 1 and (len(words) > 1 or not capitals or given) and not is_word:
        return _name(start, end, "clinician_name", 0.85)
    before = words_before(text, start)
    mark = text[max(0, start - 64) : start].rstrip(" \t\"'*")[-1:]
    if before and before[-1] in TITLES and mark not in ":;" and _title_holds(text, start, before[-1], capitals):
        return _name(start, end, TITLES[before[-1]], 0.9)
    if mark in (":", "=", ">", "|", "#") or (mark in "-—–" and mark):
        type = _field_type(text, start, words=before)
        if type and short and (is_word or _RESULT_OR_LABEL.match(text, end)):
            return None  # "re: K 5.9", "RE: FW: ..."
        if type and is_word and before[-1:] == ["re"] and not (given or allow_list().is_surname(only)):
            return None  # "re: CPAP", "Re: Coumadin"
        if type and (mark not in "-—–" or given or len(words) > 1):
            if before[-1:] in (["cc"], ["to"], ["from"]) and not (given or (len(words) > 1 and before[-1] != "cc")):
                return None
            return _with_given(text, start, end, words, type, 0.85)
    if not is_word and CLOSING.search(text[max(0, start - 64) : start]):
        return _name(start, end, "clinician_name", 0.8)
    if given and len(words) == 1 and words[0].lower() not in lexicon().word_names and _SPEAKS.match(text, end):
        return _name(start, end, "person_name", 0.7)
    if len(words) == 1 and not is_word and only.lower() not in _ADVERBS and _UNKNOWN.fullmatch(only):
        about = before[-1:] == ["re"] and mark == "e" and _CLAUSE_ENDS.match(text, end)
        acts = _ACTS.match(text, end)
        acts = acts if acts is None or not acts["passive"] or allow_list().is_surname(only) else None
        if (acts or about) and not allow_list().knows(only):
            return _name(start, end, "patient_name", 0.7)
    if capitals and not given:
        return _last_first(text, start, end, words)
    trigger = _exact(before, TRIGGERS, 3) if mark and (mark.isalpha() or mark in ",-—–(") else None
    if trigger and mark == "," and trigger != "relative_name":
        trigger = None
    if trigger and before[-1].startswith("twin") and len(only) == 1:
        return None  # "Twin B", "pairs of twins (P < .05)"
    if trigger:
        heading = trigger == "clinician_name" and len(words) == 1 and is_of_headings(only)
        weak = before[-1] in WEAK_TRIGGERS or heading
        if weak and len(words) == 1 and (OF_A_THING.match(text, end) or (capitals and allow_list().knows(only))):
            return None
        if not weak or given or (len(words) > 1 and (before[-1] in _BEFORE_TWO_WORDS or trigger == "relative_name")):
            return _name(start, end, trigger, 0.7)
    if given and len(words) > 1:
        mixed = words[0].isupper() and not words[1].isupper() and before[-1:] == ["the"]  # "the TOVA Continuous ..."
        return None if mixed or OF_A_WORK.match(text, end) else _name(start, end, "person_name", 0.7)
    return _last_first(text, start, end, words)


def _title_holds(text: str, start: int, title: str, capitals: bool) -> bool:
    """Whether the word before a name is a title there.

    Only a dot and blanks may stand between. MR and MS without a dot are no titles, nor is a profession without capitals
    before a word in capitals.
    """
    match = _TITLE_END.search(text[max(0, start - 16) : start])
    if match is None:
        return False
    if title in _PROFESSIONS:
        return not capitals and not match["dot"]
    if title in ("mr", "ms", "sr") and not match["dot"]:
        return match["title"][-1].islower() and not capitals
    return not match["title"].islower() or title in ("herr", "frau")


def _field_type(text: str, start: int, words: list[str] | None = None) -> str | None:
    """The type that the label before a colon indicates; titles between label and name are passed over."""
    words = words_before(text, start) if words is None else words
    while words and words[-1] in TITLES and len(words) > 1:
        words = words[:-1]
    return _exact(words, LABELS, 4)


def _exact(words: list[str], labels: Mapping[str, str], longest: int) -> str | None:
    """The entry of the longest run of words at the end of `words`."""
    for count in range(longest, 0, -1):
        if (type := labels.get(" ".join(words[-count:]))) is not None:
            return type
    return None


def _with_given(text: str, start: int, end: int, words: list[str], type: str, score: float) -> Finding:
    """A labelled name; "Roe, Jane A." is taken whole."""
    if len(words) <= 2 and (match := _SECOND.match(text, end)):
        second = match["given"].split()
        stop = lexicon().not_names
        if (
            not _CREDENTIAL.match(text, end)
            and second[0].rstrip(".").lower() not in stop
            and second[0].lower().rstrip(".") not in TITLES
        ):
            kept = match.start("given")
            for word in second:
                if word.rstrip(".").lower() in stop:
                    break
                kept = text.index(word, kept) + len(word)
            return _name(start, kept, type, score)
    return _name(start, end, type, score)


def _last_first(text: str, start: int, end: int, words: list[str]) -> Finding | None:
    """ROE, JANE A: a name before a comma and a frequent given name, if no list continues."""
    if len(words) <= 2 and (match := _SECOND.match(text, end)):
        second = match["given"].split()
        if (
            second[0].lower() in lexicon().given_names - lexicon().word_names
            and text[match.end() : match.end() + 1] != ","
        ):
            kept = second[: 2 if len(second) > 1 and len(second[1].rstrip(".")) == 1 else 1]
            stop = match.start("given") + len(" ".join(kept))
            return _name(start, stop, "person_name", 0.6)
    return None


def _name(start: int, end: int, type: str, score: float) -> Finding:
    return Finding(start, end, type, score, ("pattern:name",))
