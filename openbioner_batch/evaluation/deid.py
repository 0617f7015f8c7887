"""Scores the finding of identifiers: by span and token, by type and coarse class, and the number of notes that leak.

A token is a run of letters or digits: a finding of `555` and `0142` without the hyphen between hides the number. A
gold token is found when any finding covers all of it, whatever its type, because what is covered is removed; a
note leaks when one of its gold tokens is not. A finding's token is right when a gold identifier covers it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from openbioner_batch.evaluation.metrics import Quality
from openbioner_batch.training.phi.corpora import GoldNote, phi_labels

GOAL_CLASSES = ("names", "dates", "contacts", "identifiers", "addresses")
"""The main classes for recall and precision; other identifiers of safe harbor are reported separately."""

_TOKEN = re.compile(r"[^\W_]+")


class FoundSpan(Protocol):
    """A finder's result: half-open code-point offsets and a type of the PHI catalog."""

    @property
    def start(self) -> int:
        """The first code point."""

    @property
    def end(self) -> int:
        """The code point after the last one."""

    @property
    def type(self) -> str:
        """A type of the PHI catalog."""


@dataclass
class Tally:
    """Gold, predicted and correct counts by type or class, from which recall and precision follow."""

    gold: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    predicted: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)

    def quality(self, names: Iterable[str] | None = None) -> Quality:
        """Of all names, or of some pooled. Recall is found / gold, precision right / predicted."""
        sums = self._sums(names)
        recall = _ratio(sums["found"], sums["gold"])
        precision = _ratio(sums["right"], sums["predicted"])
        return Quality(precision, recall, _harmonic(precision, recall))

    def row(self, names: Iterable[str] | None = None) -> dict[str, float]:
        """Measures and counts as plain values."""
        return asdict(self.quality(names)) | self._sums(names)

    def _sums(self, names: Iterable[str] | None) -> dict[str, int]:
        kept = set(self.gold) | set(self.predicted) if names is None else set(names)
        counters = {"gold": self.gold, "found": self.found, "predicted": self.predicted, "right": self.right}
        return {key: sum(counter[name] for name in kept) for key, counter in counters.items()}


@dataclass
class DeidScores:
    """The counts over all notes. Classes are those of `training/phi/labels.yaml`."""

    notes: int = 0
    leaking: int = 0
    """Notes with a gold token of any class that no finding covers."""
    leaking_goal: int = 0
    """Notes with an uncovered gold token of the five classes of `GOAL_CLASSES`."""
    tokens_by_type: Tally = field(default_factory=Tally)
    tokens_by_class: Tally = field(default_factory=Tally)
    strict: Tally = field(default_factory=Tally)
    """Spans by class: right when start, end and class are those of a gold span."""
    overlap: Tally = field(default_factory=Tally)
    """Spans by class: found, or right, when any letter is shared with a finding, or a gold span, of any type."""
    missed: Counter[str] = field(default_factory=Counter)
    """Gold spans by type with a token that is not covered."""

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain values, for JSON."""
        return {
            "notes": self.notes,
            "notes_with_a_leak": self.leaking,
            "leak_share": self.leaking / self.notes if self.notes else 0.0,
            "notes_with_a_leak_of_the_five_classes": self.leaking_goal,
            "tokens": {
                "five_classes": _goal(self.tokens_by_class),
                "all": self.tokens_by_class.row(),
                "by_class": _rows(self.tokens_by_class),
                "by_type": _rows(self.tokens_by_type),
            },
            "spans_strict": {"all": self.strict.row(), "by_class": _rows(self.strict)},
            "spans_overlap": {"all": self.overlap.row(), "by_class": _rows(self.overlap)},
            "spans_not_wholly_covered": dict(self.missed.most_common()),
        }


def score_findings(notes: Iterable[GoldNote], find: Callable[[str], Sequence[FoundSpan]]) -> DeidScores:
    """Run `find` on the text of every note and count.

    Precision of the five classes together is that of all findings: a finding's own type may be any, and whatever is
    not PHI is wrong.

    Args:
        notes: with gold identifiers; their neutral stretches count neither for nor against.
        find: the findings in a text, which may overlap.
    """
    scores = DeidScores()
    for note in notes:
        add_note(scores, note, find(note.text))
    return scores


def add_note(scores: DeidScores, note: GoldNote, findings: Sequence[FoundSpan]) -> None:
    """Count one note's findings into `scores`."""
    scores.notes += 1
    _count_tokens(scores, note, findings)
    _count_spans(scores, note, findings)


