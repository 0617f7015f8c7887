"""Keeps a driver's memory from growing as glibc's allocator spreads freed blocks over many arenas."""

from __future__ import annotations

import ctypes
import os

MOST_ARENAS = 2
_M_ARENA_MAX = -8
"""As malloc.h calls it."""


def limit_arenas() -> None:
    """Let all threads of this process share two of glibc's arenas, unless the user has set their number.

    By default nearly each of the threads that Ray starts gets an arena of its own, up to eight a core. What one
    thread allocates and another frees then leaves pages that are partly in use in all of them: 1,000 bytes for each
    shard of a run, of which nothing is a leak (benchmarks/NOTES.md, Memory). It must come before the process has used
    nine arenas, when glibc settles their number. Without glibc nothing is done.
    """
    if "MALLOC_ARENA_MAX" in os.environ or "glibc.malloc.arena_max" in os.environ.get("GLIBC_TUNABLES", ""):
        return
    try:
        set_option = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    set_option(_M_ARENA_MAX, MOST_ARENAS)
