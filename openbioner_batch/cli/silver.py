"""`openbioner-batch silver`: training data from an LLM, from ontologies, or from published sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from openbioner_batch.cli._options import CommandOnFormats, GroupedCommand, options, settings_of
from openbioner_batch.cli.vocabulary import CommandOnVocabularies
from openbioner_batch.training.silver.made_settings import (
    FillSettings,
    HoldoutSettings,
    ImportSettings,
    SentenceSettings,
)
from openbioner_batch.training.silver.ontology.settings import OntologySettings, sorted_paths
from openbioner_batch.training.silver.settings import DescribeSettings, SilverSettings


@click.group("silver")
def command() -> None:
    """Make training data: annotate raw text with an LLM or ontologies, describe types, import published sets."""


@command.command("annotate", cls=CommandOnFormats)
@options(SilverSettings)
def annotate(**flags: Any) -> None:
    """Query an LLM for all entities in the passages of INPUT; write passages to learn from to --output.

    INPUT is a file, a folder, a glob or a URL of any format that `openbioner-batch annotate` reads. The same command
    resumes a run that was stopped. The answers are kept: with other filters it sends no new request.
    """
    settings = settings_of(SilverSettings, flags)

    from openbioner_batch.training.silver.annotate import annotate_silver

    show(lambda: annotate_silver(settings))


@command.command("describe", cls=GroupedCommand)
@options(DescribeSettings)
def describe(**flags: Any) -> None:
    """Have the types of SILVER_FOLDER described in four views; write descriptions/*.parquet and types.yaml there.

    The same command resumes a run that was stopped.
    """
    settings = settings_of(DescribeSettings, flags)

    from openbioner_batch.training.silver.describe import describe_silver

    show(lambda: describe_silver(settings))


@command.command("import", cls=GroupedCommand)
@options(ImportSettings)
def import_(**flags: Any) -> None:
    """Import the published training set in SOURCE: local Parquet, or JSON lines with text and spans.

    A bad row is set aside with its position and the reason.
    """
    settings = settings_of(ImportSettings, flags)

    from openbioner_batch.training.silver.importing import import_silver

    show(lambda: import_silver(settings))


@command.command("fill", cls=GroupedCommand)
@options(FillSettings)
def fill(**flags: Any) -> None:
    """Add what models find to the passages of SILVER_FOLDER: mentions of types that a passage does not mention.

    Each RUN is the finished --output of `openbioner-batch annotate --include-text` over the same passages
    (SILVER_FOLDER/passages, --id-field passage_id, --text-field text). Of a type that several runs looked for, the
    first one counts.
    """
    settings = settings_of(FillSettings, flags)

    from openbioner_batch.training.silver.filling import fill_silver

    show(lambda: fill_silver(settings))


@command.command("holdout", cls=GroupedCommand)
@options(HoldoutSettings)
def holdout(**flags: Any) -> None:
    """Hold types of SILVER_FOLDER out of training, with all that are near them, for `evaluate --zero-shot`.

    Writes train/ (to train on, without those types), heldout/ (passages apart, with the held-out types alone) and
    kept/ (the same passages, with the other types). The same command gives the same folders.
    """
    settings = settings_of(HoldoutSettings, flags)

    from openbioner_batch.training.silver.holdout import hold_out

    show(lambda: hold_out(settings))


@command.command("ontology", cls=CommandOnVocabularies)
@click.argument("paths", nargs=-1, metavar="VOCABULARY... TEXT...")
@options(OntologySettings, without=("inputs",))
def ontology(paths: tuple[str, ...], **flags: Any) -> None:
    """Find the classes of each VOCABULARY in each TEXT; write passages and described types to learn from to --output.

    A file that one of the formats below claims is a vocabulary, except tables, which --vocabulary names; every other
    path is text, of any format that `openbioner-batch annotate` reads. The same command resumes a run that was
    stopped.
    """
    found, texts = sorted_paths(paths)
    flags |= {"vocabularies": (*found, *flags["vocabularies"]), "inputs": texts}
    settings = settings_of(OntologySettings, flags)

    from openbioner_batch.training.silver.ontology.run import annotate_by_ontology

    show(lambda: annotate_by_ontology(settings))


@command.command("sentences", cls=CommandOnVocabularies)
@options(SentenceSettings)
def sentences(**flags: Any) -> None:
    """Fill sentences with the names of each VOCABULARY; write passages and described types to learn from to --output.

    In "{medicine} was stopped <<today|at once>>.", {medicine} becomes a name of something that is a medicine by the
    vocabulary, and <<a|b>> one of the words. Two slots of one class teach the difference between
    its kinds.
    """
    settings = settings_of(SentenceSettings, flags)

    from openbioner_batch.training.silver.ontology.sentences import fill_sentences

    show(lambda: fill_sentences(settings))


def show(run: Callable[[], Any]) -> None:
    """Run, and print the report."""
    from openbioner_batch.console import plain_console, printing
    from openbioner_batch.engine.stopping import resumable
    from openbioner_batch.training.silver.report import print_report

    with resumable():
        report = run()
    with printing():
        print_report(report, plain_console())
