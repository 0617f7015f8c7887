"""Actions whose replacement reads like the original: invented values and shifted dates."""

from __future__ import annotations

from openbioner_batch.deid.actions.base import Action, AppliedAction, NoteContext, fallback_tag
from openbioner_batch.deid.folding import fold
from openbioner_batch.deid.surrogates import SURROGATE_FAMILIES, surrogate
from openbioner_batch.deid.timeline import shift


class Surrogate(Action):
    """An invented value, drawn by the key; a tag where every draw equals a value of the note itself."""

    name = "surrogate"
    families = SURROGATE_FAMILIES
    keyed = True
    invents = True

    def depends_on(self) -> object:
        from openbioner_batch.deid.surrogates.name_pools import name_pools

        return name_pools().digest

    def apply(self, type: str, original: str, note: NoteContext) -> AppliedAction:
        invented = surrogate(type, original, note.scope, note.avoid)
        return fallback_tag(type, "collision") if invented is None else AppliedAction(invented.text, self.name)


class Shift(Action):
    """A date moved by the patient's days; a tag where it cannot be read."""

    name = "shift"
    families = frozenset({"date"})
    keyed = True
    invents = True
    literal = True  # an en dash stays one

    def apply(self, type: str, original: str, note: NoteContext) -> AppliedAction:
        dated = shift(original, type, note.scope.shift_days, note.timeline)
        if dated.outcome == "unreadable":
            dated = shift(fold(original).text, type, note.scope.shift_days, note.timeline)
        return (
            fallback_tag(type, dated.outcome)
            if dated.text is None
            else AppliedAction(dated.text, self.name, dated.outcome)
        )
