"""A small random checkpoint of our own: enough to exercise everything but accuracy."""

from __future__ import annotations

from pathlib import Path

import pytest

from openbioner_batch.model import EntityType, ModelConfig, Tagger, WindowSettings

WORDS = "the of patient aspirin lung cancer mice gene p53 dose was given in with and mg no sign fever".split()
CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,;:()[]-/%é"


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint directory with an uncased vocabulary of letters and a few words."""
    from openbioner_batch.model.checkpoint import save_checkpoint
    from openbioner_batch.model.encoder import CrossEncoder, initialize

    source = tmp_path_factory.mktemp("vocabulary")
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *CHARACTERS, *(f"##{c}" for c in CHARACTERS), *WORDS]
    (source / "vocab.txt").write_text("\n".join(pieces) + "\n", "utf-8")
    (source / "tokenizer_config.json").write_text('{"do_lower_case": true}')
    windows = WindowSettings(text_tokens=40, description_tokens=20, overlap_tokens=10)
    config = ModelConfig(len(pieces), 32, 2, 2, 64, 128, initializer_range=0.3, windows=windows)
    model = CrossEncoder(config)
    initialize(model, seed=7)
    folder = tmp_path_factory.mktemp("checkpoint")
    save_checkpoint(model, folder, tokenizer_from=source)
    return folder


@pytest.fixture(scope="session")
def tagger(checkpoint: Path) -> Tagger:
    return Tagger.from_pretrained(checkpoint, device="cpu", dtype="float32")


@pytest.fixture(scope="session")
def types() -> list[EntityType]:
    return [EntityType("drug", "a drug that is given"), EntityType("disease", "a sign of lung cancer or fever")]
