"""A note and its record, and what a run has made of an archive."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from outputs import rows

NOTE = "Maria Lopez (MRN 4471209) came on 03/04/2021. Maria has asthma. Call 617-555-0142. Seen by Dr. Emil Novak."
RECORD = {"id": "n1", "patient": "p1", "name": "Maria Lopez", "mrn": "4471209", "ward": "B", "text": NOTE}


def read(folder: Path, name: str = "*.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for file in sorted((folder / "data").glob(name)) for line in file.read_text().splitlines()]


def audit(folder: Path) -> list[dict[str, Any]]:
    return rows(folder, "audit")
