"""What a recipe needs of the model that it starts from is said before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from openbioner_batch.errors import UsageError
from openbioner_batch.model.encoder import CrossEncoder
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.settings import build
from openbioner_batch.training.likeness import needs_likeness, start_vectors
from openbioner_batch.training.settings import PretrainSettings
from openbioner_batch.training.start import model_config, starting_model, training_tokenizer
from openbioner_batch.training.vocabulary import build_type_vocabulary


def settings(checkpoint: Path, recipe: dict[str, Any] | None = None, **start: Any) -> PretrainSettings:
    begin = {"encoder": str(checkpoint), "text_tokens": 40, "description_tokens": 20, **start}
    raw = {"output": "r", "sources": [{"path": "p"}], "start": begin, "recipe": recipe or {}}
    return build(PretrainSettings, raw)


@pytest.mark.parametrize(
    ("recipe", "start", "message"),
    [
        ({"loss": "per-type"}, {}, r"recipe.loss per-type is for models with separate layers: set .* 1 to 1, or"),
        ({"shared_types": 3}, {}, "recipe.shared_types is for models with separate layers"),
        ({"unnamed": 0.2}, {"separate_layers": "all"}, "recipe.unnamed is for types that passages share"),
        ({"negatives": {"listed": 0.2}}, {}, "recipe.negatives.listed is for types that passages share"),
        ({"distillation": {"teacher": "t"}}, {}, "recipe.distillation is for models with separate layers"),
        ({"objective": "masked-language"}, {"separate_layers": "all"}, "trains one encoder: leave out"),
        (
            {"distillation": {"teacher": "t"}, "loss": "per-type"},
            {"letter_case": True, "separate_layers": "all"},
            "teacher reads no letter case: leave out it or",
        ),
        ({"objective": "masked-language"}, {"letter_case": True}, "predicts an uncased vocabulary: leave out"),
        ({}, {"projection": 8}, r'start.projection is for late interaction: set start.separate_layers to "all"'),
    ],
)
def test_a_recipe_that_does_not_fit_the_model_is_one_line(
    checkpoint: Path, recipe: dict[str, Any], start: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        model_config(settings(checkpoint, recipe, **start))
    assert "\n" not in str(caught.value)


def test_negatives_beyond_lists_need_the_likeness_of_the_types(checkpoint: Path) -> None:
    wanted = settings(checkpoint, {"negatives": {"beyond": 0.2}})
    tokenizer = training_tokenizer(wanted)
    rows = [("drug", "definition", "a drug that was given"), ("gene", "definition", "a gene of mice")]
    vocabulary = build_type_vocabulary(rows, (), tokenizer, 20)
    assert not needs_likeness(settings(checkpoint))
    assert not needs_likeness(settings(checkpoint, {"negatives": {"beyond": 0.2}, "near_above": None}))
    assert needs_likeness(wanted)
    vectors = start_vectors(wanted, vocabulary, tokenizer).rows
    np.testing.assert_allclose(np.linalg.norm(vectors.astype(np.float32), axis=1), [1, 1], atol=1e-2)


def test_all_layers_make_late_interaction_as_the_settings_shape_it(checkpoint: Path) -> None:
    per_type = settings(checkpoint, {"loss": "per-type"}, separate_layers="all", projection=8, shared_encoder=True)
    late = starting_model(per_type)
    assert isinstance(late, LateEncoder)
    assert (late.config.late.projection, late.config.late.shared_encoder, late.config.late.competing) == (
        8,
        True,
        False,
    )
    assert model_config(settings(checkpoint, separate_layers="all")).late.competing
    assert not late.config.late.named
    assert model_config(settings(checkpoint, {"views": ["name-definition"]}, separate_layers="all")).late.named
    again = starting_model(per_type)
    assert all(torch.equal(a, b) for a, b in zip(late.parameters(), again.parameters(), strict=True))
    split = starting_model(settings(checkpoint, separate_layers=1))
    assert isinstance(split, CrossEncoder)
    assert split.config.separate_layers == 1


def test_letter_case_is_learnt_from_nothing(checkpoint: Path) -> None:
    cased = settings(checkpoint, separate_layers="all", letter_case=True)
    model = starting_model(cased)
    assert isinstance(model, LateEncoder)
    assert not model.text.case_embedding.weight.any()
    (tokens,) = training_tokenizer(cased).encode(["Fever"])
    assert max(tokens.ids) > model.config.vocabulary
    assert not training_tokenizer(settings(checkpoint)).letter_case
