"""What the scripts are tried with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Synthetic notes, one line of them malformed."""
    path = tmp_path / "notes.jsonl"
    lines = [json.dumps({"id": str(n), "text": f"Patient {n} took aspirin for migraine."}) for n in range(60)]
    path.write_text("\n".join([*lines[:10], "not json", *lines[10:]]) + "\n")
    return path
