"""The base class of actions, what an action knows about the note, and what it returns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, NamedTuple

from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.numbering import Numbering
from openbioner_batch.deid.scope import Scope
from openbioner_batch.deid.timeline import Timeline

OUTCOMES = {
    "done": "as the policy says",
    "generalised": "less exact than it was: a year, 90+, three digits of a ZIP code, a state",
    "unreadable": "not understood, or a day that does not exist: became a tag",
    "out_of_range": "a date before 1900 or after 2100, or a birth to come: became a tag",
    "over_89": "a date that would reveal an age over 89: became a tag",
    "collision": "its surrogate would have been another original of the note: became a tag",
    "model_alone": "nothing but the model or digits speaks for it, easily a clinical value or term: became a tag",
}
"""The possible outcomes of replacing an identifier."""

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


def label(type: str) -> str:
    """The name in the tag of a type: PATIENT, MRN; by default the type in capitals."""
    return _LABELS.get(type) or type.upper().removesuffix("_NUMBER")


def tag(type: str) -> str:
    """The tag of a type without a number: [PATIENT]."""
    return f"[{label(type)}]"


class AppliedAction(NamedTuple):
    """The replacement of an identifier."""

    text: str
    action: str
    """The action taken, which may differ from the policy's: `outcome` says why."""
    outcome: str = "done"
    """One of `OUTCOMES`."""


def fallback_tag(type: str, outcome: str) -> AppliedAction:
    """A tag, where an action could not be done."""
    return AppliedAction(tag(type), "tag", outcome)


@dataclass
class NoteContext:
    """The state that the replacements in one note share."""

    read_timeline: Callable[[], Timeline] = Timeline
    """Determines how dates are read, when the first is replaced."""
    patient: Scope | None = None
    """The patient of the note; None is enough for actions without a key."""
    avoid: Collection[str] = frozenset()
    """Forms of the note's originals, which no surrogate may equal."""
    numbering: Numbering = field(default_factory=Numbering)

    @property
    def scope(self) -> Scope:
        """The patient of the note. Only keyed actions may read it: `replace` refuses such a policy without a key."""
        assert self.patient is not None
        return self.patient

    @cached_property
    def timeline(self) -> Timeline:
        """How to read dates."""
        return self.read_timeline()


class Action(ABC):
    """One way to treat identifiers. Instances hold no state."""

    name: ClassVar[str]
    """What policies and audits call it."""
    families: ClassVar[frozenset[str] | None] = None
    """Families of types (`families.FAMILIES`) that it may be applied to; None for all."""
    keyed: ClassVar[bool] = False
    """Whether it needs a key."""
    invents: ClassVar[bool] = False
    """Whether its replacement reads like an original: never applied to findings that `doubtful` names."""
    coarsens: ClassVar[bool] = False
    """Whether it leaves a less exact value: never applied to numbers that are not proven to be identifiers."""
    keeps: ClassVar[bool] = False
    """Whether it keeps the original on purpose, so that the result may contain it."""
    literal: ClassVar[bool] = False
    """Whether it needs the original unchanged; others get it folded, with plain hyphens, spaces and digits."""
    erases: ClassVar[bool] = False
    """Whether its replacement hides even the type, so that a resource cannot use it."""

    @property
    def lifelike(self) -> bool:
        """Whether its replacement resembles the original."""
        return self.invents or self.keeps

    def suits(self, type: str) -> bool:
        """Whether it may be applied to a type."""
        return self.families is None or family_of(type) in self.families

    def depends_on(self) -> object:
        """What its results depend on besides key, policy and note, as JSON: lists that may change with a release."""
        return None

    @abstractmethod
    def apply(self, type: str, original: str, note: NoteContext) -> AppliedAction:
        """What replaces an identifier.

        Args:
            type: of the PHI catalog, or an unknown one.
            original: as it stands in the note.
            note: the state that the note's replacements share.
        """
