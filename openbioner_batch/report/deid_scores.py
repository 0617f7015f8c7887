"""How well identifiers were found, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table


def deid_table(result: Mapping[str, Any]) -> Table:
    """A row for each class and then each type: recall and precision of tokens, in percent, with counts.

    Args:
        result: `DeidScores.as_dict()`.
    """
    notes, leaking = result["notes"], result["notes_with_a_leak"]
    table = Table(
        title=f"{notes} notes, {leaking} with a leak ({result['leak_share']:.1%}); tokens, spans that share a letter",
        box=None,
        pad_edge=False,
        header_style="bold",
    )
    table.add_column("", no_wrap=True)
    for name in ("recall", "precision", "F1", "gold", "missed", "wrong", "span recall", "strict F1"):
        table.add_column(name, justify="right")
    tokens, overlap, strict = result["tokens"], result["spans_overlap"], result["spans_strict"]
    table.add_row("five classes", *_cells(tokens["five_classes"]), style="bold")
    table.add_row("all", *_cells(tokens["all"]), _percent(overlap["all"]["recall"]), _percent(strict["all"]["f1"]))
    table.add_section()
    for name, row in tokens["by_class"].items():
        spans = [_percent(part["by_class"][name][key]) for part, key in ((overlap, "recall"), (strict, "f1"))
                 if name in part["by_class"]]  # fmt: skip
        table.add_row(name, *_cells(row), *spans)
    table.add_section()
    for name, row in tokens["by_type"].items():
        table.add_row(name, *_cells(row))
    return table


def _cells(row: Mapping[str, float]) -> list[str]:
    measures = [
        _percent(row["recall"]) if row["gold"] else "-",
        _percent(row["precision"]) if row["predicted"] else "-",
        _percent(row["f1"]) if row["gold"] and row["predicted"] else "-",
    ]
    return [*measures, str(row["gold"]), str(row["gold"] - row["found"]), str(row["predicted"] - row["right"])]


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"
