"""Models of any size, and the types that they are queried for."""

from __future__ import annotations

from collections.abc import Collection
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
"""Names of the catalog; n types are the first n of them, and then further ones of the catalog."""


def first_types(count: int, without: Collection[str] = ()) -> list[EntityType]:
    """The first `count` of `TYPES` with their definitions, and then of the catalog's biomedical and clinical sets.

    Args:
        count: how many.
        without: names that are passed over.

    Raises:
        UsageError: the catalog has fewer.
    """
    from openbioner_batch.catalog import resolve_types

    groups = resolve_types(",".join((*TYPES, "biomedical", "clinical")))
    kinds = [kind for group in groups for kind in group if kind.name not in without]
    if not 1 <= count <= len(kinds):
        raise UsageError(f"{count} types: expected 1 to {len(kinds)}")
    return sorted(kinds, key=lambda kind: TYPES.index(kind.name) if kind.name in TYPES else len(TYPES))[:count]


def write_random_model(
    variant: str, folder: Path, hidden: int | None = None, separate_layers: int | None = None
) -> str:
    """A checkpoint of this size with random weights and the bundled vocabulary; speed needs no training.

    Args:
        variant: a name of `VARIANTS`, or "bundled" for the bundled model's shape.
        folder: where to write it.
        hidden: for a two-layer miniature of this width instead, where the model is not what is measured.
        separate_layers: how many, in place of the variant's own; all of them for late interaction.

    Raises:
        UsageError: the variant is unknown, or has fewer layers.
    """
    from openbioner_batch.model import VARIANTS, resolve_checkpoint, save_checkpoint
    from openbioner_batch.model.checkpoint import build_model
    from openbioner_batch.model.encoder import initialize
    from openbioner_batch.model.reading import load_tokenizer, read_config

    if variant not in (*VARIANTS, "bundled"):
        raise UsageError(f"variant {variant!r}: expected bundled, {', '.join(VARIANTS)}")
    bundled = resolve_checkpoint("bundled")
    config = read_config(bundled) if variant == "bundled" else VARIANTS[variant].config
    config = replace(config, vocabulary=len(load_tokenizer(bundled).vocabulary))
    if hidden:
        config = replace(config, hidden=hidden, layers=2, heads=2, intermediate=2 * hidden, separate_layers=0)
    if separate_layers is not None:
        config = replace(config, separate_layers=separate_layers, description_position=None)
    model = build_model(config)
    initialize(model, seed=42)
    save_checkpoint(model, folder, bundled)
    return str(folder)
