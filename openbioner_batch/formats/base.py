"""How a format cuts inputs into splits, reads a split as records, and writes records back with new texts."""

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
    """One file as the listing of its file system shows it."""

    uri: str
    size: int
    etag: str


@dataclass(frozen=True, slots=True)
class Split:
    """A part of the inputs that one task reads in one go, in order.

    A split is a byte range of one file, a range of row groups, a whole compressed file, or a group of small files.
    `stop` 0 means that whole files are read.
    """

    files: tuple[InputFile, ...]
    start: int = 0
    stop: int = 0


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a user may say about how records become documents."""

    id_field: str | None = None
    """Column or key of the document id; None guesses, then falls back on the position."""
    text_field: str | None = None
    """Column or key of the text; None guesses."""
    keep_fields: tuple[str, ...] = field(default=())
    """Columns or keys to carry over to the output."""
    title_field: str | None = None
    """Column or key of a title, which stands before the text on a line of its own."""
    encoding: str | None = None
    """Of the files; None is UTF-8."""
    delimiter: str | None = None
    """Between the columns of a table; None is that of the format."""
    quoting: str | None = None
    """Whether quotes mark fields of a table: "csv" or "none"; None is what the format does."""

    def fingerprint(self) -> dict[str, Any]:
        """What a run's plan says of the options, the kept fields apart."""
        found = {name.replace("_", " "): getattr(self, name) for name in READING}
        return {**found, "quoting": None if self.quoting == "csv" else self.quoting}  # as plans of before have it

    @classmethod
    def from_fingerprint(cls, found: Mapping[str, Any], keep_fields: tuple[str, ...] = ()) -> ReadOptions:
        """The options with which a run has read its inputs, of its plan's fingerprint."""
        named = {name: found.get(name.replace("_", " ")) for name in READING}
        return cls(**{**named, "quoting": named["quoting"] or "csv"}, keep_fields=keep_fields)


READING = ("id_field", "text_field", "title_field", "encoding", "delimiter", "quoting")
"""The options that say how records are read, all but which fields are kept."""


Names = Sequence[str]
File = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record as it is to be written."""

    name: str
    """What a file of its own is called."""
    text: str
    """The new text; empty for a resource."""
    own: Mapping[str, Any]
    """Its ids and text under the names of their fields."""
    kept: Mapping[str, Any]
    """Further fields, as they were read."""
    resource: Mapping[str, Any] | None = None
    """The record itself, where it is more than a text beside fields."""


class Rewriting(ABC):
    """How a format's records are written back. Instances hold no state, so that they travel to workers for nothing."""

    of_resources: ClassVar[bool] = False
    """Whether a record is a resource, with ids, people and several texts inside of it, and no text beside fields."""

    @abstractmethod
    def files(
        self, stem: str, records: Sequence[NewRecord], own: Names, kept: Names, rows: pa.Table, options: ReadOptions
    ) -> Iterator[File]:
        """Names and bytes of the files that hold a shard's records, in order.

        Args:
            stem: the shard's name, without a suffix.
            records: what is written; there may be none.
            own: the names of the fields that every record has as its own, in order.
            kept: the names of further fields that records may have.
            rows: the records as they were read; those of a format with types hold the kept fields as columns.
            options: those with which they were read, and can be read again.
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
    """How its records are written back with new texts; None where they cannot be."""
    takes: tuple[str, ...] = ()
    """Which of `READING` say something to this format; others are refused."""
    most_lenient: tuple[str, ...] = ()
    """The `keep_fields` with which fewest records are rejected: a run that kept others is read again with these."""

    @abstractmethod
    def read(self, split: Split, options: ReadOptions) -> Iterator[Record]:
        """The records of a split in order; a bad record comes as `Rejected` and never ends the rest."""

    def splits(self, files: Sequence[InputFile]) -> list[Split]:
        """The parts in which `files` are read, in the order of the files."""
        return [Split((file,)) for file in files]

    def resolve(self, files: Sequence[InputFile], options: ReadOptions) -> ReadOptions:
        """The options with every guess made, once for all files.

        Raises:
            UsageError: a requested field is not there, or none can be guessed.
        """
        return options

    def remarks(self, files: Sequence[InputFile], options: ReadOptions) -> list[str]:
        """What a user should hear of the inputs before they are read."""
        return []

    def nested_fields(self, files: Sequence[InputFile], options: ReadOptions) -> list[str]:
        """The fields among `options` that are paths into nested values, and so cannot be written back as columns."""
        return []

    def kept_schema(self, files: Sequence[InputFile], options: ReadOptions) -> pa.Schema:
        """The Arrow schema of the kept columns, the same for every file of a run."""
        import pyarrow as pa

        return pa.schema([])
