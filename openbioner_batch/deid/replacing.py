"""Replacing what was found in a note by what the policy says, with an account of every stretch for the audit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from dataclasses import replace as changed
from datetime import date

from openbioner_batch.deid.ages import generalise_age
from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.geography import generalise_place, generalise_street, zip3
from openbioner_batch.deid.normalising import comparable_forms, squeeze
from openbioner_batch.deid.numbering import Numbering
from openbioner_batch.deid.policy import Policy
from openbioner_batch.deid.scope import Scope
from openbioner_batch.deid.surrogates import surrogate
from openbioner_batch.deid.timeline import Timeline, cut_to_year, first_date, shift
from openbioner_batch.errors import UsageError

REDACTED = "[REDACTED]"

OUTCOMES = {
    "done": "as the policy says",
    "generalised": "less exact than it was: a year, 90+, three digits of a ZIP code, a state",
    "unreadable": "not understood, or a day that does not exist: became a tag",
    "out_of_range": "a date before 1900 or after 2100: became a tag",
    "over_89": "a date that would tell an age over 89: became a tag",
    "collision": "its surrogate would have been another original of the note: became a tag",
}
"""How replacing an identifier went."""

_LABELS = {
    "patient_name": "PATIENT",
    "relative_name": "RELATIVE",
    "clinician_name": "CLINICIAN",
    "person_name": "NAME",
    "age_over_89": "AGE",
    "personal_date": "DATE",
    "medical_record_number": "MRN",
    "social_security_number": "SSN",
    "healthcare_facility": "FACILITY",
    "employer_name": "EMPLOYER",
    "street_address": "ADDRESS",
    "other_identifier": "ID",
}
_NO_ORIGINALS = frozenset({"date", "age"})
"""Families whose values do not count as originals that a surrogate must not meet."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One stretch of a note and what became of it; offsets are half-open code points."""

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
    """What was done, which is not always what the policy says: `outcome` tells why."""
    outcome: str
    """One of `OUTCOMES`."""


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
        text: the note. findings: stretches that do not overlap, in any order; all of them are replaced. policy: what
        happens to each type. scope: whose note it is; None is enough where the policy needs no key. known_originals:
        what the record's own columns tell of the patient: no surrogate will equal any of it, or of the findings.
            A surrogate that would is not drawn anew, since it must be the same in every note: a name is written as its
            initial there, anything else as a tag. Shifted dates are exempt, since intervals must survive.
        note_date: the note's own date, if its record tells: for dates without a year, else read by the first whole date
        in the note, else by the
            policy's reference date; and for ages over 89, which count as of the later of it and the policy's reference
            date.

    Raises:
        UsageError: the policy needs a key and there is no scope.
        ValueError: findings overlap or reach beyond the text.
    """
    if scope is None and policy.needs_key:
        raise UsageError(f"policy {policy.name} needs a key: `openbioner-batch keygen PATH` makes one")
    ordered = sorted(findings, key=lambda finding: finding.start)
    _check(ordered, len(text))
    note = _Note(text, ordered, policy, scope, known_originals, note_date)
    pieces: list[str] = []
    edits: list[Edit] = []
    at = length = 0
    for finding in ordered:
        before = text[at : finding.start]
        new, action, outcome = note.replacement(finding)
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


def label(type: str) -> str:
    """What stands in the tag of a type: PATIENT, MRN; in general the type in capitals."""
    return _LABELS.get(type) or type.upper().removesuffix("_NUMBER")


class _Note:
    """What the replacements in one note share."""

    def __init__(
        self,
        text: str,
        findings: Sequence[Finding],
        policy: Policy,
        scope: Scope | None,
        known_originals: Collection[str],
        note_date: date | None,
    ) -> None:
        self._text = text
        self._policy = policy
        self._scope = scope
        self._numbering = Numbering()
        self._avoid = _originals(text, findings, known_originals) if policy.needs_key else set()
        self._timeline = Timeline(policy.date_order, max(policy.reference_date, note_date or date.min), note_date)
        if note_date is None and "shift" in policy.actions.values():
            self._timeline = changed(self._timeline, note=self._first_date(findings))

    def replacement(self, finding: Finding) -> tuple[str, str, str]:
        """The new text, the action and the outcome."""
        type, action = finding.type, self._policy.action(finding.type)
        original = self._text[finding.start : finding.end]
        tag = f"[{label(type)}]"
        match action:
            case "keep":
                return original, action, "done"
            case "tag":
                return tag, action, "done"
            case "numbered-tag":
                return f"[{label(type)}_{self._numbering.number(type, original)}]", action, "done"
            case "redact":
                return REDACTED, action, "done"
            case "mask":
                return "".join(char if char in "\r\n" else "*" for char in original), action, "done"
            case "generalise" | "generalise-street":
                return self._generalised(type, action, original, tag)
        assert self._scope is not None  # or `replace` would have refused
        if action == "hash":
            return f"[{label(type)}:{self._scope.key.hashed(type, squeeze(original))}]", action, "done"
        if action == "shift":
            dated = shift(original, type, self._scope.shift_days, self._timeline)
            return (tag, "tag", dated.outcome) if dated.text is None else (dated.text, action, dated.outcome)
        invented = surrogate(type, original, self._scope, self._avoid)
        return (tag, "tag", "collision") if invented is None else (invented.text, action, "done")

    def _generalised(self, type: str, action: str, original: str, tag: str) -> tuple[str, str, str]:
        new: str | None
        outcome = "unreadable"
        match family_of(type):
            case "date":
                dated = cut_to_year(original, type, self._timeline)
                new, outcome = dated.text, dated.outcome
            case "age":
                new = generalise_age(original)
            case "zip":
                new = zip3(original)
            case _:
                new = (generalise_place if action == "generalise" else generalise_street)(original, tag)
        if new is None or new == tag:
            return tag, "tag", outcome
        return (original, "keep", "done") if new == original else (new, action, "generalised")

    def _first_date(self, findings: Sequence[Finding]) -> date | None:
        """The first whole date in the note that is not one of birth."""
        for finding in findings:
            if family_of(finding.type) == "date" and finding.type != "birth_date":
                found = first_date(self._text[finding.start : finding.end], self._timeline)
                if found:
                    return found
        return None


def _originals(text: str, findings: Sequence[Finding], known: Collection[str]) -> set[str]:
    """What no surrogate in this note may be: words, digits and wholes of all that was found and is known."""
    originals = [
        text[finding.start : finding.end] for finding in findings if family_of(finding.type) not in _NO_ORIGINALS
    ]
    forms: set[str] = set()
    for original in {*originals, *known}:
        forms |= comparable_forms(original)
    return {form for form in forms if len(form) > 1}


def _check(findings: Sequence[Finding], length: int) -> None:
    end = 0
    for finding in findings:
        if finding.start < end:
            raise ValueError(f"findings overlap at [{finding.start}, {end}): merge them first")
        end = finding.end
    if end > length:
        raise ValueError(f"a finding ends at {end}, the text at {length}")
