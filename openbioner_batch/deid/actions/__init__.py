"""What may happen to an identifier: one class each, registered in `registry` and nowhere else.

Policies, their errors and the audit read `ACTIONS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openbioner_batch.on_demand import from_modules

if TYPE_CHECKING:
    from openbioner_batch.deid.actions.base import OUTCOMES, Action, AppliedAction, NoteContext, label
    from openbioner_batch.deid.actions.instances import ACTIONS

__all__ = ["ACTIONS", "OUTCOMES", "Action", "AppliedAction", "NoteContext", "label"]

_HOMES = {
    "ACTIONS": "instances",
    **dict.fromkeys(("OUTCOMES", "Action", "AppliedAction", "NoteContext", "label"), "base"),
}
"""Names of this room and the modules that have them, imported on demand: help needs the registry alone."""

__getattr__ = from_modules(__name__, _HOMES)
