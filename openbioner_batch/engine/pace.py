"""The pace of a run: every session keeps a small record of how much was committed when."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from openbioner_batch.engine.names import SESSIONS
from openbioner_batch.engine.store import Store

MOST_STEPS = 240


@dataclass(slots=True)
class Pace:
    """What one session has committed, in equal steps of its time.

    However long the session, there are at most `MOST_STEPS`: where they would be more, two become one.
    """

    started: float
    """Seconds since 1970."""
    step_seconds: float = 1.0
    documents: list[int] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    seconds: float = 0.0
    """From the start to the last commit."""

    def add(self, seconds: float, documents: int, tokens: int) -> None:
        """Note a commit, `seconds` after the start."""
        self.seconds = max(self.seconds, seconds)
        while (step := int(seconds / self.step_seconds)) >= MOST_STEPS:
            self.step_seconds *= 2
            self.documents, self.tokens = _halved(self.documents), _halved(self.tokens)
        for amounts, amount in ((self.documents, documents), (self.tokens, tokens)):
            amounts += [0] * (step + 1 - len(amounts))
            amounts[step] += amount

    def to_bytes(self) -> bytes:
        """The record as a file of JSON."""
        return json.dumps(asdict(self)).encode()


def _halved(amounts: list[int]) -> list[int]:
    return [sum(amounts[place : place + 2]) for place in range(0, len(amounts), 2)]


def session_file(session: str) -> str:
    """The name of a session's record."""
    return f"{SESSIONS}/{session}.json"


def read_sessions(store: Store) -> list[Pace]:
    """The sessions of a run that committed anything, in order of time."""
    names = [f"{SESSIONS}/{name}" for name in store.names(SESSIONS)]
    found = [Pace(**json.loads(data)) for _, data in store.read_all(names)]
    return sorted(found, key=lambda pace: pace.started)
