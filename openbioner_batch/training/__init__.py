"""Training: silver data, sampling of types, objectives, the loop over passes, and export of checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openbioner_batch.on_demand import from_modules

if TYPE_CHECKING:
    from openbioner_batch.training.run import prepare, pretrain
    from openbioner_batch.training.settings import PretrainSettings
    from openbioner_batch.training.settings_file import load_settings

__all__ = [
    "PretrainSettings",
    "load_settings",
    "prepare",
    "pretrain",
]

_HOMES = {
    "PretrainSettings": "settings",
    "load_settings": "settings_file",
    "prepare": "run",
    "pretrain": "run",
}

__getattr__ = from_modules(__name__, _HOMES)
