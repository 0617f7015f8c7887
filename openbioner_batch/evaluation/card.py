"""Reads from a model's card its training data, and decides the kind of its figures on a corpus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from openbioner_batch.errors import CheckpointError, UsageError
from openbioner_batch.evaluation.corpora import KnownCorpus, canonical_name
from openbioner_batch.model.location import MODEL_CARD
from openbioner_batch.training.settings import SUPERVISION

CROSS_CORPUS, ZERO_SHOT, IN_CORPUS, UNKNOWN = "cross-corpus", "zero-shot", "in-corpus", "unknown"
SILVER_DATASETS = ("Pile-NER-biomed-IOB", "Pile-NER-biomed-descriptions", "pii-masking-400k-IOB-med")
"""Training data of the published checkpoints, which is known to be silver even if their cards do not say so."""
_MARK = "---"


@dataclass(frozen=True, slots=True)
class ModelCard:
    """The front matter of a checkpoint's README.md that this protocol reads."""

    datasets: tuple[str, ...]
    """Names of the corpora that the model was trained on."""
    supervision: str | None = None
    """"gold" (annotated by people), "silver" (by another model), "mixed"; None where the card does not say."""
    gold_types: tuple[str, ...] = ()
    """Entity types that the model saw gold mentions of."""
    derived_types: tuple[str, ...] = ()
    """Entity types whose mentions rules derived from gold ones, by the guidelines of some corpora."""

    def trained_on(self, corpus: str) -> bool:
        """Whether the corpus of this name is among the training data, whatever each is called (`canonical_name`)."""
        return canonical_name(corpus) in {canonical_name(name) for name in self.datasets}

    @property
    def is_silver(self) -> bool:
        """Whether all training data is silver, by the card or because its datasets are known to be."""
        known = {canonical_name(name) for name in SILVER_DATASETS}
        only_known = {canonical_name(name) for name in self.datasets} <= known
        return self.supervision == "silver" or (self.supervision is None and only_known)


def read_card(directory: Path) -> ModelCard | None:
    """The card of a checkpoint; None without one, or if it lists no datasets.

    Raises:
        CheckpointError: the front matter is malformed.
    """
    path = directory / MODEL_CARD
    if not path.is_file():
        return None
    lines = path.read_text("utf-8", errors="replace").splitlines()
    if not lines or lines[0].strip() != _MARK or _MARK not in (line.strip() for line in lines[1:]):
        return None
    end = next(number for number, line in enumerate(lines[1:], 1) if line.strip() == _MARK)
    try:
        raw = yaml.safe_load("\n".join(lines[1:end]))
    except yaml.YAMLError:
        raise CheckpointError(f"{path}: the front matter is not valid YAML") from None
    if not isinstance(raw, dict) or not raw.get("datasets"):
        return None
    own = raw.get("openbioner") or {}
    own = own if isinstance(own, dict) else {}
    supervision = own.get("supervision")
    if supervision is not None and supervision not in SUPERVISION:
        raise CheckpointError(f"{path}: openbioner.supervision: expected one of {', '.join(SUPERVISION)}")
    types = (_names(path, key, own.get(key)) for key in ("gold_types", "derived_types"))
    return ModelCard(_names(path, "datasets", raw["datasets"]), supervision, *types)


def figure_kind(card: ModelCard | None, corpus: str, allow_trained: bool) -> str:
    """The kind of a model's figures on a corpus.

    "zero-shot" is for models that saw only silver annotation; one that was trained on gold corpora of other sources
    gives "cross-corpus" figures, whichever types those had. Without a card, or one that states the supervision, the
    kind is "unknown".

    Args:
        card: the model's, None where it has none.
        corpus: the corpus's name.
        allow_trained: whether a corpus among the training data may be scored, as "in-corpus".

    Raises:
        UsageError: the corpus is among the training data and that is not allowed.
    """
    if card is None:
        return UNKNOWN
    if card.trained_on(corpus):
        if allow_trained:
            return IN_CORPUS
        raise UsageError(
            f"the model's card lists {corpus} among its training data, so a figure on it would not be an honest one; "
            f"leave it out (--corpora), or give --allow-trained to report it as {IN_CORPUS}"
        )
    if card.is_silver:
        return ZERO_SHOT
    return CROSS_CORPUS if card.supervision else UNKNOWN


def sharing_text(card: ModelCard | None, corpus: KnownCorpus | None) -> list[str]:
    """The training corpora of a model that are known to hold some of the corpus's own articles."""
    if card is None or corpus is None:
        return []
    sharing = {canonical_name(name) for name in corpus.shares_text_with}
    return [name for name in card.datasets if canonical_name(name) in sharing]


def _names(path: Path, key: str, value: Any) -> tuple[str, ...]:
    names: Sequence[Any] = [value] if isinstance(value, str) else value or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise CheckpointError(f"{path}: {key}: expected a list of names")
    return tuple(names)
