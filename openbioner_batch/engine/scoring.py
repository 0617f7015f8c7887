"""The interface between the engine and a model: what prepares texts, what scores them, what identifies both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from openbioner_batch.records import Span


class TaggedText(Protocol):
    """The result for one text: `repeated` of its windows equal earlier ones and cost nothing."""

    @property
    def spans(self) -> Sequence[Span]:
        """In order of their starts."""

    @property
    def windows(self) -> int:
        """How many windows the text took."""

    @property
    def repeated(self) -> int:
        """How many of them were computed for an earlier text of the shard, or earlier in this one."""

    @property
    def tokens(self) -> int:
        """Subword tokens of the text."""


class TextPreparer(Protocol):
    """Turns texts into a model's input, on a CPU."""

    def prepare(self, texts: Sequence[str]) -> Any:
        """The input of one shard, picklable."""


class Scorer(Protocol):
    """Holds a model and scores what a preparer made."""

    def score(self, prepared: Any) -> Sequence[TaggedText]:
        """One result per text, in order; a function of `prepared` alone."""


class ScorerFactory(Protocol):
    """A picklable recipe from which workers build a preparer and a scorer."""

    def fingerprint(self) -> dict[str, Any]:
        """What results depend on, as JSON values under names that a user understands."""

    def preparer(self) -> TextPreparer:
        """Called once in each reading process, and in a scoring process when a shard must be taken apart."""

    def scorer(self) -> Scorer:
        """Called once in each scoring process."""
