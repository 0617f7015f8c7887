"""How long one document takes, by variant and number of types: cold, and in the 50th, 95th and 99th percentile.

    python benchmarks/latency.py pubmed.xml.gz --variants tiny,base --types 1,5,20 --json latency.json

Each case is a process of its own. Cold is the first document of a fresh process: import, loading and tagging. Warm are
--calls other documents of a fixed sample, one at a time, or as many as --seconds allow; a percentile is left out where
there are fewer calls than it needs (20 for the 95th, 100 for the 99th). Weights are random.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import click
import numpy as np
from common.machine import device_name, machine
from common.models import first_types, write_random_model
from common.processes import in_child
from common.results import comma_list, json_option, show_table, spread, write_json
from common.texts import shuffled_texts

from openbioner_batch.errors import OpenBioNERError

PERCENTILES = (50, 95, 99)
WARM_UP = 3
"""Documents before the warm ones; the first of them is the cold one."""


def measure(checkpoint: str, texts: list[str], types: int, device: str, calls: int, seconds: float) -> dict[str, Any]:
    """One process: the cold document, then warm ones until `calls` are done or `seconds` are over."""
    began = perf_counter()
    from openbioner_batch.model import Tagger

    imported = perf_counter()
    kinds = first_types(types)
    tagger = Tagger.from_pretrained(checkpoint, device)
    loaded = perf_counter()
    tagger.tag(texts[:1], kinds)
    cold = {
        "import_seconds": imported - began,
        "load_seconds": loaded - imported,
        "first_document_seconds": perf_counter() - loaded,
    }
    warm: list[float] = []
    tokens: list[int] = []
    for number, text in enumerate(texts[1 : WARM_UP + calls if calls else 1]):
        start = perf_counter()
        tagged = tagger.annotate([text], kinds)
        if number >= WARM_UP - 1:
            warm.append(perf_counter() - start)
            tokens.append(tagged[0].tokens)
            if sum(warm) > seconds:
                break
    return {"cold": cold, "warm": warm, "tokens": tokens, "device": device_name(tagger.device), "dtype": tagger.dtype}


def case_of(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Percentiles of the warm calls of the first run, in milliseconds, and the spread of all cold starts."""
    first = runs[0]
    milliseconds = 1000 * np.array(first["warm"])
    return {
        "calls": len(milliseconds),
        "tokens_per_document": float(np.mean(first["tokens"])),
        "warm_milliseconds": {
            f"p{rank}": float(np.percentile(milliseconds, rank)) if len(milliseconds) * (100 - rank) >= 100 else None
            for rank in PERCENTILES
        },
        "first_document_milliseconds": spread([1000 * run["cold"]["first_document_seconds"] for run in runs]),
        "start_seconds": spread([sum(run["cold"].values()) for run in runs]),
        "runs": runs,
        "device": first["device"],
        "dtype": first["dtype"],
    }


def show(report: dict[str, Any]) -> None:
    """A row for each case."""
    rows = []
    for case in report["cases"]:
        warm = (case["warm_milliseconds"][f"p{rank}"] for rank in PERCENTILES)
        rows.append(
            (
                case["variant"],
                case["dtype"],
                str(case["types"]),
                *("-" if value is None else f"{value:,.1f}" for value in warm),
                f"{case['calls']}",
                f"{case['first_document_milliseconds']['median']:,.0f}",
                f"{case['start_seconds']['median']:.1f}",
            )
        )
    titles = ("variant", "precision", "types", "p50 ms", "p95 ms", "p99 ms", "calls", "first ms", "cold start s")
    show_table(titles, rows, words=2)


@click.command()
@click.argument("corpus")
@click.option("--variants", default="tiny,small,compact,base", show_default=True)
@click.option("--types", default="1,5,20", show_default=True, help="How many types are queried.")
@click.option("--separate-layers", type=click.IntRange(min=0), help="How many [the variant's own].")
@click.option("--devices", type=click.Choice(["auto", "cpu", "gpu"]), default="auto", show_default=True)
@click.option("--calls", type=click.IntRange(min=1), default=100, show_default=True, help="Warm documents.")
@click.option("--seconds", type=click.FloatRange(min=0), default=60.0, show_default=True, help="Of warm calls at most.")
@click.option("--starts", type=click.IntRange(min=1), default=3, show_default=True, help="Fresh processes.")
@click.option("--quick", is_flag=True, help="Two warm documents, one process: does it work at all.")
@json_option
def main(
    corpus: str, variants: str, types: str, separate_layers: int | None, devices: str,
    calls: int, seconds: float, starts: int, quick: bool,
    json_path: Path | None,
) -> None:  # fmt: skip
    """Measure with the documents of CORPUS."""
    if quick:
        calls, starts = 2, 1
    cases = []
    try:
        texts = shuffled_texts(corpus)
        with tempfile.TemporaryDirectory() as folder:
            for variant in comma_list(variants):
                checkpoint = write_random_model(variant, Path(folder) / variant, None, separate_layers)
                for count in map(int, comma_list(types)):
                    click.echo(f"{variant}, {count} types", err=True)
                    # Later processes only start: their warm calls would repeat the first's.
                    wanted = [calls, *[0] * (starts - 1)]
                    runs = [in_child(measure, checkpoint, texts, count, devices, n, seconds) for n in wanted]
                    cases.append(
                        {"variant": variant, "separate_layers": separate_layers, "types": count, **case_of(runs)}
                    )
    except OpenBioNERError as error:
        raise click.ClickException(str(error)) from None
    report = {"corpus": Path(corpus).name, "cases": cases, "ran_on": machine()}
    write_json(json_path, report)
    show(report)


if __name__ == "__main__":
    main()
