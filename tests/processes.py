"""Starting programs that tests kill, and finding every process that stems from them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MARK = "OPENBIONER_TEST_PROGRAM"


class Program:
    """A Python program in a session of its own, so that it can be signalled as a terminal would.

    Args:
        arguments: what follows `python`.
        environment: variables beside those of this process.
    """

    def __init__(self, arguments: Sequence[str], environment: dict[str, str] | None = None) -> None:
        self.mark = uuid.uuid4().hex
        paths = [str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            env={
                **os.environ,
                **(environment or {}),
                "PYTHONPATH": os.pathsep.join(filter(None, paths)),
                MARK: self.mark,
                "SPT_NOENV": "1",  # else the titles that Ray gives its processes overwrite the mark
            },
            start_new_session=True,
            # A suite run in the background of a shell ignores Ctrl-C, and so would its children.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def finish(self, timeout: float = 300) -> tuple[int, str]:
        """Exit code and output, once it has ended."""
        output, _ = self.process.communicate(timeout=timeout)
        return self.process.returncode, output

    def descendants(self, title: str = "") -> list[int]:
        """Living processes that stem from the program (itself left out) whose title has `title` in it."""
        found = []
        for folder in Path("/proc").iterdir():
            if not folder.name.isdecimal() or int(folder.name) == self.process.pid:
                continue
            try:
                stems = f"{MARK}={self.mark}".encode() in (folder / "environ").read_bytes()
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                dead = (folder / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
            except OSError:
                continue
            if stems and not dead and title in command:
                found.append(int(folder.name))
        return found

    def end(self) -> None:
        """Kill the program and all that stems from it."""
        pids = [self.process.pid, *self.descendants()]
        while pids:
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            pids = self.descendants()  # those that were being forked
        self.process.wait()


def wait_until(condition: Callable[[], object], seconds: float = 300, what: str = "") -> None:
    """Poll until something holds.

    Raises:
        TimeoutError: it does not in time.
    """
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(what or str(condition))
        time.sleep(0.1)
