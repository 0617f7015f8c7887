"""A request for silver data from ontologies."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from openbioner_batch.engine.option_groups import IN_PROCESS, ExecutorOptions, RayOptions
from openbioner_batch.errors import UsageError
from openbioner_batch.options import option
from openbioner_batch.settings import Request
from openbioner_batch.training.silver.settings import PassageSettings, without_option

TABLE = "table"


@dataclass(frozen=True, kw_only=True)
class OntologySettings(PassageSettings, ExecutorOptions, RayOptions, Request):
    """The flags of `silver ontology`, and the keys of a --config file."""

    vocabularies: tuple[str, ...] = option(
        (), flag="--vocabulary", metavar="FILE", repeated=True, help="A vocabulary, such as a table. Repeatable."
    )
    roots: tuple[str, ...] = option(
        (),
        flag="--root",
        metavar="ID",
        repeated=True,
        help="Take only classes at or below this one; a vocabulary without a root is taken whole. Repeatable.",
    )
    min_names: int = option(3, least=1, help="Drop types with fewer names in the texts.")
    min_mentions: int = option(5, least=1, help="Drop types whose names have fewer mentions.")
    max_share: float = option(0.1, above=0, most=1, help="Names in a larger share of the passages are unsure.")
    rare: int = option(8, least=0, help="Words in fewer passages are unsure, as they may be names.")
    absent: int = option(14, least=0, help="Types of a passage that are surely absent, at most.")
    passages: int | None = option(None, least=1, help="Keep the N passages with most and rarest types.", default="all")
    passages_per_type: int = option(150, least=1, help="Passages in which a type is queried.")
    without: str | None = without_option()
    passage_words: int = option(120, least=1, help="Most words of a passage, of whole sentences.")
    shard_documents: int = option(1000, least=1, help="Most passages in a shard, the unit of resumption.")
    workers: int | None = option(
        None,
        least=1,
        help="Processes that look for names, all vocabularies in memory.",
        default="one per core",
        was=("actors",),
    )

    def __post_init__(self) -> None:
        if not self.vocabularies:
            raise UsageError("give at least one vocabulary: --vocabulary FILE")
        self.check_passages("TEXT")
        if self.executor == IN_PROCESS and (self.workers or 1) > 1:
            raise UsageError(
                f"--executor {IN_PROCESS} is this process alone, and --workers {self.workers} are several: "
                "leave one of them out"
            )

    @property
    def actors(self) -> int | None:
        """`workers`, under the name by which the engine chooses an executor."""
        return self.workers


def sorted_paths(paths: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Splits paths into vocabulary files and others. Tables are not distinguished from texts in columns.

    Raises:
        UsageError: a file cannot be read.
    """
    from openbioner_batch.concepts.readers import format_of

    vocabularies = [path for path in paths if os.path.isfile(path) and format_of(path) not in (None, TABLE)]
    return tuple(vocabularies), tuple(path for path in paths if path not in vocabularies)
