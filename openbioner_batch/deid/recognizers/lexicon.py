"""Words that help to distinguish names from other capitalised words, read once from `lexicon.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files


@dataclass(frozen=True)
class Lexicon:
    """Sets of lower-case words."""

    given_names: frozenset[str]
    """Frequent given names: before another capitalised word they are a name without further context."""
    word_names: frozenset[str]
    """Names that are ordinary words: alone and in lower case they are not names."""
    ordinary_words: frozenset[str]
    """Other words that may be names: in small letters they are not taken as part of a known name either."""
    not_names: frozenset[str]
    """Words that are capitalised in notes and do not belong to names."""
    nicknames: dict[str, tuple[str, ...]]
    """Short forms of a given name."""

    @cached_property
    def ordinary(self) -> frozenset[str]:
        """Words that need a capital or a title to be a known name."""
        return self.word_names | self.ordinary_words | self.not_names

    @cached_property
    def called(self) -> frozenset[str]:
        """Given names and their short forms."""
        return self.given_names.union(*self.nicknames.values())


@cache
def lexicon() -> Lexicon:
    """The lexicon in the package."""
    import yaml

    data = yaml.safe_load(files(__package__).joinpath("lexicon.yaml").read_text(encoding="utf-8"))
    return Lexicon(
        frozenset(data["given_names"].split()),
        frozenset(data["word_names"].split()),
        frozenset(data["ordinary_words"].split()),
        frozenset(data["not_names"].split()),
        {name: tuple(short) for name, short in data["nicknames"].items()},
    )
