"""Finds further mentions of what was found in a note with confidence: parts of names, numbers, institutions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from openbioner_batch.deid.allowlist import allow_list
from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.normalising import normalise_word
from openbioner_batch.deid.recognizers.clinical_words import clinical_words
from openbioner_batch.deid.recognizers.lexicon import lexicon

_WORDS_FIRST = frozenset("may will mark art grace hope faith joy april june rose dawn bill frank gene earl".split())

_MODEL = ("model",)
SURE = 0.7
"""The least score of names that are searched for again."""

_CAPITALISED = re.compile(r"(?<![^\W_])[^\W\d_a-z][^\W\d_]{2,30}(?:['’-][^\W\d_]{2,30})?")
_SMALL = re.compile(r"(?<![^\W_])(?<!-)[a-z]{6,}(?![^\W_]|-)")
_SHORTEST_SMALL = 6
_INITIAL = re.compile(r"[ ][A-Z]\.?(?=[ ,;:)\n]|\Z)")


def find_repeats(
    text: str, names: Iterable[Finding], is_term: Callable[[str, int, int], bool] | None = None
) -> Iterator[Finding]:
    """Capitalised words that are part of one of the names.

    Args:
        text: the note.
        names: findings of names in it; those below `SURE` are skipped.
        is_term: whether the word at (text, start, end) is the name of a thing there.
    """
    lists = lexicon()
    common = lists.not_names | (lists.word_names - (lists.given_names - _WORDS_FIRST))
    parts: dict[str, tuple[str, str]] = {}
    for name in sorted(names, key=lambda one: one.recognizers == _MODEL):
        if name.score >= SURE:
            recognizer = "model:repeat" if name.recognizers == _MODEL else "pattern:repeat"
            for word in _CAPITALISED.findall(text[name.start : name.end]):
                doubled = [half for half in word.split("-") if len(half) > 2] if "-" in word else []
                for part in (word, *doubled):
                    if part.lower() not in common:
                        parts.setdefault(normalise_word(part), (name.type, recognizer))
    if not parts:
        return
    yield from _in_small_letters(text, parts)
    for match in _CAPITALISED.finditer(text):
        word = match[0]
        end = match.end()
        if word[-2:] in ("'s", "’s"):
            word, end = word[:-2], end - 2
        told = parts.get(normalise_word(word))
        if told is not None and not (is_term and is_term(text, match.start(), end)):
            if initial := _INITIAL.match(text, match.end()):
                end = initial.end()
            yield Finding(match.start(), end, told[0], 0.6, (told[1],))


def _in_small_letters(text: str, parts: dict[str, tuple[str, str]]) -> Iterator[Finding]:
    """Names that patterns found and that are not other words: "quillfeather aware" after "Dr. Quillfeather"."""
    told = {
        part: (type, recognizer)
        for part, (type, recognizer) in parts.items()
        if recognizer != "model:repeat"
        and len(part) >= _SHORTEST_SMALL
        and part not in lexicon().ordinary
        and not clinical_words().knows(part)
        and not allow_list().knows(part)
    }
    for match in _SMALL.finditer(text) if told else ():
        if (of := told.get(match[0])) is not None:
            yield Finding(*match.span(), of[0], 0.6, (of[1],))


DIGITS = "pattern:digits"
"""Recognizers of a number by its form alone, without a label or a check digit."""
CONFIDENT = 0.6
"""The least score of patterns whose findings are searched for again, apart from names."""
_CODES = frozenset({"identifier", "ssn", "phone", "account", "zip", "email", "url", "ip", "coordinates"})
_FEWEST_DIGITS = 5
_ACCOUNT = re.compile(r"(?=[a-z]+[._\d])[\w.]{5,64}(?<!\.)", re.IGNORECASE)
"""Before the @ of an e-mail address: letters with a dot, an underscore or digits, unlike words."""
_HOUSE = re.compile(r"\d[\w-]*\s+")
_SCHEME = re.compile(r"(?:https?://)?(?:www\.)?", re.IGNORECASE)
_ROOM = re.compile(r"\d{3,4}-?[A-Z](?![^\W_])")
"""A room's number that is no result: Room 412B."""
_SEPARATED = frozenset({"identifier", "ssn", "phone"})
_SEPARATORS = re.compile(r"(?<=[^\W_])[-–./ ]{1,2}(?=[^\W_])")
_OPENS = re.compile(r"(?:\A|[.!?\n]\s{0,2})\Z")
_THING = re.compile(
    r"[ ](?!(?:is|was|has|had|and|or|in|on|at|for|to|with|from|fr|will|is|who|that|today|clinic|hospital|area|"
    r"police)\b)[a-z]{4,}"
)
"""After a town's name at the start of a sentence, where it is another word: "Orange juice" after "Orange, CA"."""
_NAMED = re.compile(r"[^\W\d_]{2,}")


