"""Reports of a run under way: lines for people, or, for a log collector, JSON lines on stderr.

The variable `OPENBIONER_LOG_FORMAT=json` selects the latter. Events carry the run's id, names of shards, which are
numbers, and counts: no text of a record.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime

VARIABLE = "OPENBIONER_LOG_FORMAT"


def wants_json() -> bool:
    """Whether JSON lines are requested."""
    return os.environ.get(VARIABLE) == "json"


def log_event(event: str, **fields: object) -> None:
    """Write one JSON line with the time in UTC, the event and its fields; does nothing where lines are for people."""
    if wants_json():
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        _print(json.dumps({"time": time, "event": event, **fields}))


def say_to_stderr(line: str) -> None:
    """How a run reports guesses and what it skips, by default."""
    if wants_json():
        log_event("note", message=line)
    else:
        _print(line)


def _print(line: str) -> None:
    with suppress(OSError, ValueError):  # the pipe is closed, or the disk of the log is full: the run continues
        print(line, file=sys.stderr, flush=True)
