"""The shared library of the kernels: compiled by the machine's compiler when first needed, and cached."""

from __future__ import annotations

import ctypes
import hashlib
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import torch

_INSTRUCTIONS = ("avx512_f", "avx512_bw", "avx512_vl", "avx512_dq", "avx512_bf16")
_FLAGS = ["-O3", "-std=c11", "-fno-strict-aliasing", "-fPIC", "-shared", "-mfma"] + [
    "-m" + name.replace("_", "") for name in _INSTRUCTIONS
]
_SOURCE = Path(__file__).with_name("kernels.c")
_log = logging.getLogger(__name__)


@cache
def load() -> ctypes.CDLL | None:
    """The compiled kernels; None if they are unavailable, with the reason in the log if the CPU could run them."""
    if sys.platform != "linux":
        return None
    capabilities = torch.cpu.get_capabilities()
    if not all(capabilities.get(name, False) for name in _INSTRUCTIONS):
        return None
    try:
        return ctypes.CDLL(str(_compiled()))
    except (OSError, subprocess.SubprocessError) as error:
        reason = " ".join(str(error).split())[:300]
        _log.warning("bfloat16 runs without its kernels, more slowly: %s (they are cached in XDG_CACHE_HOME)", reason)
        return None


def _compiled() -> Path:
    """The kernels' file in the user's cache, compiled unless it is there."""
    digest = hashlib.sha256(_SOURCE.read_bytes() + " ".join(_FLAGS).encode()).hexdigest()
    cache_home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = Path(cache_home) / "openbioner_batch"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise OSError(f"{folder} could be written to by another user")
    target = folder / f"native-{digest[:16]}.so"
    if target.exists():
        return target
    compiler = next((path for name in ("cc", "gcc", "clang") if (path := shutil.which(name))), None)
    if compiler is None:
        raise OSError("no C compiler (cc, gcc or clang) on the path")
    with tempfile.TemporaryDirectory(dir=folder) as own:
        built = Path(own) / target.name
        command = [compiler, *_FLAGS, "-o", str(built), str(_SOURCE)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise OSError(f"{compiler} failed: {done.stderr}")
        os.replace(built, target)  # atomically, since several processes may compile at once
    return target


@cache
def openmp() -> ctypes.CDLL | None:
    """torch's library of CPU operations, to call its OpenMP; None where it has no GNU calls.

    A name that is looked up in a library is looked up in those that it is linked with, too (dlsym(3)): so this is
    torch's own OpenMP whatever its file is called, also where another package has brought a second one. With that the
    kernels run on torch's own threads. `torch.utils.cpp_extension` would give the same threads, through
    `at::parallel_for`, but needs a C++ compiler and Python's headers on every machine that tags; these kernels are C
    without headers of torch or Python.
    """
    try:
        found = ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"))
    except OSError:
        return None
    return found if hasattr(found, "GOMP_parallel") else None
