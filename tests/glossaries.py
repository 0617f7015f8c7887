"""A tiny late-interaction checkpoint with a glossary, whose head takes every statement to fit every description."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
from tiny import tiny_checkpoint

PROJECTION, HIDDEN = 16, 32
"""Of the model's vectors and states."""
SHIFT = 3.0
"""What a known name adds to the evidence for every type."""
OWN_NAME, USERS_NAME = "Keppra", "Zonegran"
LINE = f"{USERS_NAME}: antiepileptic drug; prevents fits\n"
TEXT = f"{OWN_NAME} was stopped.\n\n{USERS_NAME} was given."


def late_checkpoint(folder: Path) -> Path:
    """Write one without a glossary; returns its directory."""
    from openbioner_batch.model import save_checkpoint
    from openbioner_batch.model.config import LateSettings
    from openbioner_batch.model.encoder import initialize
    from openbioner_batch.model.late import LateEncoder
    from openbioner_batch.model.reading import read_config

    plain = tiny_checkpoint(folder / "cross")
    config = read_config(plain)
    model = LateEncoder(
        dataclasses.replace(config, separate_layers=config.layers, late=LateSettings(PROJECTION, named=True))
    )
    initialize(model, seed=3)
    model.start_projections(3)
    model.background.bias.data.fill_(-1.5)  # no name is found alone, and each is with SHIFT
    save_checkpoint(model, folder / "late", tokenizer_from=plain)
    return folder / "late"


def with_glossary(checkpoint: Path, folder: Path, *names: str) -> Path:
    """Copy a late-interaction checkpoint and give it a glossary of these names; returns its directory."""
    from openbioner_batch.model.glossary import GlossaryEntry
    from openbioner_batch.model.glossary_files import write_glossary
    from openbioner_batch.model.glossary_head import GlossaryHead
    from openbioner_batch.model.knowledge import _UP
    from openbioner_batch.model.location import GLOSSARY_HEAD

    shutil.copytree(checkpoint, folder)
    write_glossary([GlossaryEntry((name,), ("antiepileptic drug",)) for name in names or (OWN_NAME,)], folder)
    matrix, vector, nothing = np.zeros((4, HIDDEN)), np.zeros(HIDDEN), np.zeros(1)
    # the logarithm of the similarity's factor, and what is added: a logit above 0 counts double
    always = np.array([0, SHIFT / _UP])
    tokens, counts = np.zeros((0, 4), np.int8), np.zeros(0, np.int16)
    head = GlossaryHead(matrix, matrix, vector, nothing, np.zeros((2, HIDDEN)), always, tokens, counts)
    head.write(folder / GLOSSARY_HEAD)
    return folder
