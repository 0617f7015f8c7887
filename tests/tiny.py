"""A checkpoint with random weights, for tests of what goes around a model."""

from __future__ import annotations

import string
from pathlib import Path


def tiny_checkpoint(folder: Path) -> Path:
    """Write a two-layer checkpoint whose vocabulary is letters, digits and marks; returns its directory."""
    from openbioner_batch.model import ModelConfig, WindowSettings, save_checkpoint
    from openbioner_batch.model.encoder import CrossEncoder, initialize

    vocabulary = folder / "vocabulary"
    vocabulary.mkdir(parents=True)
    characters = string.ascii_lowercase + string.digits + string.punctuation
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters, *(f"##{c}" for c in characters)]
    (vocabulary / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")
    (vocabulary / "tokenizer_config.json").write_text('{"do_lower_case": true}', encoding="utf-8")
    windows = WindowSettings(text_tokens=200, description_tokens=290, overlap_tokens=20)
    model = CrossEncoder(ModelConfig(len(pieces), 32, 2, 2, 64, 512, initializer_range=0.3, windows=windows))
    initialize(model, seed=11)
    save_checkpoint(model, folder / "checkpoint", tokenizer_from=vocabulary)
    return folder / "checkpoint"
