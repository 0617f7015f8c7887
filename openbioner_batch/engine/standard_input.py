"""Standard input as an input file: a run reads its inputs in parts and again when it resumes, so it needs a copy."""

from __future__ import annotations

import atexit
import hashlib
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from openbioner_batch.errors import OpenBioNERError, UsageError
from openbioner_batch.formats import get_format
from openbioner_batch.formats.base import Format, InputFile, ReadOptions
from openbioner_batch.formats.registry import FORMATS
from openbioner_batch.formats.rows import OPEN_QUOTE
from openbioner_batch.records import Deletion, Rejected

NAME = "-"
"""The INPUT that means standard input."""
PACKED = ((b"\x1f\x8b", ".gz"), (b"\x28\xb5\x2f\xfd", ".zst"), (b"BZh", ".bz2"), (b"\xfd7zXZ\0", ".xz"))
_PIECE = 1 << 20
_CUT_OFF = 2
"""How many records at the end of a copy may exist only because the copy stops there."""


def copy_standard_input(
    inputs: Sequence[str],
    output: str,
    format_name: str | None,
    options: ReadOptions,
    limit: int | None,
    on_cluster: bool,
) -> list[str]:
    """The inputs with the path of a copy in place of `-`.

    The copy lies in a folder of the user's own below the one for temporary files, under a name that its content and the
    output determine, so that a run that is given the same content again resumes. It is removed when the process ends.
    With a limit, no more is read than holds so many records.

    Args:
        inputs: the user's.
        output: the folder of the run.
        format_name: the format, since there is no name to show it.
        options: how it is read.
        limit: how many records the run takes.
        on_cluster: whether a cluster is to run it.

    Raises:
        UsageError: the request is wrong, or nothing comes.
    """
    if NAME not in inputs:
        return list(inputs)
    if list(inputs).count(NAME) > 1:
        raise UsageError("- is named twice: there is one standard input")
    if format_name is None:
        raise UsageError("-: standard input has no name that shows its format: say which with --format")
    reader = get_format(format_name)
    if FORMATS[reader.name].paired:
        raise UsageError(f"-: {reader.name} is pairs of files, which standard input cannot bring: give their folder")
    if on_cluster:
        raise UsageError("-: standard input is on this machine alone: give a file that all machines of the cluster see")
    if sys.stdin is None or sys.stdin.closed:
        raise UsageError("-: standard input is closed")
    stream = sys.stdin.buffer
    if stream.isatty():
        print("reading standard input; Ctrl-D ends it", file=sys.stderr, flush=True)
    path = _copy(stream, output, reader, _wants_more(reader, options, limit))
    return [path if name == NAME else name for name in inputs]


def _copy(stream: BinaryIO, output: str, reader: Format, wants_more: Callable[[str, int], bool]) -> str:
    folder = _private_folder()
    first = stream.read(_PIECE)
    if not first:
        raise UsageError("-: standard input is empty")
    suffix = reader.suffixes[0] + next((packed for magic, packed in PACKED if first.startswith(magic)), "")
    with tempfile.NamedTemporaryFile(dir=folder, suffix=suffix, delete=False) as file:
        _remove_at_exit(file.name)
        digest = hashlib.sha256(output.encode("utf-8", "surrogatepass") + b"\0" + first)
        file.write(first)
        checked = 0
        while len(first) == _PIECE:
            if file.tell() >= 2 * checked:
                file.flush()
                checked = file.tell()
                if not wants_more(file.name, checked):
                    break
            first = stream.read(_PIECE)
            digest.update(first)
            file.write(first)
    # Only now is the file closed, and so complete.
    path = os.path.join(folder, digest.hexdigest()[:16] + suffix)
    os.utime(file.name, ns=(0, 0))  # the plan knows a file by its time
    os.replace(file.name, path)
    _remove_at_exit(path)
    return path


def _wants_more(reader: Format, requested: ReadOptions, limit: int | None) -> Callable[[str, int], bool]:
    def wants_more(path: str, size: int) -> bool:
        if limit is None:
            return True
        files = [InputFile(path, size, "")]
        left = limit + _CUT_OFF
        with suppress(OpenBioNERError):  # such as Parquet, whose footer describes its content
            options = reader.resolve(files, requested)
            for split in reader.splits(files):
                for record in reader.read(split, options):
                    if isinstance(record, Rejected) and record.reason.endswith(OPEN_QUOTE):
                        return True  # the quote may close in the part that has not been read
                    left -= not isinstance(record, Deletion)
                    if left <= 0:
                        return False
        return True

    return wants_more


def _private_folder() -> str:
    folder = os.path.join(tempfile.gettempdir(), f"openbioner-stdin-{os.getuid()}")
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        state = os.lstat(folder)
    except OSError as error:
        raise UsageError(f"-: cannot write a copy in {folder} ({error.strerror}): set TMPDIR to another") from error
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.getuid() or state.st_mode & 0o077:
        raise UsageError(f"-: {folder} is not a folder that you alone may enter: remove it, or set TMPDIR to another")
    return folder


def _remove_at_exit(path: str) -> None:
    atexit.register(Path(path).unlink, missing_ok=True)
