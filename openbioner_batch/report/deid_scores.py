"""Prints the scores of finding identifiers as tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rich.table import Table

from openbioner_batch.console import plain_console


def deid_table(result: Mapping[str, Any]) -> Table:
    """A row for each class and then each type: recall and precision of tokens, in percent, with counts.

    `spans` is the recall of spans of which any letter is found, `strict` the F1 of spans and classes as they are.

    Args:
        result: `DeidScores.as_dict()`, and the kind of figures under `figures`.
    """
    notes, leaking = result["notes"], result["notes_with_a_leak"]
    table = Table(
        title=f"{result['figures']}: {notes} notes, {leaking} with a leak ({result['leak_share']:.1%})",
        box=None,
        pad_edge=False,
        header_style="bold",
    )
    table.add_column("", no_wrap=True)
    for name in ("recall", "prec.", "F1", "gold", "missed", "wrong", "spans", "strict"):
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


def print_deid(result: Mapping[str, Any], as_json: bool) -> None:
    """Print the result of `evaluate_deid`: a table for each corpus, or JSON."""
    if as_json:
        print(json.dumps(result, indent=2))
        return
    console = plain_console()
    for name, scores in result["corpora"].items():
        console.print(name, style="bold")
        console.print(deid_table(scores))
        console.print()


def _cells(row: Mapping[str, float]) -> list[str]:
    measures = [
        _percent(row["recall"]) if row["gold"] else "-",
        _percent(row["precision"]) if row["predicted"] else "-",
        _percent(row["f1"]) if row["gold"] and row["predicted"] else "-",
    ]
    return [*measures, str(row["gold"]), str(row["gold"] - row["found"]), str(row["predicted"] - row["right"])]


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"
