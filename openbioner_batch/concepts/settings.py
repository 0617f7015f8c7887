"""The settings of `vocabulary build`, `vocabulary find` and `vocabulary tables`."""

from __future__ import annotations

from dataclasses import dataclass

from openbioner_batch.errors import UsageError
from openbioner_batch.options import check_options, option
from openbioner_batch.settings import Request


@dataclass(frozen=True, kw_only=True)
class VocabularyBuildSettings(Request):
    """A request for an index: the flags of `vocabulary build`, and the keys of a --config file."""

    source: str = option(flag="FILE", help="The vocabulary's file.")
    output: str = option(metavar="FILE", help="The index, such as hp.vocab.")
    format: str | None = option(None, metavar="F", help="Of the vocabulary, see below.", default="by the file")
    roots: tuple[str, ...] = option(
        (), flag="--root", metavar="ID", repeated=True, help="Only this concept and all below it. Repeatable."
    )
    only: tuple[str, ...] = option(
        (), metavar="COLUMN=A,B", repeated=True, help="Only such rows, of OMOP and UMLS. Repeatable."
    )
    encoder: str | None = option(
        None, metavar="M", help="Names get vectors: bundled-open, a folder, or hub id.", default="none"
    )

    def __post_init__(self) -> None:
        self.rows  # noqa: B018 - raises where it cannot be read

    @property
    def rows(self) -> dict[str, frozenset[str]]:
        """`only`, parsed: the values to take, by column."""
        wanted = {}
        for item in self.only:
            column, is_given, values = item.partition("=")
            if not (column and is_given and values):
                raise UsageError(f"--only is {item!r}: give COLUMN=VALUE,..., such as domain_id=Condition")
            wanted[column] = frozenset(values.split(","))
        return wanted


@dataclass(frozen=True)
class IndexSettings(Request):
    """What the commands on an index have in common."""

    index: str = option(flag="INDEX", help="File that `vocabulary build` wrote.")


@dataclass(frozen=True, kw_only=True)
class VocabularyFindSettings(IndexSettings):
    """A request for the concepts of mentions: the flags of `vocabulary find`, and the keys of a --config file."""

    mentions: tuple[str, ...] = option((), flag="MENTION", repeated=True, help="Words to look up.")
    link_top: int = option(3, least=1, help="Most concepts for each.", was=("top",))

    def __post_init__(self) -> None:
        if not self.mentions:
            raise UsageError("give at least one MENTION")
        check_options(self)


@dataclass(frozen=True, kw_only=True)
class VocabularyTablesSettings(IndexSettings):
    """A request for the concepts as tables: the flags of `vocabulary tables`, and the keys of a --config file."""

    output: str = option(metavar="FOLDER", help="Where the tables are written.")
