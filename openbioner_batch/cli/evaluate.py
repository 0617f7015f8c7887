"""`openbioner-batch evaluate`: strict scores of a model on corpora with gold spans."""

from __future__ import annotations

from typing import Any

import click

from openbioner_batch.cli._options import list_option


def use_config(context: click.Context, parameter: click.Parameter, path: str | None) -> None:
    """Take a YAML file's values as the defaults of the options."""
    if not path:
        return
    from openbioner_batch.engine.settings import read_config
    from openbioner_batch.errors import UsageError

    found = {"as_json" if key == "json" else key: value for key, value in read_config(path).items()}
    names = [str(option.name) for option in context.command.params if option is not parameter]
    if unknown := sorted(found.keys() - set(names)):
        raise UsageError(f"--config {path}: unknown key {unknown[0]!r}: the keys are {', '.join(names)}")
    repeatable = {option.name for option in context.command.params if getattr(option, "multiple", False)}
    lists = {key: ",".join(map(str, value)) for key, value in found.items() if isinstance(value, list)}
    values = {**found, **lists}
    context.default_map = {key: [value] if key in repeatable else value for key, value in values.items()}


def corpus_options(command: Any) -> Any:
    """The options that `evaluate` and `calibrate` share."""
    options = [
        click.option("--corpus", required=True, metavar="PATH", help="Folder of known corpora, or one file or folder."),
        list_option("--corpora", metavar="A,B", help="Only these of the known corpora in the folder."),
        list_option("--types", metavar="LABEL=TYPE,...", help="For one corpus: the type of each label; - leaves out."),
        click.option(
            "--view", metavar="V", help="Description: name, definition, examples, contextual, or some joined by +."
        ),
        click.option("--format", metavar="F", help="Of one corpus: iob, pubtator, brat, jsonl [by the suffix]."),
        click.option(
            "--model", default="bundled", show_default=True, help="`bundled`, a checkpoint's folder or a hub id."
        ),
        click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda."),
        click.option("--dtype", default="float32", show_default=True, help="auto, float32, bfloat16 or float16."),
        click.option("--words", metavar="W", help="whitespace, basic or pieces [the corpus's tokens, else basic]."),
        click.option(
            "--limit", type=int, metavar="N", help="Only N sentences or documents of each corpus, evenly spread."
        ),
        click.option("--noun-phrases", is_flag=True, help="Ask JNLPBA, BC2GM and AnatEM for noun phrases, not names."),
        click.option("--allow-trained", is_flag=True, help="Score corpora that the model was trained on too."),
        click.option("--resamples", type=int, default=1000, show_default=True, help="Of the bootstrap."),
        click.option("--seed", type=int, default=42, show_default=True, help="Of the bootstrap."),
        click.option(
            "--config",
            metavar="FILE",
            is_eager=True,
            expose_value=False,
            callback=use_config,
            help="YAML file with these options as keys; options given here win.",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def build_settings(flags: dict[str, Any]) -> Any:
    """The settings that flags mean."""
    from openbioner_batch.evaluation.settings import EvaluateSettings

    lists: dict[str, Any] = {
        key: tuple(name.strip() for name in (flags.pop(key, None) or "").split(",") if name.strip())
        for key in ("corpora", "trained_on")
    }
    return EvaluateSettings(**lists, **flags)


def deid_settings(context: click.Context) -> Any:
    """The settings that flags given with `--task deid` mean; flags of the other task are a mistake."""
    import dataclasses

    from openbioner_batch.errors import UsageError
    from openbioner_batch.evaluation.deid_run import DeidEvaluateSettings

    unset = (click.core.ParameterSource.DEFAULT, None)
    given = {name: value for name, value in context.params.items() if context.get_parameter_source(name) not in unset}
    taken = {field.name for field in dataclasses.fields(DeidEvaluateSettings)}
    if wrong := sorted(given.keys() - taken - {"task", "as_json"}):
        raise UsageError(f"--{wrong[0].replace('_', '-')} does not go with --task deid")
    for name in given.keys() & {"corpora", "languages"}:
        given[name] = tuple(word.strip() for word in given[name].split(",") if word.strip())
    return DeidEvaluateSettings(**{name: given[name] for name in given.keys() & taken})


@click.command("evaluate")
@corpus_options
@click.option(
    "--task",
    type=click.Choice(["entities", "deid"]),
    default="entities",
    show_default=True,
    help="deid: how well patterns and a model (bundled-phi, or none) find identifiers.",
)
@list_option("--languages", metavar="A,B", help="With --task deid: only notes in these [en].")
@click.option("--model-threshold", type=float, help="With --task deid: leave out the model's spans below this score.")
@click.option("--strict-gold", is_flag=True, help="With --task deid: what the corpus forgot to annotate is wrong.")
@click.option("--split", default="test", show_default=True, help="Of known corpora: test or devel.")
@click.option("--no-calibration", is_flag=True, help="Leave out the checkpoint's biases and thresholds.")
@click.option("--nested", is_flag=True, help="As of annotate: keep spans that overlap better scored ones.")
@click.option("--abbreviations", is_flag=True, help="As of annotate: long and short forms have one type.")
@click.option("--repeats", is_flag=True, help="As of annotate: the same words elsewhere are mentions too.")
@click.option("--zero-shot", is_flag=True, help="Types that the model was trained on and others apart.")
@list_option("--trained-on", metavar="A,B", help="With --zero-shot: folders of its training data [the model's list].")
@click.option(
    "--overlap-with", metavar="FOLDER", help="Training data: say what the corpora share, score without it too."
)
@click.option(
    "--ablate-descriptions", is_flag=True, help="Compare the views of the descriptions, and ensembles of them."
)
@click.option("--plot", metavar="FILE", help="With --ablate-descriptions: draw the comparison into this PNG.")
@click.pass_context
def command(
    context: click.Context, /, as_json: bool, ablate_descriptions: bool, plot: str | None, **flags: Any
) -> None:
    """Score a model on the corpora at --corpus: strict entity-level precision, recall and F1 with 95 % intervals.

    --corpus is a folder with known corpora (NCBI-disease, BC5CDR, BC2GM, JNLPBA, AnatEM, each a folder with
    test.tsv.gz of tokens and IOB tags), or one corpus: IOB tags, PubTator, brat (a folder) or JSONL, plain or .gz. A
    corpus that is not known by name needs --types.

    With --zero-shot it may be a folder of training data too (`silver holdout` makes one): each passage is asked about
    the types that it says were looked for in it, else about those that it mentions.

    With --task deid it is a folder with pii_anon_clinical.jsonl.gz and presidio_synthetic.jsonl.gz, or JSONL with `id`,
    `text` and `spans` of types of the PHI catalog: recall and precision by token, and the notes that leak.
    """
    from openbioner_batch.report.progress import corpus_progress

    if context.params["task"] == "deid":
        from openbioner_batch.evaluation.deid_run import evaluate_deid
        from openbioner_batch.report.deid_scores import print_deid

        deid = deid_settings(context)
        with corpus_progress() as progress:
            print_deid(evaluate_deid(deid, progress), as_json)
        return
    for name in ("task", "languages", "model_threshold", "strict_gold"):
        del flags[name]
    settings = build_settings(flags)
    from openbioner_batch.errors import UsageError

    if plot and not ablate_descriptions:
        raise UsageError("--plot draws the comparison of descriptions: give --ablate-descriptions too")
    if settings.zero_shot and (ablate_descriptions or settings.overlap_with):
        raise UsageError("--zero-shot does not go with --ablate-descriptions or --overlap-with")
    with corpus_progress() as progress:
        if ablate_descriptions:
            from openbioner_batch.evaluation.ablation import ablate

            result = ablate(settings, progress)
        elif settings.zero_shot:
            from openbioner_batch.evaluation.zero_shot import evaluate_zero_shot

            result = evaluate_zero_shot(settings, progress)
        else:
            from openbioner_batch.evaluation.run import evaluate

            result = evaluate(settings, progress)
    if plot:
        from openbioner_batch.report.ablation import draw_ablation

        draw_ablation(result, plot)
    if as_json:
        import json

        click.echo(json.dumps(result, indent=2))
        return
    from openbioner_batch.report.scores import print_result

    print_result(result)
