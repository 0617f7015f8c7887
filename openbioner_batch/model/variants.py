"""The named sizes of the model, to build with random weights."""

from __future__ import annotations

from dataclasses import dataclass, replace

from openbioner_batch.model.architectures import by_name
from openbioner_batch.model.config import ModelConfig


@dataclass(frozen=True, slots=True)
class Variant:
    """A named size of the model."""

    name: str
    config: ModelConfig
    note: str

    @property
    def parameters(self) -> int:
        """Exact number of weights, pooler and heads included."""
        return count_parameters(self.config)


def count_parameters(config: ModelConfig) -> int:
    """Exact number of weights of the model of this shape, heads included."""
    return by_name(config.architecture).count_parameters(config)


_CASED = 28_996

_SHAPES = (
    ("tiny", ModelConfig(_CASED, 312, 4, 12, 1200), "the published openbioner-tiny-v2's shape"),
    ("small", ModelConfig(_CASED, 512, 6, 8, 2048), "between tiny and compact, for one CPU or a small GPU"),
    ("compact", ModelConfig(_CASED, 768, 6, 12, 3072), "the published openbioner-compact-v2's shape"),
    ("base", ModelConfig(_CASED, 768, 12, 12, 3072), "the published openbioner-base-v2's shape"),
)


def _family(name: str, config: ModelConfig, note: str) -> tuple[Variant, Variant, Variant]:
    split, late = (replace(config, separate_layers=layers) for layers in (config.layers - 1, config.layers))
    return (
        Variant(name, config, note),
        Variant(f"{name}-split", split, f"{name}, text and description joined by the last layer alone"),
        Variant(f"{name}-late", late, f"{name}, a description is one vector; two encoders"),
    )


VARIANTS: dict[str, Variant] = {variant.name: variant for shape in _SHAPES for variant in _family(*shape)}
