"""Benchmark corpora and the strict metrics they are scored with."""

from openbioner_batch.evaluation.benchmark import evaluate_iob
from openbioner_batch.evaluation.metrics import Counts, Quality, Scores, score_spans

__all__ = ["Counts", "Quality", "Scores", "evaluate_iob", "score_spans"]
