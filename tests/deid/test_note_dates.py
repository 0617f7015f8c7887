"""Dates of notes that are no ISO dates: refused where none is one, else said and counted."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from openbioner_batch.deid.note_dates import is_unread, note_day
from openbioner_batch.deid.run import deidentify
from openbioner_batch.errors import UsageError

from .conftest import Archive, Deidentify, request


@pytest.mark.parametrize("value", ["2024-03-31", "2024-03-31T08:15", "2024-03-31 08:15:00Z", " 2024-03-31"])
def test_iso_dates_are_read(value: str) -> None:
    assert note_day(value) == date(2024, 3, 31)
    assert not is_unread(value)


@pytest.mark.parametrize("value", [None, "", "NaT", "unknown"])
def test_what_is_missing_is_not_called_unread(value: Any) -> None:
    assert note_day(value) is None
    assert not is_unread(value)


def notes(*dates: Any) -> list[dict[str, Any]]:
    return [{"id": str(place), "text": "Born 3/4/31.", "day": day} for place, day in enumerate(dates)]


def test_a_column_without_any_iso_date_is_refused(archive: Archive, tmp_path: Path) -> None:
    inputs = archive("a.jsonl", notes("03/31/2024", "31 Mar 2024", None))
    with pytest.raises(UsageError, match="2 of the first 2 values of --note-date-field day are no ISO dates"):
        deidentify(request(inputs, tmp_path / "out", note_date_field="day"), None, lambda line: None)


def test_some_unread_dates_are_counted(archive: Archive, run_here: Deidentify) -> None:
    inputs = archive("a.jsonl", notes("2024-03-31", "03/31/2024", None))
    assert run_here(inputs, note_date_field="day").report["notes_with_unread_dates"] == 1
