"""Handles Ctrl-C and SIGTERM at any moment of a command: one line, an orderly end, and the usual exit code.

The first signal raises `Stopped` in the main thread. More of them do not disturb the shutdown that it began, since
`timeout` and Slurm send two and people press Ctrl-C twice; one that comes later ends the process at once. A thread
does the same where the main one is stuck in a library that ignores signals.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import click

from openbioner_batch.engine.logs import log_event, wants_json

WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
RESUMES = "what is committed stays, the same command resumes"
SAME_STOP_S = 2.0
"""Signals within this time are one request to stop."""
NUDGE_S = 5.0
"""After this time the main thread is signalled again: some library has swallowed the exception."""
LONGEST_S = 25.0
"""An end that takes longer is cut short: Kubernetes and Slurm kill after 30 seconds."""


class Stopped(KeyboardInterrupt):
    """A signal asks this process to end."""


class Stopping:
    """The state of the signals to this process."""

    def __init__(self) -> None:
        self.number: int | None = None
        """The signal that ends the process; None before one arrives."""
        self.advice = ""
        """What the line adds, such as how to resume the work."""
        self._at = 0.0
        self._said = False
        self._is_nudge = False
        self._main = threading.main_thread().ident
        self.stderr = os.dup(2)
        """Kept for a last line while the start of Ray is muted."""

    def receive(self, number: int, frame: FrameType | None) -> None:
        """The handler of both signals.

        Raises:
            Stopped: it is the first.
        """
        if self.number is None:
            self.number, self._at = number, time.monotonic()
            threading.Thread(target=self._watch, daemon=True).start()
            raise Stopped
        if self._is_nudge:
            self._is_nudge = False
            raise Stopped
        if time.monotonic() - self._at > SAME_STOP_S:
            self._leave_now()

    def finish(self) -> int:
        """Print the line, if it has not been printed, and return the exit code."""
        number = signal.SIGINT if self.number is None else signal.Signals(self.number)
        code = 128 + number
        if not self._said:
            self._said = True
            line = f"{WORDS[number]}: {self.advice}" if self.advice else WORDS[number]
            if wants_json():
                log_event("stopped", message=line, exit_code=code)
            else:
                with suppress(OSError, ValueError):
                    click.echo(line, err=True)
        return code

    def _watch(self) -> None:
        time.sleep(NUDGE_S)
        if not self._is_ending():
            self._is_nudge = True
            # A signal of Python's own making wakes no thread that a system call blocks. SIGTERM may be Ray's by now.
            if self._main is not None and signal.getsignal(signal.SIGINT) == self.receive:
                signal.pthread_kill(self._main, signal.SIGINT)
            else:
                _thread.interrupt_main(signal.Signals(self.number or signal.SIGINT))
        time.sleep(LONGEST_S - NUDGE_S)
        self._leave_now()

    def _is_ending(self) -> bool:
        """Whether the main thread is handling `Stopped`."""
        if self._said:
            return True
        found: Any = sys._current_exceptions().get(self._main or 0)
        error = found[1] if isinstance(found, tuple) else found  # until Python 3.11 a tuple as of `sys.exc_info`
        while error is not None and not isinstance(error, Stopped):
            error = error.__context__
        return error is not None

    def _leave_now(self) -> None:
        os.dup2(self.stderr, 2)
        os._exit(self.finish())


_now: Stopping | None = None


def stopping() -> Stopping:
    """The current state of signals; an empty one outside of `stop_on_signals`."""
    return _now or Stopping()


@contextmanager
def stop_on_signals() -> Iterator[Stopping]:
    """For the time of the block, a signal raises `Stopped`; one that is ignored stays so (as Ctrl-C under `&`)."""
    global _now
    if _now is not None or threading.current_thread() is not threading.main_thread():
        yield stopping()
        return
    _now = found = Stopping()
    before = {number: signal.getsignal(number) for number in WORDS}
    taken = {number: old for number, old in before.items() if old is not signal.SIG_IGN}
    for number in taken:
        signal.signal(number, found.receive)
    try:
        yield found
    finally:
        _now = None
        if found.number is None:
            os.close(found.stderr)
        for number, old in taken.items():
            # signals are ignored while the process ends too; Python itself would let them through at the very end
            signal.signal(number, signal.SIG_IGN if found.number else signal.SIG_DFL if old is None else old)


@contextmanager
def resumable(advice: str = RESUMES) -> Iterator[None]:
    """What the line says when a signal ends the block."""
    now = stopping()
    before, now.advice = now.advice, advice
    yield
    now.advice = before  # not reached where the block is left by an exception: the line is still to come


@contextmanager
def children_ignore_interrupts() -> Iterator[None]:
    """Processes started in the block do not see Ctrl-C, which a terminal sends to all: their parent ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
