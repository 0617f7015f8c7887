"""Reads the reviewers' answers: which notes they have read, and where they saw an identifier."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from openbioner_batch.errors import UsageError

FORMAT, VERSION = "openbioner-batch review answers", 1
KINDS = {
    "name": "Name",
    "date": "Date",
    "location": "Location",
    "organization": "Organisation",
    "contact": "Contact",
    "number": "Number or id",
    "age_over_89": "Age over 89",
    "other": "Other",
}
"""The kinds that a reviewer may mark, with their labels on the page, whose keys are their positions."""


@dataclass(frozen=True, slots=True)
class ReviewerMark:
    """A reviewer's mark in a note: half-open code points of the new text."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Answers:
    """The work of one reviewer."""

    reviewer: str
    package: str
    done: frozenset[int]
    """Indices of the notes of the sample that were read to the end."""
    seen: dict[int, tuple[ReviewerMark, ...]]
    """Marks in them, and in notes that are not finished."""
    digest: str
    """SHA-256 of the file."""


def read_answers(path: Path) -> Answers:
    """The work in a file that the page of `review sample` has saved.

    Raises:
        UsageError: the file is another one.
    """
    try:
        data = path.read_bytes()
        found = json.loads(data)
        if (found["format"], found["version"]) != (FORMAT, VERSION):
            raise ValueError
        notes = {int(place): note for place, note in found["notes"].items()}
        seen = {place: tuple(_seen(*mark) for mark in note["marks"]) for place, note in notes.items()}
        done = frozenset(place for place, note in notes.items() if note["done"] is True)
        reviewer = str(found["reviewer"]).strip()
        if not reviewer:
            raise ValueError
        return Answers(reviewer, str(found["package"]), done, seen, hashlib.sha256(data).hexdigest())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(
            f"{path} is not a saved review: give the files that reviewers saved from the page of `review sample`"
        ) from None


def _seen(start: int, end: int, kind: str) -> ReviewerMark:
    if type(start) is not int or type(end) is not int or not 0 <= start < end or kind not in KINDS:
        raise ValueError
    return ReviewerMark(start, end, kind)
