"""The comparison of descriptions as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from openbioner_batch.errors import UsageError


def draw_ablation(result: Mapping[str, Any], path: str | Path) -> None:
    """Draw micro F1 of every corpus and their average for each way of describing the types.

    Args:
        result: of `evaluation.ablation.ablate`.
        path: the PNG to write.

    Raises:
        UsageError: matplotlib is not installed, or the file cannot be written.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise UsageError("--plot needs matplotlib: pip install 'openbioner-batch[plot]'") from None
    views = list(result["views"])
    names = list(result["corpora"])
    figure = Figure(figsize=(9, 0.42 * len(views) + 1.8), layout="constrained")
    axes = figure.subplots()
    places = range(len(views))
    for name in names if len(names) > 1 else ():
        scores = [100 * result["corpora"][name]["views"][view]["f1"] for view in views]
        axes.plot(scores, places, "o", alpha=0.7, label=name)
    means = [100 * result["average"][view]["f1"] for view in views]
    low, high = zip(*(result["average"][view]["f1_interval"] for view in views), strict=True)
    spread = [
        [mean - 100 * value for mean, value in zip(means, low, strict=True)],
        [100 * value - mean for mean, value in zip(means, high, strict=True)],
    ]
    mean_of = "average" if len(names) > 1 else names[0]
    axes.errorbar(means, places, xerr=spread, fmt="kD", capsize=3, label=f"{mean_of}, 95 %")
    axes.set_yticks(places, views)
    axes.invert_yaxis()
    axes.set_xlabel(f"strict micro F1, {result['split']}, {result['dtype']}")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    try:
        figure.savefig(path, format="png", dpi=150)
    except OSError as error:
        raise UsageError(f"--plot {path} cannot be written: {error.strerror}") from None
