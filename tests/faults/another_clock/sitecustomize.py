"""Imported by every Python process that has this folder on its path: a wall clock that a file can set.

`libfaketime`, which does so beneath a process, makes `time.sleep` of Python 3.11 fail and Ray's servers hang.
"""

import os
import time

_SETTING = os.environ["OPENBIONER_TEST_CLOCK"]
_true_time, _true_time_ns = time.time, time.time_ns


def _offset() -> float:
    """Seconds that the clock is wrong by."""
    with open(_SETTING) as file:
        return float(file.read() or 0)


# Ray pickles functions that hold these: they must be found by their names.
def shifted_time() -> float:
    return _true_time() + _offset()


def shifted_time_ns() -> int:
    return _true_time_ns() + int(_offset() * 1e9)


time.time, time.time_ns = shifted_time, shifted_time_ns
