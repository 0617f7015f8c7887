"""Single files that appear at once and whole, at a local path or any fsspec URL, and who may read them."""

from __future__ import annotations

import os
import stat
import uuid
from contextlib import suppress

import fsspec
from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from openbioner_batch.errors import UsageError

ONE_PUT_PROTOCOLS = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oss", "memory"})
"""File systems where an upload shows under its name only once it is complete."""


def make_private_folder(path: str) -> None:
    """Make a folder, and those above it that are missing, for this user alone, whatever the umask; keep what is there.

    The last one is made private if it is the user's to change.
    """
    missing = []
    at = os.path.abspath(path)
    while not os.path.isdir(at):
        missing.append(at)
        at = os.path.dirname(at)
    for folder in reversed(missing):
        with suppress(FileExistsError):  # another process of the run has made it
            os.mkdir(folder, stat.S_IRWXU)
            os.chmod(folder, stat.S_IRWXU)
    if stat.S_IMODE(os.stat(path).st_mode) != stat.S_IRWXU:
        os.chmod(path, stat.S_IRWXU)


def write_durably(path: str, data: bytes, private: bool) -> None:
    """Write a local file that a power cut leaves whole once this returns; a private one is for this user alone."""
    with open(path, "wb", opener=_private_opener if private else None) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())  # after a power cut the name must not exist without its bytes


def _private_opener(path: str, flags: int) -> int:
    descriptor = os.open(path, flags, stat.S_IRUSR | stat.S_IWUSR)
    os.fchmod(descriptor, stat.S_IRUSR | stat.S_IWUSR)  # it may have been there with other rights
    return descriptor


def in_a_line(error: Exception) -> str:
    """A failure of a file system in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def puts_whole(fs: AbstractFileSystem) -> bool:
    """Whether an upload to a file system shows only once it is complete."""
    protocols = {fs.protocol} if isinstance(fs.protocol, str) else set(fs.protocol)
    return bool(protocols & ONE_PUT_PROTOCOLS)


def is_local(url: str) -> bool:
    """Whether a path or URL means this machine's own file system."""
    return isinstance(fsspec.core.url_to_fs(url)[0], LocalFileSystem)


def refuse_folder(option: str, url: str) -> None:
    """Raises UsageError where a file's name is that of a folder, or ends as one."""
    fs, path = url_to_fs(url)
    if url.endswith("/") or (not puts_whole(fs) and fs.isdir(path)):
        raise UsageError(f"{option} {url} is a folder: give the name of a file, such as {url.rstrip('/')}/page.html")


def write_file(url: str, data: bytes, private: bool = False) -> None:
    """Write one file, at a local path or any fsspec URL, that appears at once and whole.

    Args:
        url: where.
        data: what.
        private: whether a file on a local disk is for this user alone.

    Raises:
        UsageError: the file cannot be written.
    """
    fs, path = url_to_fs(url)
    temporary = f"{path}.{uuid.uuid4().hex}.tmp"
    try:
        if puts_whole(fs):
            fs.pipe_file(path, data)
            return
        try:
            if private and isinstance(fs, LocalFileSystem):
                write_durably(temporary, data, private)
            else:
                fs.pipe_file(temporary, data)
            fs.mv(temporary, path)
        finally:
            if fs.exists(temporary):
                fs.rm_file(temporary)
    except Exception as error:  # each file system has exceptions of its own
        raise UsageError(f"{url} cannot be written ({in_a_line(error)})") from error
