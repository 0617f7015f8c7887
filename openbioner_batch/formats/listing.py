"""Finds the input files: local paths, folders, globs, and the same on any fsspec file system."""

from __future__ import annotations

import errno
import glob
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from openbioner_batch.errors import UsageError
from openbioner_batch.formats.base import InputFile
from openbioner_batch.formats.compression import COMPRESSIONS
from openbioner_batch.formats.labels import error_text, label_of
from openbioner_batch.formats.registry import SUFFIXES
from openbioner_batch.formats.storage import (
    is_url,
    local_file,
    refuse_password,
    remote_file,
    suffix_of,
)

BUCKET_STORES = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oss"})
"""File systems whose paths begin with a bucket (container)."""
KINDS = ((stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"))

OnSkip = Callable[[str, str], None]
"""Called with the path of an entry that is skipped in a folder, and what it is."""


def list_inputs(
    patterns: Sequence[str], suffixes: Sequence[str] | None = None, on_skip: OnSkip = lambda path, what: None
) -> list[InputFile]:
    """The files that `patterns` stand for, without duplicates, in the order of the patterns and sorted within each.

    A file that is named explicitly is read whatever its name; of a ZIP archive, the members are read. A pattern is a
    glob only where no file or folder has exactly that name. A folder (recursive) or a glob gives the files whose suffix
    fits, without hidden ones and those in or under a name that begins with `_`; entries that are not files, such as a
    broken link, are skipped.

    Args:
        patterns: local paths, globs and folders, or the same as URLs of any fsspec file system.
        suffixes: those of the format, without a compression's; None takes those of every format.
        on_skip: called with what is skipped.

    Raises:
        UsageError: a pattern matches no file or is not a file, its name is not UTF-8, or its file system
            cannot be listed.
    """
    known = suffixes if suffixes is not None else [suffix for some in SUFFIXES.values() for suffix in some]
    found: dict[str, InputFile] = {}
    for pattern in patterns:
        if not pattern:
            raise UsageError("INPUT is empty: give a file, folder, glob or URL")
        if pattern == "-":
            raise UsageError("-: only annotate, deidentify and silver annotate read standard input: give a file")
        refuse_password(pattern)
        wanted = (".zip",) if _is_archive(pattern) else known
        matched = _list_remote(pattern, wanted) if is_url(pattern) else _list_local(pattern, wanted, on_skip)
        if _is_archive(pattern):
            matched = [member for file in matched for member in _list_remote(f"zip://::{file.uri}", known)]
        if not matched:
            raise UsageError(
                f"{label_of(pattern)}: nothing to read there. Expected files ending in {', '.join(known)} "
                f"(or with {', '.join(COMPRESSIONS)} added); a file of another name must be given by its full name."
            )
        for file in sorted(matched, key=lambda file: file.uri):
            found.setdefault(file.uri, file)
    for uri in found:
        if not uri.isascii():
            _require_utf8(uri)
    return list(found.values())


def _is_archive(pattern: str) -> bool:
    """Whether a pattern names ZIP archives, of which their members are read."""
    return pattern.lower().endswith(".zip") and "::" not in pattern and not os.path.isdir(pattern)


def _require_utf8(uri: str) -> None:
    try:
        uri.encode()
    except UnicodeEncodeError:
        name = label_of(uri).encode("utf-8", "backslashreplace").decode()
        raise UsageError(
            f"{name}: its name is not valid UTF-8, so results cannot contain it: rename it "
            "(convmv -r -f latin1 -t utf-8 --notest FOLDER does that for all files below a folder)"
        ) from None


def _list_local(pattern: str, suffixes: Sequence[str], on_skip: OnSkip) -> list[InputFile]:
    path = os.path.abspath(os.path.expanduser(pattern.removeprefix("file://")))
    what = _what_is(path)
    if what == "a file":
        return [local_file(path)]
    if what == "a folder":
        return list(_fitting(_walk(path), suffixes, on_skip))
    if what is not None:
        way_out = "; give - to read standard input" if what in ("a pipe", "a device") else ""
        raise UsageError(f"{label_of(pattern)} is {what}, not a file or folder{way_out}")
    if not glob.has_magic(path):
        _refuse_malformed(pattern)
        raise UsageError(f"{label_of(pattern)}: there is no such file or folder{_looked_for(pattern, path)}")
    literal = _with_literal_folders(path, os.path.isdir)
    matched = [match for match in glob.glob(literal, recursive=True) if _visible(match, path)]
    if not matched:
        raise UsageError(f"{label_of(pattern)}: no file or folder matches")
    names = (name for match in matched for name in (_walk(match) if os.path.isdir(match) else [match]))
    return list(_fitting(names, suffixes, on_skip))


def _fitting(names: Iterator[str], suffixes: Sequence[str], on_skip: OnSkip) -> Iterator[InputFile]:
    for name in names:
        if not _fits(name, suffixes):
            continue
        what = _what_is(name) or "gone"
        if what == "a file":
            yield local_file(name)
        else:
            on_skip(name, what)


def _what_is(path: str) -> str | None:
    """The kind of entry at a path, in words; None without one."""
    try:
        mode = os.stat(path).st_mode
    except ValueError:  # a null character
        return None
    except OSError as error:
        if os.path.islink(path) and error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return "a broken link"
        missing = error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)
        return None if missing else f"out of reach ({error.strerror})"
    if stat.S_ISREG(mode):
        return "a file"
    return "a folder" if stat.S_ISDIR(mode) else next((what for fits, what in KINDS if fits(mode)), "no file")


def _walk(root: str) -> Iterator[str]:
    """The visible files below a folder, through links to folders but not in circles."""

    def refuse(error: OSError) -> None:
        raise UsageError(
            f"{label_of(error.filename)}: the folder cannot be listed ({error.strerror}): repair that, or leave it out"
        ) from None

    seen = set()
    for folder, folders, names in os.walk(root, followlinks=True, onerror=refuse):
        state = os.stat(folder)
        if (state.st_dev, state.st_ino) in seen:
            folders.clear()
            continue
        seen.add((state.st_dev, state.st_ino))
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        yield from (os.path.join(folder, name) for name in names if not name.startswith((".", "_")))


def _list_remote(url: str, suffixes: Sequence[str]) -> list[InputFile]:
    from fsspec.core import url_to_fs

    _refuse_malformed(url)
    try:
        fs, path = url_to_fs(url)
        fs.invalidate_cache()
        info = _info(fs, path)
        if info is not None and info["type"] == "file":
            file = remote_file(url, info)
            _require_ranges(fs, path, file)
            return [file]
        if info is not None:
            found = fs.find(path, detail=True)
        elif glob.has_magic(path):
            literal = _with_literal_folders(path, lambda folder: _info(fs, folder) is not None)
            found = fs.glob(literal, detail=True)
        else:
            found = {}
        if not found:
            raise UsageError(f"{label_of(url)}: {_why_nothing(fs, path)}")
    except UsageError:
        raise
    except Exception as error:
        # each store has its own exceptions (credentials, network, a missing package); the user can repair all of them
        reason = error_text(error) or type(error).__name__
        raise UsageError(f"{label_of(url)}: cannot be listed: {reason}") from error
    matched = [(name, info) for name, info in found.items() if _fits(name, suffixes) and _visible(name, path)]
    return [remote_file(_address(url, name), info) for name, info in matched if info["type"] == "file"]


def _info(fs: Any, path: str) -> dict[str, Any] | None:
    """A store's entry for the object or folder of exactly that name; None without one.

    A store may refuse this for a glob's name, as S3 does to users who may list only a part of a bucket.
    """
    try:
        found: dict[str, Any] = fs.info(path)
        return found
    except FileNotFoundError as error:
        cause = error.__cause__
        if type(cause).__module__.startswith("aiohttp") and getattr(cause, "status", None) not in (404, 410):
            raise RuntimeError(str(cause)) from None  # web servers report every failure so
        return None
    except Exception:
        if glob.has_magic(path):
            return None
        raise


def _why_nothing(fs: Any, path: str) -> str:
    """Why a store lists nothing under a path, since each reason has its own remedy."""
    protocols = {fs.protocol} if isinstance(fs.protocol, str) else set(fs.protocol)
    bucket, _, below = path.strip("/").partition("/")
    if protocols & BUCKET_STORES and _info(fs, bucket) is None:
        return f"there is no bucket {bucket!r}, or these credentials do not show it"
    if protocols & {"http", "https"}:
        return "the server has nothing there; web servers give single files, no folders or globs"
    if glob.has_magic(path):
        return "no object matches" if protocols & BUCKET_STORES else "no file matches"
    if protocols & BUCKET_STORES and not below:
        return "the bucket is empty"
    return f"there is no file or folder of that name{f' in bucket {bucket!r}' if protocols & BUCKET_STORES else ''}"


def _require_ranges(fs: Any, path: str, file: InputFile) -> None:
    """Raises UsageError for a web server that serves only whole files: a run reads parts, and resumes at one."""
    if not file.uri.startswith(("http://", "https://")) or file.size < 2:
        return
    with suppress(OSError, ValueError), fs.open(path, "rb", block_size=1 << 16) as stream:
        stream.seek(file.size - 1)
        if len(stream.read(1)) == 1:
            return
    raise UsageError(
        f"{label_of(file.uri)}: its server does not give parts of a file, which a run needs to resume: download it "
        f"first (curl -O {label_of(file.uri)}) and give the path of the copy"
    )


def _refuse_malformed(pattern: str) -> None:
    """Raises UsageError for a malformed URL, or one without a bucket."""
    from fsspec import available_protocols

    protocol, colon, rest = pattern.partition(":")
    known = {*available_protocols(), "file"} - {"dir"}
    if colon and protocol.lower() in known:
        if protocol != protocol.lower() or not rest.startswith("//"):
            good = f"{protocol.lower()}://{rest.lstrip('/')}"
            raise UsageError(f"{label_of(pattern)}: a malformed URL{_did_you_mean(pattern, good)}")
        if protocol in BUCKET_STORES and not rest[2:].partition("/")[0]:
            raise UsageError(f"{label_of(pattern)}: the URL names no bucket; expected {protocol}://BUCKET/PATH")
    if match := re.match(r"(s3|gs|https?)//?(?=[^/])", pattern):
        good = f"{match[1]}://{pattern[match.end() :]}"
        raise UsageError(f"{label_of(pattern)}: a malformed URL{_did_you_mean(pattern, good)}")


def _did_you_mean(pattern: str, good: str) -> str:
    return f"; did you mean {good}?" if label_of(pattern) == pattern else ": expected PROTOCOL://PLACE/PATH"


def _looked_for(pattern: str, path: str) -> str:
    return f" (looked for {path})" if label_of(pattern) == pattern else ""


def _with_literal_folders(pattern: str, is_folder: Callable[[str], bool]) -> str:
    """The glob with leading folders escaped that exist under exactly that name, as `c[1]` may."""
    parts = pattern.split("/")
    escaped = list(parts)
    for place, part in enumerate(parts[:-1]):
        if glob.has_magic(part):
            if not is_folder("/".join(parts[: place + 1])):
                break
            escaped[place] = glob.escape(part)
    return "/".join(escaped)


def _address(url: str, name: str) -> str:
    """The URL of a listed file: that of its pattern with the path replaced, any chain (`zip://*::a.zip`) kept."""
    parts = url.split("::")
    place = next(place for place, part in enumerate(parts) if "://" in part)
    protocol = parts[place].split("://")[0]
    parts[place] = name if "://" in name else f"{protocol}://{name}"
    return "::".join(parts)


def _visible(path: str, pattern: str) -> bool:
    """Whether no part of `path` beyond the fixed part of `pattern` is hidden, unless the pattern names such."""
    parts = [part for part in pattern.split("/") if part]
    fixed = next((place for place, part in enumerate(parts) if glob.has_magic(part)), len(parts))
    if any(part.startswith((".", "_")) for part in parts[fixed:]):
        return True
    return not any(part.startswith((".", "_")) for part in [part for part in path.split("/") if part][fixed:])


def _fits(name: str, suffixes: Sequence[str]) -> bool:
    return suffix_of(name) in suffixes
