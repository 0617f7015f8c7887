"""What may happen to an identifier: one class each, registered here and nowhere else.

Policies, their errors, the help of the command line and the audit read `ACTIONS`; a new action is a class in a file of
this folder and a line below.
"""

from __future__ import annotations

from openbioner_batch.deid.actions.base import OUTCOMES, Action, AppliedAction, NoteContext, label
from openbioner_batch.deid.actions.generalising import Generalise, GeneraliseStreet
from openbioner_batch.deid.actions.inventing import Shift, Surrogate
from openbioner_batch.deid.actions.keeping import Keep
from openbioner_batch.deid.actions.marking import Hash, Mask, NumberedTag, Redact, Tag

__all__ = ["ACTIONS", "OUTCOMES", "Action", "AppliedAction", "NoteContext", "label"]

ACTIONS: dict[str, Action] = {
    action.name: action
    for action in (
        Tag(),
        NumberedTag(),
        Redact(),
        Mask(),
        Hash(),
        Surrogate(),
        Shift(),
        Generalise(),
        GeneraliseStreet(),
        Keep(),
    )
}
"""Every action by the name that policies give it."""
