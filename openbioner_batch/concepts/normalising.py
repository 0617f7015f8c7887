"""Words and names in a form in which spellings of one thing are equal."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from importlib import resources

from openbioner_batch.concepts.parts import named_with

WORD = re.compile(r"[^\W\d_]+(?:['’]s\b)?|\d+(?:(?:st|nd|rd|th)\b)?")
_GREEK = {
    letter: f" {name} "
    for letter, name in zip(
        "αβγδεζηθικλμνξοπρσςτυφχψω",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma sigma tau "
        "upsilon phi chi psi omega".split(),
        strict=True,
    )
}
_GREEK_LETTER = re.compile(f"[{''.join(_GREEK)}]")
_ROMAN = {"I": "1", "II": "2", "III": "3", "IV": "4", "V": "5", "VI": "6", "VII": "7", "VIII": "8", "IX": "9"}
_NUMBERS = {
    word: str(number)
    for number, pair in enumerate(
        "one first,two second,three third,four fourth,five fifth,six sixth,seven seventh,eight eighth,nine ninth,"
        "ten tenth".split(","),
        start=1,
    )
    for word in pair.split()
}
_ORDINAL = "stndrh"
"""The letters that may follow a number in `WORD`."""
FUNCTION_WORDS = frozenset("the of in on at to for with by from and or is are was were be been".split())
"""Words that the order-free form leaves out."""

ABNORMAL, IMPAIRED, PHYSIOLOGY = "abnormal", "impaired", "physiology"
"""What stands for such words in `equivalents.yaml`."""


@functools.lru_cache(maxsize=1 << 17)
def word_form(word: str) -> str:
    """A word without case, accents, plural and British spelling; Greek letters spelt out, numerals in digits.

    Args:
        word: a match of `WORD`.
    """
    if word in _ROMAN:
        return _ROMAN[word]
    if word[0].isdigit():
        return word.rstrip(_ORDINAL)
    keep = word.isupper() and len(word) <= 5  # AIDS is no plural
    if word[-2:] in ("'s", "’s"):
        word = word[:-2]
    form = word.casefold()
    if form in _NUMBERS:
        return _NUMBERS[form]
    if not form.isascii():
        form = unicodedata.normalize("NFKD", form)
        form = "".join(character for character in form if not unicodedata.combining(character)).casefold()
        form = _GREEK_LETTER.sub(lambda match: _GREEK[match.group()], form).strip().replace(" ", "")
        form = form or word.casefold()
    return form if keep else _spelling(singular(form))


def singular(word: str) -> str:
    """The singular of a lower-case English or Latin noun, by its ending; other words may change too."""
    if len(word) < 4 or not word.endswith(("s", "omata", "ae", "i")) or (word[-1] == "i" and len(word) < _LEAST_IN_I):
        return word
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word[: -len(ending)] + instead
    return word


_LEAST_IN_I = 5
"""The letters at least of a Latin plural in "i", which "anti" and "semi" are not."""
_ENDINGS = (
    ("omata", "oma"),
    ("ss", "ss"),
    ("us", "us"),
    ("is", "is"),
    ("ies", "y"),
    ("oses", "osis"),
    ("yses", "ysis"),
    ("eses", "esis"),
    ("stases", "stasis"),
    ("ectases", "ectasia"),
    ("rtices", "rtex"),
    ("ices", "ix"),
    ("rynges", "rynx"),
    ("langes", "lanx"),
    ("luces", "lux"),
    ("sses", "ss"),
    ("shes", "sh"),
    ("ches", "ch"),
    ("xes", "x"),
    ("ae", "a"),
    ("s", ""),
    ("i", "us"),
)


_OUR = re.compile("(arm|behavi|col|fav|harb|hum|lab|od|rig|tum|vap|vig)our")
_RE = re.compile("(fib|cent|lit|goit|tit|met)re$")
_LEUC = re.compile("leuc(?=o|em)")
"""British and older ends of words: tumour and coloured, fibre, leucocyte."""


def _spelling(form: str) -> str:
    if "ae" in form or "oe" in form:
        form = form.replace("ae", "e").replace("oe", "e")
    if "our" in form and len(form) > 4:
        form = _OUR.sub(r"\1or", form)
    if form.endswith("re"):
        form = _RE.sub(r"\1er", form)
    if "ph" in form:
        form = form.replace("sulph", "sulf").replace("trophin", "tropin").replace("gonadotroph", "gonadotrop")
    if "leuc" in form:
        form = _LEUC.sub("leuk", form)
    if "is" in form:
        form = re.sub(r"is(e|ed|ing|ation|er)$", r"iz\1", form) if len(form) > 6 else form
    return form


def words(text: str) -> Iterator[tuple[str, int, int]]:
    """The form of each word of a text, and where it stands."""
    for match in WORD.finditer(text):
        yield word_form(match.group()), match.start(), match.end()


@functools.lru_cache(maxsize=1 << 14)
def forms(text: str) -> tuple[str, ...]:
    """The forms of the words of a text."""
    return tuple(word_form(match) for match in WORD.findall(text))


@functools.cache
def _equivalents() -> dict[str, str]:
    """Each word of the tables, in its form, and what stands for it; nothing for those that say nothing."""
    return {
        word_form(word): word_form(instead) if instead else ""
        for table in ("equivalents.yaml", "equivalents_of_parts.yaml")
        for instead, words in _read(table).items()
        for word in f"{instead} {words}".split()
    }


def _read(table: str) -> dict[str, str]:
    import yaml

    found: dict[str, str] = yaml.safe_load(resources.files(__package__).joinpath(table).read_text("utf-8"))
    return found


_LEAST_ADVERB = 6
"""The letters at least of an adverb that is read as its adjective: "mildly", but "early" is no ear."""


@functools.lru_cache(maxsize=1 << 16)
def meaning(form: str) -> str:
    """What stands for a word and those that mean the same; nothing for one that says nothing by itself."""
    if form in FUNCTION_WORDS:
        return ""
    same = _equivalents()
    if form.endswith("ly") and len(form) >= _LEAST_ADVERB and form not in same:
        form = form[:-2] if form[:-2] in same else form
    return same.get(form, form)


def meanings(found: Sequence[str]) -> list[str]:
    """What stands for each of a text's forms, and for phrases; "small" of a small intestine is no hypoplasia's."""
    meant = [meaning(form) for form in found]
    phrases = _phrases()
    for place, word in enumerate(meant) if not phrases.keys().isdisjoint(meant) else ():
        for words, instead in phrases.get(word, ()):
            if tuple(meant[place : place + len(words)]) == words:
                meant[place : place + len(words)] = instead
                break
    if named_with().keys().isdisjoint(found):
        return meant
    return [
        form + _OF_NAME if after in named_with().get(form, ()) else word
        for form, word, after in zip(found, meant, [*meant[1:], ""], strict=False)
    ]


@functools.cache
def _phrases() -> dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]]:
    """The phrases of `phrases.yaml` by their first word, the longest first: what stands for each word, and for all."""
    found: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
    for instead, listed in _read("phrases.yaml").items():
        for phrase in listed.split(","):
            words = tuple(map(meaning, forms(phrase)))
            meant = (*map(meaning, forms(instead)), *[""] * len(words))
            found.setdefault(words[0], []).append((words, meant[: len(words)]))
    return {first: sorted(some, key=lambda phrase: -len(phrase[0])) for first, some in found.items()}


_OF_NAME = "-"
"""Marks a word that belongs to a part's name; no form has it."""


