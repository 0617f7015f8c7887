"""The base class of formats: cuts inputs into splits, reads a split's records, and writes records with new texts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from openbioner_batch.records import Record

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file, as listed by its file system."""

    uri: str
    size: int
    etag: str


@dataclass(frozen=True, slots=True)
class Split:
    """A part of the inputs that one task reads in order.

    A split is a byte range of one file, a range of row groups, a whole compressed file, or a group of small files.
    `stop` 0 means whole files.
    """

    files: tuple[InputFile, ...]
    start: int = 0
    stop: int = 0


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """A user's options for turning records into documents."""

    id_field: str | None = None
    """Column or key of the document id; None guesses, then falls back on the position."""
    text_field: str | None = None
    """Column or key of the text; None guesses."""
    keep_fields: tuple[str, ...] = field(default=())
    """Columns or keys to carry over to the output."""
    title_field: str | None = None
    """Column or key of a title, which is put before the text on a separate line."""
    encoding: str | None = None
    """Encoding of the files; None is UTF-8."""
    delimiter: str | None = None
    """Delimiter of a table's columns; None is the format's own."""
    quoting: str | None = None
    """Whether quotes mark fields of a table: "csv" or "none"; None is the format's own."""

    def fingerprint(self) -> dict[str, Any]:
        """The options in a run's plan, without the kept fields."""
        found = {name.replace("_", " "): getattr(self, name) for name in READING}
        return {**found, "quoting": None if self.quoting == "csv" else self.quoting}  # the form in earlier plans

    @classmethod
    def from_fingerprint(cls, found: Mapping[str, Any], keep_fields: tuple[str, ...] = ()) -> ReadOptions:
        """The options with which a run has read its inputs, from its plan's fingerprint."""
        named = {name: found.get(name.replace("_", " ")) for name in READING}
        return cls(**{**named, "quoting": named["quoting"] or "csv"}, keep_fields=keep_fields)


READING = ("id_field", "text_field", "title_field", "encoding", "delimiter", "quoting")
"""The options for reading records, all but the kept fields."""


Names = Sequence[str]
File = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record to write."""

    name: str
    """The name of its file, in formats with a file for each."""
    text: str
    """The new text; empty for a resource."""
    own: Mapping[str, Any]
    """Its ids and text, by field name."""
    kept: Mapping[str, Any]
    """Further fields, as they were read."""
    resource: Mapping[str, Any] | None = None
    """The record itself, where it is not only a text with fields."""


class Rewriting(ABC):
    """Writes a format's records back. Instances hold no state, so that sending them to workers is cheap."""

    of_resources: ClassVar[bool] = False
    """Whether a record is a resource, with ids, people and several texts inside, and not a text with fields."""

    @abstractmethod
    def files(
        self, stem: str, records: Sequence[NewRecord], own: Names, kept: Names, rows: pa.Table, options: ReadOptions
    ) -> Iterator[File]:
        """Names and bytes of the files that hold a shard's records, in order.

        Args:
            stem: the shard's name, without a suffix.
            records: the records to write; there may be none.
            own: the names of the fields that every record has, in order.
            kept: the names of further fields that records may have.
            rows: the records as they were read; in formats with types they have the kept fields as columns.
            options: those with which they were read.
        """


class Format(ABC):
    r"""One input format. Instances hold no state, so that they travel to workers for nothing.

    What cannot be read is a record too:

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from openbioner_batch.formats import ReadOptions, find_inputs
    >>> folder = TemporaryDirectory()
    >>> file = Path(folder.name, "notes.jsonl")
    >>> _ = file.write_text('{"id": "1", "text": "No fever."}\n{"id": "2"}\n')
    >>> format, files = find_inputs([str(file)])
    >>> options = format.resolve(files, ReadOptions())
    >>> good, bad = [record for split in format.splits(files) for record in format.read(split, options)]
    >>> good.document
    Document(id='1', text='No fever.', metadata={})
    >>> bad.record, bad.reason
    (33, 'the text field is missing')
    """

    name: str
    suffixes: tuple[str, ...]
    rewriting: Rewriting | None = None
    """Writes its records back with new texts; None where that is not supported."""
    takes: tuple[str, ...] = ()
    """The options of `READING` that this format has; others are refused."""
    most_lenient: tuple[str, ...] = ()
    """The `keep_fields` with which fewest records are rejected: a run that kept others is read again with these."""

    @abstractmethod
    def read(self, split: Split, options: ReadOptions) -> Iterator[Record]:
        """The records of a split in order; a bad record is given as `Rejected` and does not end the reading."""

    def splits(self, files: Sequence[InputFile]) -> list[Split]:
        """The parts in which `files` are read, in the order of the files."""
        return [Split((file,)) for file in files]

    def resolve(self, files: Sequence[InputFile], options: ReadOptions) -> ReadOptions:
        """The options with every guess made, once for all files.

        Raises:
            UsageError: a requested field does not exist, or none can be guessed.
        """
        return options

    def remarks(self, files: Sequence[InputFile], options: ReadOptions) -> list[str]:
        """A note for the user on the inputs before they are read."""
        return []

    def nested_fields(self, files: Sequence[InputFile], options: ReadOptions) -> list[str]:
        """The fields among `options` that are paths into nested values, and so cannot be written back as columns."""
        return []

    def kept_schema(self, files: Sequence[InputFile], options: ReadOptions) -> pa.Schema:
        """The Arrow schema of the kept columns, the same for every file of a run."""
        import pyarrow as pa

        return pa.schema([])
