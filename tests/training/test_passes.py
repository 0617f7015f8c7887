"""The passes of a run: what reaches the model from pieces, types and their likeness."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from openbioner_batch.settings import build
from openbioner_batch.training.corpus import corpus_of, flatten
from openbioner_batch.training.packing import TaggingBatch
from openbioner_batch.training.passes import PassMaker, Preparation
from openbioner_batch.training.pieces import Piece
from openbioner_batch.training.plan import plan_training
from openbioner_batch.training.settings import PretrainSettings
from openbioner_batch.training.start import model_config, training_tokenizer
from openbioner_batch.training.vocabulary import Likeness, build_type_vocabulary

KINDS = ("dose", "drug", "gene")


def types_of_first_pass(checkpoint: Path, recipe: Mapping[str, object], likeness: Likeness | None) -> int:
    """The most types that a passage of two words, whose list is drug, is queried for."""
    start = {"encoder": str(checkpoint), "text_tokens": 40, "description_tokens": 20}
    raw = {"start": start, "schedule": {"steps": 1}, "sources": [{"path": "p"}], "output": "r"}
    settings = build(PretrainSettings, {**raw, "recipe": {"types_per_pass": [3, 3], **recipe}})
    tokenizer = training_tokenizer(settings)
    one = Piece("s", np.array([5, 6], np.int32), np.arange(2, dtype=np.int32), ((0, 1, "drug"),), (), ("drug",))
    corpus = corpus_of(flatten([one]), np.ones(1), settings.sources)
    vocabulary = build_type_vocabulary([(kind, "definition", f"a {kind}") for kind in KINDS], (), tokenizer, 20)
    plan = plan_training(corpus.tokens, corpus.weights, vocabulary.mean_tokens, settings)
    preparation = Preparation(corpus, plan, vocabulary, tokenizer, settings, model_config(settings), likeness)
    found = PassMaker(preparation).make(0)
    assert isinstance(found, TaggingBatch)
    return found.types


def test_a_cross_encoder_is_asked_beyond_closed_lists_where_the_recipe_says_so(checkpoint: Path) -> None:
    beyond = {"negatives": {"beyond": 1.0, "in_batch": 0, "hard": 0, "vocabulary": 1}}
    different, alike = Likeness(np.eye(3), 0.9), Likeness(np.ones((3, 1)), 0.9)
    assert types_of_first_pass(checkpoint, {}, None) == 1
    assert types_of_first_pass(checkpoint, beyond, different) > 1
    assert types_of_first_pass(checkpoint, beyond, alike) == 1