@functools.lru_cache(maxsize=1 << 14)
def content(text: str) -> tuple[str, ...]:
    """The distinct words of a text that say something, in order of the alphabet: words that mean the same are one."""
    found = forms(text)
    same = {*meanings(found)} - {""}
    return tuple(sorted(same or set(found) - FUNCTION_WORDS or set(found)))


@functools.lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """What a noun and its adjective share, such as `hypoton` of hypotonia and hypotonic; short words stay.

    The ending "on" is that of Greek nouns whose plural is "a" (acrochordon), not of those in "ion" (function).
    """
    if word.startswith(_WITHIN) and len(word) - len(_WITHIN) >= _LEAST_WITHIN:
        word = meaning(word[len(_WITHIN) :])
    if word.endswith("bility"):
        word = word[:-5] + "le"
    for ending in _DERIVED:
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST_STEM and (ending != "on" or word[-3] != "i"):
            return _DIMINUTIVE.sub("cl", word[: -len(ending)])
    return word


_WITHIN, _LEAST_WITHIN = "intra", 5
"""Taken off a word of which so many letters are left: an intracranial meningioma is a cranial one."""
_LEAST_STEM = 4
_DIMINUTIVE = re.compile("(?<=[ir])cul$")
"""Of an adjective, whose noun ends in "cle": vesicular, vesicle."""
_DERIVED = sorted(
    "ance ancy ant ence ency ent ion ious iness icity ysis ytic ously ively atic atous "
    "ia esia ic ical ically ial al ally ely osis otic asia astic esis etic y ous osity ary ar ed ing ation ition ment "
    "ness ity ive ism istic is um us a on e oma omatous plasia plastic ium ated ating ative ional ational itional "
    "ivity atory ory mental ental ality asis".split(),
    key=lambda ending: (-len(ending), ending),
)


def plain(text: str) -> str:
    """A text without case and with single spaces: what an exact match compares."""
    return " ".join(text.casefold().split())


def looks_abbreviated(text: str) -> bool:
    """Whether a name looks like a short form: one word of up to six signs, most of its letters capitals."""
    letters = [sign for sign in text if sign.isalpha()]
    if not 2 <= len(text) <= 6 or " " in text or not letters:
        return False
    capitals = sum(sign.isupper() for sign in letters)
    return capitals > len(letters) - capitals and capitals >= 2
