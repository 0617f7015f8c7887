"""The action that does nothing."""

from __future__ import annotations

from openbioner_batch.deid.actions.base import Action, AppliedAction, NoteContext


class Keep(Action):
    """Keeps the original."""

    name = "keep"
    keeps = True
    literal = True

    def apply(self, type: str, original: str, note: NoteContext) -> AppliedAction:
        return AppliedAction(original, self.name)
