"""Counts what the reviewers found, and bounds the leak rate of all notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from openbioner_batch.errors import UsageError
from openbioner_batch.report.gathering import SampledDocument
from openbioner_batch.report.review.answers import Answers, ReviewerMark
from openbioner_batch.report.review.bounds import Stratum, bound_over, upper_bound
from openbioner_batch.report.review.plan import ReviewPlan


@dataclass(frozen=True, slots=True)
class Miss:
    """An identifier that remained in a new note."""

    note: int
    """Index of the note in the sample."""
    start: int
    end: int
    kind: str
    reviewers: tuple[str, ...]
    """The reviewers who saw it."""


@dataclass(slots=True)
class ReviewOutcome:
    """A review, counted."""

    strata: dict[str, Stratum]
    misses: list[Miss] = field(default_factory=list)
    on_replacements: int = 0
    """Marks entirely on replacements, or on originals kept on purpose: they are not misses."""
    replaced: int = 0
    """Identifiers that were replaced or kept on purpose in the notes that were read."""
    read_by: Counter[str] = field(default_factory=Counter)
    read_twice: int = 0
    """Notes that more than one reviewer has read to the end."""
    disagreed: int = 0
    """Of those, notes in which some but not all readers saw a miss."""

    @property
    def read(self) -> int:
        """How many records were read."""
        return sum(stratum.read for stratum in self.strata.values())

    @property
    def leaking(self) -> int:
        """How many notes of the sample leak, over all strata."""
        return sum(stratum.leaking for stratum in self.strata.values())

    @property
    def kinds(self) -> dict[str, int]:
        """Misses by kind, the most frequent first."""
        return dict(Counter(miss.kind for miss in self.misses).most_common())


def judge(plan: ReviewPlan, notes: Sequence[SampledDocument], answers: Sequence[Answers]) -> ReviewOutcome:
    """Count the findings.

    A note leaks if any reviewer marked in it a letter or digit outside of what the run has replaced or kept on purpose.
    It counts as read if a reviewer says so, or if it leaks.

    Args:
        plan: of the sample.
        notes: its notes, with the run's own replacements as marks.
        answers: of each reviewer.

    Raises:
        UsageError: answers are of another sample, or do not fit its notes, or a reviewer comes twice.
    """
    _check(plan, notes, answers)
    read: Counter[str] = Counter()
    leaking: Counter[str] = Counter()
    outcome = ReviewOutcome({})
    for place, (drawn, note) in enumerate(zip(plan.notes, notes, strict=True)):
        settled = [(mark.start, mark.end) for mark in note.marks]
        seen = {one.reviewer: one.seen.get(place, ()) for one in answers}
        left = {
            who: [mark for mark in marks if _is_left(note.text or "", mark, settled)] for who, marks in seen.items()
        }
        outcome.on_replacements += sum(map(len, seen.values())) - sum(map(len, left.values()))
        readers = [one.reviewer for one in answers if place in one.done]
        outcome.read_by.update(readers)
        leaks = any(left.values())
        if len(readers) > 1:
            outcome.read_twice += 1
            outcome.disagreed += len({bool(left[who]) for who in readers}) > 1
        if readers or leaks:
            read[drawn.stratum] += 1
            leaking[drawn.stratum] += leaks
            outcome.replaced += len(settled)
        outcome.misses += _misses(place, left)
    outcome.strata = {name: Stratum(size, read[name], leaking[name]) for name, size in plan.sizes.items()}
    return outcome


def _check(plan: ReviewPlan, notes: Sequence[SampledDocument], answers: Sequence[Answers]) -> None:
    names = Counter(one.reviewer for one in answers)
    if twice := [name for name, count in names.items() if count > 1]:
        raise UsageError(f"two files are of reviewer {twice[0]}: give the last one of each")
    for one in answers:
        if one.package != plan.package:
            raise UsageError(
                f"the review of {one.reviewer} is of sample {one.package}, the plan is of {plan.package}: "
                "give the plan that was written beside the reviewed page"
            )
        for place, marks in one.seen.items():
            if not 0 <= place < len(notes) or any(mark.end > len(notes[place].text or "") for mark in marks):
                raise UsageError(f"the review of {one.reviewer} marks what is not in the sample: its file was changed")
        if any(not 0 <= place < len(notes) for place in one.done):
            raise UsageError(f"the review of {one.reviewer} marks what is not in the sample: its file was changed")


def _is_left(text: str, mark: ReviewerMark, settled: Sequence[tuple[int, int]]) -> bool:
    """Whether a mark covers a letter or digit outside of replacements and kept originals."""
    return any(
        text[at].isalnum() and not any(start <= at < end for start, end in settled)
        for at in range(mark.start, mark.end)
    )


def _misses(place: int, left: Mapping[str, Sequence[ReviewerMark]]) -> list[Miss]:
    """The marks of all reviewers, those that overlap put together under the kind of the first."""
    found: list[Miss] = []
    marks = sorted((mark.start, mark.end, mark.kind, who) for who, own in left.items() for mark in own)
    for start, end, kind, who in marks:
        if found and start < found[-1].end:
            last = found.pop()
            people = tuple(sorted({*last.reviewers, who}))
            found.append(Miss(place, last.start, max(last.end, end), last.kind, people))
        else:
            found.append(Miss(place, start, end, kind, (who,)))
    return found


def as_json(
    plan: ReviewPlan, notes: Sequence[SampledDocument], answers: Sequence[Answers], found: ReviewOutcome
) -> dict[str, Any]:
    """The review as plain values. No text of a note is in it."""
    confidence = plan.wanted.confidence
    bound = bound_over(list(found.strata.values()), confidence)
    return {
        "format": "openbioner-batch review report",
        "version": 1,
        "package": plan.package,
        "run": plan.run,
        "wanted": {
            "leaks_below": plan.wanted.rate,
            "confidence": confidence,
            "allowed": plan.wanted.allowed,
            "reached": bound <= plan.wanted.rate,
        },
        "sample": {
            "seed": plan.seed,
            "stratified_by": plan.column,
            "notes": sum(plan.sizes.values()),
            "drawn": sum(plan.drawn.values()),
            "read": found.read,
            "not_read": sum(plan.drawn.values()) - found.read,
        },
        "leaking_notes": found.leaking,
        "leak_rate": found.leaking / found.read if found.read else None,
        "bound": bound,
        "bound_if_unread_leak": bound_over(_at_worst(plan, found), confidence),
        "strata": _strata_json(plan, found),
        "missed_identifiers": len(found.misses),
        "missed_by_kind": found.kinds,
        "replaced_identifiers": found.replaced,
        "marks_on_replacements": found.on_replacements,
        "reviewers": [
            {"name": one.reviewer, "notes_read": found.read_by[one.reviewer], "sha256": one.digest} for one in answers
        ],
        "read_by_several": {"notes": found.read_twice, "disagreed": found.disagreed},
        "misses": [_miss_json(miss, notes[miss.note].place) for miss in found.misses],
    }


def _at_worst(plan: ReviewPlan, found: ReviewOutcome) -> list[Stratum]:
    """The strata as they would be if all notes that were drawn and not read leaked."""
    return [
        Stratum(one.notes, plan.drawn[name], one.leaking + plan.drawn[name] - one.read)
        for name, one in found.strata.items()
    ]


def _strata_json(plan: ReviewPlan, found: ReviewOutcome) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "notes": one.notes,
            "drawn": plan.drawn[name],
            "read": one.read,
            "leaking": one.leaking,
            "bound": _own_bound(one, plan.wanted.confidence),
        }
        for name, one in found.strata.items()
    }


def _miss_json(miss: Miss, place: str) -> dict[str, Any]:
    return {
        "note": place,
        "start": miss.start,
        "end": miss.end,
        "kind": miss.kind,
        "reviewers": list(miss.reviewers),
    }


def _own_bound(stratum: Stratum, confidence: float) -> float:
    if stratum.read == stratum.notes:
        return stratum.leaking / stratum.notes
    return upper_bound(stratum.leaking, stratum.read, confidence) if stratum.read else 1.0
