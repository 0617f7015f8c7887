"""Opens input files, local or at any fsspec URL: reads suffixes from names, and unpacks bytes by them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, BinaryIO, TypeVar, cast

from openbioner_batch.errors import UsageError
from openbioner_batch.formats.base import InputFile
from openbioner_batch.formats.compression import COMPRESSIONS, unpacked
from openbioner_batch.formats.encoding import transcoded
from openbioner_batch.formats.labels import label_of
from openbioner_batch.formats.meter import open_counted
from openbioner_batch.formats.registry import SUFFIXES
from openbioner_batch.formats.whole import WholeFile, fetch_whole

SPLIT_BYTES = 8 << 20
"""The bytes that one task reads at a time, where a file can be cut."""

LARGEST_RECORD = 64 << 20
"""Bytes (of CSV, characters) above which a record is set aside unread: only broken files have such."""

_DOUBLE = tuple(suffix for some in SUFFIXES.values() for suffix in some if suffix.count(".") > 1)
_REMOTE_BLOCK = 4 << 20
_REMOTE_CALLS = 16

_Result = TypeVar("_Result")


def suffix_of(uri: str) -> str:
    """The last suffix of a file's name below that of a compression, in lower case: `.jsonl` of `a/b.JSONL.gz`.

    A suffix of two parts counts as one where a format has it: `.bioc.xml`.
    """
    name = _file_name(uri).removesuffix(compression_of(uri))
    return next((suffix for suffix in _DOUBLE if name.endswith(suffix)), os.path.splitext(name)[1])


def compression_of(uri: str) -> str:
    """The suffix of the compression in a file's name, or an empty string."""
    return next((suffix for suffix in COMPRESSIONS if _file_name(uri).endswith(suffix)), "")


def open_input(file: InputFile) -> BinaryIO:
    """The bytes of a file as a stream, unpacked where its suffix says so.

    >>> import gzip
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from openbioner_batch.formats import list_inputs
    >>> folder = TemporaryDirectory()
    >>> _ = Path(folder.name, "note.txt.gz").write_bytes(gzip.compress(b"No fever."))
    >>> with open_input(list_inputs([folder.name])[0]) as stream:
    ...     stream.read()
    b'No fever.'

    Reading raises `BrokenStreamError` where packed bytes end early or are damaged; everything before has come out.
    """
    raw = open_stored(file)
    packed = compression_of(file.uri)
    return unpacked(raw, packed) if packed else raw


def open_text(file: InputFile, encoding: str | None) -> BinaryIO:
    """The bytes of a text file as a stream, as `open_input` gives them, converted to UTF-8 if need be."""
    stream = open_input(file)
    return transcoded(stream, encoding) if encoding else stream


def is_stream(uri: str) -> bool:
    """Whether a file can only be read from its beginning, since it is packed."""
    return bool(compression_of(uri)) or uri.startswith("zip://")


def open_stored(file: InputFile, ahead: bool = True) -> BinaryIO:
    """The stored bytes of a file, seekable.

    Args:
        file: the file.
        ahead: whether a remote file is fetched in blocks ahead of a sequential reader; without it each read is one
            request for its range.
    """
    if not is_url(file.uri):
        return open_counted(file.uri)
    from fsspec.core import url_to_fs

    fs, path = url_to_fs(file.uri)
    cache = "readahead" if ahead else "none"
    stream = fs.open(path, "rb", block_size=_REMOTE_BLOCK, cache_type=cache)
    return cast(BinaryIO, WholeFile(stream, file, fs))


def read_stored(files: Sequence[InputFile]) -> list[bytes]:
    """The stored bytes of each file, whole: for small files, which a remote store gives several at a time."""
    return for_each(files, _stored)


def for_each(files: Sequence[InputFile], function: Callable[[InputFile], _Result]) -> list[_Result]:
    """`function` of every file, in order, several at a time so that a remote store's latency does not add up."""
    if len(files) < 2 or not any(is_url(file.uri) for file in files):
        return [function(file) for file in files]
    with ThreadPoolExecutor(_REMOTE_CALLS) as pool:
        return list(pool.map(function, files))


def refuse_password(url: str) -> None:
    """Raises UsageError where a URL contains a password: it would get into the plan, every row and messages."""
    for part in url.split("::"):
        protocol, _, rest = part.partition("://")
        user, at, place = rest.partition("@")
        # GitHub's `owner:repository@reference` looks like one
        if at and ":" in user and "/" not in user and protocol != "github":
            raise UsageError(
                f"{protocol}://***@{place.partition('/')[0]}: a password in a URL would end up in the output and in "
                f"logs. Leave it out and set it in the environment: FSSPEC_{protocol.upper()}_PASSWORD, or "
                "AWS_SECRET_ACCESS_KEY for S3"
            )


def first_changed(files: Sequence[InputFile]) -> InputFile | None:
    """The first file that has changed since it was listed; None where none has.

    A remote file is identified by its size and its store's tag, if there is one, since times may differ between two
    kinds of requests.
    """

    def is_changed(file: InputFile) -> bool:
        try:
            if not is_url(file.uri):
                return local_file(file.uri) != file
            from fsspec.core import url_to_fs

            # a ZIP archive's members are listed once for each object of its class
            fs, path = url_to_fs(file.uri, **({"skip_instance_cache": True} if file.uri.startswith("zip://") else {}))
            fs.invalidate_cache()
            now = remote_file(file.uri, fs.info(path))
        except FileNotFoundError:
            return True
        own_tag = not file.etag.startswith(f"{file.size}-")
        return now.size != file.size or (own_tag and now.etag != file.etag)

    return next((file for file, changed in zip(files, for_each(files, is_changed), strict=True) if changed), None)


def _stored(file: InputFile) -> bytes:
    if not is_url(file.uri):
        with open(file.uri, "rb") as stream:
            return stream.read()
    from fsspec.core import url_to_fs

    fs, path = url_to_fs(file.uri)
    return fetch_whole(file, file.size, lambda: fs.cat_file(path))


def local_file(path: str) -> InputFile:
    """A local file, as listed now."""
    state = os.stat(path)
    return InputFile(path, state.st_size, f"{state.st_size}-{state.st_mtime_ns}")


def remote_file(url: str, info: dict[str, Any]) -> InputFile:
    """A remote file, from its store's entry."""
    size = info.get("size")
    if size is None:
        raise UsageError(
            f"{label_of(url)}: the server does not report its size, which a run's plan needs. Copy the file first."
        )
    etag = next((info[key] for key in ("ETag", "etag", "e_tag", "CRC") if info.get(key)), None)
    if etag:
        return InputFile(url, size, str(etag).removeprefix("W/").strip('"'))
    times: Iterable[Any] = (info.get(key) for key in ("LastModified", "last_modified", "mtime", "updated", "created"))
    time = next((time for time in times if time is not None), "")
    if isinstance(time, datetime):
        time = round(time.timestamp() * 1e6) * 1000
    elif isinstance(time, float):
        time = round(time * 1e9)
    return InputFile(url, size, f"{size}-{time}")


def _file_name(uri: str) -> str:
    path = uri.split("::")[0] if is_url(uri) else uri
    if path.startswith(("http://", "https://")):
        path = path.split("?")[0].split("#")[0]
    return os.path.basename(path).lower()


def is_url(path: str) -> bool:
    """Whether an input is a URL, other than one of a local file."""
    return "://" in path and not path.startswith("file://")
