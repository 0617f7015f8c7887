"""Reads and writes glossaries: those of checkpoints, and those that people write, a name and its glosses a line."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from openbioner_batch.errors import CheckpointError, UsageError
from openbioner_batch.model.architectures import by_name
from openbioner_batch.model.config import ModelConfig
from openbioner_batch.model.glossary import DENIED, LONGEST_NAME, SHORTEST_NAME, Glossary, GlossaryEntry
from openbioner_batch.model.location import GLOSSARY, GLOSSARY_FILES, GLOSSARY_HEAD, NO_GLOSSARY
from openbioner_batch.model.reading import read_config


@dataclass(frozen=True, slots=True)
class GlossaryChoice:
    """Which glossary a model reads: its own, more entries, or none."""

    own: bool = True
    """Whether to use the one of the checkpoint."""
    entries: tuple[GlossaryEntry, ...] = ()
    """Entries beside those."""

    @classmethod
    def of(cls, option: str | None) -> GlossaryChoice:
        """The choice that an option names: None for the checkpoint's own, "none", or a file to add to it.

        Raises:
            UsageError: the file is not on this machine, cannot be read, has a line of another form, or an entry without
                a name that texts are searched for.
        """
        if option == NO_GLOSSARY:
            return cls(own=False)
        if option is not None and "://" in option:
            raise UsageError("--glossary is a URL: give a local file (workers need none: they are sent its entries)")
        return cls() if option is None else cls(entries=_findable(Path(option).expanduser()))

    @property
    def digest(self) -> str | None:
        """What tells one choice from another; None for the checkpoint's own alone."""
        if not self.entries:
            return None if self.own else NO_GLOSSARY
        return sha256(_lines(self.entries) + (b"" if self.own else NO_GLOSSARY.encode())).hexdigest()

    def applies_to(self, directory: Path) -> bool:
        """Whether there is a glossary for the checkpoint in `directory`; its entries are not read yet.

        Raises:
            UsageError: entries are given, and the checkpoint has no head that compares them with descriptions.
            CheckpointError: the checkpoint's model reads no glossary, or its configuration cannot be read.
        """
        if self.entries and not (directory / GLOSSARY_HEAD).is_file():
            raise UsageError(
                f"--glossary: {directory.name} has no {GLOSSARY_HEAD}, which compares glosses with descriptions: "
                "leave it out, or use bundled-open"
            )
        if not (self.own or self.entries) or not (directory / GLOSSARY_HEAD).is_file():
            return False
        check_reads_glossaries(read_config(directory), directory)
        return True

    def load(self, directory: Path) -> Glossary | None:
        """The glossary for the checkpoint in `directory`; None where there is none.

        Raises:
            UsageError: entries are given, and the checkpoint has no head that compares them with descriptions.
            CheckpointError: the checkpoint's glossary is damaged, or its model reads none.
        """
        if not self.applies_to(directory):
            return None
        if not self.own:
            return Glossary((), self.entries)
        path = directory / GLOSSARY
        try:
            return _parsed(path.read_bytes(), self.entries)
        except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(f"{path}: not a glossary ({type(error).__name__}); get the checkpoint anew") from None


def reads_glossaries(config: ModelConfig) -> bool:
    """Whether a model of this shape reads a glossary: late interaction on BERT's layers does."""
    return config.is_late and by_name(config.architecture).reads_glossaries


def check_reads_glossaries(config: ModelConfig, directory: Path) -> None:
    """Check that the glossary of the checkpoint in `directory` is not ignored by a model of this shape.

    Raises:
        CheckpointError: it would be.
    """
    if not reads_glossaries(config):
        raise CheckpointError(
            f"{directory}: it has a glossary, which late interaction on BERT's layers alone reads, and its model is "
            f"another: remove {' and '.join(GLOSSARY_FILES)}, or give --glossary {NO_GLOSSARY} (annotate, evaluate)"
        )


def read_entries(path: Path) -> list[GlossaryEntry]:
    """The entries of a text file: names, parted by "|", a colon, and glosses, parted by ";".

    Lines that are empty or begin with "#" are comments.

    Raises:
        UsageError: the file cannot be read, or a line has another form. The line's words are not quoted.
    """
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"--glossary {path}: cannot be read ({reason}); expected a text file of names") from None
    entries = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        names, colon, glosses = line.partition(": ")
        said = (re.sub("(?i)^not ", DENIED, gloss) for gloss in _parts(glosses, ";"))
        entry = GlossaryEntry(_parts(names, "|"), tuple(dict.fromkeys(said)))
        if not (colon and entry.names and entry.glosses):
            raise UsageError(
                f"--glossary {path}, line {number}: expected names, a colon and a space, and what they are, "
                'such as "levetiracetam | Keppra: antiepileptic drug; prevents fits"'
            )
        entries.append(entry)
    if not entries:
        raise UsageError(f'--glossary {path}: no entries; expected lines such as "Keppra: prevents fits"')
    return entries


def _findable(path: Path) -> tuple[GlossaryEntry, ...]:
    entries = tuple(read_entries(path))
    for number, entry in enumerate(entries, 1):
        if not len(Glossary([entry])):
            raise UsageError(
                f"--glossary {path}, entry {number} of {len(entries)}: none of its names can be found; expected one of "
                f"at least {SHORTEST_NAME} characters and at most {LONGEST_NAME} words"
            )
    return entries


def write_glossary(entries: Iterable[GlossaryEntry], directory: Path) -> None:
    """Store entries with a checkpoint: the same bytes for the same entries."""
    (directory / GLOSSARY).write_bytes(gzip.compress(_lines(entries), mtime=0))


def _lines(entries: Iterable[GlossaryEntry]) -> bytes:
    rows = ({"names": entry.names, "glosses": entry.glosses} for entry in entries)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


@lru_cache(maxsize=2)
def _parsed(packed: bytes, more: tuple[GlossaryEntry, ...]) -> Glossary:
    """A checkpoint's glossary with more entries, once for all that use it in a process."""
    if not packed:  # which gzip takes for a whole file
        raise EOFError
    rows = map(json.loads, gzip.decompress(packed).splitlines())
    return Glossary((GlossaryEntry(_texts(row["names"]), _texts(row["glosses"])) for row in rows), more)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise TypeError("not a list of texts")
    return tuple(value)


def _parts(text: str, mark: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(mark) if part.strip()))
