"""The plan of a review: which notes of a run, how many and why, and how they were drawn. It contains no text."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any

from openbioner_batch.errors import UsageError

FORMAT, VERSION = "openbioner-batch review plan", 1
WHOLE = "all notes"
"""The stratum of a sample that is not stratified."""


@dataclass(frozen=True, slots=True)
class ReviewGoal:
    """The bound that the review should prove."""

    rate: float
    """Fewer notes than this share leak an identifier."""
    confidence: float
    allowed: int
    """The most leaking notes in the sample that still prove it."""


@dataclass(frozen=True, slots=True)
class DrawnNote:
    """A note of the sample, by its position in the run."""

    split: int
    shard: int
    place: int
    """Row in the shard's file; of a run over texts, which of its files."""
    stratum: str


@dataclass(frozen=True, slots=True)
class ReviewPlan:
    """A sample of a run's notes."""

    run: dict[str, Any]
    """The run: policy, model, finder, notes."""
    wanted: ReviewGoal
    seed: int
    column: str | None
    """The column whose values are the strata."""
    sizes: dict[str, int]
    """Notes of each stratum in the run."""
    drawn: dict[str, int]
    """Notes of each stratum in the sample."""
    notes: tuple[DrawnNote, ...]
    """In the order in which they are shown."""
    texts: str = field(default="")
    """SHA-256 of all texts of the sample: the run must still be the one that was drawn from."""

    @property
    def package(self) -> str:
        """The sample's identifier: 16 hexadecimal digits."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]

    def to_json(self) -> bytes:
        """The file."""
        head = {"format": FORMAT, "version": VERSION, "package": self.package}
        return (json.dumps({**head, **asdict(self)}, indent=1, ensure_ascii=False) + "\n").encode()

    @classmethod
    def from_json(cls, data: bytes, name: str) -> ReviewPlan:
        """Reads what `to_json` wrote.

        Raises:
            UsageError: the data are not a plan, or were changed since.
        """
        try:
            found = json.loads(data)
            if (found.pop("format"), found.pop("version")) != (FORMAT, VERSION):
                raise ValueError
            package = found.pop("package")
            notes = tuple(DrawnNote(**note) for note in found.pop("notes"))
            plan = cls(wanted=ReviewGoal(**found.pop("wanted")), notes=notes, **found)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UsageError(f"{name} is not a plan of a review: give the file that `review sample` wrote") from None
        if plan.package != package:
            raise UsageError(f"{name} was changed after it was written: give the plan as `review sample` wrote it")
        return plan


def digest_of_texts(texts: list[str]) -> str:
    """A digest that shows whether texts are unchanged."""
    total = hashlib.sha256()
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        total.update(f"{len(data)}:".encode() + data)
    return total.hexdigest()
