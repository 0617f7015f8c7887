"""Rules of assertion from YAML: phrases, and their effect on the mentions around them.

    triggers:
      - sets: [negated]          # flags of records.Assertion
        direction: forward       # forward, backward or both
        reach: 6                 # optional: words, else to the end of the sentence or a terminator
        past_commas: true        # optional: backward, also past commas and "and"; forward always is
        past_list: true          # optional: backward, also past commas where nothing but a list stands before
        leads: true              # optional: only at the start of a sentence or after a mark, and before a word
        until: [predicates]      # optional: forward, up to such a word of `clauses`: "absence of X reduces Y"
        opens: true              # optional: also of a mention that begins with the phrase
        phrases: [no (|clear) evidence of, ...]
    pseudo: [no increase, ...]   # look like triggers or terminators, but are not
    terminators:
      - ends: [negated]          # optional: which flags end here, else all
        direction: both          # optional
        sections: true           # optional: for the rest of the sentence also what the section sets
        phrases: [but, ...]
    clauses:                     # a comma or conjunction before a verb begins a new clause
      openers: [",", and]
      verbs: [is, has, ...]
      unless_followed_by: [seen, ...]
      predicates: [reduces, ...] # with `prepositions`, what `until` names
      prepositions: [in, ...]

A phrase may have alternatives, also empty ones: `no (|clear|definite) evidence (of|for)`; `<number>` is a number,
`<word>` any one word, `<end>` the end of the sentence. Of phrases that begin at one place the longest counts, and
among equally long ones those of the file that is given last.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from openbioner_batch.assertion.tokens import parse_phrase
from openbioner_batch.assertion.yaml_values import YamlFile
from openbioner_batch.records import ASSERTIONS

DIRECTIONS = ("forward", "backward", "both")
UNTIL = ("predicates", "prepositions")
_TRIGGER_KEYS = ("sets", "direction", "reach", "past_commas", "past_list", "leads", "until", "opens", "phrases")
_TERMINATOR_KEYS = ("ends", "direction", "sections", "phrases")
_CLAUSE_KEYS = ("openers", "verbs", "unless_followed_by", *UNTIL)
_FILE_KEYS = ("triggers", "pseudo", "terminators", "clauses")


@dataclass(frozen=True, slots=True)
class Trigger:
    """Sets flags of the mentions in its scope."""

    sets: tuple[str, ...]
    direction: str
    reach: int | None = None
    past_commas: bool = False
    opens: bool = False
    past_list: bool = False
    leads: bool = False
    until: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Terminator:
    """Ends scopes of flags."""

    ends: tuple[str, ...]
    direction: str = "both"
    sections: bool = False
    """Whether it also ends, for the rest of its sentence, what the section sets."""


@dataclass(frozen=True, slots=True)
class Pseudo:
    """A pseudo-trigger: sets and ends nothing, and hides the shorter phrases within it."""


Role = Trigger | Terminator | Pseudo


@dataclass(frozen=True, slots=True)
class Clauses:
    """The start of a clause: an opener, and before the next one a verb that words such as "seen" do not follow."""

    openers: frozenset[str] = frozenset()
    verbs: frozenset[str] = frozenset()
    unless_followed_by: frozenset[str] = frozenset()
    predicates: frozenset[str] = frozenset()
    prepositions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rules:
    """Phrases with what they do, each with the number of its file: 0 is the package's own."""

    phrases: tuple[tuple[str, Role, int], ...]
    clauses: Clauses

    @property
    def digest(self) -> str:
        """A digest of their content, independent of the files' layout."""
        clauses = {name: sorted(getattr(self.clauses, name)) for name in _CLAUSE_KEYS}
        said = [[phrase, type(role).__name__, asdict(role), file] for phrase, role, file in self.phrases]
        return hashlib.sha256(json.dumps([said, clauses], sort_keys=True).encode()).hexdigest()


def load_rules(files: Sequence[str] = ()) -> Rules:
    """The package's rules and those of users' files.

    Raises:
        UsageError: a file cannot be read or is not as the layout says; names the file and the key.
    """
    rules = _own_rules()
    for number, path in enumerate(files, start=1):
        more = _read(YamlFile.of_user(path), number)
        words = {name: getattr(rules.clauses, name) | getattr(more.clauses, name) for name in _CLAUSE_KEYS}
        rules = Rules(rules.phrases + more.phrases, Clauses(**words))
    return rules


@cache
def _own_rules() -> Rules:
    return _read(YamlFile.of_package("rules.yaml"), 0)


def _read(file: YamlFile, number: int) -> Rules:
    value = file.only(file.value, _FILE_KEYS, "")
    roles: list[tuple[str, Role, int]] = []
    for kind, read in (("triggers", _trigger), ("terminators", _terminator)):
        for place, group in enumerate(file.items(value.get(kind), kind), start=1):
            where = f"{kind}, group {place}"
            role = read(file, group, where)
            roles += [(phrase, role, number) for phrase in _phrases(file, group.get("phrases"), where)]
    roles += [(phrase, Pseudo(), number) for phrase in _phrases(file, value.get("pseudo"), "pseudo")]
    clauses = file.only(value.get("clauses", {}), _CLAUSE_KEYS, "clauses")
    words = {name: frozenset(file.texts(clauses.get(name), f"clauses, {name}")) for name in _CLAUSE_KEYS}
    return Rules(tuple(roles), Clauses(**words))


def _trigger(file: YamlFile, value: Any, where: str) -> Trigger:
    group = file.only(value, _TRIGGER_KEYS, where)
    sets = file.texts(group.get("sets"), f"{where}, sets", ASSERTIONS)
    if not sets:
        file.fail(where, f"`sets` is missing: give some of {', '.join(ASSERTIONS)}")
    return Trigger(
        sets,
        file.choice(group.get("direction"), DIRECTIONS, f"{where}, direction"),
        file.number(group.get("reach"), f"{where}, reach"),
        file.truth(group.get("past_commas", False), f"{where}, past_commas"),
        file.truth(group.get("opens", False), f"{where}, opens"),
        file.truth(group.get("past_list", False), f"{where}, past_list"),
        file.truth(group.get("leads", False), f"{where}, leads"),
        file.texts(group.get("until"), f"{where}, until", UNTIL),
    )


def _terminator(file: YamlFile, value: Any, where: str) -> Terminator:
    group = file.only(value, _TERMINATOR_KEYS, where)
    return Terminator(
        file.texts(group.get("ends"), f"{where}, ends", ASSERTIONS) or ASSERTIONS,
        file.choice(group.get("direction", "both"), DIRECTIONS, f"{where}, direction"),
        file.truth(group.get("sections", False), f"{where}, sections"),
    )


def _phrases(file: YamlFile, value: Any, where: str) -> tuple[str, ...]:
    phrases = file.texts(value, f"{where}, phrases")
    for phrase in phrases:
        try:
            parse_phrase(phrase)
        except ValueError as error:
            file.fail(where, f"{phrase!r}: {error}")
    return phrases
