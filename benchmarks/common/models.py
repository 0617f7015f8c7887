"""Models of any size, and the types they are asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from openbioner_batch.errors import UsageError

if TYPE_CHECKING:
    from openbioner_batch.records import EntityType

TYPES = (
    "disease", "drug", "gene", "species", "cell_type", "chemical", "protein", "cell_line", "dna", "rna",
    "sequence_variant", "anatomical_structure", "cellular_component", "amino_acid", "protein_family", "protein_domain",
    "protein_complex", "chromosome_location", "strain", "cell",
)  # fmt: skip
"""Names of the catalog; n types are the first n of them."""


def first_types(count: int) -> list[EntityType]:
    """The first `count` of `TYPES` with their definitions.

    Raises:
        UsageError: there are fewer.
    """
    from openbioner_batch.catalog import resolve_types

    if not 1 <= count <= len(TYPES):
        raise UsageError(f"{count} types: expected 1 to {len(TYPES)}")
    return [kind for group in resolve_types(",".join(TYPES[:count])) for kind in group]


def write_random_model(variant: str, folder: Path, hidden: int | None = None) -> str:
    """A checkpoint of this size with random weights and the bundled vocabulary; speed needs no training.

    Args:
        variant: a name of `VARIANTS`.
        folder: where to write it.
        hidden: for a two-layer miniature of this width instead, where the model is not what is measured.

    Raises:
        UsageError: there is no such variant.
    """
    from openbioner_batch.model import VARIANTS, resolve_checkpoint, save_checkpoint
    from openbioner_batch.model.encoder import CrossEncoder, initialize
    from openbioner_batch.model.tokens import Tokenizer

    if variant not in VARIANTS:
        raise UsageError(f"variant {variant!r}: expected one of {', '.join(VARIANTS)}")
    bundled = resolve_checkpoint("bundled")
    config = replace(VARIANTS[variant].config, vocabulary=len(Tokenizer.from_directory(bundled).vocabulary))
    if hidden:
        config = replace(config, hidden=hidden, layers=2, heads=2, intermediate=2 * hidden)
    model = CrossEncoder(config)
    initialize(model, seed=42)
    save_checkpoint(model, folder, bundled)
    return str(folder)
