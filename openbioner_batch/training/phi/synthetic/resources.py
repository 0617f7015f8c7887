"""Reads the templates and lists of words in `data/`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from openbioner_batch.training.phi.synthetic.splits import in_split, split_of

_FOLDER = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class DocumentTemplate:
    """A whole note with slots."""

    type: str
    text: str
    tail: bool
    """Whether a signature may follow."""


@cache
def templates(name: str, split: str | None) -> list[str]:
    """The templates of `headers`, `signatures`, `sentences`, `negatives` or `bodies` of a split; None for all."""
    return in_split((text.rstrip("\n") for text in _load(name)), split)


@cache
def documents(split: str | None) -> list[DocumentTemplate]:
    """The templates of whole notes of a split; None for all."""
    templates = [
        DocumentTemplate(raw["type"], raw["text"].rstrip("\n"), raw.get("tail", False)) for raw in _load("documents")
    ]
    return [template for template in templates if split is None or split_of(template.text) == split]


@cache
def fillers(kind: str) -> list[str]:
    """Ordinary words for a slot: complaints, drugs, ..."""
    return [str(word) for word in _load("fillers")[kind]]


@cache
def snippets() -> list[str]:
    """The lines of `snippets/*.txt`, with their line breaks and tabs, in the order of the files."""
    lines = [
        line for path in sorted((_FOLDER / "snippets").glob("*.txt")) for line in path.read_text("utf-8").split("\n")
    ]
    return [line.replace("\\n", "\n").replace("\\t", "\t") for line in lines if line and not line.startswith("#")]


@cache
def grammar(rule: str) -> list[str]:
    """The alternatives of a rule of the terse grammar; none where there is no such rule."""
    return [str(text) for text in _load("terse").get(rule, ())]


def words(kind: str) -> Any:
    """A list of words, or a mapping of lists, of `data/words.yaml`."""
    return _load("words")[kind]


@cache
def _load(name: str) -> Any:
    return yaml.safe_load((_FOLDER / f"{name}.yaml").read_text("utf-8"))
