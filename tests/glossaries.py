"""A tiny late-interaction checkpoint with a glossary, whose head takes every gloss to fit every description."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
from tiny import tiny_checkpoint

PROJECTION = 16
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
    from openbioner_batch.model.knowledge import GlossaryHead
    from openbioner_batch.model.location import GLOSSARY_HEAD

    shutil.copytree(checkpoint, folder)
    write_glossary([GlossaryEntry((name,), ("antiepileptic drug",)) for name in names or (OWN_NAME,)], folder)
    same = np.eye(PROJECTION, dtype=np.float32)
    # the logarithm of the cosine's factor, and what is added: a logit above 0 counts double
    always = np.array([-15, SHIFT / 2], np.float32)
    GlossaryHead(same, same, np.zeros((2, PROJECTION), np.float32), always).write(folder / GLOSSARY_HEAD)
    return folder
