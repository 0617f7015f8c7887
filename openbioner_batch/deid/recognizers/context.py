"""Looks up the words just before a place in a text in tables of labels."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

WINDOW = 64
"""How many characters before a value are searched for its label."""
FILLERS = frozenset("no nos number numbers num nr is was are of the a id code ids value ending in with as for".split())
"""Words that may stand between a label and its value."""

_WORD = re.compile(r"[^\W\d_]+(?:[/'’.][^\W\d_]+)*\.?")
_DOTTED = re.compile(r"(?<=[^\W\d_]{2})\.(?=[^\W\d_]{2})")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_REGION = re.compile(
    r"(?<!\S)[^\s\d]*+\d\S*+(?:[ \t]{1,2}+(?:[^\s\d]*+\d\S*+|[A-Z]{4}(?!\S)|[-–/+(]++(?!\S)|(?i:ext|x|#|extn|"
    r"extension)[.:]?(?!\S)))*+"
)
_BREAK = re.compile(r"[\d;!?|]")


def words_before(text: str, start: int, most: int = 6) -> list[str]:
    """The last few words before `start`, in lower case and without dots, back to a digit or the sentence's start."""
    window = text[max(0, start - WINDOW) : start].rstrip(" \t\"'|")
    window = _BREAK.split(window)[-1]
    words = _WORD.findall(_DOTTED.sub(" ", _CAMEL.sub(" ", window.replace("_", " "))))
    return [word.replace(".", "").replace("’", "'").lower() for word in words[-most:]]


def label_before(text: str, start: int, labels: Mapping[str, str], longest: int = 4) -> str | None:
    """The table's entry for the longest label that ends just before `start`, without fillers; None without one."""
    return lookup(words_before(text, start), labels, longest)


def lookup(words: list[str], labels: Mapping[str, str], longest: int = 4) -> str | None:
    """The entry of the longest run of words at the end of `words`, dropping at most three fillers from the end."""
    for dropped in range(4):
        end = len(words) - dropped
        if end <= 0:
            return None
        for count in range(min(longest, end), 0, -1):
            if (found := labels.get(" ".join(words[end - count : end]))) is not None:
                return found
        if words[end - 1] not in FILLERS:
            return None
    return None


def number_regions(text: str) -> list[tuple[int, int, int]]:
    """Ranges of words with digits in them: (start, end, digits). Every number lies within one of them."""
    found = []
    for match in _REGION.finditer(text):
        if digits := sum(map(str.isdigit, match[0])):
            found.append((*match.span(), digits))
    return found


def in_regions(
    pattern: re.Pattern[str], text: str, regions: list[tuple[int, int, int]], digits: int
) -> Iterator[re.Match[str]]:
    """The pattern's matches in the regions that have this many digits."""
    for start, end, count in regions:
        if count >= digits:
            yield from pattern.finditer(text, start, end)


def lowered(text: str) -> str:
    """The text in small letters, of the same length: for cheap checks before a costly search."""
    small = text.lower()
    return small if len(small) == len(text) else "".join(letter.lower()[0] for letter in text)


def any_in(text: str, parts: tuple[str, ...]) -> bool:
    """Whether the text contains one of the strings."""
    return any(part in text for part in parts)


@cache
def labels(kind: str) -> dict[str, str]:
    """One of the tables in `labels.yaml`: label -> type of the PHI catalog."""
    import yaml

    types = yaml.safe_load(files(__package__).joinpath("labels.yaml").read_text(encoding="utf-8"))[kind]
    return {label.strip(): type for type, names in types.items() for label in names.split(",")}
