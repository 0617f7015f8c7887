"""Finds the input files and opens them: local paths and any fsspec URL, unpacked by their suffix."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, BinaryIO, TypeVar, cast

from openbioner_batch.errors import UsageError
from openbioner_batch.formats.base import InputFile
from openbioner_batch.formats.compression import COMPRESSIONS, unpacked
from openbioner_batch.formats.whole import WholeFile, fetch_whole

SUFFIXES: dict[str, tuple[str, ...]] = {
    "jsonl": (".jsonl", ".ndjson", ".json"),
    "parquet": (".parquet", ".pq"),
    "csv": (".csv",),
    "tsv": (".tsv", ".tab"),
    "text": (".txt", ".text"),
    "pubmed": (".xml",),
    "pubtator": (".pubtator",),
    "brat": (".ann",),
    "iob": (".iob", ".conll", ".bio"),
    "bioc-xml": (".bioc",),
}
"""The suffixes that each format goes by, before that of a compression."""

SPLIT_BYTES = 8 << 20
"""What one task reads at a time, where a file can be cut."""

LARGEST_RECORD = 64 << 20
"""Bytes (of CSV, characters) above which a record is set aside unread: no document comes near, a broken file does."""

_REMOTE_BLOCK = 4 << 20
_REMOTE_CALLS = 16

_Result = TypeVar("_Result")


def list_inputs(patterns: Sequence[str], suffixes: Sequence[str] | None = None) -> list[InputFile]:
    """The files that `patterns` stand for, without doubles, in the order of the patterns and sorted within each.

    A file that is named outright is taken whatever it is called. A folder (recursive) or a glob gives the files whose
    suffix fits, less hidden ones and those in or under a name that begins with `_`.

    Args:
        patterns: local paths, globs and folders, or the same as URLs of any fsspec file system.
        suffixes: those of the format, without a compression's; None takes those of every format.

    Raises:
        UsageError: a pattern stands for no file, or its file system cannot be listed.
    """
    known = suffixes if suffixes is not None else [suffix for some in SUFFIXES.values() for suffix in some]
    found: dict[str, InputFile] = {}
    for pattern in patterns:
        refuse_password(pattern)
        matched = _list_remote(pattern, known) if _is_url(pattern) else _list_local(pattern, known)
        if not matched:
            raise UsageError(
                f"{pattern}: nothing to read there. Expected files ending in {', '.join(known)} "
                f"(or with {', '.join(COMPRESSIONS)} added); a file of another name must be given by its full name."
            )
        for file in sorted(matched, key=lambda file: file.uri):
            found.setdefault(file.uri, file)
    return list(found.values())


def suffix_of(uri: str) -> str:
    """The last suffix of a file's name below that of a compression, in lower case: `.jsonl` of `a/b.JSONL.gz`."""
    name = _file_name(uri)
    packed = compression_of(uri)
    return os.path.splitext(name.removesuffix(packed))[1]


def compression_of(uri: str) -> str:
    """The suffix of the compression that a file's name tells, or an empty string."""
    return next((suffix for suffix in COMPRESSIONS if _file_name(uri).endswith(suffix)), "")


def open_input(file: InputFile) -> BinaryIO:
    """The bytes of a file as a stream, unpacked where its suffix says so.

    Reading raises `BrokenStreamError` where packed bytes end early or are damaged; everything before has come out.
    """
    raw = open_stored(file)
    packed = compression_of(file.uri)
    return unpacked(raw, packed) if packed else raw


def open_stored(file: InputFile, ahead: bool = True) -> BinaryIO:
    """The bytes of a file as they are stored, seekable.

    Args:
        file: the file.
        ahead: whether a remote file is fetched in blocks ahead of a reader that goes on; without it each read is one
            request for just its range.
    """
    if not _is_url(file.uri):
        return open(file.uri, "rb")
    from fsspec.core import url_to_fs

    fs, path = url_to_fs(file.uri)
    cache = "readahead" if ahead else "none"
    stream = fs.open(path, "rb", block_size=_REMOTE_BLOCK, cache_type=cache)
    return cast(BinaryIO, WholeFile(stream, file, fs))


def read_stored(files: Sequence[InputFile]) -> list[bytes]:
    """The stored bytes of each file, whole: for small files, of which a remote store gives several at a time."""
    return for_each(files, _stored)


def for_each(files: Sequence[InputFile], function: Callable[[InputFile], _Result]) -> list[_Result]:
    """`function` of every file, in order, several at a time so that a remote store's latency does not add up."""
    if len(files) < 2 or not any(_is_url(file.uri) for file in files):
        return [function(file) for file in files]
    with ThreadPoolExecutor(_REMOTE_CALLS) as pool:
        return list(pool.map(function, files))


def refuse_password(url: str) -> None:
    """Raises UsageError where a URL holds a password: it would stand in the plan, in every row and in messages."""
    for part in url.split("::"):
        protocol, _, rest = part.partition("://")
        user, at, place = rest.partition("@")
        # GitHub's `owner:repository@reference` looks like one.
        if at and ":" in user and "/" not in user and protocol != "github":
            raise UsageError(
                f"{protocol}://***@{place}: a password in a URL would end up in the output and in logs. Leave it out "
                f"and set it in the environment: FSSPEC_{protocol.upper()}_PASSWORD, or AWS_SECRET_ACCESS_KEY for S3"
            )


