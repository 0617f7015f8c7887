"""Damaged files through every reader: a message or a quarantined record, never a crash, a hang or a wrong offset.

    python -m fuzz.run --inputs 100000 --seed 7 --json fuzz.json    # in the folder `tests`

Inputs are a function of seed and number: `--first N --inputs 1` repeats one. They are read in a child process, so that
one that kills it is found too.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import multiprocessing
import resource
import signal
import sys
import tempfile
import time
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from .checks import Tally, check, damaged

SECONDS_PER_INPUT = 10
MEMORY_BYTES = 4 << 30
PIECE = 2000
"""Inputs to a child process."""


def read_some(seed: int, numbers: range, answer: Connection, folder: str) -> None:
    """Read inputs in this process; prints each number before it is read, then the outcome of all."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    signal.signal(signal.SIGALRM, _too_long)
    tally, failures, slowest = Tally(), [], 0.0
    for number in numbers:
        answer.send(number)
        started = time.monotonic()
        signal.alarm(SECONDS_PER_INPUT)
        faulthandler.dump_traceback_later(2 * SECONDS_PER_INPUT, exit=True)  # where Python itself hangs
        try:
            check(damaged(seed, number), Path(folder) / "in", tally)
        except BaseException:
            failures.append((number, traceback.format_exc()))
        finally:
            signal.alarm(0)
            faulthandler.cancel_dump_traceback_later()
        slowest = max(slowest, time.monotonic() - started)
    answer.send(
        (
            {**vars(tally), "formats": dict(tally.formats)},
            failures,
            slowest,
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        )
    )


def _too_long(*_: object) -> None:
    raise TimeoutError(f"an input took more than {SECONDS_PER_INPUT} s")


def run(seed: int, first: int, inputs: int) -> dict[str, Any]:
    """Read inputs `first` and on; their outcome, and which failed."""
    total: dict[str, Any] = {"seed": seed, "first": first, "seconds": 0.0, "slowest_s": 0.0, "memory_mib": 0}
    failures: list[tuple[int, str]] = []
    started = time.monotonic()
    number, last = first, first + inputs
    while number < last:
        numbers = range(number, min(last, number + PIECE))
        with tempfile.TemporaryDirectory(prefix="openbioner-fuzz-") as folder:
            ours, theirs = multiprocessing.Pipe()
            child = multiprocessing.get_context("fork").Process(target=read_some, args=(seed, numbers, theirs, folder))
            child.start()
            theirs.close()
            answer: Any = number
            try:
                while isinstance(answer, int):
                    number = answer
                    answer = ours.recv()
            except EOFError:
                child.join()
                failures.append((number, f"the process died: exit code {child.exitcode}"))
                number += 1  # the tally of this child is lost: its other inputs were read all the same
                continue
            child.join()
        tally, failed, slowest, memory = answer
        failures += failed
        _add(total, tally)
        total["slowest_s"] = round(max(total["slowest_s"], slowest), 2)
        total["memory_mib"] = max(total["memory_mib"], memory >> 10)
        number = numbers.stop
    total["seconds"] = round(time.monotonic() - started, 1)
    total["failures"] = failures
    return total


def _add(total: dict[str, Any], tally: dict[str, Any]) -> None:
    for name, value in tally.items():
        if isinstance(value, dict):
            _add(total.setdefault(name, {}), value)
        else:
            total[name] = total.get(name, 0) + value


def main() -> int:
    """Exit code 1 if an input failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path, help="where to put the counts")
    options = parser.parse_args()
    found = run(options.seed, options.first, options.inputs)
    for number, trace in found["failures"]:
        print(f"input {number}:\n{trace}")
    found["failures"] = [number for number, _ in found["failures"]]
    text = json.dumps(found, indent=1)
    print(text)
    if options.json:
        options.json.write_text(text + "\n")
    return 1 if found["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
