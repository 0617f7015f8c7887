"""The file of an index: arrays that are mapped into memory, and a header that says what they are of."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import shlex
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from openbioner_batch.errors import UsageError

VERSION = 7
_KEY = "openbioner_batch.vocabulary"
_DTYPES = {"U8": np.uint8, "I32": np.int32, "I64": np.int64, "U64": np.uint64, "F16": np.float16, "F32": np.float32}
_MOST_HEADER = 1 << 20


def write(path: str, arrays: Mapping[str, np.ndarray], about: dict[str, Any]) -> str:
    """Write an index, whole or not at all: the format is that of safetensors, its bytes a function of the arguments.

    Args:
        path: of the file.
        arrays: by name.
        about: what is said of the vocabulary.

    Returns:
        The digest of the index, which is also in its header.
    """
    from safetensors.numpy import save

    about = {**about, "index": VERSION}
    about["digest"] = _digest(arrays, about)
    data = save(dict(arrays), {_KEY: json.dumps(about, sort_keys=True)})
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        _remove_abandoned(path)
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise UsageError(f"--output {path} cannot be written: {error.strerror}") from error
    finally:
        Path(temporary).unlink(missing_ok=True)
    return str(about["digest"])


def _remove_abandoned(path: str) -> None:
    """Remove what processes of this machine that were killed have left of the same index."""
    for left in Path(path).parent.glob(f"{glob.escape(Path(path).name)}.*.tmp"):
        process = left.name.removesuffix(".tmp").rpartition(".")[2]
        if process.isdigit() and not _is_running(int(process)):
            left.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True


def mapped(path: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays of an index, mapped into memory, and what is said of the vocabulary.

    Raises:
        UsageError: the file is not an index, is cut short, or was built by a version that lays it out otherwise.
    """
    not_one = (
        f"{path} is no vocabulary's index: make one with `openbioner-batch vocabulary build {path} --output FILE.vocab`"
    )
    try:
        size = os.path.getsize(path)
        with open(path, "rb") as file:
            (length,) = struct.unpack("<Q", file.read(8).ljust(8, b"\0"))
            if not 2 <= length <= min(size, _MOST_HEADER):
                raise UsageError(not_one)
            header = json.loads(file.read(length))
        about = json.loads(header.pop("__metadata__")[_KEY])
        whole = np.memmap(path, np.uint8, "r").view(np.ndarray)  # which slices many times faster
        arrays = {}
        for name, found in header.items():
            start, end = (8 + length + offset for offset in found["data_offsets"])
            if end > size:
                raise UsageError(f"the index {path} is cut short: build it again")
            arrays[name] = whole[start:end].view(_DTYPES[found["dtype"]])
    except OSError as error:
        raise UsageError(f"the vocabulary {path} cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError):
        raise UsageError(not_one) from None
    if about.get("index") != VERSION:
        again = build_command(about, path)
        raise UsageError(f"the index {path} was built by another version: build it again with `{again}`")
    return arrays, about


def build_command(about: Mapping[str, Any], path: str) -> str:
    """What builds an index of the same source and choices."""
    words = ["openbioner-batch", "vocabulary", "build", str(about.get("source", "SOURCE")), "--output", path]
    for root in about.get("roots") or ():
        words += ["--root", root]
    for column, values in (about.get("only") or {}).items():
        words += ["--only", f"{column}={','.join(values)}"]
    if encoder := about.get("encoder"):
        words += ["--encoder", encoder["name"]]
    return shlex.join(words)


def check(path: str) -> None:
    """See that an index holds what was written.

    Raises:
        UsageError: it is damaged.
    """
    arrays, about = mapped(path)
    digest = about.pop("digest")
    if digest != _digest(arrays, about):
        raise UsageError(f"the index {path} is damaged: build it again from its source")


def _digest(arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].size}\n".encode())
        digest.update(np.ascontiguousarray(arrays[name]).data)  # as it lies there: vectors are large
    return digest.hexdigest()
