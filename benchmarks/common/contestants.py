"""The tools that `peers.py` lets run against each other: their environments, shapes and settings, and starting them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common.environments import python_with
from common.tools import Tool
from openbioner_batch.model.reading import read_config

TORCH = "torch==2.13.0"
PACKAGES = {
    "zshot": (TORCH, "zshot==0.0.11", "gliner==0.2.29", "transformers<5"),
    "loop": (TORCH, "transformers==5.16.1", "safetensors"),
    "gliner": (TORCH, "gliner==0.2.29", "transformers==5.16.1"),
}
"""Of each environment, which is named by the first part of a tool's name."""
SCRIPTS = {
    "ours": "own_tagger.py",
    "zshot": "zshot_linker.py",
    "zshot-sentences": "zshot_linker.py",
    "loop": "transformers_loop.py",
    "gliner": "gliner_random.py",
    "gliner-bi": "gliner_random.py",
    "gliner-bi-v2": "gliner_random.py",
}
FLOAT32 = "float32"
PRECISIONS = (FLOAT32, "bfloat16")
SAME_WEIGHTS = ("zshot", "zshot-sentences", "loop")
"""The tools that read our checkpoints."""
_DEBERTA = {
    "large": {"hidden": 1024, "layers": 24, "heads": 16, "intermediate": 4096},
    "base": {"hidden": 768, "layers": 12, "heads": 12, "intermediate": 3072},
    "small": {"hidden": 384, "layers": 6, "heads": 12, "intermediate": 1536},
}
"""Of DeBERTa-v3 large and base; small is the bundled model's size."""
_ETTIN = {
    "large": {"hidden": 1024, "layers": 28, "heads": 16, "intermediate": 2624},
    "base": {"hidden": 768, "layers": 22, "heads": 12, "intermediate": 1152},
    "small": {"hidden": 384, "layers": 10, "heads": 6, "intermediate": 576},
}
"""Of Ettin (ModernBERT) with 400, 150 and 32 million weights, from which GLiNER-bi-v2's sizes are made."""
GLINER_SHAPES = {"gliner": _DEBERTA, "gliner-bi": _DEBERTA, "gliner-bi-v2": _ETTIN}
"""Of the encoder of texts, by tool and size."""
SHAPES = tuple(_DEBERTA)
_GLINER = [{"batch_size": size, "packed": False} for size in (1, 4, 8)]
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "ours": [{"words": "basic"}],
    "zshot": [{"batch_size": size} for size in (1, 4, 8)],
    "zshot-sentences": [{"batch_size": size} for size in (1, 8, 32)],
    "loop": [{"batch_size": size} for size in (1, 8, 32)],
    "gliner": [*_GLINER, {"batch_size": 8, "packed": True}],
    "gliner-bi": [*_GLINER, {"batch_size": 8, "packed": True}],
    "gliner-bi-v2": _GLINER,
}
"""What is tried of each tool; the fastest is measured. GLiNER cannot pack texts for ModernBERT."""


def start(
    names: Sequence[str],
    variants: dict[str, str],
    shapes: Sequence[str],
    types: list[list[str]],
    precisions: Sequence[str],
    cache: Path,
) -> dict[str, Tool]:
    """The tools of these names, each with each variant that it can read; GLiNER with each of some shapes.

    Args:
        names: of tools.
        variants: our checkpoints by the names of their sizes.
        shapes: of `SHAPES`.
        types: names and descriptions; each side is queried for the first so many.
        precisions: of `PRECISIONS`, in each of which every tool runs.
        cache: of the environments.

    Returns:
        By tool, model and precision: "gliner base bfloat16".
    """
    tools: dict[str, Tool] = {}
    for name in names:
        python = Path(sys.executable) if name == "ours" else _python_in(cache, name.partition("-")[0])
        requests: dict[str, dict[str, Any]]
        if name in GLINER_SHAPES:
            about = {"tokenizer": next(iter(variants.values())), "kind": name}
            requests = {shape: {**GLINER_SHAPES[name][shape], **about} for shape in shapes}
        else:
            readable = variants if name == "ours" else published(variants)
            requests = {variant: {"checkpoint": path} for variant, path in readable.items()}
        for model, request in requests.items():
            for dtype in precisions:
                title = f"{name} {model} {dtype}"
                tools[title] = Tool(title, python, SCRIPTS[name], {**request, "dtype": dtype, "types": types})
    return tools


def published(variants: dict[str, str]) -> dict[str, str]:
    """The checkpoints of ours that other tools can read."""
    return {name: path for name, path in variants.items() if not read_config(Path(path)).separate_layers}


def _python_in(cache: Path, environment: str) -> Path:
    """The interpreter of a tool's environment."""
    return python_with(PACKAGES[environment], cache / environment)
