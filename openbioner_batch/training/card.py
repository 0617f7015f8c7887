"""The model card beside a trained checkpoint, with the front matter that `evaluate` goes by."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from openbioner_batch.model.config import ModelConfig
from openbioner_batch.model.location import MODEL_CARD
from openbioner_batch.training.settings import PretrainSettings


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
        facts: `parameters`, `passages` (by corpus), `gold_types`, `types`, `steps`, `epochs`, `loss`, `f1` (None
            without validation), `chosen_step`, `workers`.
        start_directory: of the weights that training began with; what our card there lists was trained on too.
        config: the model's shape.
    """
    start, recipe, schedule = settings.start, settings.recipe, settings.schedule
    base = start.encoder or start.checkpoint
    front: dict[str, Any] = {
        "license": settings.card.license,
        "library_name": "openbioner_batch",
        "pipeline_tag": "token-classification",
        **_origins(settings, facts, front_matter(start_directory) if base else {}),
    }
    if base:
        front["base_model"] = base
    rows = "\n".join(f"| {source} | {count:,} |" for source, count in facts["passages"].items())
    score = "not measured" if facts["f1"] is None else f"{100 * facts['f1']:.1f} (strict, on the development data)"
    origin = f"`{base}`" if base else f"random weights of variant {start.variant}, vocabulary of `{start.vocabulary}`"
    fewest, most = recipe.types_per_pass
    type_counts = f"{fewest} to {most}"
    if recipe.shared_types:
        type_counts = f"{recipe.shared_types} shared by the passages of a step" + (
            "" if config.is_late else f", {type_counts} each"
        )
    weights = f"none {recipe.no_entity_weight}"
    if recipe.loss == "per-type":
        weights = f"positives {recipe.positive_weight:g}, words of other types {recipe.contrast_weight:g}"
    distilled = recipe.distillation
    taught = (
        f"`{distilled.teacher}`, weight {distilled.weight:g}, temperature {distilled.temperature:g}"
        if distilled
        else "none"
    )
    rates = f"{schedule.encoder_rate:g} encoder, {schedule.head_rate:g} heads, {schedule.kind}"
    return (
        f"""---
{yaml.safe_dump(front, sort_keys=False).strip()}
---
# {settings.card.name}

{_kind(config, facts["parameters"])} Trained with
`openbioner-batch pretrain`.

| | |
|---|---|
| start | {origin} |
| stage | {settings.card.stage} |
| supervision | {settings.card.supervision} |
| objective | {recipe.objective} |
| types with descriptions | {facts["types"]:,} |
| types queried in a passage | {type_counts} |
| entities masked | {recipe.mask_probability:.0%} |
| views of descriptions | {", ".join(recipe.views) or "all"} |
| loss, weights | {recipe.loss}, {weights} |
| teacher | {taught} |
| dropout | {start.encoder_dropout:g} in the encoder, none in attention, {recipe.head_dropout:g} before the heads |
| optimizer | AdamW with decay {schedule.weight_decay:g}, {rates} |
| steps | {facts["steps"]:,} ({facts["epochs"]:.2f} epochs); these weights are of step {facts["chosen_step"]:,} |
| workers, ZeRO stage, precision | {facts["workers"]}, {settings.parallel.zero_stage}, {settings.parallel.dtype} |
| seed | {settings.seed} |
| last loss | {facts["loss"]:.4f} |
| development F1 | {score} |

The paper's recipe has Adam without decay and BERT's dropout in attention; what else differs stands above.

## Data

| corpus | pieces of passages |
|---|---|
{rows}

{settings.card.notes}
""".rstrip()
        + "\n"
    )


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
    gold_types = [*before.get("gold_types", ()), *facts["gold_types"]]
    kinds = {before.get("supervision")}
    if settings.recipe.objective == "tagging":
        kinds.add(settings.card.supervision)
    kinds.discard(None)
    own: dict[str, Any] = {"stage": settings.card.stage}
    if kinds:
        own["supervision"] = kinds.pop() if len(kinds) == 1 else "mixed"
    if gold_types:
        own["gold_types"] = sorted(set(gold_types))
    return {"datasets": list(dict.fromkeys(datasets)), "openbioner": own}
