"""The model card beside a trained checkpoint, with the front matter that `evaluate` goes by."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from openbioner_batch.model.config import ModelConfig
from openbioner_batch.model.location import MODEL_CARD, TRAINED_TYPES
from openbioner_batch.training.recipe import Negatives, Recipe
from openbioner_batch.training.settings import PretrainSettings

PAPER_MASKED, PAPER_MASKED_FINE_TUNING = 0.3, 0.5
"""The paper's share of masked entities."""
_KEYS_WITH_A_ROW = frozenset(
    (
        *("objective", "loss", "positive_weight", "contrast_weight", "no_entity_weight", "types_per_pass"),
        *("shared_types", "jumbled", "complements", "mask_probability", "views", "head_dropout", "distillation"),
    )
)
"""The recipe's keys that the card writes by themselves."""


def front_matter(directory: Path) -> dict[str, Any]:
    """What a checkpoint's card says about itself; empty where it has none."""
    path = directory / MODEL_CARD
    parts = path.read_text("utf-8").split("---\n", 2) if path.is_file() else []
    if len(parts) < 3 or parts[0]:
        return {}
    found = yaml.safe_load(parts[1])
    return found if isinstance(found, dict) else {}


def model_card(settings: PretrainSettings, facts: Mapping[str, Any], start_directory: Path, config: ModelConfig) -> str:
    """README.md of the checkpoint.

    Args:
        settings: of the run.
        facts: `parameters`, `passages` (by corpus), `gold_types`, `derived_types`, `types`, `steps`, `epochs`, `loss`,
            `f1` (None without validation), `chosen_step`, `workers`.
        start_directory: of the weights that training began with; what our card there lists was trained on too.
        config: the model's shape.
    """
    base = settings.start.encoder or settings.start.checkpoint
    front: dict[str, Any] = {
        "license": settings.card.license,
        "library_name": "openbioner_batch",
        "pipeline_tag": "token-classification",
        **_origins(settings, facts, front_matter(start_directory) if base else {}),
    }
    if base:
        front["base_model"] = base
    recipe = "\n".join(f"| {label} | {value} |" for label, value in _recipe_rows(settings, facts, config))
    corpora = "\n".join(f"| {source} | {count:,} |" for source, count in facts["passages"].items())
    return (
        f"""---
{yaml.safe_dump(front, sort_keys=False).strip()}
---
# {settings.card.name}

{_kind(config, facts["parameters"])} Trained with
`openbioner-batch pretrain`.

| | |
|---|---|
{recipe}

{_differences(settings, config)}

## Data

| corpus | pieces of passages |
|---|---|
{corpora}

{settings.card.notes}
""".rstrip()
        + "\n"
    )


def _recipe_rows(
    settings: PretrainSettings, facts: Mapping[str, Any], config: ModelConfig
) -> Iterator[tuple[str, object]]:
    """What was trained from what, how and how far, as labels and values."""
    start, recipe, schedule, parallel = settings.start, settings.recipe, settings.schedule, settings.parallel
    base = start.encoder or start.checkpoint
    yield (
        "start",
        f"`{base}`" if base else f"random weights of variant {start.variant}, vocabulary of `{start.vocabulary}`",
    )
    yield "stage", settings.card.stage
    yield "supervision", settings.card.supervision
    yield "objective", recipe.objective
    listed = f", listed in `{TRAINED_TYPES}`" if recipe.objective == "tagging" else ""
    yield "types with descriptions", f"{facts['types']:,}{listed}"
    if facts["derived_types"]:
        yield "types whose labels rules derived", ", ".join(facts["derived_types"])
    yield "types queried in a passage", _types_queried(recipe, config)
    yield "descriptions of no type", f"{_percent(recipe.jumbled)} jumbled, {_percent(recipe.complements)} complements"
    masked = "entities masked" if recipe.objective == "tagging" else "tokens hidden"
    yield masked, _percent(recipe.mask_probability)
    yield "views of descriptions", ", ".join(recipe.views) or "all"
    weights = f"none {recipe.no_entity_weight}"
    if recipe.loss == "per-type":
        weights = f"positives {recipe.positive_weight:g}, words of other types {recipe.contrast_weight:g}"
    yield "loss, weights", f"{recipe.loss}, {weights}"
    taught = recipe.distillation
    yield (
        "teacher",
        f"`{taught.teacher}`, weight {taught.weight:g}, temperature {taught.temperature:g}" if taught else "none",
    )
    if changed := "; ".join(_changed(recipe)):
        yield "further keys of `recipe`", changed
    yield (
        "dropout",
        f"{start.encoder_dropout:g} in the encoder, none in attention, {recipe.head_dropout:g} before the heads",
    )
    rates = f"{schedule.encoder_rate:g} encoder, {schedule.head_rate:g} heads, {schedule.kind}"
    yield "optimizer", f"AdamW with decay {schedule.weight_decay:g}, {rates}"
    chosen = f"these weights are of step {facts['chosen_step']:,}"
    yield "steps", f"{facts['steps']:,} ({facts['epochs']:.2f} epochs); {chosen}"
    yield "workers, ZeRO stage, precision", f"{facts['workers']}, {parallel.zero_stage}, {parallel.dtype}"
    yield "seed", settings.seed
    yield "last loss", f"{facts['loss']:.4f}"
    measured = facts["f1"]
    yield (
        "development F1",
        "not measured" if measured is None else f"{100 * measured:.1f} (strict, on the development data)",
    )


