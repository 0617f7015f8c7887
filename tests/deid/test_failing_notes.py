"""A record whose fields cannot be read, or that cannot be written, is set aside alone and never written as it was."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from outputs import rows

from openbioner_batch.formats.base import File, NewRecord
from openbioner_batch.formats.jsonl import Jsonl
from openbioner_batch.formats.rewriting import JsonLines

from .conftest import Archive, Deidentify

NOTES = [
    {"id": str(n), "text": f"Mr. Roe has {what}.", "mrn": 7654321 + n}
    for n, what in enumerate(["fever", "cough", "rash", "pain"])
]
DEPTH = 700
"""Of lists in lists: more than a known value is looked for in."""


def written(folder: Path) -> list[str]:
    return [json.loads(line)["text"] for file in sorted(folder.glob("data/*.jsonl")) for line in file.open()]


def reasons(folder: Path) -> dict[str, int]:
    return dict(Counter(row["reason"] for row in rows(folder, "quarantine")))


def test_fields_too_deep_to_read_set_their_record_aside_and_the_others_are_as_without_it(
    run_here: Deidentify, archive: Archive, tmp_path: Path
) -> None:
    lines = [json.dumps(note) for note in NOTES]
    deep = lines[1].replace("7654322", "[" * DEPTH + '"Secret"' + "]" * DEPTH)
    found = run_here(
        archive("a.jsonl", [lines[0], deep, *lines[2:]]), known_fields="mrn", keep_ids=True, max_quarantined="50%"
    )
    assert (found.report["notes"], found.report["quarantined"]["total"]) == (3, 1)
    assert reasons(tmp_path / "out") == {"reading its fields failed: RecursionError": 1}
    without = tmp_path / "without"
    run_here(archive("a.jsonl", [lines[0], *lines[2:]]), output=without, known_fields="mrn", keep_ids=True)
    assert written(tmp_path / "out") == written(without)
    name = "data/000000-00000.jsonl"
    assert (tmp_path / "out" / name).read_bytes() == (without / name).read_bytes()
    assert "Roe" not in (without / name).read_text()


class Refusing(JsonLines):
    """Cannot hold the third record."""

    def files(self, stem: str, records: Sequence[NewRecord], *more: Any) -> Iterator[File]:
        for record in records:
            if "rash" in record.text:
                raise ArithmeticError(record.text)
        yield from super().files(stem, records, *more)


def test_a_record_that_cannot_be_written_is_set_aside(
    run_here: Deidentify, archive: Archive, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Jsonl, "rewriting", Refusing())
    found = run_here(archive("a.jsonl", [json.dumps(note) for note in NOTES]), max_quarantined="50%")
    assert (found.report["notes"], found.report["quarantined"]["total"]) == (3, 1)
    assert reasons(tmp_path / "out") == {"writing failed: ArithmeticError": 1}
    assert [text.split()[-1] for text in written(tmp_path / "out")] == ["fever.", "cough.", "pain."]
    assert {row["row"] for row in rows(tmp_path / "out", "audit")} == {0, 1, 2}
