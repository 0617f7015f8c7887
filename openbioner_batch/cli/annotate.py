"""`openbioner-batch annotate`: a corpus in, spans in Parquet out."""

from __future__ import annotations

from typing import Any

import click

from openbioner_batch.cli._options import CommandOnFormats, list_option
from openbioner_batch.engine.settings import CHOICES, EXECUTORS


@click.command("annotate", cls=CommandOnFormats, context_settings={"show_default": False})
@click.argument("inputs", nargs=-1, metavar="INPUT...")
@click.option("--output", metavar="URI", help="Folder of the run: a new one, or one to go on with.")
@list_option("--types", metavar="T", help="Types or sets of the catalog, or YAML files, separated by commas.")
@click.option("--view", type=click.Choice(CHOICES["view"]), help="Which description of a type to use [definition].")
@click.option("--model", metavar="M", help="Checkpoint: bundled, bundled-open, a directory, or hub id [by the types].")
@click.option("--format", metavar="F", help="Input format, see below [by the files' suffixes].")
@click.option("--id-field", metavar="NAME", help="Column or key of the document id [guessed].")
@click.option("--text-field", metavar="NAME", help="Column, key or path (doc.text) of the text [guessed].")
@click.option("--title-field", metavar="NAME", help="Column or key of a title, put before the text [none].")
@click.option("--encoding", metavar="E", help="Of text files: utf-16, latin-1, cp1252 and so on [utf-8].")
@click.option("--delimiter", metavar="C", help="Between the columns of CSV or TSV [the format's, else guessed].")
@click.option("--quoting", metavar="Q", help="Quotes in CSV and TSV: csv, or none [csv for CSV, none for TSV].")
@list_option("--keep-fields", metavar="A,B", help="Columns or keys to carry over to the output.")
@click.option("--words", type=click.Choice(CHOICES["words"]), help="How text is split into words [basic].")
@click.option("--include-text", is_flag=True, default=None, help="Write the documents' text to the output too.")
@click.option("--assertion", is_flag=True, default=None, help="Say of spans if negated, uncertain, historical ...")
@list_option("--assertion-rules", metavar="F", help="YAML files of phrases that add to the rules of --assertion.")
@click.option("--sections", is_flag=True, default=None, help="Name the section of the document a span stands in.")
@list_option("--section-headers", metavar="F", help="YAML files of headers that add to those of --sections.")
@click.option("--devices", type=click.Choice(CHOICES["devices"]), help="Where the model runs [auto].")
@click.option("--actors", type=int, metavar="N", help="Processes holding the model [one per GPU, else per core].")
@click.option("--actors-per-gpu", type=int, metavar="N", help="Of them that share a GPU, for small models [1].")
@click.option("--limit", type=int, metavar="N", help="Take only the first N records.")
@click.option("--shard-documents", type=int, metavar="N", help="Most documents to a shard [1000 on GPUs, 200 on CPUs].")
@click.option("--token-budget", type=int, metavar="N", help="Tokens in a batch of the model [asked of the model].")
@click.option("--dtype", type=click.Choice(CHOICES["dtype"]), help="Precision of the model [auto].")
@click.option("--text-tokens", type=int, metavar="N", help="Tokens of text in a window [asked of the checkpoint].")
@click.option("--description-tokens", type=int, metavar="N", help="Most tokens of a description [the checkpoint's].")
@click.option("--no-calibration", is_flag=True, default=None, help="Leave out the checkpoint's biases and thresholds.")
@click.option("--nested", is_flag=True, default=None, help="Types that do not compete: keep spans within others too.")
@click.option("--abbreviations", is_flag=True, default=None, help="Long forms and their abbreviations have one type.")
@click.option("--repeats", is_flag=True, default=None, help="The same words elsewhere in a document are mentions too.")
@click.option("--separate-layers", type=int, metavar="N", help="Lower layers to read text and types apart in [0].")
@list_option("--link", metavar="TYPE=V", help="Look up spans of TYPE in the vocabulary V (`vocabulary build`).")
@click.option("--link-top", type=int, metavar="N", help="Most concepts for a span [1].")
@click.option("--link-least", type=float, metavar="S", help="Least score of a concept [0]: 0.9 drops near names.")
@list_option("--dictionary", metavar="TYPE=V", help="Names of the vocabulary V are spans of TYPE, beside the model's.")
@click.option("--dictionary-wordings", is_flag=True, default=None, help="Its names in other words or order too.")
@click.option("--dictionary-nested", is_flag=True, default=None, help="Its names within longer ones too.")
@click.option("--max-quarantined", metavar="N|P%", help="Fail beyond so many records set aside [10%].")
@click.option("--overwrite", is_flag=True, default=None, help="Remove the run in --output first.")
@click.option("--executor", type=click.Choice(EXECUTORS), help="auto: in-process for small local inputs [auto].")
@click.option("--ray-address", envvar="RAY_ADDRESS", metavar="A", help="Ray cluster to join [Ray on this machine].")
@click.option("--config", metavar="FILE", help="YAML file with these options as keys; options given here win.")
def command(config: str | None, **flags: Any) -> None:
    """Tag every document of INPUT and write the spans to --output as Parquet.

    INPUT is a file, a folder, a glob or a URL such as s3://bucket/folder, of a format below. The same command goes on
    with a run that was stopped, and does nothing if it is finished; new input files are added to it.
    """
    from openbioner_batch.engine.settings import AnnotateSettings, read_config

    given = {name: value for name, value in flags.items() if value is not None and value != ()}
    settings = AnnotateSettings.build({**(read_config(config) if config else {}), **given})

    from openbioner_batch.console import plain_console, printing
    from openbioner_batch.engine.run import annotate
    from openbioner_batch.engine.stopping import resumable
    from openbioner_batch.engine.summary import print_report

    with resumable():
        summary = annotate(settings)
    with printing():
        print_report(summary.as_json(), plain_console())
