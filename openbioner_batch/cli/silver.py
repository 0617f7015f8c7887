"""`openbioner-batch silver`: training data from an LLM, from ontologies, or from published sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from openbioner_batch.cli.vocabulary import CommandOnVocabularies

_Command = TypeVar("_Command", bound=Callable[..., Any])


@click.group("silver")
def command() -> None:
    """Make training data: annotate raw text with an LLM or ontologies, describe types, import published sets."""


def llm_options(function: _Command) -> _Command:
    """The flags of everything that asks an LLM."""
    for option in reversed(
        [
            click.option("--endpoint", metavar="URL", help="Base URL of an OpenAI-compatible server (.../v1)."),
            click.option("--model", metavar="NAME", help="The model's name at the endpoint."),
            click.option("--vllm", metavar="M", help="Run this checkpoint with vLLM in the run, without an endpoint."),
            click.option("--api-key-file", metavar="FILE", help="File with the key [variable OPENAI_API_KEY]."),
            click.option(
                "--response-format",
                type=click.Choice(["json_schema", "json_object", "none"]),
                help="How the answer's form is asked for [json_schema].",
            ),
            click.option("--temperature", type=float, metavar="X", help="Sampling temperature [0]."),
            click.option("--seed", type=int, metavar="N", help="Sampling seed [42]."),
            click.option("--max-tokens", type=int, metavar="N", help="Most tokens of an answer [1024]."),
            click.option("--requests-per-minute", type=float, metavar="X", help="Most requests a minute."),
            click.option("--tokens-per-minute", type=float, metavar="X", help="Most tokens a minute, in and out."),
            click.option("--max-cost", type=float, metavar="X", help="Stop before more than this is spent."),
            click.option("--price-in", type=float, metavar="X", help="Price of a million prompt tokens [0]."),
            click.option("--price-out", type=float, metavar="X", help="Price of a million answer tokens [0]."),
            click.option("--concurrency", type=int, metavar="N", help="Requests under way at once [16]."),
            click.option("--max-retries", type=int, metavar="N", help="Retries of a failed request [6]."),
            click.option("--timeout", type=float, metavar="S", help="Seconds that an answer may take [120]."),
            click.option("--executor", metavar="E", help="ray, in-process, or auto, by the input's size [auto]."),
            click.option("--ray-address", envvar="RAY_ADDRESS", metavar="A", help="Ray cluster to join."),
            click.option("--config", metavar="FILE", help="YAML file with options as keys; options given here win."),
        ]
    ):
        function = option(function)
    return function


@command.command("annotate")
@click.argument("inputs", nargs=-1, metavar="INPUT...")
@click.option("--output", metavar="URI", help="Folder of the run: a new one, or one to go on with.")
@click.option("--format", metavar="F", help="Input format [by the files' suffixes].")
@click.option("--id-field", metavar="NAME", help="Column or key of the document id [guessed].")
@click.option("--text-field", metavar="NAME", help="Column or key of the text [guessed].")
@click.option("--passage-words", type=int, metavar="N", help="Most words of a passage, of whole sentences [150].")
@click.option("--shard-documents", type=int, metavar="N", help="Most passages in a shard, the unit of resumption [50].")
@click.option("--limit", type=int, metavar="N", help="Take only the first N passages.")
@click.option("--name", metavar="NAME", help="What the passages' source says [last part of --output].")
@click.option("--exclude", metavar="DIR", help="Benchmarks (.tsv, .tsv.gz) with which no passage may share a sentence.")
@click.option("--min-type-count", type=int, metavar="N", help="Drop types with fewer mentions [3].")
@click.option("--min-chars", type=int, metavar="N", help="Drop shorter mentions [2].")
@click.option("--max-mention-words", type=int, metavar="N", help="Drop mentions of more words [12].")
@click.option("--min-words", type=int, metavar="N", help="Drop passages of fewer words [5].")
@click.option("--min-lowercase", type=float, metavar="X", help="Drop passages with less lower case [0.5].")
@click.option("--max-covered", type=float, metavar="X", help="Drop passages covered more by mentions [0.7].")
@click.option("--max-unaligned", type=float, metavar="X", help="Drop passages with more invented mentions [0.5].")
@click.option("--keep-empty", is_flag=True, default=None, help="Keep passages without a mention.")
@click.option("--max-quarantined", metavar="N|P%", help="Fail beyond so many passages set aside [10%].")
@click.option("--overwrite", is_flag=True, default=None, help="Remove the run in --output first.")
@llm_options
def annotate(config: str | None, **flags: Any) -> None:
    """Ask an LLM for all entities in the passages of INPUT; write passages to learn from to --output.

    INPUT is a file, a folder, a glob or a URL of any format that `openbioner-batch annotate` reads. The same command
    goes on with a run that was stopped. The answers are kept: other filters only filter anew and ask nothing.
    """
    from openbioner_batch.engine.settings import build_settings
    from openbioner_batch.training.silver.settings import SilverSettings

    settings = build_settings(SilverSettings, merged(config, flags))

    from openbioner_batch.training.silver.annotate import annotate_silver

    show(lambda: annotate_silver(settings))


@command.command("describe")
@click.argument("folder", metavar="SILVER_FOLDER")
@click.option("--examples", type=int, metavar="N", help="Surface forms of a type that the LLM is shown [8].")
@click.option("--near", type=int, metavar="N", help="Near types that each is contrasted with [4].")
@click.option("--limit", type=int, metavar="N", help="Describe only the N most frequent types.")
@click.option("--shard-documents", type=int, metavar="N", help="Most types in a shard, the unit of resumption [20].")
@click.option("--max-quarantined", metavar="N|P%", help="Fail beyond so many types without a description [20%].")
@click.option("--overwrite", is_flag=True, default=None, help="Describe all types anew.")
@llm_options
def describe(config: str | None, **flags: Any) -> None:
    """Have the types of SILVER_FOLDER described in four views; write descriptions/*.parquet and types.yaml there.

    The same command goes on with a run that was stopped.
    """
    from openbioner_batch.engine.settings import build_settings
    from openbioner_batch.training.silver.settings import DescribeSettings

    settings = build_settings(DescribeSettings, merged(config, flags))

    from openbioner_batch.training.silver.describe import describe_silver

    show(lambda: describe_silver(settings))


@command.command("import")
@click.argument("source", metavar="SOURCE")
@click.option(
    "--layout",
    required=True,
    metavar="L",
    help="pile-ner-iob, pile-ner-descriptions, pii-masking-iob, jsonl, run, text-jsonl, types-tsv.",
)
@click.option("--descriptions", metavar="SOURCE", help="The types' descriptions, where they lie apart.")
@click.option("--descriptions-layout", metavar="L", help="Their layout [types-tsv].")
@click.option("--output", required=True, metavar="URI", help="Folder of the silver data.")
@click.option("--exclude", metavar="DIR", help="Benchmarks (.tsv, .tsv.gz) with which no passage may share a sentence.")
@click.option("--name", metavar="NAME", help="What the passages' source says [last part of --output].")
@click.option("--passage-words", type=int, metavar="N", help="Cut longer texts to passages of so many words [300].")
def import_(**flags: Any) -> None:
    """Import the published training set in SOURCE: local Parquet, or JSON lines with text and spans.

    A bad row is set aside with its position and the reason.
    """
    from openbioner_batch.training.silver.importing import ImportSettings, import_silver

    settings = ImportSettings(**{name: value for name, value in flags.items() if value is not None})
    show(lambda: import_silver(settings))


@command.command("holdout")
@click.argument("silver", metavar="SILVER_FOLDER")
@click.option("--output", required=True, metavar="URI", help="Folder for train/, heldout/ and kept/.")
@click.option("--beside", metavar="FOLDER", help="Other training data: types near its types are not held out.")
@click.option("--encoder", metavar="MODEL", help="Encoder whose vectors of descriptions tell near types too.")
@click.option("--share", type=float, metavar="X", help="Of the types, to hold out [0.2].")
@click.option("--test-share", type=float, metavar="X", help="Of the passages, to test on [0.1].")
@click.option("--absent", type=int, metavar="N", help="Types asked of a passage beside those it mentions [10].")
def holdout(**flags: Any) -> None:
    """Hold types of SILVER_FOLDER out of training, with all that are near them, for `evaluate --zero-shot`.

    Writes train/ (to train on, without those types), heldout/ (passages apart, with the held-out types alone) and
    kept/ (the same passages, with the other types). The same command gives the same folders.
    """
    from openbioner_batch.training.silver.holdout import HoldoutSettings, hold_out

    settings = HoldoutSettings(**{name: value for name, value in flags.items() if value is not None})
    show(lambda: hold_out(settings))


@command.command("ontology", cls=CommandOnVocabularies)
@click.argument("paths", nargs=-1, metavar="VOCABULARY... TEXT...")
@click.option("--vocabulary", "vocabularies", multiple=True, metavar="FILE", help="A vocabulary, such as a table.")
@click.option("--output", metavar="URI", help="Folder of the run: a new one, or one to go on with.")
@click.option("--root", "roots", multiple=True, metavar="ID", help="Of its vocabulary, only what is at or below this.")
@click.option("--min-names", type=int, metavar="N", help="Names that the texts must use of a class's things [3].")
@click.option("--min-mentions", type=int, metavar="N", help="Mentions of these [5].")
@click.option("--max-share", type=float, metavar="X", help="Names in a larger share of the passages are unsure [0.1].")
@click.option("--rare", type=int, metavar="N", help="Words in fewer passages are unsure, as they may be names [8].")
@click.option("--absent", type=int, metavar="N", help="Most types of a passage that are surely absent [14].")
@click.option("--passages", type=int, metavar="N", help="Keep the N passages with most and rarest types [all].")
@click.option("--passages-per-type", type=int, metavar="N", help="Passages in which a type is asked about [150].")
@click.option("--without", metavar="FILE", help="Names, one a line: no type like one of them is made.")
@click.option("--exclude", metavar="DIR", help="Benchmarks (.tsv, .tsv.gz) with which no passage may share a sentence.")
@click.option("--name", metavar="NAME", help="What the passages' source says [last part of --output].")
@click.option("--format", metavar="F", help="Format of the texts [by the files' suffixes].")
@click.option("--id-field", metavar="NAME", help="Column or key of the document id [guessed].")
@click.option("--text-field", metavar="NAME", help="Column or key of the text [guessed].")
@click.option("--passage-words", type=int, metavar="N", help="Most words of a passage, of whole sentences [120].")
@click.option("--shard-documents", type=int, metavar="N", help="Most passages in a shard [1000].")
@click.option("--limit", type=int, metavar="N", help="Read only the first N passages.")
@click.option("--actors", type=int, metavar="N", help="Processes that look for names [one per core].")
@click.option("--executor", metavar="E", help="ray, in-process, or auto, by the input's size [auto].")
@click.option("--max-quarantined", metavar="N|P%", help="Fail beyond so many passages set aside [10%].")
@click.option("--overwrite", is_flag=True, default=None, help="Remove the run in --output first.")
@click.option("--ray-address", envvar="RAY_ADDRESS", metavar="A", help="Ray cluster to join.")
@click.option("--config", metavar="FILE", help="YAML file with options as keys; options given here win.")
def ontology(config: str | None, paths: tuple[str, ...], **flags: Any) -> None:
    """Find the classes of each VOCABULARY in each TEXT; write passages and described types to learn from to --output.

    A file that one of the formats below claims is a vocabulary, but for tables, which --vocabulary names; every other
    path is text, of any format that `openbioner-batch annotate` reads. The same command goes on with a run that was
    stopped.
    """
    from openbioner_batch.engine.settings import build_settings
    from openbioner_batch.training.silver.ontology.settings import OntologySettings, sorted_paths

    found, texts = sorted_paths(paths)
    flags |= {"vocabularies": (*found, *flags["vocabularies"]), "inputs": texts}
    settings = build_settings(OntologySettings, merged(config, flags))

    from openbioner_batch.training.silver.ontology.run import annotate_by_ontology

    show(lambda: annotate_by_ontology(settings))


@command.command("sentences", cls=CommandOnVocabularies)
@click.argument("vocabularies", nargs=-1, metavar="VOCABULARY...")
@click.option("--sentences", required=True, metavar="FILE", help="Sentences with slots, one a line.")
@click.option("--output", required=True, metavar="URI", help="Folder of the silver data.")
@click.option("--passages", type=int, metavar="N", help="To make [5000].")
@click.option("--absent", type=int, metavar="N", help="Types of a passage that are surely absent [30].")
@click.option(
    "--phrases", multiple=True, metavar="CLASS", help="Its names are phrases, in which other names may stand."
)
@click.option("--without", metavar="FILE", help="Names, one a line: no type like one of them is made.")
@click.option("--name", metavar="NAME", help="What the passages' source says [last part of --output].")
@click.option("--seed", type=int, metavar="N", help="Of all that is drawn [0].")
def sentences(**flags: Any) -> None:
    """Fill sentences with the names of each VOCABULARY; write passages and described types to learn from to --output.

    In "{medicine} was stopped <<today|at once>>.", {medicine} becomes a name of something that is a medicine by the
    vocabulary, and <<a|b>> one of the words. Use two slots of one class and the model learns to tell its kinds apart.
    """
    from openbioner_batch.training.silver.ontology.sentences import SentenceSettings, fill_sentences

    settings = SentenceSettings(**{name: value for name, value in flags.items() if value is not None})
    show(lambda: fill_sentences(settings))


def merged(config: str | None, flags: dict[str, Any]) -> dict[str, Any]:
    """The options of a configuration file and those given here, which win."""
    from openbioner_batch.engine.settings import read_config

    given = {name: value for name, value in flags.items() if value is not None and value != ()}
    return {**(read_config(config) if config else {}), **given}


def show(run: Callable[[], Any]) -> None:
    """Run, and print the report."""
    from openbioner_batch.console import plain_console, printing
    from openbioner_batch.engine.stopping import resumable
    from openbioner_batch.training.silver.report import print_report

    with resumable():
        report = run()
    with printing():
        print_report(report, plain_console())
