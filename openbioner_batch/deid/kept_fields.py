"""Checks the columns that are carried over unchanged: none may reveal what the policy removes from the notes."""

from __future__ import annotations

import re
from collections.abc import Callable

from openbioner_batch.deid.job import Columns
from openbioner_batch.deid.known import role_of
from openbioner_batch.deid.policy import Policy
from openbioner_batch.errors import UsageError

_OF_TIME = re.compile(r"(?:date|datetime|timestamp|dt|day|dob|dod|dos)\d*", re.IGNORECASE)


def refuse_telling_fields(columns: Columns, policy: Policy, say: Callable[[str], object]) -> None:
    """Warn of kept columns whose names sound like identifiers that the policy replaces.

    Raises:
        UsageError: by other options, a kept column holds what the policy removes from the notes.
    """
    reasons = {
        columns.text: "the output holds it without its identifiers",
        columns.id: "it is hashed in the output; --keep-ids keeps it",
        columns.patient: "it is hashed in the output; --keep-ids keeps it",
        columns.shift: "it reveals by how many days the dates moved",
    }
    for field, type in columns.known.items():
        if policy.action(type) != "keep":
            reasons[field] = f"--known-fields says that it holds a {type}, which policy {policy.name} replaces"
    action = policy.action("personal_date")
    if action == "shift":
        reasons[columns.note_date] = "beside the shifted date in the note it reveals by how many days all dates moved"
    elif action != "keep":
        reasons[columns.note_date] = f"it holds a date, which policy {policy.name} replaces"
    for name in columns.keep:
        if name in reasons:
            raise UsageError(f"--keep-fields: {name!r} cannot be kept as it is: {reasons[name]}")
        if (type_heard := _sounds_like(name)) is not None and policy.action(type_heard) != "keep":
            say(
                f"note: --keep-fields: {name!r} sounds like a {type_heard}, which policy {policy.name} replaces in the "
                "notes; it is written as it is"
            )


def _sounds_like(name: str) -> str | None:
    """The type of the PHI catalog that a column's name stands for, if any."""
    try:
        return role_of(name)
    except UsageError:
        words = re.split(r"[\W_]+|(?<=[a-z])(?=[A-Z])", name)
        return "personal_date" if any(map(_OF_TIME.fullmatch, words)) else None
