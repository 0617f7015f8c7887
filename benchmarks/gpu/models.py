"""Models of any shape in memory, and texts to read: nothing here needs a file or a network."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import torch

from openbioner_batch.model import VARIANTS, Tagger, resolve_checkpoint, resolve_dtype
from openbioner_batch.model.checkpoint import build_model
from openbioner_batch.model.config import ModelConfig
from openbioner_batch.model.encoder import initialize
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.model.models import Model
from openbioner_batch.model.reading import load_tokenizer
from openbioner_batch.model.tokens import Tokenizer

SPREAD = 0.06
"""Of random weights: with BERT's own 0.02 nearly nothing of a text would reach the last layer."""
_SUBJECTS = ("Aspirin", "The BRCA1 gene", "Infliximab", "Interleukin 6", "Serum creatinine", "A mutation of KRAS")
_VERBS = ("lowered", "was associated with", "did not alter", "induced", "preceded", "was measured in")
_OBJECTS = (
    "colitis in 24 mice",
    "hepatocellular carcinoma",
    "the expression of p53 in the liver",
    "acute kidney injury",
)
_ENDS = (" (p < 0.01).", " at a dose of 5 mg/kg.", " in 312 patients.", ", as shown before.", ".")


@cache
def tokenizer() -> Tokenizer:
    """The bundled model's."""
    return load_tokenizer(resolve_checkpoint("bundled"))


def config_of(variant: str, separate_layers: int | None = None) -> ModelConfig:
    """The shape of a variant over the bundled vocabulary."""
    config = replace(VARIANTS[variant].config, vocabulary=max(tokenizer().vocabulary.values()) + 1)
    return config if separate_layers is None else replace(config, separate_layers=separate_layers)


def random_model(config: ModelConfig) -> Model:
    """Random weights, always the same ones."""
    model = build_model(replace(config, initializer_range=SPREAD))
    initialize(model, seed=5)
    if isinstance(model, LateEncoder):
        model.start_projections(seed=5)
    return model.eval()


def tagger_of(model: Model, device: str, dtype: str, token_budget: int | None = None, compiled: bool = False) -> Tagger:
    """A tagger on a model that lies in no directory."""
    directory = resolve_checkpoint("bundled")
    return Tagger(model, tokenizer(), directory, device, dtype, token_budget=token_budget, compiled=compiled)


def automatic_dtype(device: str) -> str:
    """The number format that a run takes by default."""
    return resolve_dtype("auto", device)


def texts(count: int, sentences: Sequence[int] = (4, 14), seed: int = 0) -> list[str]:
    """Made-up abstracts, no two alike: between so many sentences each, as long as PubMed's by default."""
    chance = random.Random(seed)
    return [
        " ".join(
            f"{chance.choice(_SUBJECTS)} {chance.choice(_VERBS)} {chance.choice(_OBJECTS)}{chance.choice(_ENDS)}"
            for _ in range(chance.randint(*sentences))
        )
        + f" Study {number}."
        for number in range(count)
    ]


def release() -> None:
    """Give the GPU's memory back that nothing holds any more."""
    import gc

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