def _types_queried(recipe: Recipe, config: ModelConfig) -> str:
    fewest, most = recipe.types_per_pass
    if not recipe.shared_types:
        return f"{fewest} to {most}"
    shared = f"{recipe.shared_types} shared by the passages of a step"
    return shared if config.is_late else f"{shared}, {fewest} to {most} each"


def _changed(recipe: Recipe) -> Iterator[str]:
    """The keys without a row of their own that differ from their defaults, as the configuration names them."""
    for key in dataclasses.fields(recipe):
        value = getattr(recipe, key.name)
        if key.name not in _KEYS_WITH_A_ROW and value != key.default:
            yield f"`{key.name}` {_in_words(value)}"


def _in_words(value: object) -> str:
    """A value of the recipe on one line."""
    if isinstance(value, Negatives):
        return ", ".join(f"{name} {_in_words(share)}" for name, share in dataclasses.asdict(value).items())
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value).lower()


def _differences(settings: PretrainSettings, config: ModelConfig) -> str:
    """A sentence on what differs from the published recipe."""
    recipe, decay = settings.recipe, settings.schedule.weight_decay
    found = [f"AdamW with decay {decay:g} (there Adam without)"] if decay else []
    found.append("no dropout in attention (there BERT's)")
    # a run from a checkpoint with heads is what the paper calls fine-tuning, or goes on with its first stage
    rates = (PAPER_MASKED, PAPER_MASKED_FINE_TUNING) if settings.start.checkpoint else (PAPER_MASKED,)
    if recipe.objective == "tagging" and recipe.mask_probability not in rates:
        paper = f"there {_percent(PAPER_MASKED)}, and {_percent(PAPER_MASKED_FINE_TUNING)} in fine-tuning"
        found.append(f"{_percent(recipe.mask_probability)} of entities masked ({paper})")
    if config.separate_layers:
        apart = "late interaction" if config.is_late else f"{config.separate_layers} separate layers"
        found.append(f"{apart} (there a cross-encoder)")
    return f"Other than in the paper's recipe: {', '.join(found)}. What else differs stands above."


def _percent(share: float) -> str:
    return f"{100 * share:g}%"


def _kind(config: ModelConfig, parameters: int) -> str:
    """What the model is, and who can run it."""
    purpose = "that finds mentions of entity types described in a sentence"
    refused = "The published reference (zshot) cannot run it: it reads every text with every description."
    if config.is_late:
        encoders = "one encoder for both" if config.late.shared_encoder else "an encoder for each"
        types = "compete for a word" if config.late.competing else "do not compete, and may have the same spans"
        return (
            f"A late-interaction model of {parameters:,} parameters {purpose}. Texts and descriptions are read apart "
            f"({encoders}) and meet in a scaled cosine; types {types}. {refused}"
        )
    if config.separate_layers:
        return (
            f"A split encoder of {parameters:,} parameters {purpose}. The lower {config.separate_layers} of "
            f"{config.layers} layers read texts and descriptions apart. {refused}"
        )
    if config.backbone is not None:
        return (
            f"A cross-encoder of {parameters:,} parameters {purpose}, whose encoder transformers runs. "
            "The published reference (zshot) cannot run it: it knows BERT alone."
        )
    return f"A cross-encoder of {parameters:,} parameters {purpose}, in the published OpenBioNER format."


def _origins(settings: PretrainSettings, facts: Mapping[str, Any], earlier: Mapping[str, Any]) -> dict[str, Any]:
    """`datasets` and `openbioner` of the front matter: this stage's and those of the stages before it."""
    before = earlier.get("openbioner")
    before = before if isinstance(before, dict) else {}
    datasets = [*(earlier.get("datasets") or () if before else ()), *facts["passages"]]
    kinds = {before.get("supervision")}
    if settings.recipe.objective == "tagging":
        kinds.add(settings.card.supervision)
    kinds.discard(None)
    own: dict[str, Any] = {"stage": settings.card.stage}
    if kinds:
        own["supervision"] = kinds.pop() if len(kinds) == 1 else "mixed"
    for key in ("gold_types", "derived_types"):
        if names := {*before.get(key, ()), *facts[key]}:
            own[key] = sorted(names)
    return {"datasets": list(dict.fromkeys(datasets)), "openbioner": own}
