"""A tool that hangs on a note loses that note alone, and the result says so."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from openbioner_batch.training.phi.corpora import GoldNote

TOOL = """
import json, sys, time
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    texts = json.loads(line)
    if any("hang" in text for text in texts):
        time.sleep(600)
    if any("die" in text for text in texts):
        raise SystemExit(3)
    found = [[[0, 4, "person_name"]] for text in texts]
    print(json.dumps({"findings": found, "seconds": 0.1, "cpu_seconds": 0.1}), flush=True)
"""


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    (tmp_path / "tool.py").write_text(TOOL)
    return [sys.executable, str(tmp_path / "tool.py")]


def test_a_note_that_hangs_is_counted_and_the_rest_is_scored(command: list[str]) -> None:
    from deid_peers import DeidTool, compare

    tool = DeidTool("peer", command, {}, note_timeout=1.0)
    result = compare([tool], [GoldNote(text, text, ()) for text in ("one a", "two hang", "three c")])
    tool.close()
    assert (result["peer"]["notes_timed_out"], result["peer"]["notes"]) == (1, 2)
    assert json.dumps(result)


def test_a_tool_that_ends_is_named_with_its_exit_code(command: list[str]) -> None:
    from deid_peers import DeidTool, compare

    tool = DeidTool("peer", command, {}, note_timeout=60.0)
    assert compare([tool], [GoldNote("die", "die", ())]) == {"peer": {"error": "ended with exit code 3"}}
