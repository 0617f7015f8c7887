"""How a tool talks with `peers.py`: a line of JSON each way, over its standard streams.

Runs in every tool's own environment, so it imports nothing but Python's library.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

Spans = list[list[tuple[int, int, str]]]
"""Of each text: start, end (code points, half-open), type."""


def request_of_tool() -> dict[str, Any]:
    """What `peers.py` requests of this tool: its first argument."""
    request: dict[str, Any] = json.loads(sys.argv[1])
    return request


def serve(find: Callable[..., Any], spans: Callable[[Any], Spans], about: dict[str, Any]) -> None:
    """Answer each line {"texts": [...], "setting": {...}} with the seconds that `find` took, and its spans.

    Args:
        find: tags the texts; the setting comes as keyword arguments. Only this is timed.
        spans: what it found as plain lists.
        about: what the tool runs with; said once, when it is ready.
    """
    answers = _own_stdout()
    _say(answers, about)
    for line in sys.stdin:
        request = json.loads(line)
        began = time.perf_counter()
        found = find(request["texts"], **request["setting"])
        seconds = time.perf_counter() - began
        _say(answers, {"seconds": seconds, "spans": spans(found)})


def _own_stdout() -> TextIO:
    """The stream of answers; what libraries print goes to the errors instead."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers


def _say(answers: TextIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()
