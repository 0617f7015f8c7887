"""Reads from a regular expression's parse tree how its matches can begin.

Every match begins with one of the heads, where a token begins: a run of letters, a run of digits, a mark, or the blanks
at the start of a line. An expression that may begin in the middle of a word or with another blank has no heads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

LONGEST = 3
"""Characters of a head."""
_MOST = 512
"""Heads of an expression as they grow: a set of characters that would make more of them ends them."""

Key = tuple[str, str]
"""A head: ("exact", characters), ("folded", the same where case is ignored) or ("kind", what `kind_of` returns)."""
Item = tuple[str, Any]
"""A part of the parse tree: the name of an operation and its argument."""


class _NoHeadsError(Exception):
    """A match may begin anywhere."""


def keys_of(head: str) -> list[Key]:
    """All heads that a token with these first characters begins with."""
    small, lengths = _folded(head), range(1, len(head) + 1)
    exact = [("exact", head[:length]) for length in lengths]
    return [("kind", kind_of(head[0])), *exact, *(("folded", small[:length]) for length in lengths)]


def kind_of(char: str) -> str:
    """The kind of token that a character belongs to: "letter", "digit", "blank" or "mark"."""
    if char.isdecimal():
        return "digit"
    return "letter" if char.isalnum() else "blank" if char.isspace() else "mark"


def heads_of(pattern: re.Pattern[str]) -> set[Key] | None:
    """The heads of an expression's matches, None if it has none or this Python shows no parse tree."""
    reader = _Reader()
    try:
        tree = import_module("re._parser").parse(pattern.pattern, pattern.flags)
        for path in reader.follow(tree, pattern.flags, {_Path()}):
            reader.close(path)
    except (_NoHeadsError, ImportError):
        return None
    return reader.heads


@dataclass(frozen=True, slots=True)
class _Path:
    """One way into an expression: what it has read, and the kinds of characters that may precede it."""

    read: str = ""
    ignores_case: bool = False
    before: frozenset[str] = frozenset({"letter", "digit", "blank", "mark", "line end"})

    def check(self, kind: str) -> None:
        """Raises `_NoHeadsError` if a match that begins with this kind of character may begin within a token."""
        if (kind == "blank" and self.before != {"line end"}) or (kind in ("letter", "digit") and kind in self.before):
            raise _NoHeadsError

    def with_char(self, char: str, ignores_case: bool) -> _Path:
        ignores = self.ignores_case or ignores_case
        read = self.read + char
        return replace(self, read=_folded(read) if ignores else read, ignores_case=ignores)


class _Reader:
    """Follows all paths into an expression to the length of a head."""

    def __init__(self) -> None:
        self.heads: set[Key] = set()

    def close(self, path: _Path) -> None:
        """Ends a path: it is long enough, or what comes next is unknown."""
        if not path.read:
            raise _NoHeadsError
        self.heads.add(("folded" if path.ignores_case else "exact", path.read))

    def follow(self, items: Iterable[tuple[Any, Any]], flags: int, paths: set[_Path]) -> set[_Path]:
        """The paths after a sequence of the parse tree that are still open."""
        if flags & re.ASCII:
            raise _NoHeadsError  # other classes of characters
        for operation, argument in items:
            if paths:
                paths = self._step((str(operation), argument), flags, paths)
        return paths

    def _step(self, item: Item, flags: int, paths: set[_Path]) -> set[_Path]:
        match item:
            case "LITERAL", code:
                return self._read([("LITERAL", code)], flags, paths)
            case "IN", items:
                return self._read(_named(items), flags, paths)
            case "BRANCH", (_, branches):
                return {path for branch in branches for path in self.follow(branch, flags, paths)}
            case "SUBPATTERN", (_, added, removed, items):
                return self.follow(items, (flags | added) & ~removed, paths)
            case "ATOMIC_GROUP", items:
                return self.follow(items, flags, paths)
            case (("MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT"), (least, most, items)):
                return self._repeat(least, most, items, flags, paths)
            case "AT" | "ASSERT" | "ASSERT_NOT", _:
                kinds = _kinds_before(item)
                return {path if path.read else replace(path, before=path.before & kinds) for path in paths}
        for path in paths:
            self.close(path)
        return set()

    def _repeat(self, least: int, most: int, items: Any, flags: int, paths: set[_Path]) -> set[_Path]:
        ends = set(paths) if least == 0 else set()
        for count in range(1, min(most, LONGEST) + 1):
            paths = self.follow(items, flags, paths)
            if count >= min(least, LONGEST):
                ends |= paths
        return ends

    def _read(self, items: list[Item], flags: int, paths: set[_Path]) -> set[_Path]:
        """The paths with one more character of a set."""
        ends: set[_Path] = set()
        chars = _characters(items)
        for path in paths:
            if path.read and (chars is None or len(chars) * len(paths) > _MOST):
                self.close(path)
            elif chars is None:
                for kind in _kinds(items):
                    path.check(kind)
                    self.heads.add(("kind", kind))
            else:
                for char in chars:
                    if not path.read:
                        path.check(kind_of(char))
                    ends.add(path.with_char(char, bool(flags & re.IGNORECASE)))
        for path in {one for one in ends if len(one.read) == LONGEST}:
            self.close(path)
            ends.remove(path)
        return ends


