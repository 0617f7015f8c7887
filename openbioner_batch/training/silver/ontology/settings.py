"""A request for silver data from ontologies."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass

from openbioner_batch.concepts.readers import format_of
from openbioner_batch.engine.settings import AUTO, EXECUTORS
from openbioner_batch.errors import UsageError
from openbioner_batch.training.silver.settings import PassageSettings, check_above

TABLE = "table"


@dataclass(frozen=True, kw_only=True)
class OntologySettings(PassageSettings):
    """The flags of `silver ontology`, and the keys of a --config file."""

    vocabularies: tuple[str, ...] = ()
    """Files of vocabularies with definitions."""
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
    passage_words: int = 120
    """The most words of a passage."""
    shard_documents: int = 1000
    """The most passages in a shard, the unit of resumption."""
    actors: int | None = None
    """Processes that look for names, each with all vocabularies in memory; None: one per core."""
    ray_address: str | None = None
    """Ray cluster to join; None starts one on this machine."""
    executor: str = AUTO
    """What runs the stages: "ray", "in-process", or "auto", by the input's size."""

    def __post_init__(self) -> None:
        if not self.vocabularies:
            raise UsageError("give at least one vocabulary: --vocabulary FILE")
        self.check_passages("TEXT")
        wanted = ("min_names", "min_mentions", "passages", "passages_per_type", "actors")
        check_above(self, *wanted, least=1)
        check_above(self, "rare", "absent", least=0)
        if not (math.isfinite(self.max_share) and 0 < self.max_share <= 1):
            raise UsageError(f"--max-share is {self.max_share}: give a number above 0, up to 1")
        if self.executor not in EXECUTORS:
            raise UsageError(f"--executor is {self.executor!r}: give one of {', '.join(EXECUTORS)}")


def sorted_paths(paths: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those that are files of vocabularies, and the others. Tables are not told from texts in columns.

    Raises:
        UsageError: a file cannot be read.
    """
    vocabularies = [path for path in paths if os.path.isfile(path) and format_of(path) not in (None, TABLE)]
    return tuple(vocabularies), tuple(path for path in paths if path not in vocabularies)
