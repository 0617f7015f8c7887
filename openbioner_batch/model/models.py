"""The modules that a checkpoint may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

from openbioner_batch.model.encoder import CrossEncoder
from openbioner_batch.model.late import LateEncoder

if TYPE_CHECKING:
    from openbioner_batch.model.architectures.automodel.encoder import AutoCrossEncoder

Model = Union[CrossEncoder, LateEncoder, "AutoCrossEncoder"]
