"""The folder of a run, local or remote: every write to it is atomic."""

from __future__ import annotations

import os
import stat
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from glob import has_magic
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from openbioner_batch.engine.files import in_a_line, make_private_folder, puts_whole, write_durably
from openbioner_batch.errors import RunFailedError, UsageError
from openbioner_batch.formats.base import InputFile
from openbioner_batch.formats.storage import refuse_password
from openbioner_batch.formats.whole import WholeFile, fetch_whole

PRIVATE_MARK = "_run"
"""The folder below a local root whose permissions set those of everything written there."""
TEMPORARY = "_run/tmp"
LOST_AND_FOUND = "lost+found"
"""A folder of the file system's own, at the root of a disk, that only the superuser may list."""
_REMOVALS = 16


class Store:
    """Objects below one root, addressed by relative names with forward slashes.

    Args:
        root: a local path or any fsspec URL.
    """

    def __init__(self, root: str) -> None:
        refuse_password(root)
        try:
            root.encode()
        except UnicodeEncodeError:
            printable = root.encode("utf-8", "backslashreplace").decode()
            raise UsageError(f"{printable}: a folder whose name is not valid UTF-8; give another") from None
        try:
            # A cached listing would hide what another process has just committed.
            self._fs, path = url_to_fs(root, use_listings_cache=False)
        except Exception as error:  # each file system has exceptions of its own
            raise UsageError(f"{root} cannot be opened ({in_a_line(error)})") from error
        self.local = isinstance(self._fs, LocalFileSystem)
        self._root = os.path.abspath(path) if self.local else path.rstrip("/")
        self.url = self._root if self.local else self._fs.unstrip_protocol(self._root)

    def __reduce__(self) -> tuple[type[Store], tuple[str]]:
        return Store, (self.url,)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root

    def make_private(self) -> None:
        """On a local disk, make everything written from now on readable by this user alone, whatever the umask.

        Any process that writes here knows by the rights of `_run/`: folders are 0700 then, and files 0600. The root
        gets these rights too, if it is the user's. Elsewhere the store's own rules decide.
        """
        if not self.local:
            return
        try:
            make_private_folder(self._path(PRIVATE_MARK))
        except OSError as error:
            self._refuse_file()
            raise RunFailedError(
                f"{self.url} cannot be kept private ({in_a_line(error)}): give another folder"
            ) from error
        with suppress(OSError):
            os.chmod(self._root, stat.S_IRWXU)

    @property
    def is_private(self) -> bool:
        """Whether what is written here is for this user alone."""
        try:
            mode = os.stat(self._path(PRIVATE_MARK)).st_mode if self.local else stat.S_IRWXO
        except OSError:
            return False
        return not mode & (stat.S_IRWXG | stat.S_IRWXO)

    def put(self, name: str, data: bytes) -> None:
        """Write an object that appears at once and whole, replacing any of that name.

        Raises:
            RunFailedError: the file system lacks space, denies access or cannot be reached.
            UsageError: a file of the folder's name exists.
        """
        path = self._path(name)
        try:
            if puts_whole(self._fs):
                self._fs.pipe_file(path, data)
            else:
                self._put_and_rename(path, data)
        except Exception as error:  # each file system has exceptions of its own
            self._refuse_file()
            raise RunFailedError(
                f"{self.url}/{name} cannot be written ({in_a_line(error)}): what is committed stays; once that is "
                "repaired, the same command resumes the run"
            ) from error

    def _refuse_file(self) -> None:
        """Raises UsageError where a file of the folder's name exists."""
        if self.local and os.path.isfile(self._root):
            raise UsageError(f"{self.url} is a file: give the name of a folder")

    def _put_and_rename(self, path: str, data: bytes) -> None:
        temporary = self._path(f"{TEMPORARY}/{uuid.uuid4().hex}")
        private = self.is_private
        try:
            for tries_left in (2, 1, 0):
                for place in (temporary, path):
                    if private:
                        make_private_folder(os.path.dirname(place))
                    else:
                        self._fs.makedirs(self._fs._parent(place), exist_ok=True)
                try:
                    if self.local:
                        write_durably(temporary, data, private)
                        os.replace(temporary, path)
                    else:
                        self._fs.pipe_file(temporary, data)
                        self._fs.mv(temporary, path)
                    return
                except FileNotFoundError:
                    # Another driver of the same run has finished meanwhile, and removed the folder of temporary files.
                    if not tries_left:
                        raise
        except BaseException:
            with suppress(Exception):
                self._fs.rm_file(temporary)  # half a file would take the space that may be short
            raise

    def get(self, name: str) -> bytes:
        """The bytes of an object.

        Raises:
            FileNotFoundError: the object does not exist.
        """
        with self._errors_explained(name):
            path = self._path(name)
            return bytes(fetch_whole(InputFile(f"{self.url}/{name}", 0, ""), 0, lambda: self._fs.cat_file(path)))

    def open(self, name: str) -> BinaryIO:
        """An object opened for reading, seekable; what fails while it is read is an OSError."""
        with self._errors_explained(name):
            stream = self._fs.open(self._path(name), "rb")
        if self.local or not hasattr(stream, "size"):
            return cast(BinaryIO, stream)
        return cast(BinaryIO, WholeFile(stream, InputFile(f"{self.url}/{name}", stream.size, ""), self._fs))

    def exists(self, name: str) -> bool:
        """Whether there is an object of that name."""
        with suppress(FileNotFoundError), self._errors_explained(name):
            self._fs.info(self._path(name))
            return True
        return False

    def names(self, folder: str = "") -> list[str]:
        """The names below a folder, relative to it and sorted; none where the folder does not exist."""
        return sorted(self.sizes(folder))

    def sizes(self, folder: str = "") -> dict[str, int]:
        """Names below a folder, relative to it, with their sizes in bytes."""
        base = self._path(folder)
        try:
            with self._errors_explained(folder):
                found = self._find(base)
        except FileNotFoundError:
            return {}
        return {
            str(PurePosixPath(path).relative_to(PurePosixPath(base))): int(entry.get("size") or 0)
            for path, entry in found.items()
            if path.rstrip("/") != base
        }

    def _find(self, base: str) -> dict[str, dict[str, Any]]:
        """The entries of all files below a folder, without those of a folder that vanishes meanwhile.

        Raises:
            OSError: a folder cannot be listed.
        """
        if type(self._fs).find is not AbstractFileSystem.find:
            return dict(self._fs.find(base, detail=True))
        # fsspec's own passes over a folder that cannot be listed, which would seem to hold nothing
        found: dict[str, dict[str, Any]] = {}
        folders = [base]
        while folders:
            with suppress(FileNotFoundError):
                for entry in self._fs.ls(folders.pop(), detail=True):
                    if entry["type"] != "directory":
                        found[entry["name"]] = entry
                    elif PurePosixPath(entry["name"]).name != LOST_AND_FOUND:
                        folders.append(entry["name"])
        return found

    def remove(self, names: list[str]) -> None:
        """Remove objects; those already gone are ignored."""
        for name in names:
            with suppress(FileNotFoundError), self._errors_explained(name, "removed"):
                self._fs.rm_file(self._path(name))

    def remove_folder(self, folder: str) -> None:
        """Remove everything below a folder, and the folder."""
        path = self._path(folder)
        with suppress(FileNotFoundError), self._errors_explained(folder, "removed"):
            if self.local or not has_magic(path):
                self._fs.rm(path, recursive=True)
                return
            # stores read the path to remove as a glob: for `out[1]` they would look into `out1`
            with ThreadPoolExecutor(_REMOVALS) as pool:
                list(pool.map(self._fs.rm_file, self._fs.find(path)))

    @contextmanager
    def _errors_explained(self, name: str, what: str = "read") -> Iterator[None]:
        """Reports a file system that fails; a missing object is left to the caller.

        Raises:
            RunFailedError: the file system cannot be reached, or refuses.
        """
        try:
            yield
        except FileNotFoundError:
            raise
        except NotADirectoryError as error:  # there is nothing below a file
            raise FileNotFoundError(*error.args) from error
        except Exception as error:  # each file system has exceptions of its own
            raise RunFailedError(f"{self.url}/{name} cannot be {what} ({in_a_line(error)})") from error

    def read_all(self, names: list[str], threads: int = 16) -> Iterator[tuple[str, bytes]]:
        """Many small objects, read side by side, in the order of `names`; vanished ones are left out."""

        def read(name: str) -> bytes | None:
            try:
                return self.get(name)
            except FileNotFoundError:
                return None

        with ThreadPoolExecutor(threads) as pool:
            for name, data in zip(names, pool.map(read, names), strict=True):
                if data is not None:
                    yield name, data

    def contains(self, uri: str) -> bool:
        """Whether a local path or URL lies in this folder."""
        fs, path = url_to_fs(uri)
        if type(fs) is not type(self._fs):
            return False
        if self.local:
            return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(self._root))
        return f"{path}/".startswith(f"{self._root}/")
