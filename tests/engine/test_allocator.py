"""Threads share few of glibc's arenas."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="glibc only")

THREADS = 12
ARENAS_OF_THREADS = f"""
import ctypes, threading
from concurrent.futures import ThreadPoolExecutor

def allocate(number):
    together.wait()
    held = [bytes(3000) for _ in range(50)]
    together.wait()

together = threading.Barrier({THREADS})
with ThreadPoolExecutor({THREADS}) as pool:
    list(pool.map(allocate, range({THREADS})))

libc = ctypes.CDLL("libc.so.6")
libc.open_memstream.restype = ctypes.c_void_p
text, size = ctypes.c_char_p(), ctypes.c_size_t()
stream = ctypes.c_void_p(libc.open_memstream(ctypes.byref(text), ctypes.byref(size)))
libc.malloc_info(0, stream)
libc.fclose(stream)
print(text.value.count(b"<heap "))
"""
LIMIT = """
from openbioner_batch.engine.allocator import limit_arenas
limit_arenas()
"""
RESOLVE = """
from contextlib import suppress
from openbioner_batch.engine.request import resolve_inputs
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.errors import UsageError
with suppress(UsageError):
    resolve_inputs(AnnotateSettings(("no such file",), "out", "name"), print)
"""


def arenas(before: str, **more: str) -> int:
    """That a process has in use after many threads have allocated memory at once, with these variables set.

    Args:
        before: Python that runs before the threads.
        more: variables.
    """
    unset = ("MALLOC_ARENA_MAX", "GLIBC_TUNABLES")
    environment = {name: value for name, value in os.environ.items() if name not in unset} | more
    code = before + ARENAS_OF_THREADS
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_threads_share_two_arenas() -> None:
    assert arenas(LIMIT) == 2


def test_a_run_limits_them_before_it_lists_its_inputs() -> None:
    assert arenas(RESOLVE) == 2


def test_what_the_user_has_set_stands() -> None:
    assert arenas(LIMIT, MALLOC_ARENA_MAX="5") == 5
    assert arenas(LIMIT, GLIBC_TUNABLES="glibc.malloc.arena_max=4") == 4