def _named(items: Iterable[tuple[Any, Any]]) -> list[Item]:
    """The members of a set, with names instead of numbers."""
    return [
        (str(operation), str(argument) if str(operation) == "CATEGORY" else argument) for operation, argument in items
    ]


def _characters(items: list[Item]) -> list[str] | None:
    """All characters of a set, None where it names classes or is negated."""
    found: list[str] = []
    for item in items:
        match item:
            case "LITERAL", code:
                found.append(chr(code))
            case "RANGE", (first, last):
                found += map(chr, range(first, last + 1))
            case _:
                return None
    return found


def _kinds(items: list[Item]) -> set[str]:
    """The kinds of the characters of a set."""
    kinds: set[str] = set()
    if items[0][0] == "NEGATE":  # [^\W_]: neither a mark nor a blank
        if not {("CATEGORY", "CATEGORY_NOT_WORD"), ("LITERAL", ord("_"))} <= set(items[1:]):
            raise _NoHeadsError
        return {"letter", "digit"} - ({"digit"} if ("CATEGORY", "CATEGORY_DIGIT") in items else set())
    for item in items:
        if (characters := _characters([item])) is not None:
            kinds |= set(map(kind_of, characters))
        elif item[0] == "CATEGORY" and item[1] in _KINDS_OF_CLASSES:
            kinds |= _KINDS_OF_CLASSES[item[1]]
        else:
            raise _NoHeadsError
    return kinds


_KINDS_OF_CLASSES = {
    "CATEGORY_DIGIT": {"digit"},
    "CATEGORY_WORD": {"letter", "digit", "mark"},
    "CATEGORY_NOT_WORD": {"blank", "mark"},
    "CATEGORY_SPACE": {"blank"},
}


def _kinds_before(item: Item) -> set[str]:
    """The kinds of characters that an assertion allows right before the next one, if that is not a mark."""
    every = {"letter", "digit", "blank", "mark", "line end"}
    match item:
        case "AT", place:
            if str(place) == "AT_BOUNDARY":
                return every - {"letter", "digit"}
            return {"line end"} if str(place) in ("AT_BEGINNING", "AT_BEGINNING_STRING") else every
        case ((("ASSERT" | "ASSERT_NOT") as operation), (-1, inner)):
            last = inner[len(inner) - 1]
            items = _named(last[1] if str(last[0]) == "IN" else [last])
            if str(last[0]) == "BRANCH" and operation == "ASSERT":
                return {kind for branch in last[1][1] for kind in _kinds_before(("ASSERT", (-1, branch)))}
        case _:
            return every
    try:
        if operation == "ASSERT":
            return _kinds(items)
        if len(inner) > 1:
            return every
        if items[0][0] == "NEGATE":
            return _kinds(items[1:])
    except _NoHeadsError:
        return every
    classes = [item for item in items if item[1] in ("CATEGORY_WORD", "CATEGORY_DIGIT")]
    return every - _kinds(classes) if classes else every


def _folded(text: str) -> str:
    """Text of the same length in which characters that match each other without case, as s and ſ do, are equal."""
    return text.lower() if text.isascii() else "".join(map(_folded_character, text))


def _folded_character(char: str) -> str:
    large = char.upper()
    return (large if len(large) == 1 else char).lower()[0]
