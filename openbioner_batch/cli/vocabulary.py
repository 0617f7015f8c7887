"""`openbioner-batch vocabulary`: indexes of vocabularies, for `--link` and `--dictionary`."""

from __future__ import annotations

from typing import Any

import click

from openbioner_batch.cli._options import GroupedCommand, options, settings_of
from openbioner_batch.concepts.settings import (
    VocabularyBuildSettings,
    VocabularyFindSettings,
    VocabularyTablesSettings,
)


class CommandOnVocabularies(GroupedCommand):
    """A command whose help ends with the formats of vocabularies, as they are registered."""

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """End the help with the formats of vocabularies, as they are registered."""
        from openbioner_batch.concepts.readers import READERS

        with formatter.section("Formats (also packed: .gz .zst .bz2 .xz)"):
            formatter.write_dl([(name, found.document) for name, found in READERS.items()])


@click.group("vocabulary")
def command() -> None:
    """Make a vocabulary's index once, look names up in it, and write its concepts as tables."""


@command.command("build", cls=CommandOnVocabularies)
@options(VocabularyBuildSettings)
def build(**flags: Any) -> None:
    """Make the index of the vocabulary in FILE. The same file and choices give the same bytes.

    With an encoder, mentions for which nothing else is found are linked to the name with the nearest vector.
    """
    settings = settings_of(VocabularyBuildSettings, flags)

    from openbioner_batch.concepts.building import build_vocabulary

    about = build_vocabulary(
        settings.source, settings.output, settings.format, settings.rows, settings.roots, settings.encoder
    ).about
    version = f", version {about['version']}" if about["version"] else ""
    click.echo(
        f"{settings.output}: {about['concepts']:,} concepts with {about['names']:,} names, {about['format']}{version}, "
        f"digest {about['digest'][:12]}"
    )


@command.command("find", cls=GroupedCommand)
@options(VocabularyFindSettings)
def find(**flags: Any) -> None:
    """Show the concepts of mentions, as a run with `--link` would give them."""
    settings = settings_of(VocabularyFindSettings, flags)

    from openbioner_batch.concepts.index import Vocabulary
    from openbioner_batch.concepts.linker import Linker, Mention

    linked = Linker(Vocabulary(settings.index), settings.link_top).link(map(Mention, settings.mentions))
    for mention, concepts in linked.items():
        click.echo(f"{mention.text}: {'' if concepts else 'nothing is sure'}".rstrip())
        for concept in concepts:
            click.echo(f"  {concept.id}  {concept.name}  {concept.score:.3f}")


@command.command("tables", cls=GroupedCommand)
@options(VocabularyTablesSettings)
def tables(**flags: Any) -> None:
    """Write the concepts of an index as concepts.parquet, names.parquet and ancestors.parquet, to be joined with spans.

    A concept is an ancestor of itself, at distance 0, so that a join with ancestors counts it too.
    """
    settings = settings_of(VocabularyTablesSettings, flags)

    from openbioner_batch.concepts.index import Vocabulary
    from openbioner_batch.concepts.tables import write_tables

    for name, rows in write_tables(Vocabulary(settings.index), settings.output).items():
        click.echo(f"{settings.output}/{name}: {rows:,} rows")
