"""Several processes that tag on one device at the same time: loaded once, then told what to do."""

from __future__ import annotations

import multiprocessing
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import torch
from common.models import first_types

from gpu.checks import Case, Finding
from gpu.models import automatic_dtype, config_of, random_model, release, tagger_of, texts

MOST_SECONDS = 300.0
"""For one process to import torch and to load a model. A machine may be so busy that it takes minutes."""
_TYPES = 5


def cases(device: str, variants: Sequence[str], counts: Sequence[int], seconds: float) -> Iterator[Case]:
    """Every variant in every number of processes, five types."""
    group = Group(device, max(counts))
    try:
        for variant, count in product(variants, counts):
            yield Case(f"{variant} {count} processes", partial(group.measure, variant, count, seconds))
    finally:
        group.end()


@dataclass
class Group:
    """Processes on one device, started when they are first needed and kept from case to case.

    Each has a pipe of its own and does nothing unless it is told to: so none waits for another, the time that a busy
    machine takes to start one counts for nothing, and the death of one is seen at once.
    """

    device: str
    count: int
    members: list[tuple[BaseProcess, Connection]] = field(default_factory=list)

    def measure(self, variant: str, count: int, seconds: float) -> Finding:
        """Text tokens per second of the first `count` processes together, after each has met its shapes.

        Raises:
            RuntimeError: a process failed, died or took too long; carries its message. The next call starts new ones.
        """
        try:
            self._start()
            chosen = self.members[:count]
            self._tell_all(chosen, ("load", variant))
            rates = self._tell_all(chosen, ("tag", seconds), MOST_SECONDS + 3 * seconds)
            self._tell_all(chosen, ("release", None))
        except BaseException:
            self.end()
            raise
        return {"text_tokens_per_second": sum(rates), "least": min(rates), "most": max(rates)}

    def end(self) -> None:
        """End all processes."""
        for process, pipe in self.members:
            pipe.close()  # which ends it, unless it hangs
            process.join(5)
            if process.is_alive():
                process.kill()
                process.join()
        self.members.clear()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        while len(self.members) < self.count:
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(self.device, theirs), daemon=True)
            process.start()
            theirs.close()  # so that its death closes the pipe
            self.members.append((process, ours))

    def _tell_all(
        self, chosen: Sequence[tuple[BaseProcess, Connection]], order: tuple[str, Any], seconds: float = MOST_SECONDS
    ) -> list[Any]:
        for process, pipe in chosen:
            try:
                pipe.send(order)
            except OSError:
                raise _death(process, order[0]) from None
        latest = time.monotonic() + seconds
        return [_answer(process, pipe, order[0], latest) for process, pipe in chosen]


def _answer(process: BaseProcess, pipe: Connection, order: str, latest: float) -> Any:
    if not pipe.poll(max(0.0, latest - time.monotonic())):
        raise RuntimeError(f"a process did not {order} within {MOST_SECONDS:g} s")
    try:
        failed, found = pipe.recv()
    except (EOFError, OSError):
        raise _death(process, order) from None
    if failed:
        raise RuntimeError(f"a process could not {order}: {found}")
    return found


def _death(process: BaseProcess, order: str) -> RuntimeError:
    process.join(5)
    return RuntimeError(f"a process died when it was to {order}, with exit code {process.exitcode}")


def _serve(device: str, pipe: Connection) -> None:
    """Do what comes by the pipe until it is closed."""
    if device == "cpu":
        torch.set_num_threads(1)
    worker = _Worker(device)
    while True:
        try:
            order, argument = pipe.recv()
        except EOFError:
            return
        try:
            answer = (False, getattr(worker, order)(argument))
        except Exception:
            answer = (True, traceback.format_exc()[-2000:])
        pipe.send(answer)


class _Worker:
    """What a process can be told to do."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._tagger: Any = None

    def load(self, variant: str) -> None:
        model = random_model(config_of(variant))
        self._tagger = tagger_of(model, self._device, automatic_dtype(self._device))
        self._preparer, self._texts = self._tagger.preparer(first_types(_TYPES)), texts(self._number)
        self._tokens = self._once()  # meets new shapes

    @property
    def _number(self) -> int:
        return 2 if self._device == "cpu" else 400

    def tag(self, seconds: float) -> float:
        began, done = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            done += self._once()
        return done / (time.perf_counter() - began)

    def release(self, _: None) -> None:
        self._tagger = None
        release()

    def _once(self) -> int:
        return sum(tagged.tokens for tagged in self._tagger.score(self._preparer.prepare(self._texts)))
