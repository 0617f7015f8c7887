"""Finds a checkpoint: the bundled one, a directory, or a hub id. Imports no torch."""

from __future__ import annotations

from pathlib import Path

from openbioner_batch.errors import CheckpointError

BUNDLED = "bundled"
BUNDLED_PHI = "bundled-phi"
BUNDLED_OPEN = "bundled-open"
MODEL_CARD = "README.md"
TRAINED_TYPES = "trained_types.jsonl.gz"
"""The file of the entity types of a checkpoint's training."""
WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")
TOKENIZER_FILES = (
    "vocab.txt",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.json",
    "merges.txt",
    "spm.model",
    "sentencepiece.bpe.model",
)
"""Files that tokens depend on: BERT's, and from the fifth on those of other encoders."""
COPIED_FILES = (*TOKENIZER_FILES, "added_tokens.json")
"""Files that are copied with a checkpoint. Added tokens of BERT's old tokenizers are not needed."""
GLOSSARY = "glossary.jsonl.gz"
"""Names and what is known of them, beside a late-interaction model."""
GLOSSARY_HEAD = "glossary.safetensors"
"""The weights that compare glosses with descriptions."""
GLOSSARY_FILES = (GLOSSARY, GLOSSARY_HEAD)
"""They belong to the weights that the head was fitted to: copied with these, and never beside others."""
NO_GLOSSARY = "none"
"""What an option says for none at all."""
_DATA = Path(__file__).parent.parent / "data"
_BUNDLED = {BUNDLED: _DATA / "bundled", BUNDLED_PHI: _DATA / "bundled_phi", BUNDLED_OPEN: _DATA / "bundled_open"}


def resolve_checkpoint(path_or_id: str | Path) -> Path:
    """The local directory of a checkpoint.

    Args:
        path_or_id: "bundled", "bundled-open", "bundled-phi", a directory, or a hub id such as
            `disi-unibo-nlp/openbioner-tiny-v2`, which is downloaded once into the hub's cache.

    Raises:
        CheckpointError: no checkpoint is found, or the hub cannot be reached.
    """
    name = str(path_or_id)
    if name in _BUNDLED:
        if not _BUNDLED[name].is_dir():
            raise CheckpointError(
                f"model {name!r} is not part of this installation; expected {BUNDLED!r}, a checkpoint directory, "
                "a hub id 'owner/name', or, to de-identify without a model, 'none'"
            )
        return _BUNDLED[name]
    path = Path(path_or_id).expanduser()
    if path.is_dir():
        return path
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise CheckpointError(
            f"model {name!r}: no such directory; expected {', '.join(map(repr, _BUNDLED))}, a checkpoint directory, "
            "or a hub id 'owner/name'"
        )
    return _download(name)


def _download(name: str) -> Path:
    from huggingface_hub import snapshot_download

    wanted = ["config.json", MODEL_CARD, TRAINED_TYPES, *WEIGHT_FILES, *COPIED_FILES, *GLOSSARY_FILES]
    try:
        return Path(snapshot_download(name, allow_patterns=wanted))
    except Exception as error:  # the hub client and its transport raise a dozen classes
        raise CheckpointError(
            f"model {name!r}: not a local directory, and the hub did not give it ({type(error).__name__}); "
            f"download the checkpoint elsewhere and pass its directory"
        ) from None
