"""A tool with a model at one number of types, and what is measured of it: the sides of `peers.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import click

from common.contestants import SAME_WEIGHTS
from common.results import spread
from common.tools import Answer, Tool
from openbioner_batch.model.sentences import sentence_starts

TRIED = 8
"""Texts on which settings are tried."""


class SizedText(NamedTuple):
    """A text, and how many of our tokens it has."""

    text: str
    tokens: int


@dataclass(slots=True)
class Side:
    """A tool with a model, and what was measured of it at one number of types."""

    name: str
    """Tool, model and precision."""
    tool: Tool
    types: int = 1
    setting: dict[str, Any] = field(default_factory=dict)
    tried: list[dict[str, Any]] = field(default_factory=list)
    texts: int = 0
    """Of each round."""
    tokens: list[int] = field(default_factory=list)
    """Of the texts of each round."""
    seconds: list[float] = field(default_factory=list)
    """Of each round."""

    @property
    def rates(self) -> list[float]:
        """Text tokens per second of each round."""
        return [tokens / seconds for tokens, seconds in zip(self.tokens, self.seconds, strict=True)]

    @property
    def seconds_per_document(self) -> float:
        """Over all rounds."""
        return sum(self.seconds) / (self.texts * len(self.seconds))

    def find(self, texts: Sequence[str], setting: dict[str, Any]) -> Answer:
        """Let the tool tag some texts with this side's number of types."""
        values = sentences_of(texts) if self.name.startswith("zshot-sentences") else texts
        return self.tool.find(values, {**setting, "count": self.types})

    def tune(self, texts: Sequence[SizedText], settings: list[dict[str, Any]]) -> None:
        """Warm up, and settle on the fastest of the settings; where there is one, two texts give its rate."""
        self.find([texts[0].text], settings[0])
        texts = texts[: TRIED if len(settings) > 1 else 2]
        for setting in settings:
            seconds = self.find([one.text for one in texts], setting).seconds
            self.tried.append({"setting": setting, "tokens_per_second": sum(one.tokens for one in texts) / seconds})
        self.setting = max(self.tried, key=lambda one: one["tokens_per_second"])["setting"]

    def plan(self, texts: Sequence[SizedText], seconds: float, documents: int, rounds: int) -> None:
        """Take so many texts that a round lasts about `seconds`, and all rounds have `documents` or more."""
        mean = sum(one.tokens for one in texts) / len(texts)
        lasting = round(seconds * self.expected_rate / mean)
        self.texts = min(len(texts) // rounds, max(lasting, -(-documents // rounds)))

    @property
    def expected_rate(self) -> float:
        """Text tokens per second when it was tuned."""
        return max(one["tokens_per_second"] for one in self.tried)

    def take_turn(self, number: int, texts: Sequence[SizedText]) -> None:
        """Tag the texts of a round: others than those of other rounds, in order of length, as batches like them."""
        mine = sorted(texts[number * self.texts :][: self.texts], key=lambda one: one.tokens)
        self.seconds.append(self.find([one.text for one in mine], self.setting).seconds)
        self.tokens.append(sum(one.tokens for one in mine))


def sentences_of(texts: Sequence[str]) -> list[str]:
    """Each text's sentences, one after another."""
    starts = ((text, [*sentence_starts(text), len(text)]) for text in texts)
    return [text[low:high] for text, bounds in starts for low, high in pairwise(bounds) if text[low:high].strip()]


def without_slow(
    sides: list[Side], texts: Sequence[SizedText], rounds: int, most: float | None
) -> tuple[list[Side], list[str]]:
    """The sides whose rounds together take at most so many seconds, and of each other one, in words, what it would."""
    kept, left_out = [], []
    for side in sides:
        needed = sum(one.tokens for one in texts[: side.texts * rounds]) / side.expected_rate
        if most is None or needed <= most:
            kept.append(side)
        else:
            documents = side.texts * rounds
            left_out.append(f"{side.name}, {side.types} types: {documents} documents would take {needed:,.0f} s")
    return kept, left_out


def measure(order: Sequence[Side], texts: Sequence[SizedText], rounds: int) -> None:
    """Let the sides take turns, another one first each round."""
    for number in range(rounds):
        for side in [*order[number % len(order) :], *order[: number % len(order)]]:
            side.take_turn(number, texts)
            what = f"{side.name}, {side.types} types"
            click.echo(f"round {number + 1} of {rounds}: {what} {side.rates[-1]:,.1f} text tokens/s", err=True)


def as_json(side: Side) -> dict[str, Any]:
    """All that is known of a side."""
    return {
        "with": side.tool.about,
        "setting": side.setting,
        "tried": side.tried,
        "documents": side.texts * len(side.seconds),
        "tokens": sum(side.tokens),
        "seconds_per_document": side.seconds_per_document,
        "tokens_per_second": spread(side.rates),
        "rounds": side.rates,
    }


def ratios(sides: Sequence[Side]) -> dict[str, dict[str, dict[str, float]]]:
    """Of each of our sides over those of its precision: others of ours, peers of the same weights, GLiNER.

    Each is the spread over the rounds.
    """
    found: dict[str, dict[str, dict[str, float]]] = {}
    for ours in (side for side in sides if side.name.startswith("ours")):
        _, variant, precision = ours.name.split()
        found[ours.name] = {}
        for peer in sides:
            tool, model, its = peer.name.split()
            if peer is not ours and its == precision and (model == variant or tool not in SAME_WEIGHTS):
                found[ours.name][peer.name] = spread([a / b for a, b in zip(ours.rates, peer.rates, strict=True)])
    return found
