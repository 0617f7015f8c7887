"""A request for silver data from ontologies."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass

from openbioner_batch.concepts.readers import format_of
from openbioner_batch.engine.settings import AUTO, EXECUTORS, QuarantineLimit
from openbioner_batch.errors import UsageError

TABLE = "table"


@dataclass(frozen=True, kw_only=True)
class OntologySettings:
    """The flags of `silver ontology`, and the keys of a --config file."""

    vocabularies: tuple[str, ...] = ()
    """Files of vocabularies with definitions."""
    inputs: tuple[str, ...] = ()
    """Files, folders, globs or fsspec URLs of texts."""
    output: str
    """Folder or URL of the run: a new one, or one to go on with."""
    roots: tuple[str, ...] = ()
    """Classes that are taken with all below them; a vocabulary that has none of them is taken whole."""
    min_names: int = 3
    """Different names that the texts must use for what is at or below a class before it is a type."""
    min_mentions: int = 5
    """Mentions of these."""
    max_share: float = 0.1
    """Names in a larger share of the passages are in doubt."""
    rare: int = 8
    """A word in fewer passages may be a name that the vocabularies lack."""
    absent: int = 14
    """The most types of a passage's list that are surely absent from it."""
    passages: int | None = None
    """Keep only so many passages: those with most types, rare ones counting more."""
    passages_per_type: int = 150
    """About the most passages in which a type is asked about."""
    without: str | None = None
    """File of names, one a line: no type like one of them is made."""
    exclude: str | None = None
    """Folder of benchmark corpora (*/*.tsv or .tsv.gz); passages that share a sentence with one are dropped."""
    name: str | None = None
    """What the passages' `source` says; None takes the last part of --output."""
    format: str | None = None
    """Input format; None goes by the files' suffixes."""
    id_field: str | None = None
    """Column or key of the document id; None guesses."""
    text_field: str | None = None
    """Column or key of the text; None guesses."""
    title_field: str | None = None
    """Column or key of a title, which stands before the text on a line of its own."""
    encoding: str | None = None
    """Encoding of the files; None is UTF-8."""
    delimiter: str | None = None
    """Character between the columns of CSV or TSV; None is the format's, or guessed where a header needs it."""
    quoting: str | None = None
    """Whether quotes mark fields of CSV and TSV: "csv" or "none"; None is "csv" for CSV and "none" for TSV."""
    passage_words: int = 120
    """The most words of a passage."""
    shard_documents: int = 1000
    """The most passages in a shard, the unit of resumption."""
    limit: int | None = None
    """Read only the first so many passages."""
    actors: int | None = None
    """Processes that look for names, each with all vocabularies in memory; None: one per core."""
    max_quarantined: str = "10%"
    """The run fails beyond this number or percentage of quarantined passages."""
    overwrite: bool = False
    """Remove an earlier run in the output folder and start anew."""
    ray_address: str | None = None
    """Ray cluster to join; None starts one on this machine."""
    executor: str = AUTO
    """What runs the stages: "ray", "in-process", or "auto", by the input's size."""

    def __post_init__(self) -> None:
        if not self.vocabularies:
            raise UsageError("give at least one vocabulary: --vocabulary FILE")
        if not self.inputs:
            raise UsageError("give at least one TEXT: a file, folder, glob or URL")
        if not self.output:
            raise UsageError("--output must not be empty")
        for name in ("min_names", "min_mentions", "passages", "passages_per_type", "passage_words", "shard_documents"):
            self._check_from(name, 1)
        for name in ("limit", "actors"):
            self._check_from(name, 1)
        for name in ("rare", "absent"):
            self._check_from(name, 0)
        if not (math.isfinite(self.max_share) and 0 < self.max_share <= 1):
            raise UsageError(f"--max-share is {self.max_share}: give a number above 0, up to 1")
        if self.executor not in EXECUTORS:
            raise UsageError(f"--executor is {self.executor!r}: give one of {', '.join(EXECUTORS)}")
        self.quarantine_limit  # noqa: B018 - raises where it cannot be read

    def _check_from(self, name: str, least: int) -> None:
        value = getattr(self, name)
        if value is not None and value < least:
            raise UsageError(f"--{name.replace('_', '-')} is {value}: give a whole number from {least} up")

    @property
    def keep_fields(self) -> tuple[str, ...]:
        """Passages carry no columns of the input."""
        return ()

    @property
    def include_text(self) -> bool:
        """Passages are nothing without their text."""
        return True

    @property
    def quarantine_limit(self) -> QuarantineLimit:
        """`max_quarantined`, parsed."""
        return QuarantineLimit.parse(self.max_quarantined)

    @property
    def source(self) -> str:
        """What the passages' `source` says."""
        return self.name or self.output.rstrip("/").rpartition("/")[2]


def sorted_paths(paths: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those that are files of vocabularies, and the others. Tables are not told from texts in columns.

    Raises:
        UsageError: a file cannot be read.
    """
    vocabularies = [path for path in paths if os.path.isfile(path) and format_of(path) not in (None, TABLE)]
    return tuple(vocabularies), tuple(path for path in paths if path not in vocabularies)
