"""`openbioner-batch evaluate`: strict scores of a model on corpora with gold spans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from openbioner_batch.cli._options import CommandOnCorpora, PrintSettings, options, part_of, values_of
from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation.settings import DeidEvaluateSettings, EvaluateSettings
from openbioner_batch.options import check_options, fields_of, flag, option

ENTITIES, DEID = "entities", "deid"


@dataclass(frozen=True)
class TaskSettings(PrintSettings):
    """What is scored, and how the result is shown."""

    task: str = option(
        ENTITIES,
        choices=(ENTITIES, DEID),
        help="deid: how well patterns and a model (bundled-phi, or none) find identifiers.",
    )
    ablate_descriptions: bool = option(False, help="Compare the views of the descriptions, and ensembles of them.")
    plot: str | None = option(
        None, metavar="FILE", help="With --ablate-descriptions: draw the comparison into this PNG."
    )

    def __post_init__(self) -> None:
        check_options(self)
        if self.plot and not self.ablate_descriptions:
            raise UsageError("--plot draws the comparison of descriptions: give --ablate-descriptions too")


def check_task(values: Mapping[str, Any], taken: set[str], message: str) -> None:
    """Refuse options that belong to the other task.

    Raises:
        UsageError: an option of the other task is given; names the first.
    """
    if wrong := sorted(values.keys() - taken):
        raise UsageError(f"{flag(wrong[0])} {message}")


@click.command("evaluate", cls=CommandOnCorpora)
@options(EvaluateSettings, DeidEvaluateSettings, TaskSettings)
def command(**flags: Any) -> None:
    """Score a model on the corpora at --corpus: strict entity-level precision, recall and F1 with 95 % intervals.

    --corpus is a folder with known corpora (NCBI-disease, BC5CDR, BC2GM, JNLPBA, AnatEM, each a folder with
    test.tsv.gz of tokens and IOB tags), or one corpus in one of the formats below. A corpus that is not known by name
    needs --types.

    With --zero-shot it may be a folder of training data too (`silver holdout` makes one): each passage is queried
    for the types that it says were looked for in it, else for those that it mentions.

    With --task deid it is a folder with pii_anon_clinical.jsonl.gz and presidio_synthetic.jsonl.gz, or JSONL with `id`,
    `text` and `spans` of types of the PHI catalog: recall and precision by token, and the notes that leak.
    """
    values = values_of(flags, EvaluateSettings, DeidEvaluateSettings, TaskSettings)
    if values.get("task") == DEID:
        check_task(values, {*fields_of(DeidEvaluateSettings), "task", "json"}, "does not go with --task deid")
        _score_deid(part_of(DeidEvaluateSettings, values), bool(values.get("json")))
        return
    task = part_of(TaskSettings, values)
    check_task(values, {*fields_of(EvaluateSettings), *fields_of(TaskSettings)}, "goes with --task deid")
    settings = part_of(EvaluateSettings, values)
    if settings.zero_shot and (task.ablate_descriptions or settings.overlap_with):
        raise UsageError("--zero-shot does not go with --ablate-descriptions or --overlap-with")

    from openbioner_batch.report.progress import corpus_progress

    with corpus_progress() as progress:
        if task.ablate_descriptions:
            from openbioner_batch.evaluation.ablation import ablate

            result = ablate(settings, progress)
        elif settings.zero_shot:
            from openbioner_batch.evaluation.zero_shot import evaluate_zero_shot

            result = evaluate_zero_shot(settings, progress)
        else:
            from openbioner_batch.evaluation.run import evaluate

            result = evaluate(settings, progress)
    if task.plot:
        from openbioner_batch.report.ablation import draw_ablation

        draw_ablation(result, task.plot)
    if task.json:
        import json

        click.echo(json.dumps(result, indent=2))
        return
    from openbioner_batch.report.scores import print_result

    print_result(result)


def _score_deid(settings: DeidEvaluateSettings, as_json: bool) -> None:
    from openbioner_batch.evaluation.deid_run import evaluate_deid
    from openbioner_batch.report.deid_scores import print_deid
    from openbioner_batch.report.progress import corpus_progress

    with corpus_progress() as progress:
        print_deid(evaluate_deid(settings, progress), as_json)
