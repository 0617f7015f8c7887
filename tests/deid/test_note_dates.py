"""Dates of notes that are no ISO dates: refused where none is one, else said and counted."""

from __future__ import annotations

import json
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
    with pytest.raises(UsageError, match="2 of the first 2 values of --note-date-field day are not ISO dates"):
        deidentify(request(inputs, tmp_path / "out", note_date_field="day"), None, lambda line: None)


def test_some_unread_dates_are_counted(archive: Archive, run_here: Deidentify) -> None:
    inputs = archive("a.jsonl", notes("2024-03-31", "03/31/2024", None))
    assert run_here(inputs, note_date_field="day").report["notes_with_unread_dates"] == 1


@pytest.mark.parametrize(("day", "after"), [("2020-02-12", "03/06"), ("2021-02-12", "03/07"), (None, "03/07")])
def test_a_date_without_a_year_moves_by_the_year_of_its_note(
    day: str | None, after: str, archive: Archive, run_here: Deidentify, key_file: Path, tmp_path: Path
) -> None:
    note = {"patient": "p", "text": "Seen on 02/28 at the clinic.", "shift": 7}
    notes = [note | {"id": str(n), "day": one} for n, one in enumerate([day, "2021-01-01"])]
    more = {"policy": "surrogate", "key_file": key_file, "patient_field": "patient", "shift_field": "shift"}
    run_here(archive("a.jsonl", notes), note_date_field="day", **more)
    lines = [line for file in sorted((tmp_path / "out" / "data").iterdir()) for line in file.read_text().splitlines()]
    assert [json.loads(line)["text"] for line in lines] == [f"Seen on {one} at the clinic." for one in (after, "03/07")]
