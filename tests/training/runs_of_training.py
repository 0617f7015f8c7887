"""Small training runs: their configurations, and how two of them are compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file
from samples import write_silver

from openbioner_batch.training.silver.importing import import_silver
from openbioner_batch.training.silver.made_settings import ImportSettings

STEPS = 40


def config_file(folder: Path, name: str, checkpoint: Path, **parts: object) -> Path:
    """A configuration for a run of `STEPS` steps in `folder/name`."""
    silver = folder / "silver"
    if not silver.exists():
        write_silver(silver)
    settings = {
        "output": str(folder / name),
        "start": {"checkpoint": str(checkpoint), "text_tokens": 40, "description_tokens": 20, "encoder_dropout": 0.1},
        "sources": [{"path": str(silver)}],
        "validation": {"silver": str(silver), "limit": 20, "every_steps": STEPS // 2},
        "recipe": {"types_per_pass": [1, 3], "head_dropout": 0.1},
        "schedule": {"steps": STEPS, "kind": "warmup-decay", "encoder_rate": 1e-3, "head_rate": 1e-2},
        "batch": {"pass_tokens": 400, "accumulation": 2},
        "parallel": {"workers": 2},
        "checkpoints": {"every_steps": 10, "keep": 1},
        "log_every": 5,
        **parts,
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


def curve(run: Path) -> dict[int, dict[str, float]]:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return {line["step"]: {name: line[name] for name in ("loss", "f1", "rate") if name in line} for line in lines}


def assert_same_training(run: Path, reference: Path) -> None:
    found, expected = curve(run), curve(reference)
    assert sorted(found) == sorted(expected) == list(range(5, STEPS + 1, 5))
    for step, values in expected.items():
        assert found[step] == pytest.approx(values, rel=1e-5), step
    ours, theirs = (load_file(folder / "model" / "model.safetensors") for folder in (run, reference))
    for name, tensor in theirs.items():
        torch.testing.assert_close(ours[name], tensor, atol=1e-6, rtol=1e-5)


STEP_TYPES = {"types_per_pass": [1, 2], "shared_types": 3, "mask_probability": 0.1, "head_dropout": 0.1}
TEXTS = {"text_tokens": 40, "description_tokens": 20}


def separate_run(folder: Path, name: str, checkpoint: Path, separate: int | str, **parts: object) -> Path:
    """A configuration whose steps share their types, with the checkpoint as teacher, on raw text too."""
    raw = folder / "raw"
    if not raw.exists():
        raw.mkdir()
        (raw / "notes.jsonl").write_text('{"text": "aspirin was given in lung cancer"}\n{"text": "no fever in mice"}\n')
        import_silver(
            ImportSettings(source=str(raw), layout="text-jsonl", output=str(folder / "texts")), lambda _: None
        )
    config = config_file(folder, name, checkpoint, **parts)
    settings = yaml.safe_load(config.read_text())
    settings["start"] = {"encoder": str(checkpoint), "separate_layers": separate, "encoder_dropout": 0.1, **TEXTS}
    settings["recipe"] = {**STEP_TYPES, "loss": "per-type" if separate == "all" else "competing"}
    settings["recipe"]["distillation"] = {"teacher": str(checkpoint), "weight": 0.5, "temperature": 2.0, "types": 2}
    settings["sources"].append({"path": str(folder / "texts"), "weight": 3})
    config.write_text(yaml.safe_dump(settings))
    return config
