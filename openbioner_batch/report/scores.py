"""Strict scores as a table."""

from __future__ import annotations

from rich.table import Table

from openbioner_batch.evaluation.metrics import Counts, Quality, Scores


def scores_table(scores: Scores) -> Table:
    """A row for each type, then micro and macro averages, in percent."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("type")
    for title in ("precision", "recall", "F1", "gold", "predicted", "correct"):
        table.add_column(title, justify="right")
    for name, counts in scores.per_type.items():
        table.add_row(name, *_percents(counts.quality), *_numbers(counts))
    table.add_section()
    table.add_row("micro", *_percents(scores.micro.quality), *_numbers(scores.micro), style="bold")
    table.add_row("macro", *_percents(scores.macro))
    return table


def _percents(quality: Quality) -> list[str]:
    return [f"{100 * value:.1f}" for value in (quality.precision, quality.recall, quality.f1)]


def _numbers(counts: Counts) -> list[str]:
    return [str(counts.gold), str(counts.predicted), str(counts.correct)]
