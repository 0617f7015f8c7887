"""A finding and its context, for the checks of evidence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.folding import fold
from openbioner_batch.deid.recognizers.clinical_values import in_clinical_value
from openbioner_batch.deid.recognizers.context import labels, lookup, words_before

_NEAR = 64
_GAP = re.compile(r"[^\w\n]{0,6}")
_CLAUSE = re.compile(r"[;|\n]|[.:](?=\s)|,(?=[ ][A-Z])")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
PLACES = frozenset({"address", "town", "county", "state", "zip"})


@dataclass(frozen=True)
class Surroundings:
    """A finding of a note, with its neighbours among the findings."""

    text: str
    finding: Finding
    before: Finding | None
    after: Finding | None

    @cached_property
    def value(self) -> str:
        """The finding's text, with plain digits, hyphens and blanks."""
        return fold(self.text[self.finding.start : self.finding.end]).text

    @cached_property
    def digits(self) -> int:
        """How many digits it has."""
        return sum(map(str.isdigit, self.value))

    @cached_property
    def left(self) -> str:
        """The text before it, folded."""
        return fold(self.text[max(0, self.finding.start - _NEAR) : self.finding.start]).text

    @cached_property
    def right(self) -> str:
        """The text after it, folded."""
        return fold(self.text[self.finding.end : self.finding.end + _NEAR]).text

    @cached_property
    def clause(self) -> str:
        """The text before it in its own clause."""
        return _CLAUSE.split(self.left)[-1]

    @cached_property
    def words(self) -> list[str]:
        """The words right before it, in small letters, as labels are read."""
        return words_before(self.text, self.finding.start)

    @cached_property
    def last_word(self) -> str:
        """The last word before it in its clause, in small letters; empty where something else lies between."""
        found = _WORD.findall(self.clause)
        return found[-1].lower() if found and re.search(r"[^\W\d_][.:#=\s]{0,3}\Z", self.clause) else ""

    def is_behind(self, *families: str) -> bool:
        """Whether the finding before it touches it, except for a blank or a mark, and is of one of the families."""
        other = self.before
        return (
            other is not None
            and family_of(other.type) in families
            and _GAP.fullmatch(self.text, other.end, self.finding.start) is not None
        )

    def is_before(self, *families: str) -> bool:
        """Whether the finding after it touches it in the same way."""
        other = self.after
        return (
            other is not None
            and family_of(other.type) in families
            and _GAP.fullmatch(self.text, self.finding.end, other.start) is not None
        )

    def label(self, kind: str) -> str | None:
        """The type of the label before it, in a table of `labels.yaml`."""
        return lookup(self.words, labels(kind))

    @cached_property
    def is_value(self) -> bool:
        """Whether the finding is, or is part of, a clinical value."""
        return in_clinical_value(self.text, self.finding.start, self.finding.end)

    def found_by(self, name: str) -> bool:
        """Whether a recognizer, or one of a kind such as "known", is among its finders."""
        return any(one == name or one.partition(":")[0] == name for one in self.finding.recognizers)
