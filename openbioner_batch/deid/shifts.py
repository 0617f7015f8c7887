"""Shifts given from outside: days per patient, from a column of the records or a table, for archives shared before.

They are as secret as the dates themselves: no output, log or message has them, and the plan only a keyed digest.
"""

from __future__ import annotations

import csv
import functools
import io
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.notes import Note
from openbioner_batch.deid.patients import patient_id
from openbioner_batch.engine.request import Inputs
from openbioner_batch.errors import RunFailedError, UsageError
from openbioner_batch.formats.fields import UnfitRecordError
from openbioner_batch.formats.listing import list_inputs
from openbioner_batch.formats.storage import open_stored
from openbioner_batch.records import Parsed

MOST_DAYS = 73_000
"""Two hundred years: some archives shift dates far into the future."""
SUFFIXES = (".csv", ".tsv", ".parquet")
EXPECTED = f"a whole number of days, not 0, at most {MOST_DAYS:,} either way"

Shifts = Mapping[str, int]
"""Patient, as `patients.patient_id` reads it -> days."""

_WHOLE = re.compile(r"[+-]?\d{1,6}(?:\.0*)?")


def whole_days(value: Any) -> int | None:
    """The shift in a column's value: 35, "-35", 35.0; None where it is missing or not valid."""
    if isinstance(value, bool) or value is None:
        return None
    text = str(value).strip().replace("−", "-")
    days = int(float(text)) if _WHOLE.fullmatch(text) else 0
    return days if 0 < abs(days) <= MOST_DAYS else None


def read_table(uri: str, patient_field: str | None, shift_field: str) -> Shifts:
    """The shifts of a table, CSV, TSV or Parquet.

    Args:
        uri: a file or URL.
        patient_field: the column of the patient's id; if missing, the other column of a table of two.
        shift_field: the column of the days.

    Raises:
        UsageError: the table cannot be read, lacks a column, or holds a shift that is not valid or two of a patient;
            names the row, not its content.
    """
    table = _table(uri)
    names = table.column_names
    if shift_field not in names:
        raise UsageError(f"--shift-field: the table has no column {shift_field!r}; there are: {', '.join(names)}")
    others = [name for name in names if name != shift_field]
    patient = patient_field if patient_field in others else others[0] if len(others) == 1 else None
    if patient is None:
        raise UsageError(
            f"--shift-table: which column holds the patient's id? Give it the name of --patient-field; there are: "
            f"{', '.join(names)}"
        )
    shifts: dict[str, int] = {}
    columns = zip(table[patient].to_pylist(), table[shift_field].to_pylist(), strict=True)
    for number, (owner, value) in enumerate(columns, 1):
        id, days = patient_id(owner), whole_days(value)
        if id is None:
            raise UsageError(f"--shift-table: row {number} has no patient")
        if days is None:
            raise UsageError(f"--shift-table: the shift in row {number} is not {EXPECTED}")
        if shifts.setdefault(id, days) != days:
            raise UsageError(f"--shift-table: row {number} gives its patient another shift than a row before")
    return shifts


def column_shifts(inputs: Inputs, patient_field: str, shift_field: str, limit: int | None) -> Shifts:
    """The shifts in the records themselves, all read before anything starts.

    A note whose shift is missing or not valid is quarantined later.

    Raises:
        UsageError: a patient has two; names the record, not its content.
    """
    numbers = {file.uri: number for number, file in enumerate(inputs.files)}
    shifts: dict[str, int] = {}
    read = 0
    for split in inputs.format.splits(inputs.files):
        for record in inputs.format.read(split, inputs.options):
            read += 1
            if limit is not None and read > limit:
                return shifts
            if not isinstance(record, Parsed):
                continue
            kept = record.document.metadata
            values = json.loads(kept["kept"]) if "kept" in kept else kept
            id, days = patient_id(values.get(patient_field)), whole_days(values.get(shift_field))
            if id is not None and days is not None and shifts.setdefault(id, days) != days:
                raise UsageError(
                    f"--shift-field: record {record.record} of input {numbers[record.source]} gives its patient "
                    "another shift than a record before: a patient's dates move together, so give each patient one"
                )
    return shifts


def shifts_digest(shifts: Shifts, key: Key) -> str:
    """Changes with the shifts, and reveals nothing of them without the key."""
    return key.hashed("shifts", json.dumps(sorted(shifts.items())))


def part_of_weeks(shifts: Iterable[int]) -> bool:
    """Whether some are not whole weeks, so that weekdays change."""
    return any(days % 7 for days in shifts)


def shift_of(note: Note, field: str, table: Shifts | None) -> int:
    """The days by which a note's dates are shifted.

    Raises:
        UnfitRecordError: the note has no shift.
    """
    if table is None:
        days = whole_days(note.fields.get(field))
        if days is None:
            raise UnfitRecordError(f"its shift is missing, or not {EXPECTED}")
        return days
    if note.patient is None or note.patient not in table:
        raise UnfitRecordError("its patient has no shift in the table" if note.patient else "it has no patient")
    return table[note.patient]


@functools.lru_cache(maxsize=1)
def table_of_run(uri: str, patient_field: str | None, shift_field: str) -> Shifts:
    """`read_table` in a worker, once.

    Raises:
        RunFailedError: the table has changed since the run began.
    """
    try:
        return read_table(uri, patient_field, shift_field)
    except UsageError as error:
        raise RunFailedError(f"on a machine of this run: {error}") from None


def _table(uri: str) -> pa.Table:
    """The table; columns of a CSV as text, so that "007" stays "007"."""
    (file, *more) = list_inputs([uri], SUFFIXES)
    if more:
        raise UsageError("--shift-table matches several files: give one")
    try:
        with open_stored(file) as stream:
            content = stream.read()
        if ".parquet" in file.uri.lower():
            return pq.ParquetFile(pa.BufferReader(content)).read()
        sign = "\t" if ".tsv" in file.uri.lower() else ","
        names = next(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=sign), [])
        types = arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
        parsing = arrow_csv.ParseOptions(delimiter=sign, newlines_in_values=True)
        return arrow_csv.read_csv(pa.BufferReader(content), parse_options=parsing, convert_options=types)
    except (OSError, pa.ArrowException, ValueError) as error:
        raise UsageError(f"--shift-table cannot be read: {type(error).__name__}") from None
