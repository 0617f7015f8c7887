"""The files of a vocabulary: opened, unpacked and digested."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from openbioner_batch.errors import UsageError
from openbioner_batch.formats.compression import COMPRESSIONS, BrokenStreamError, unpacked

HEAD = 64 << 10


def packing(path: str) -> str:
    """The suffix by which a file is packed, or nothing."""
    return next((suffix for suffix in COMPRESSIONS if path.lower().endswith(suffix)), "")


def bare_name(path: str) -> str:
    """The file's name without its folder and the suffix of a compression, in small letters."""
    name = os.path.basename(path).lower()
    return name.removesuffix(packing(name))


@contextmanager
def opened(path: str) -> Iterator[BinaryIO]:
    """A file's content, unpacked.

    Raises:
        UsageError: it cannot be read, also while it is being read.
    """
    try:
        with open(path, "rb") as file:
            packed = packing(path)
            yield unpacked(file, packed) if packed else file
    except OSError as error:
        raise UsageError(f"the vocabulary {path} cannot be read: {error.strerror or type(error).__name__}") from error
    except BrokenStreamError as error:
        raise UsageError(f"the vocabulary {path} cannot be read: {error}") from error


@contextmanager
def unpacked_file(path: str) -> Iterator[str]:
    """The name of a file that holds the content unpacked: the file itself, or one that is removed afterwards."""
    if not packing(path):
        with opened(path):
            yield path
        return
    with tempfile.NamedTemporaryFile() as copy, opened(path) as stream:
        while piece := stream.read(1 << 20):
            copy.write(piece)
        copy.flush()
        yield copy.name


def first_bytes(path: str) -> bytes:
    """The first bytes of a file's content.

    Raises:
        UsageError: it cannot be read.
    """
    pieces = b""
    with opened(path) as stream:
        while len(pieces) < HEAD and (piece := stream.read(HEAD - len(pieces))):
            pieces += piece
    return pieces


def digest_of(paths: Sequence[str]) -> str:
    """SHA-256 over the bytes of files, as they lie there."""
    digest = hashlib.sha256()
    for path in paths:
        try:
            with open(path, "rb") as file:
                while piece := file.read(1 << 20):
                    digest.update(piece)
        except OSError as error:
            raise UsageError(f"the vocabulary {path} cannot be read: {error.strerror}") from error
    return digest.hexdigest()


def beside(path: str, names: Sequence[str]) -> list[str]:
    """The files in the folder of `path` that have one of these bare names, in order of the names."""
    folder = os.path.dirname(path) or "."
    found = {bare_name(name): os.path.join(folder, name) for name in sorted(os.listdir(folder), reverse=True)}
    return [found[name] for name in names if name in found]
