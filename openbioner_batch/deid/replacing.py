"""Replacing what was found in a note by what the policy says, with an account of every stretch for the audit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from dataclasses import replace as changed
from datetime import date

from openbioner_batch.deid.actions import ACTIONS, Action, AppliedAction, NoteContext
from openbioner_batch.deid.actions.base import fallback_tag
from openbioner_batch.deid.dates.languages import language_of, needs_language
from openbioner_batch.deid.doubtful import Doubts, doubts
from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.folding import fold
from openbioner_batch.deid.normalising import comparable_forms
from openbioner_batch.deid.policy import Policy
from openbioner_batch.deid.scope import Scope
from openbioner_batch.deid.timeline import Timeline, first_date
from openbioner_batch.errors import UsageError

_NO_ORIGINALS = frozenset({"date", "age"})
"""Families whose values do not count as originals that a surrogate must not meet."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One stretch of a note and what replaced it; offsets are half-open code points."""

    start: int
    """In the original text, as is `end`."""
    end: int
    new_start: int
    """In the new text, as is `new_end`: what stands there is the replacement."""
    new_end: int
    type: str
    recognizers: tuple[str, ...]
    score: float
    action: str
    """What was done, which is not always what the policy says: `outcome` says why."""
    outcome: str
    """One of `actions.OUTCOMES`."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """A note without its identifiers."""

    text: str
    edits: tuple[Edit, ...]
    """In the order of the text, one for each finding. What stands outside them is as it was."""


def replace(
    text: str,
    findings: Iterable[Finding],
    policy: Policy,
    scope: Scope | None = None,
    known_originals: Collection[str] = (),
    note_date: date | None = None,
) -> Replaced:
    """The text with every finding replaced as `policy` says.

    Args:
        text: the note.
        findings: stretches that do not overlap, in any order; all of them are replaced.
        policy: what happens to each type.
        scope: whose note it is; None is enough where the policy needs no key.
        known_originals: what the record's own columns say of the patient. No surrogate equals any of it, or any of the
            findings. One that would is not drawn again, since it must be the same in every note: a name is written as
            its initial, anything else becomes a tag. Shifted dates are exempt, since intervals must survive.
        note_date: the note's own date, if its record has one. Dates without a year are read by it, else by the first
            whole date in the note, else by the policy's reference date. Ages over 89 count as of the later of it and
            the policy's reference date.

    Raises:
        UsageError: the policy needs a key and there is no scope.
        ValueError: findings overlap or reach beyond the text.
    """
    if scope is None and policy.needs_key:
        raise UsageError(f"policy {policy.name} needs a key: `openbioner-batch keygen PATH` makes one")
    ordered = sorted(findings, key=lambda finding: finding.start)
    _check(ordered, len(text))
    note = NoteContext(
        read_timeline=lambda: _timeline(text, ordered, policy, note_date),
        patient=scope,
        avoid=_originals(text, ordered, known_originals) if policy.needs_key else frozenset(),
    )
    actions = {one.type: ACTIONS[policy.action(one.type)] for one in ordered}
    doubted = doubts(text, ordered) if any(one.invents or one.coarsens for one in actions.values()) else Doubts()

    def apply(finding: Finding) -> AppliedAction:
        return _applied(actions[finding.type], finding, text[finding.start : finding.end], note, doubted)

    return _rewritten(text, ordered, apply)


def _rewritten(text: str, findings: Sequence[Finding], apply: Callable[[Finding], AppliedAction]) -> Replaced:
    """The text with what `apply` says in the place of each finding, in order."""
    pieces: list[str] = []
    edits: list[Edit] = []
    at = length = 0
    for finding in findings:
        before = text[at : finding.start]
        new, action, outcome = apply(finding)
        start = length + len(before)
        length = start + len(new)
        pieces += [before, new]
        at = finding.end
        edits.append(
            Edit(
                finding.start,
                finding.end,
                start,
                length,
                finding.type,
                finding.recognizers,
                finding.score,
                action,
                outcome,
            )
        )
    return Replaced("".join([*pieces, text[at:]]), tuple(edits))


def _applied(action: Action, finding: Finding, original: str, note: NoteContext, doubted: Doubts) -> AppliedAction:
    place = finding.start, finding.end
    if (action.invents and place in doubted.invented) or (action.coarsens and place in doubted.numbers):
        return fallback_tag(finding.type, "model_alone")
    return action.apply(finding.type, original if action.literal else fold(original).text, note)


def _timeline(text: str, findings: Sequence[Finding], policy: Policy, note_date: date | None) -> Timeline:
    """How the note's dates are read: beside its own date, by the whole dates in it that are none of birth."""
    timeline = Timeline(policy.date_order, max(policy.reference_date, note_date or date.min), note_date)
    found = [one for one in findings if family_of(one.type) == "date" and one.type != "birth_date"]
    texts = [text[one.start : one.end] for one in found]
    told = [day for one in texts if (day := first_date(one, timeline))]
    return changed(
        timeline,
        note=note_date or next(iter(told), None),
        born_by=note_date or max(told, default=None),
        language=language_of(text) if needs_language(texts) else None,
    )


def _originals(text: str, findings: Sequence[Finding], known: Collection[str]) -> frozenset[str]:
    """What no surrogate in this note may be: words, digits and wholes of all that was found and is known."""
    originals = [
        text[finding.start : finding.end] for finding in findings if family_of(finding.type) not in _NO_ORIGINALS
    ]
    forms: set[str] = set()
    for original in {*originals, *known}:
        forms |= comparable_forms(original)
    return frozenset(form for form in forms if len(form) > 1)


def _check(findings: Sequence[Finding], length: int) -> None:
    end = 0
    for finding in findings:
        if finding.start < end:
            raise ValueError(f"findings overlap at [{finding.start}, {end}): merge them first")
        end = finding.end
    if end > length:
        raise ValueError(f"a finding ends at {end}, the text at {length}")
