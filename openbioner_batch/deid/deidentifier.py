"""De-identifies one note at a time: finds, replaces, and checks the result. For scripts and for runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace as changed
from datetime import date

from openbioner_batch.deid.actions import ACTIONS
from openbioner_batch.deid.finder import Finder, FinderSettings
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.known import KnownIdentifiers
from openbioner_batch.deid.policy import Policy
from openbioner_batch.deid.remaining import remaining_known
from openbioner_batch.deid.replacing import Edit, Replaced, replace
from openbioner_batch.deid.scope import Scope
from openbioner_batch.errors import UsageError
from openbioner_batch.records import Span

_BREAK = ";"
"""What ends the reach of a label."""


@dataclass(frozen=True, slots=True)
class Deidentified:
    """A note without its identifiers."""

    text: str
    edits: tuple[Edit, ...]
    """What was replaced, in the order of the text."""
    residual: tuple[Finding, ...]
    """What patterns and known values still find in the new text, outside of the replacements."""


class Deidentifier:
    """Finds and replaces identifiers by one policy.

    >>> from openbioner_batch.deid import Deidentifier, load_policy
    >>> note = "Patient: Ann Lee, MRN: 2208714, seen on 3/4/2021."
    >>> Deidentifier(load_policy("tags")).deidentify(note).text
    'Patient: [PATIENT_1], MRN: [MRN_1], seen on [DATE_1].'

    Args:
        policy: what happens to each type.
        finder: finds identifiers; dates are read as the policy says.
        key: needed by policies that hash, shift or invent.

    Raises:
        UsageError: the policy needs a key and none is given.
    """

    def __init__(self, policy: Policy, finder: FinderSettings | None = None, key: Key | None = None) -> None:
        if policy.needs_key and key is None:
            raise UsageError(f"policy {policy.name} needs a key: `openbioner-batch keygen PATH` makes one")
        settings = changed(finder or FinderSettings(), date_order=policy.date_order)
        self.policy = policy
        self.key = key
        self._finder = Finder(settings)
        again = tuple(name for name in settings.recognizers if name != "model")
        # otherwise an invented name that is found would be searched for in the rest of the note
        self._checker = Finder(changed(settings, recognizers=again, repeats=False)) if again else None

    def scope(self, patient: str | None, document: str, shift_days: int | None = None) -> Scope | None:
        """The scope of a note: its patient, or the document itself where the patient is unknown; None without a key.

        Args:
            patient: the patient's id.
            document: the document's id.
            shift_days: how many days dates are shifted, where that is given and not derived from the key.
        """
        if self.key is None:
            return None
        if patient is None:
            return Scope.for_document(self.key, document, shift_days)
        return Scope.for_patient(self.key, patient, shift_days)

    def deidentify(
        self,
        text: str,
        scope: Scope | None = None,
        known: KnownIdentifiers | None = None,
        model_spans: Sequence[Span] = (),
        note_date: date | None = None,
    ) -> Deidentified:
        """A note without its identifiers.

        Args:
            text: the note.
            scope: the note's, made by `scope`.
            known: known values about the patient and others.
            model_spans: the model's spans on this text, with types of the PHI catalog.
            note_date: the note's date, for dates without a year and for ages.

        Raises:
            UsageError: the policy needs a key and there is no scope.
        """
        found = self._finder.find(text, known, model_spans)
        originals = [value.value for value in known.values] if known else []
        replaced = replace(text, found, self.policy, scope, originals, note_date)
        again = [one for one in self._again(_without_tags(replaced), known) if not self.policy.keeps(one.type)]
        return Deidentified(replaced.text, replaced.edits, tuple(leaks(replaced.text, again, spans_of(replaced.edits))))

    def _again(self, new: str, known: KnownIdentifiers | None) -> list[Finding]:
        """What patterns and known values find in the new text, and known values that they miss."""
        found = self._checker.find(new, known) if self._checker else []
        if known is None or "known" not in self._finder.settings.recognizers:
            return found
        more = [
            one
            for one in remaining_known(new, known)
            if all(one.start >= two.end or two.start >= one.end for two in found)
        ]
        return [*found, *more]


def _without_tags(replaced: Replaced) -> str:
    r"""The new text with its tags blanked, since their words would act as labels for what follows.

    "cell [PHONE], done.\n1400 to radiology" has no other telephone number. Invented values stay: a rest of a name is
    seen beside another name.
    """
    pieces, at = [], 0
    for edit in replaced.edits:
        if not ACTIONS[edit.action].lifelike:
            pieces += [replaced.text[at : edit.new_start], _BREAK * (edit.new_end - edit.new_start)]
            at = edit.new_end
    return "".join([*pieces, replaced.text[at:]])


def spans_of(edits: Sequence[Edit]) -> list[tuple[int, int]]:
    """The ranges of the new text that hold replacements, or originals that the policy keeps."""
    return [(edit.new_start, edit.new_end) for edit in edits]


def leaks(text: str, findings: Sequence[Finding], settled: Sequence[tuple[int, int]]) -> list[Finding]:
    """The findings that cover a letter or digit outside of `settled`: the replacements and what is kept on purpose."""
    found = []
    for finding in findings:
        start = finding.start
        rest = []
        for left, right in sorted(settled):
            if left < finding.end and right > start:
                rest.append(text[start:left])
                start = max(start, right)
        rest.append(text[start : finding.end])
        if any(char.isalnum() for part in rest for char in part):
            found.append(finding)
    return found
