"""`openbioner-batch deidentify`: an archive in, the same records without their identifiers out."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from openbioner_batch.cli._options import CommandOnRewritableFormats, list_option


class _Command(CommandOnRewritableFormats):
    """Its help ends with the formats, and with the actions that a policy file may name, as they are registered."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from openbioner_batch.deid.actions import ACTIONS

        super().format_epilog(ctx, formatter)
        with formatter.section("Actions of a policy file (types: {TYPE: ACTION})"):
            formatter.write_dl([(name, action.summary.replace("`", "")) for name, action in ACTIONS.items()])


@click.command("deidentify", cls=_Command, context_settings={"show_default": False})
@click.argument("inputs", nargs=-1, metavar="INPUT...")
@click.option("--output", metavar="URI", help="Folder of the run: a new one, or one to go on with.")
@click.option("--policy", metavar="P", help="safe-harbor, limited-dataset, tags, redact, surrogate, or a YAML file.")
@click.option("--patient-field", metavar="NAME", help="Column or key of the patient's id.")
@click.option("--patient-scope", metavar="S", help="patient, or document where no column tells the patient [patient].")
@list_option("--known-fields", metavar="A,B=ROLE", help="Columns whose values are to be found in the note.")
@click.option("--fhir-patients", metavar="INPUT", help="Patient resources whose names are to be found in their notes.")
@click.option("--note-date-field", metavar="NAME", help="Column of the note's date.")
@click.option("--shift-field", metavar="NAME", help="Column of the days that a patient's dates move [by the key].")
@click.option("--shift-table", metavar="FILE", help="A table of patients that has that column [the records have it].")
@click.option("--reference-date", metavar="DAY", help="Day as of which ages over 89 count [the policy's].")
@click.option("--key-file", metavar="FILE", help="The key, on every machine [the variable OPENBIONER_DEID_KEY].")
@click.option("--keep-ids", is_flag=True, default=None, help="Keep ids of documents and patients as they are.")
@list_option("--keep-fields", metavar="A,B", help="Columns or keys without identifiers, to carry over as they are.")
@list_option("--recognizers", metavar="A,B", help="What finds identifiers [model,patterns,known].")
@click.option("--model", metavar="M", help="Checkpoint, as for annotate, or none [bundled-phi].")
@list_option("--types", metavar="T", help="Types or sets that the model is asked for [phi.broad, ages over 89, rooms].")
@click.option("--view", metavar="V", help="Which description of a type to use [definition].")
@click.option("--model-threshold", type=float, metavar="X", help="Leave out spans of the model that score less [0].")
@list_option("--type-thresholds", metavar="T=X,U=Y", help="The same for single types: organization=0.8.")
@click.option("--audit-text", is_flag=True, default=None, help="Write an audit with the originals to --audit-output.")
@click.option("--audit-output", metavar="URI", help="A folder apart from --output; it will hold identifiers.")
@click.option("--residual-sample", metavar="P%", help="Share of the result that the model reads again [1%].")
@click.option("--fail-on-residual", is_flag=True, default=None, help="Exit with 1 if the check finds identifiers.")
@click.option("--spill-dir", metavar="DIR", help="Where Ray may put original notes on disk [a private folder].")
@click.option("--format", metavar="F", help="Input format; fhir must be named [by the files' suffixes].")
@click.option("--id-field", metavar="NAME", help="Column or key of the document id [guessed].")
@click.option("--text-field", metavar="NAME", help="Column or key of the text [guessed].")
@click.option("--encoding", metavar="E", help="Of text files: utf-16, latin-1, cp1252 and so on [utf-8].")
@click.option("--delimiter", metavar="C", help="Between the columns of CSV or TSV [the format's, else guessed].")
@click.option("--quoting", metavar="Q", help="Quotes in CSV and TSV: csv, or none [csv for CSV, none for TSV].")
@click.option("--devices", metavar="D", help="Where the model runs: auto, cpu, gpu [auto].")
@click.option("--actors", type=int, metavar="N", help="Processes holding the model [one per GPU, else per core].")
@click.option("--actors-per-gpu", type=int, metavar="N", help="Of them that share a GPU, for small models [1].")
@click.option("--limit", type=int, metavar="N", help="Take only the first N records.")
@click.option("--shard-documents", type=int, metavar="N", help="Most documents to a shard [1000 on GPUs, 200 on CPUs].")
@click.option("--token-budget", type=int, metavar="N", help="Tokens in a batch of the model [asked of the model].")
@click.option("--dtype", metavar="D", help="Precision of the model [auto].")
@click.option("--no-calibration", is_flag=True, default=None, help="Leave out the checkpoint's biases and thresholds.")
@click.option("--max-quarantined", metavar="N|P%", help="Fail beyond so many records set aside [10%].")
@click.option("--overwrite", is_flag=True, default=None, help="Remove the run in --output first.")
@click.option("--executor", metavar="E", help="ray, in-process, or auto: in-process for small local inputs [auto].")
@click.option("--ray-address", envvar="RAY_ADDRESS", metavar="A", help="Ray cluster to join [Ray on this machine].")
@click.option("--config", metavar="FILE", help="YAML file with these options as keys; options given here win.")
def command(config: str | None, **flags: Any) -> None:
    """Replace the identifiers in every note of INPUT and write the records to --output.

    INPUT is a file, a folder, a glob or a URL: JSONL, Parquet, CSV, TSV, text or, with --format fhir, FHIR NDJSON.
    Columns that no option names are left out. The same command goes on with a run that was stopped.
    """
    from openbioner_batch.deid.settings import DeidentifySettings
    from openbioner_batch.engine.settings import read_config

    given = {name: value for name, value in flags.items() if value is not None and value != ()}
    settings = DeidentifySettings.build({**(read_config(config) if config else {}), **given})

    from openbioner_batch.console import plain_console, printing
    from openbioner_batch.deid.report import print_report
    from openbioner_batch.deid.run import deidentify
    from openbioner_batch.engine.cluster import hide_command_line
    from openbioner_batch.engine.stopping import resumable

    with resumable():
        finished = deidentify(settings, before_ray=partial(hide_command_line, "openbioner-batch deidentify"))
    with printing():
        print_report(finished.report, finished.summary.output, plain_console())
    finished.check_residual(settings.fail_on_residual)