def first_changed(files: Sequence[InputFile]) -> InputFile | None:
    """The first file that is no longer what it was when it was listed; None where all are.

    A remote file is known by its size and its store's own tag, if there is one: times may differ between two ways of
    asking.
    """

    def is_changed(file: InputFile) -> bool:
        try:
            if not _is_url(file.uri):
                return _local_file(file.uri) != file
            from fsspec.core import url_to_fs

            fs, path = url_to_fs(file.uri)
            fs.invalidate_cache()
            now = _remote_file(file.uri, fs.info(path))
        except FileNotFoundError:
            return True
        own_tag = not file.etag.startswith(f"{file.size}-")
        return now.size != file.size or (own_tag and now.etag != file.etag)

    return next((file for file, changed in zip(files, for_each(files, is_changed), strict=True) if changed), None)


def _stored(file: InputFile) -> bytes:
    if not _is_url(file.uri):
        with open(file.uri, "rb") as stream:
            return stream.read()
    from fsspec.core import url_to_fs

    fs, path = url_to_fs(file.uri)
    return fetch_whole(file, file.size, lambda: fs.cat_file(path))


def _list_local(pattern: str, suffixes: Sequence[str]) -> list[InputFile]:
    path = os.path.abspath(os.path.expanduser(pattern.removeprefix("file://")))
    if os.path.isfile(path):
        return [_local_file(path)]
    if os.path.isdir(path):
        return [_local_file(name) for name in _walk(path) if _fits(name, suffixes)]
    matched = [match for match in glob.glob(path, recursive=True) if _visible(match, path)]
    names = [name for match in matched for name in (_walk(match) if os.path.isdir(match) else [match])]
    return [_local_file(name) for name in names if _fits(name, suffixes)]


def _walk(root: str) -> Iterator[str]:
    """The visible files below a folder, through links to folders but never round a circle of them."""
    seen = set()
    for folder, folders, names in os.walk(root, followlinks=True):
        state = os.stat(folder)
        if (state.st_dev, state.st_ino) in seen:
            folders.clear()
            continue
        seen.add((state.st_dev, state.st_ino))
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        yield from (os.path.join(folder, name) for name in names if not name.startswith((".", "_")))


def _local_file(path: str) -> InputFile:
    state = os.stat(path)
    return InputFile(path, state.st_size, f"{state.st_size}-{state.st_mtime_ns}")


def _list_remote(url: str, suffixes: Sequence[str]) -> list[InputFile]:
    from fsspec.core import url_to_fs

    try:
        fs, path = url_to_fs(url)
        fs.invalidate_cache()
        if glob.has_magic(path):
            found = fs.glob(path, detail=True)
        elif (info := fs.info(path))["type"] == "file":
            return [_remote_file(url, info)]
        else:
            found = fs.find(path, detail=True)
    except FileNotFoundError:
        return []
    except Exception as error:
        # Each store has exceptions of its own (credentials, network, a missing package); all are the user's to mend.
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UsageError(f"{url}: cannot be listed: {reason}") from error
    matched = [(name, info) for name, info in found.items() if _fits(name, suffixes) and _visible(name, path)]
    return [_remote_file(_address(url, name), info) for name, info in matched if info["type"] == "file"]


def _address(url: str, name: str) -> str:
    """The URL of a listed file: that of its pattern with the path exchanged, any chain (`zip://*::a.zip`) kept."""
    parts = url.split("::")
    place = next(place for place, part in enumerate(parts) if "://" in part)
    protocol = parts[place].split("://")[0]
    parts[place] = name if "://" in name else f"{protocol}://{name}"
    return "::".join(parts)


def _remote_file(url: str, info: dict[str, Any]) -> InputFile:
    size = info.get("size")
    if size is None:
        raise UsageError(f"{url}: the server does not tell its size, which a run's plan needs. Copy the file first.")
    etag = next((info[key] for key in ("ETag", "etag", "e_tag") if info.get(key)), None)
    if etag:
        return InputFile(url, size, str(etag).removeprefix("W/").strip('"'))
    times: Iterable[Any] = (info.get(key) for key in ("LastModified", "last_modified", "mtime", "updated", "created"))
    time = next((time for time in times if time is not None), "")
    if isinstance(time, datetime):
        time = round(time.timestamp() * 1e6) * 1000
    elif isinstance(time, float):
        time = round(time * 1e9)
    return InputFile(url, size, f"{size}-{time}")


def _visible(path: str, pattern: str) -> bool:
    """Whether no part of `path` beyond the fixed part of `pattern` is hidden, unless the pattern asks for such."""
    asked = [part for part in pattern.split("/") if part]
    fixed = next((place for place, part in enumerate(asked) if glob.has_magic(part)), len(asked))
    if any(part.startswith((".", "_")) for part in asked[fixed:]):
        return True
    return not any(part.startswith((".", "_")) for part in [part for part in path.split("/") if part][fixed:])


def _fits(name: str, suffixes: Sequence[str]) -> bool:
    return suffix_of(name) in suffixes


def _file_name(uri: str) -> str:
    path = uri.split("::")[0] if _is_url(uri) else uri
    if path.startswith(("http://", "https://")):
        path = path.split("?")[0].split("#")[0]
    return os.path.basename(path).lower()


def _is_url(path: str) -> bool:
    return "://" in path and not path.startswith("file://")
