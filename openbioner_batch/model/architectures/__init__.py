"""The encoders that a model can be built on, by the `model_type` of a checkpoint's `config.json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openbioner_batch.errors import CheckpointError
from openbioner_batch.model.architectures.automodel import AutoModelArchitecture
from openbioner_batch.model.architectures.base import Architecture
from openbioner_batch.model.architectures.bert import BertArchitecture

ARCHITECTURES: tuple[Architecture, ...] = (BertArchitecture(), AutoModelArchitecture())
"""The registry; each architecture is registered only here."""


def find_architecture(raw: Mapping[str, Any]) -> Architecture | None:
    """The architecture of a `config.json`; one without a `model_type` is BERT's. None for an unknown one."""
    model_type = raw.get("model_type", ARCHITECTURES[0].model_types[0])
    return next((one for one in ARCHITECTURES if model_type in one.model_types), None)


def by_model_type(raw: Mapping[str, Any], where: str) -> Architecture:
    """The architecture of a `config.json`, as `find_architecture` finds it.

    Raises:
        CheckpointError: no architecture reads it.
    """
    if found := find_architecture(raw):
        return found
    classes = [str(name) for name in raw.get("architectures") or ()]
    decodes = any(name.endswith(("ForCausalLM", "LMHeadModel")) for name in classes)
    known = ", ".join(name for one in ARCHITECTURES for name in one.model_types)
    raise CheckpointError(
        f"{where}: model_type is {raw['model_type']!r}{', a decoder' if decodes else ''}; expected an encoder: {known}"
    )


def by_name(name: str) -> Architecture:
    """The architecture that `ModelConfig.architecture` names."""
    return next(one for one in ARCHITECTURES if one.name == name)
