"""The sizes in which the model comes, buildable with random weights."""

from __future__ import annotations

from dataclasses import dataclass, replace

from openbioner_batch.model.architectures import by_name
from openbioner_batch.model.config import ModelConfig
from openbioner_batch.model.letter_case import CASES


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


def count_bert_parameters(config: ModelConfig) -> int:
    """As `count_parameters`, for a `CrossEncoder` and a `LateEncoder` on BERT."""
    width, inner = config.hidden, config.intermediate
    norm = 2 * width
    cases = len(CASES) if config.letter_case else 0
    embeddings = (config.vocabulary + config.positions + config.segments + cases) * width + norm
    attention = 4 * (width * width + width) + norm
    feed_forward = 2 * width * inner + inner + width + norm
    encoder = embeddings + config.layers * (attention + feed_forward)
    if config.is_late:
        encoders = 1 if config.late.shared_encoder else 2
        return encoders * encoder + 2 * width * config.late.projection + (width + 1) + 2
    pooler = width * width + width
    heads = 3 * (width + 1)
    return encoder + pooler + heads


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
