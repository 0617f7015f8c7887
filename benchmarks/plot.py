"""Results of other scripts as a picture; needs matplotlib (the plot extra).

python benchmarks/plot.py throughput benchmarks/results/throughput-*.json --output benchmarks/plots/throughput.png
python benchmarks/plot.py peers benchmarks/results/peers-*.json --output benchmarks/plots/peers.png
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import click

Point = tuple[int, dict[str, float]]
"""Number of types, and the spread of a rate."""


def throughput_lines(reports: list[dict[str, Any]]) -> dict[str, list[Point]]:
    """Text tokens per second of each variant, corpus and precision."""
    lines: dict[str, list[Point]] = defaultdict(list)
    for case in (case for report in reports for case in report["cases"]):
        name = f"{case['variant']}, {case['corpus']}, {case['device']}, {case['dtype']}"
        lines[name].append((case["types"], case["tokens_per_second"]))
    return lines


def peers_lines(reports: list[dict[str, Any]]) -> dict[str, list[Point]]:
    """Text tokens per second of each tool."""
    lines: dict[str, list[Point]] = defaultdict(list)
    for report in reports:
        for part in report.get("by_types", [report]):
            for name, side in part["sides"].items():
                lines[name].append((part["types"], side["tokens_per_second"]))
    return lines


LINES = {"throughput": throughput_lines, "peers": peers_lines}


@click.command()
@click.argument("script", type=click.Choice(list(LINES)))
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="A PNG.")
def main(script: str, files: tuple[Path, ...], output: Path) -> None:
    """Plot the FILES that SCRIPT wrote: medians, and bars from least to most."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 5))
    axes.set_prop_cycle(color=pyplot.get_cmap("tab20")(range(20)))
    for name, points in LINES[script]([json.loads(file.read_text("utf-8")) for file in files]).items():
        points.sort(key=lambda point: point[0])
        types, rates = [count for count, _ in points], [rate for _, rate in points]
        middle = [rate["median"] for rate in rates]
        below = [rate["median"] - rate["least"] for rate in rates]
        above = [rate["most"] - rate["median"] for rate in rates]
        axes.errorbar(types, middle, yerr=[below, above], marker="o", capsize=3, label=name)
    axes.set(xscale="log", yscale="log", xlabel="types queried", ylabel="text tokens per second")
    ticks = sorted({int(tick) for line in axes.get_lines() for tick in line.get_xdata()})  # type: ignore[union-attr, arg-type]
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small", bbox_to_anchor=(1.01, 1), loc="upper left")
    output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(output, dpi=100, bbox_inches="tight")


if __name__ == "__main__":
    main()
