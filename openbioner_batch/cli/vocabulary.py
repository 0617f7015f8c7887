"""`openbioner-batch vocabulary`: indexes of vocabularies, for `--link` and `--dictionary`."""

from __future__ import annotations

import click

from openbioner_batch.cli._options import GroupedCommand
from openbioner_batch.errors import UsageError


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
@click.argument("source", metavar="FILE")
@click.option("--output", required=True, metavar="FILE", help="The index, such as hp.vocab.")
@click.option("--format", metavar="F", help="Of the vocabulary, see below [by the file].")
@click.option("--root", "roots", multiple=True, metavar="ID", help="Only this concept and all below it. Repeatable.")
@click.option("--only", multiple=True, metavar="COLUMN=A,B", help="Only such rows, of OMOP and UMLS. Repeatable.")
@click.option(
    "--encoder", metavar="M", help="Names get vectors: a model's name or folder, such as bundled-open [none]."
)
def build(
    source: str, output: str, format: str | None, roots: tuple[str, ...], only: tuple[str, ...], encoder: str | None
) -> None:
    """Make the index of the vocabulary in FILE. The same file and choices give the same bytes.

    With an encoder, mentions for which nothing else is found are linked to the name with the nearest vector.
    """
    from openbioner_batch.concepts.building import build_vocabulary

    wanted = {}
    for item in only:
        column, is_given, values = item.partition("=")
        if not (column and is_given and values):
            raise UsageError(f"--only is {item!r}: give COLUMN=VALUE,..., such as domain_id=Condition")
        wanted[column] = frozenset(values.split(","))
    about = build_vocabulary(source, output, format, wanted, roots, encoder).about
    version = f", version {about['version']}" if about["version"] else ""
    click.echo(
        f"{output}: {about['concepts']:,} concepts with {about['names']:,} names, {about['format']}{version}, "
        f"digest {about['digest'][:12]}"
    )


@command.command("find")
@click.argument("index", metavar="INDEX")
@click.argument("mentions", nargs=-1, required=True, metavar="MENTION...")
@click.option("--top", type=click.IntRange(min=1), default=3, show_default=True, help="Most concepts for each.")
def find(index: str, mentions: tuple[str, ...], top: int) -> None:
    """Show the concepts of mentions, as a run with `--link` would give them."""
    from openbioner_batch.concepts.index import Vocabulary
    from openbioner_batch.concepts.linker import Linker, Mention

    linked = Linker(Vocabulary(index), top).link(map(Mention, mentions))
    for mention, concepts in linked.items():
        click.echo(f"{mention.text}: {'' if concepts else 'nothing is sure'}".rstrip())
        for concept in concepts:
            click.echo(f"  {concept.id}  {concept.name}  {concept.score:.3f}")


@command.command("tables")
@click.argument("index", metavar="INDEX")
@click.option("--output", required=True, metavar="FOLDER", help="Where the tables are written.")
def tables(index: str, output: str) -> None:
    """Write the concepts of an index as concepts.parquet, names.parquet and ancestors.parquet, to be joined with spans.

    A concept is an ancestor of itself, at distance 0, so that a join with ancestors counts it too.
    """
    from openbioner_batch.concepts.index import Vocabulary
    from openbioner_batch.concepts.tables import write_tables

    for name, rows in write_tables(Vocabulary(index), output).items():
        click.echo(f"{output}/{name}: {rows:,} rows")
