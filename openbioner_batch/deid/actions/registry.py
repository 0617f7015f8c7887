"""What may happen to an identifier: one registration each, with what help says.

Help reads `REGISTERED`, which imports no action; `ACTIONS` are made from it. A new action is a class in a file of this
folder and a line below.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ActionRegistration:
    """What is known of an action before it is imported."""

    place: str
    """Module and class below `openbioner_batch.deid.actions`."""
    summary: str
    """One line for people."""


REGISTERED = {
    "tag": ActionRegistration("marking:Tag", "its type: `[PATIENT]`"),
    "numbered-tag": ActionRegistration(
        "marking:NumberedTag", "its type and a number for each person or thing of the note: `[PATIENT_1]`"
    ),
    "redact": ActionRegistration("marking:Redact", "`[REDACTED]`"),
    "mask": ActionRegistration("marking:Mask", "asterisks, as many as it has characters"),
    "hash": ActionRegistration(
        "marking:Hash", "its type and a keyed hash, the same for the same value in all notes: `[MRN:5f0c...]`"
    ),
    "surrogate": ActionRegistration(
        "inventing:Surrogate", "an invented value in the same layout, the same in all notes of a patient"
    ),
    "shift": ActionRegistration("inventing:Shift", "moved by the patient's own number of days"),
    "generalise": ActionRegistration(
        "generalising:Generalise",
        "the year of a date, `90+` of an age over 89, three digits of a ZIP code, the state of a place",
    ),
    "generalise-street": ActionRegistration(
        "generalising:GeneraliseStreet", "the town, state and ZIP code of an address"
    ),
    "keep": ActionRegistration("keeping:Keep", "stays as it is"),
}
"""By the name that policies give them, which is also that of the class."""
