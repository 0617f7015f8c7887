"""A scorer without a model for the engine's tests: capitalised words are names; marked texts misbehave."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from openbioner_batch.records import Span


@dataclass(frozen=True)
class Tagged:
    spans: list[Span]
    windows: int
    tokens: int
    repeated: int = 0


@dataclass(frozen=True)
class NameScorerFactory:
    """Scores depend on how many texts are scored together, so that another batch composition shows in the bytes."""

    label: str = "name"
    seconds: float = 0.0
    """Time that each document takes."""

    def fingerprint(self) -> dict[str, Any]:
        return {"model": "capitalised words", "types": self.label, "device": "cpu"}

    def preparer(self) -> NamePreparer:
        return NamePreparer()

    def scorer(self) -> NameScorer:
        return NameScorer(self.label, self.seconds)


class NamePreparer:
    def prepare(self, texts: Sequence[str]) -> list[str]:
        for text in texts:
            if "UNPREPARABLE" in text:
                raise ValueError(text)
            if "KILLS_READER" in text:
                os.kill(os.getpid(), signal.SIGKILL)
            if "SLOW_TO_READ" in text:
                time.sleep(1)
        return list(texts)


@dataclass
class NameScorer:
    label: str
    seconds: float

    def score(self, prepared: list[str]) -> list[Tagged]:
        if "FAILS_IN_COMPANY" in "".join(prepared) and len(prepared) > 1:
            raise MemoryError
        if "HUGE" in "".join(prepared):
            raise MemoryError
        return [self._score(text, len(prepared)) for text in prepared]

    def _score(self, text: str, together: int) -> Tagged:
        time.sleep(self.seconds)
        if "KILLS" in text:
            os.kill(os.getpid(), signal.SIGKILL)
        if "RAISES" in text:
            raise ArithmeticError(text)
        shift = 1 if "MISPLACES" in text else 0
        spans = [
            Span(found.start() + shift, found.end() + shift, self.label, 0.5 + together / 10_000, found.group())
            for found in re.finditer(r"\b[A-Z][a-z]+", text)
        ]
        return Tagged(spans, 1, len(text.split()))


@dataclass(frozen=True)
class GpuScorerFactory(NameScorerFactory):
    """Says that it needs a GPU each, and uses none."""

    def fingerprint(self) -> dict[str, Any]:
        return {**super().fingerprint(), "device": "cuda"}


@dataclass(frozen=True)
class DeadlyScorerFactory(NameScorerFactory):
    """Kills each process of Ray that it reaches, before that begins an attempt at anything."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _kill_worker, (self.label,)


def _kill_worker(label: str) -> NameScorerFactory:
    import ray

    if ray.is_initialized() and ray.get_runtime_context().worker.mode == ray.WORKER_MODE:
        os.kill(os.getpid(), signal.SIGKILL)
    return DeadlyScorerFactory(label)
