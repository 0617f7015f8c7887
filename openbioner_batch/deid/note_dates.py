"""The column of the notes' dates: reads values, and checks the first ones before anything starts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from itertools import islice
from typing import Any

from openbioner_batch.deid.placeholders import why_ignored
from openbioner_batch.engine.request import Inputs, Say
from openbioner_batch.errors import UsageError
from openbioner_batch.records import Parsed

LOOKED_AT = 200
"""How many records' dates are checked beforehand."""
EXPECTED = "ISO dates (2024-03-31, or with a time, 2024-03-31T08:15)"


def note_day(value: Any) -> date | None:
    """A date or time in ISO format as a day; None for anything else."""
    with suppress(ValueError):
        return date.fromisoformat(str(value).strip()[:10])
    return None


def is_unread(value: Any) -> bool:
    """Whether there is a value that is not an ISO date."""
    return value is not None and why_ignored("personal_date", str(value)) is None and note_day(value) is None


def look_at_dates(inputs: Inputs, field: str, say: Say) -> None:
    """Report how many of the first records' dates cannot be read.

    Raises:
        UsageError: no date can be read, so the column has another format.
    """
    values = [value for value in islice(_values(inputs, field), LOOKED_AT) if value is not None]
    unread = sum(map(is_unread, values))
    if not unread:
        return
    what = f"{unread} of the first {len(values)} values of --note-date-field {field} are not {EXPECTED}"
    if not any(map(note_day, values)):
        raise UsageError(
            f"{what}: ages and dates without a year need them; convert the column, or leave the option out"
        )
    say(f"warning: {what}; those notes are read without their date")


def _values(inputs: Inputs, field: str) -> Iterator[Any]:
    for split in inputs.format.splits(inputs.files):
        for record in inputs.format.read(split, inputs.options):
            if isinstance(record, Parsed):
                kept = record.document.metadata
                yield (json.loads(kept["kept"]) if "kept" in kept else kept).get(field)
