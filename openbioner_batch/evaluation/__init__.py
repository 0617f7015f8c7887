"""Benchmark corpora, the strict metrics they are scored with, and the protocol that makes figures comparable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openbioner_batch.on_demand import from_modules

if TYPE_CHECKING:
    from openbioner_batch.evaluation.benchmark import count_found, estimate, find_spans
    from openbioner_batch.evaluation.calibration import calibrate
    from openbioner_batch.evaluation.metrics import Counts, Quality, Scores, score_spans
    from openbioner_batch.evaluation.reading import GoldCorpus, read_corpus
    from openbioner_batch.evaluation.run import evaluate
    from openbioner_batch.evaluation.settings import EvaluateSettings

__all__ = [
    "Counts",
    "EvaluateSettings",
    "GoldCorpus",
    "Quality",
    "Scores",
    "calibrate",
    "count_found",
    "estimate",
    "evaluate",
    "find_spans",
    "read_corpus",
    "score_spans",
]

_HOMES = {
    "Counts": "metrics",
    "EvaluateSettings": "settings",
    "GoldCorpus": "reading",
    "Quality": "metrics",
    "Scores": "metrics",
    "calibrate": "calibration",
    "count_found": "benchmark",
    "estimate": "benchmark",
    "evaluate": "run",
    "find_spans": "benchmark",
    "read_corpus": "reading",
    "score_spans": "metrics",
}

__getattr__ = from_modules(__name__, _HOMES)
