"""What else a mention says that no name matches: its coordinated parts in full, and it without some of its words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import combinations

from openbioner_batch.concepts.contradictions import NEGATIONS
from openbioner_batch.concepts.keys import IN_TURN
from openbioner_batch.concepts.normalising import (
    ABNORMAL,
    IMPAIRED,
    PHYSIOLOGY,
    content,
    forms,
    looks_abbreviated,
    meaning,
    word_form,
)
from openbioner_batch.concepts.parts import AFTER_HEAD, parts

_AND = re.compile(r"(?:\s*[,;/&]\s*|\s+)(?:and/or|and|or|&)\s+|\s*/\s*|\s*,\s*", re.IGNORECASE)
_TO = re.compile(r"(\w+)\s+to\s+(?=\w)", re.IGNORECASE)
_JOINING = re.compile(r"\s(and|or)\s", re.IGNORECASE)
_MOST_PARTS, MOST_WORDS, _MOST_OF_SUBJECT = 4, 8, 3
QUALIFIERS = frozenset(
    "acute bilateral chronic isolated left mild moderate multiple profound progressive recurrent right severe "
    "unilateral".split()
)
"""Words, as `content` gives them, of how much, how often or on which side: what they leave out is still meant."""
SAYING_LITTLE = QUALIFIERS | {ABNORMAL}
"""Words of which alone no name is put together: a bilateral abnormality may be of anything."""
_DEGREES = QUALIFIERS | frozenset("absent decreased increased large long narrow short small thick thin wide".split())
"""Words between which "to" joins."""
_SAYING_NOTHING = (
    SAYING_LITTLE | {IMPAIRED} | frozenset("complaint condition diagnosis finding issue patient state".split())
)
_DYSFUNCTION = frozenset(("dysfunction", "dysfunctional"))
_DEFICIENCY = frozenset(("deficiency", "deficient", "reduction"))
_TELLING = _DYSFUNCTION | _DEFICIENCY | {"defective"}
_OF_QUALIFIER = 0.25
"""What such a word counts for where another counts 1."""
_OF_LACKING = 0.5
_BEGINNING, _END = 3, 5
"""Letters in which spellings of one word agree, or words of one root."""


def says_nothing(text: str) -> bool:
    """Whether a mention does not say of what it is: a disease, severe problems, a condition."""
    return _SAYING_NOTHING.issuperset(content(text))


def in_full(texts: Iterable[str]) -> str | None:
    """The first text in words, that says something and does not look like an abbreviation."""
    return next(
        (text for text in texts if content(text) and not looks_abbreviated(text) and not says_nothing(text)), None
    )


def coordinated(text: str) -> list[str]:
    """What the parts of a coordinated mention say in full, in their order, but last what is in it letter by letter.

    "Renal hypoplasia and agenesis" says renal agenesis, then renal hypoplasia; "cranial and spinal tumors" says cranial
    tumors, then spinal tumors. Shared words are taken from the other part, as many as a name needs: the longest first.
    """
    parts = [part.split() for part in _AND.split(_TO.sub(_joined, text)) if part.strip()]
    if not 2 <= len(parts) <= _MOST_PARTS or sum(map(len, parts)) > 2 * MOST_WORDS:
        return []
    first, last = parts[0], parts[-1]
    found = [[*part, *last[-size:]] for part in parts[:-1] for size in range(len(last) - 1, 0, -1)]
    found += [[*first[:size], *last] for size in range(len(first) - 1, 0, -1)]
    found += [first, last]
    return list(dict.fromkeys(" ".join(words) for words in found))


def _joined(found: re.Match[str]) -> str:
    """What stands before "to": "mild to severe" are two degrees, but a "failure to thrive" is one thing."""
    return f"{found[1]}, " if meaning(word_form(found[1])) in _DEGREES else found[0]


def other_words(text: str) -> Iterator[tuple[str, ...]]:
    """What a mention says in other words too, as `content` gives them.

    A dysfunction is an abnormal function, a defective function is impaired, and of a part of the body a deficiency is
    its absence or hypoplasia.
    """
    if _TELLING.isdisjoint(forms(text)):
        return
    found = {*forms(text)}
    words = {*content(text)}
    if len(words) > 1 and not found.isdisjoint(_DYSFUNCTION):
        yield tuple(sorted(words - {IMPAIRED} | {ABNORMAL, PHYSIOLOGY}))
    if {ABNORMAL, PHYSIOLOGY} <= words and "defective" in found:
        yield tuple(sorted(words - {ABNORMAL} | {IMPAIRED}))
    if not found.isdisjoint(_DEFICIENCY) and not words.isdisjoint(parts()):
        yield tuple(sorted(words - {ABNORMAL, IMPAIRED, "reduction"} | IN_TURN))


def is_of_group(name: str) -> bool:
    """Whether a name is of two things: it has a stroke, or says a word twice ("short fingers, short toes")."""
    found = [form for form in forms(name) if meaning(form)]
    return "/" in name or len(set(found)) < len(found)


def joins_by_word(text: str) -> bool:
    """Whether a mention joins its parts by a word: what it says is both, and not a group of them.

    But "absent or hypoplastic" is one finding of the group, for nobody has both.
    """
    joined = {word.lower() for word in _JOINING.findall(text)}
    return "/" not in text and bool(joined) and not (joined == {"or"} and IN_TURN.issubset(content(text)))


def generalised(text: str) -> Iterator[tuple[float, tuple[str, ...]]]:
    """The words of a mention (as `content` gives them) without one or two of them, and the share that is left.

    The head stays, the last word before a preposition, and what denies; but a "seizure disorder" is a seizure. The
    fewest are dropped first. Qualifiers are a small share of a mention: "severe ataxia" is nearly ataxia.
    """
    words = content(text)
    if not 2 <= len(words) <= MOST_WORDS:
        return
    head = head_word(text)
    others = [word for word in words if (word != head or word == ABNORMAL) and word not in NEGATIONS]
    weight = sum(map(_weight, words))
    for count in (1, 2):
        for dropped in combinations(others, count):
            if len(words) - count >= 1:
                yield 1 - sum(map(_weight, dropped)) / weight, tuple(word for word in words if word not in dropped)


def _weight(word: str) -> float:
    return _OF_QUALIFIER if word in QUALIFIERS or word == ABNORMAL else 1.0


def spelt_share(text: str, name: str) -> float:
    """What share of a mention's words a name has, in the same or in other letters; a word that it lacks counts half.

    By their letters "short stubby nose" is near to "short toe", but nothing in it is another spelling of a nose.
    """
    words, others = content(text), content(name)
    if not (without := [word for word in words if word not in others]):
        return 1.0
    rest = [other for other in others if other not in words]
    beginnings, ends = {other[:_BEGINNING] for other in rest}, {other[-_END:] for other in rest}
    lacking = sum(word[:_BEGINNING] not in beginnings and word[-_END:] not in ends for word in without)
    return 1 - _OF_LACKING * lacking / len(words)


def subjects(text: str) -> Iterator[tuple[float, tuple[str, ...]]]:
    """What a mention may be about: up to three of its words (as `content` gives them), the most first, and their share.

    "Renal investigation" is about the kidney. Nothing of a mention that denies: "normal kidneys" are no finding.
    """
    words = content(text)
    if len(words) <= MOST_WORDS and NEGATIONS.isdisjoint(words):
        for count in range(min(_MOST_OF_SUBJECT, len(words) - 1), 0, -1):
            for some in combinations(words, count):
                yield count / len(words), some


def shortened(name: str) -> Iterator[tuple[str, ...]]:
    """The words of a name (as `content` gives them) without one that is neither its head nor denies the rest."""
    words = content(name)
    head = head_word(name)
    if 2 <= len(words) <= MOST_WORDS:
        droppable = (word for word in words if word != head and word not in NEGATIONS)
        yield from (tuple(word for word in words if word != dropped) for dropped in droppable)


def head_word(text: str) -> str:
    """The last word before a preposition or a bracket, as `content` gives it."""
    head = ""
    for form in forms(text.split(" (")[0]):
        if form in AFTER_HEAD and head:
            break
        head = meaning(form) or head
    return head
