"""Biases, thresholds and cuts chosen after training, kept in a checkpoint's `config.json` under our own key."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from openbioner_batch.errors import CheckpointError, UsageError
from openbioner_batch.model.config import OWN_KEY, read_raw_config
from openbioner_batch.model.prepared import DescribedType

CALIBRATION_KEY = "calibration"


@dataclass(frozen=True, slots=True)
class Calibration:
    """Biases on logits before the softmax, thresholds on the scores of spans, and what is cut off the ends of spans."""

    neg_bias: float = 0.0
    """Added to the logit of no entity, whatever the types."""
    type_biases: Mapping[str, float] = field(default_factory=dict)
    """Added to the logit of the type of each name."""
    type_thresholds: Mapping[str, float] = field(default_factory=dict)
    """A span of the type of that name is dropped where its (calibrated) score is below, from 0 to 1."""
    fitted_on: str = ""
    """Corpora and split, as information."""
    threshold: float = 0.0
    """As `type_thresholds`, for types that have none there. With a `neg_bias` below 0 a mention needs one word that is
    this sure, and its other words less."""
    loose_words: Collection[str] = ()
    """Words in lower case that begin and end no mention, such as "of": they are cut off spans."""
    edge_drop: float = 0.0
    """How far the margin of a span's first and last words may lie below the highest in the span; words at its ends that
    are farther below are cut off. A word's margin is its type's logit minus the logit of no entity, with the biases,
    whether types compete or not. 0 cuts nothing; of other values, the larger cut less."""
    plain_types: Collection[str] = ()
    """Types of the catalog whose own values were fitted without `edge_drop` and without a glossary, and that are found
    without. All of this holds for the catalog's descriptions alone: a type of such a name that is described otherwise
    is found as types without values of their own are (`for_types`)."""

    def __post_init__(self) -> None:
        biases = {"neg_bias": self.neg_bias, **self.type_biases}
        if wrong := [name for name, value in biases.items() if not _is_number(value)]:
            raise CheckpointError(f"calibration: the bias of {wrong[0]!r} is not a finite number")
        thresholds = {"threshold": self.threshold, **self.type_thresholds}
        if wrong := [name for name, value in thresholds.items() if not (_is_number(value) and 0 <= value <= 1)]:
            raise CheckpointError(f"calibration: the threshold of {wrong[0]!r} is not a number from 0 to 1")
        for key in ("loose_words", "plain_types"):
            words = getattr(self, key)
            if isinstance(words, str) or not all(isinstance(word, str) for word in words):
                raise CheckpointError(f"calibration: `{key}` is not a list of words")
            object.__setattr__(self, key, frozenset(words))
        if not (_is_number(self.edge_drop) and self.edge_drop >= 0):
            raise CheckpointError("calibration: `edge_drop` is not a finite number of at least 0")

    @property
    def not_fitted(self) -> Calibration:
        """How the ends of spans are cut, which no search for biases and thresholds changes; nothing else."""
        return Calibration(loose_words=self.loose_words, edge_drop=self.edge_drop)

    def biases(self, names: Sequence[str]) -> np.ndarray:
        """float32 [1 + types]: the bias of each column of the logits of a group of types of these names."""
        return np.array([self.neg_bias, *(self.type_biases.get(name, 0.0) for name in names)], np.float32)

    def thresholds(self, names: Sequence[str]) -> np.ndarray:
        """float32 [types]: the least score of a span of each type; 0 keeps all."""
        return np.array([self.type_thresholds.get(name, self.threshold) for name in names], np.float32)

    def is_plain(self, kind: DescribedType) -> bool:
        """Whether a type is one of `plain_types`, by its name and by its description."""
        return kind.of_catalog and kind.name in self.plain_types

    def for_types(self, kinds: Iterable[DescribedType]) -> Calibration:
        """What holds for these types: not the values of plain types that some of them share the name alone with."""
        alike = {kind.name for kind in kinds if kind.name in self.plain_types and not self.is_plain(kind)}
        return self.without_types(alike) if alike else self

    def without_types(self, names: Collection[str]) -> Calibration:
        """This calibration without values of the types of these names, none of which stays a plain type."""
        return replace(
            self,
            type_biases={name: value for name, value in self.type_biases.items() if name not in names},
            type_thresholds={name: value for name, value in self.type_thresholds.items() if name not in names},
            plain_types=frozenset(self.plain_types).difference(names),
        )

    def with_types(self, other: Calibration, names: Collection[str]) -> Calibration:
        """This calibration, with values of the other one for types of these names.

        Types of these names are found as with the other when queried alone, except for how the ends of spans are cut,
        which is as with this one (unless they are plain types of the other); all others as with this one.
        """
        shift = self.neg_bias - other.neg_bias
        biases = {**self.type_biases, **{name: other.type_biases.get(name, 0.0) + shift for name in names}}
        thresholds = {name: least for name, least in self.type_thresholds.items() if name not in names}
        theirs = {name: other.type_thresholds.get(name, other.threshold) for name in names}
        thresholds |= {name: least for name, least in theirs.items() if least != self.threshold}
        fitted_on = "; ".join(filter(None, (self.fitted_on, other.fitted_on)))
        return replace(
            self,
            type_biases={name: one for name, one in biases.items() if one},
            type_thresholds=thresholds,
            fitted_on=fitted_on,
            plain_types={*self.plain_types} - {*names} | {*other.plain_types} & {*names},
        )

    def as_json(self) -> dict[str, Any]:
        """The calibration as in `config.json`; values that were added later are there only where they are set."""
        added: dict[str, Any] = {
            "threshold": self.threshold,
            "loose_words": sorted(self.loose_words),
            "edge_drop": self.edge_drop,
            "plain_types": sorted(self.plain_types),
        }
        return {
            "neg_bias": self.neg_bias,
            "type_biases": dict(self.type_biases),
            "type_thresholds": dict(self.type_thresholds),
            "fitted_on": self.fitted_on,
            **{key: value for key, value in added.items() if value},
        }


def read_calibration(directory: Path) -> Calibration | None:
    """The calibration stored with a checkpoint; None where there is none.

    Raises:
        CheckpointError: `config.json` cannot be read, or its calibration is malformed.
    """
    raw = (read_raw_config(directory).get(OWN_KEY) or {}).get(CALIBRATION_KEY)
    if raw is None:
        return None
    try:
        return Calibration(**raw)
    except (TypeError, AttributeError):
        keys = ", ".join(Calibration.__slots__)
        raise CheckpointError(f"{directory / 'config.json'}: malformed calibration; expected the keys {keys}") from None


def calibration_of(directory: Path, calibrated: bool = True, threshold: float | None = None) -> Calibration | None:
    """The calibration to tag with.

    Args:
        directory: of the checkpoint.
        calibrated: whether to use the checkpoint's own.
        threshold: the least score of a span of any type, instead of those of the calibration; None for these.

    Raises:
        CheckpointError: see `read_calibration`.
        UsageError: the threshold is not a number from 0 to 1.
    """
    if threshold is not None and not (_is_number(threshold) and 0 <= threshold <= 1):
        raise UsageError(f"threshold {threshold!r}: expected a number from 0 to 1")
    own = read_calibration(directory) if calibrated else None
    if threshold is None:
        return own
    return replace(own or Calibration(), threshold=threshold, type_thresholds={})


def write_calibration(directory: Path, calibration: Calibration | None) -> None:
    """Store a calibration in a checkpoint's `config.json`, or remove it (None); the rest is unchanged.

    Raises:
        CheckpointError: `config.json` cannot be read.
    """
    raw = read_raw_config(directory)
    own = {key: value for key, value in (raw.get(OWN_KEY) or {}).items() if key != CALIBRATION_KEY}
    if calibration is not None:
        own[CALIBRATION_KEY] = calibration.as_json()
    (directory / "config.json").write_text(json.dumps({**raw, OWN_KEY: own}, indent=2) + "\n", "utf-8")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
