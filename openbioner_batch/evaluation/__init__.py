"""Benchmark corpora, the strict metrics they are scored with, and the protocol that makes figures comparable."""

from openbioner_batch.evaluation.benchmark import count_found, estimate, find_spans
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
    "count_found",
    "estimate",
    "evaluate",
    "find_spans",
    "read_corpus",
    "score_spans",
]