def find_repeated_values(text: str, found: Iterable[Finding]) -> Iterator[Finding]:
    """Numbers, handles, institutions, streets and towns that patterns found, at every other place.

    An institution is also searched without its last word, "Mercy Regional" for "Mercy Regional Hospital", and a street
    without its house number.
    """
    forms: dict[str, tuple[str, str]] = {}
    for one in found:
        if one.score >= CONFIDENT and any(name.startswith("pattern") for name in one.recognizers):
            for form in _again(text[one.start : one.end], family_of(one.type)):
                recognizer = DIGITS if DIGITS in one.recognizers and len(one.recognizers) == 1 else "pattern:repeat"
                forms.setdefault(form, (one.type, recognizer))
    small = text.lower() if forms else ""
    for form, (type, recognizer) in forms.items():
        pieces = _SEPARATORS.split(form) if family_of(type) in _SEPARATED else [form]
        if small.count(max(pieces, key=len).lower()) < 2:
            continue  # it stands nowhere else; a pattern takes longer to make than to search
        for match in _in_any_case(pieces).finditer(text):
            opens = (
                family_of(type) == "town"
                and " " not in form
                and _OPENS.search(text, max(0, match.start() - 3), match.start())
            )
            thing = opens and _THING.match(text, match.end())
            if not thing and (match[0] == form or _may_be_written(match[0], family_of(type))):
                yield Finding(*match.span(), type, CONFIDENT, (recognizer,))


def _in_any_case(pieces: Sequence[str]) -> re.Pattern[str]:
    """A form in any case, that of a code also without its separators or with others: XK22119 for XK-22119."""
    return re.compile(rf"(?<![^\W_]){'[-–./ ]{0,2}'.join(map(re.escape, pieces))}(?![^\W_])", re.IGNORECASE)


def _may_be_written(value: str, family: str) -> bool:
    """Whether a form in another case is still what it was: a name of words that are none of the language."""
    words = [word.lower() for word in _NAMED.findall(value)]
    if family in _CODES or family == "room":
        return any(map(str.isdigit, value)) or family in ("email", "url")
    rare = [word for word in words if word not in lexicon().ordinary and not clinical_words().knows(word)]
    return bool(rare) and (value.isupper() or len(words) > 1)


def _again(value: str, family: str) -> Iterator[str]:
    """The forms of a value that are unambiguous anywhere."""
    lists = lexicon()
    common = lists.not_names | lists.word_names
    if family in _CODES:
        digits = sum(map(str.isdigit, value))
        mixed = digits and len(value) >= _FEWEST_DIGITS and any(map(str.isalpha, value))
        if digits >= _FEWEST_DIGITS or mixed or family in ("email", "url"):
            yield value
        if family == "url" and "." in (address := _SCHEME.sub("", value, count=1)):
            yield address
        if value[0] == "@" and _ACCOUNT.fullmatch(value[1:]):
            yield value[1:]
        if family == "email" and _ACCOUNT.fullmatch(account := value.partition("@")[0]):
            yield account
    elif family == "room":
        if room := _ROOM.search(value):
            yield room[0]
    elif family in ("organisation", "address", "town", "county"):
        words = value.split()
        shorter = [value]
        if family == "organisation" and len(words) > 2:
            shorter.append(" ".join(words[:-1]))
        if family == "address" and (street := _HOUSE.sub("", value, count=1).rstrip(".")) != value:
            shorter.append(street)
        for form in shorter:
            names = [word for word in _NAMED.findall(form) if word[0].isupper()]
            if len(form) > 4 and names and (len(names) > 1 or names[0].lower() not in common):
                yield form