def _count_tokens(scores: DeidScores, note: GoldNote, findings: Sequence[FoundSpan]) -> None:
    coarse = phi_labels().coarse
    gold, found = [""] * len(note.text), [""] * len(note.text)
    neutral = bytearray(len(note.text))
    for span in sorted(note.spans, key=lambda span: span.start - span.end):
        gold[span.start : span.end] = [span.label] * (span.end - span.start)
    for finding in sorted(findings, key=lambda finding: finding.start - finding.end):
        found[finding.start : finding.end] = [finding.type] * (finding.end - finding.start)
    for start, end in note.neutral:
        neutral[start:end] = b"\x01" * (end - start)
    leaked: set[str] = set()
    for match in _TOKEN.finditer(note.text):
        start, end = match.span()
        truth = next(filter(None, gold[start:end]), "")
        guess = next(filter(None, found[start:end]), "")
        if truth:
            # Only the letters that are gold must be covered: "MRN1234567" may be a token of which the digits are PHI.
            covered = all(found[at] for at in range(start, end) if gold[at])
            for tally, name in ((scores.tokens_by_type, truth), (scores.tokens_by_class, coarse(truth))):
                tally.gold[name] += 1
                tally.found[name] += covered
            if not covered:
                leaked.add(coarse(truth))
        if guess and (truth or not any(neutral[start:end])):
            for tally, name in ((scores.tokens_by_type, guess), (scores.tokens_by_class, coarse(guess))):
                tally.predicted[name] += 1
                tally.right[name] += bool(truth)
    scores.leaking += bool(leaked)
    scores.leaking_goal += not leaked.isdisjoint(GOAL_CLASSES)


def _count_spans(scores: DeidScores, note: GoldNote, findings: Sequence[FoundSpan]) -> None:
    coarse = phi_labels().coarse
    gold = {(span.start, span.end, coarse(span.label)) for span in note.spans}
    taken = bytearray(len(note.text))
    for finding in findings:
        taken[finding.start : finding.end] = b"\x01" * (finding.end - finding.start)
    for span in note.spans:
        if any(not all(taken[span.start + m.start() : span.start + m.end()])
               for m in _TOKEN.finditer(note.text[span.start : span.end])):  # fmt: skip
            scores.missed[span.label] += 1
    guesses = {
        (finding.start, finding.end, coarse(finding.type))
        for finding in findings
        if _touches((finding.start, finding.end), [(s, e) for s, e, _ in gold])
        or not _touches((finding.start, finding.end), note.neutral)
    }
    _count(scores.strict, gold, guesses, gold & guesses, gold & guesses)
    _count(
        scores.overlap,
        gold,
        guesses,
        {one for one in gold if _touches(one[:2], [guess[:2] for guess in guesses])},
        {guess for guess in guesses if _touches(guess[:2], [one[:2] for one in gold])},
    )


def _count(
    tally: Tally,
    gold: set[tuple[int, int, str]],
    guesses: set[tuple[int, int, str]],
    found: set[tuple[int, int, str]],
    right: set[tuple[int, int, str]],
) -> None:
    for counter, spans in ((tally.gold, gold), (tally.predicted, guesses), (tally.found, found), (tally.right, right)):
        counter.update(name for _, _, name in spans)


def _touches(place: tuple[int, int], others: Iterable[tuple[int, int]]) -> bool:
    return any(place[0] < end and start < place[1] for start, end in others)


def _goal(tally: Tally) -> dict[str, float]:
    """Recall of the five classes, precision of everything that was found."""
    row, everything = tally.row(GOAL_CLASSES), tally.row()
    recall, precision = row["recall"], everything["precision"]
    right = {key: everything[key] for key in ("precision", "predicted", "right")}
    return row | right | {"f1": _harmonic(precision, recall)}


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _harmonic(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _rows(tally: Tally) -> dict[str, dict[str, float]]:
    return {name: tally.row([name]) for name in sorted(set(tally.gold) | set(tally.predicted))}
