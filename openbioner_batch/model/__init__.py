"""The cross-encoder as a library; needs no Ray. Names load when first used, so that torch is imported only then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openbioner_batch.on_demand import from_modules
from openbioner_batch.records import EntityType, Span

if TYPE_CHECKING:
    from openbioner_batch.model.calibration import (
        Calibration,
        calibration_of,
        read_calibration,
        write_calibration,
    )
    from openbioner_batch.model.checkpoint import checkpoint_digest, save_checkpoint
    from openbioner_batch.model.completion import Completion
    from openbioner_batch.model.config import ModelConfig, WindowSettings
    from openbioner_batch.model.device import resolve_device, resolve_dtype
    from openbioner_batch.model.location import resolve_checkpoint
    from openbioner_batch.model.prepare import Preparer
    from openbioner_batch.model.prepared import Prepared
    from openbioner_batch.model.tagger import Tagged, Tagger
    from openbioner_batch.model.variants import VARIANTS, Variant

_HOMES = {
    "Tagger": "tagger",
    "Tagged": "tagger",
    "Preparer": "prepare",
    "Prepared": "prepare",
    "WindowSettings": "config",
    "ModelConfig": "config",
    "VARIANTS": "variants",
    "Variant": "variants",
    "Calibration": "calibration",
    "Completion": "completion",
    "calibration_of": "calibration",
    "read_calibration": "calibration",
    "write_calibration": "calibration",
    "checkpoint_digest": "checkpoint",
    "save_checkpoint": "checkpoint",
    "resolve_checkpoint": "location",
    "resolve_device": "device",
    "resolve_dtype": "device",
}

__all__ = [
    "VARIANTS",
    "Calibration",
    "Completion",
    "EntityType",
    "ModelConfig",
    "Prepared",
    "Preparer",
    "Span",
    "Tagged",
    "Tagger",
    "Variant",
    "WindowSettings",
    "calibration_of",
    "checkpoint_digest",
    "read_calibration",
    "resolve_checkpoint",
    "resolve_device",
    "resolve_dtype",
    "save_checkpoint",
    "write_calibration",
]


__getattr__ = from_modules(__name__, _HOMES)
