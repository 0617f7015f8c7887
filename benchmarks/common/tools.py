"""A tool in a process of its own that answers lines of JSON; see `peer_tools/protocol.py`."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from openbioner_batch.errors import OpenBioNERError

FOLDER = Path(__file__).parents[1] / "peer_tools"
OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
"""Every model is local; without these, tools would first wait for a hub."""


class Answer(NamedTuple):
    """The seconds that a tool took, and each text's spans in order: start, end, type."""

    seconds: float
    spans: list[list[tuple[int, int, str]]]


class Tool:
    """A running tool.

    Attributes:
        about: what it says it runs with.
    """

    def __init__(self, name: str, python: Path, script: str, request: dict[str, Any]) -> None:
        """Start the tool, and wait until it has loaded its model.

        Raises:
            OpenBioNERError: the process ended instead; carries the last line of its errors.
        """
        self.name = name
        # A file, since a pipe that nobody reads would fill up; closed when the tool is.
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            [str(python), str(FOLDER / script), json.dumps(request)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=os.environ | OFFLINE,
        )
        self.about = self._answer()

    def find(self, texts: Sequence[str], setting: dict[str, Any]) -> Answer:
        """Have the tool tag some texts.

        Raises:
            OpenBioNERError: the process ended instead.
        """
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"texts": list(texts), "setting": setting}) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        return Answer(answer["seconds"], [sorted((s, e, kind) for s, e, kind in text) for text in answer["spans"]])

    def close(self) -> None:
        """End it."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()
        self._errors.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            last = [text for text in self._errors.read().splitlines() if text.strip()][-1:]
            raise OpenBioNERError(f"{self.name} ended with exit code {self._process.returncode}: {' '.join(last)}")
        answer: dict[str, Any] = json.loads(line)
        return answer
