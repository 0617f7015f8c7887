"""What a screen on the model's lower layers would save, and which mentions it would lose.

    python benchmarks/screening.py pubmed21n1298.xml.gz --limit 120 --types disease,drug,gene,species,cell_type

A pair of a window and a type in which the whole model finds nothing costs as much as one that is full of mentions. A
screen looks at each pair after some layers and lets only the promising continue. Here it is the best linear one: a
logistic regression on the hidden states of words, fitted on half of the texts to what the whole model says of them; a
pair's score is its most promising word's. On the other half: which share of the mentions survives, for which share of
the work.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from common.machine import machine
from common.results import json_option, show_table, write_json
from common.texts import read_texts
from torch import Tensor

from openbioner_batch.errors import OpenBioNERError, UsageError
from openbioner_batch.model.checkpoint import load_encoder
from openbioner_batch.model.encoder import CrossEncoder
from openbioner_batch.model.location import resolve_checkpoint
from openbioner_batch.model.prepared import Prepared
from openbioner_batch.model.scoring import find_windows
from openbioner_batch.model.tagger import Tagger

RECALLS = (0.999, 0.995, 0.99, 0.98, 0.95)
"""Shares of the mentions to be kept."""


@dataclass(frozen=True, slots=True)
class ScreenedPair:
    """One window queried for one type.

    Attributes:
        states: [layers, words, hidden] after each layer but the last.
        found: [words] whether the whole model says that the word is of the type.
        tokens: of the pass.
    """

    states: np.ndarray
    found: np.ndarray
    tokens: int

    @property
    def mentions(self) -> int:
        """Runs of words of the type."""
        return int(np.count_nonzero(np.diff(self.found.astype(np.int8), prepend=0) == 1))


@torch.inference_mode()
def read_pairs(model: CrossEncoder, tagger: Tagger, prepared: Prepared) -> Iterator[ScreenedPair]:
    """Every pair of an unlike window and a type."""
    windows = find_windows(prepared)
    for types, logits in zip(prepared.groups, tagger.word_logits(prepared), strict=True):
        choice = logits.argmax(1)
        for text, places, first in zip(windows.texts, windows.places, windows.first_words.tolist(), strict=True):
            for column, kind in enumerate(types, 1):
                ids = [
                    tagger.tokenizer.cls,
                    *text.tolist(),
                    tagger.tokenizer.sep,
                    *kind.description,
                    tagger.tokenizer.sep,
                ]
                states = lower_states(model, torch.tensor([ids]), 1 + len(text), torch.from_numpy(places))
                yield ScreenedPair(states, choice[first : first + len(places)] == column, len(ids))


def lower_states(model: CrossEncoder, ids: Tensor, text: int, places: Tensor) -> np.ndarray:
    """[layers, places, hidden] float32 of one sequence, after each layer but the last."""
    positions = torch.arange(ids.shape[1])
    segments = (positions >= text).long()
    hidden = model.token_embedding(ids) + model.position_embedding(positions) + model.segment_embedding(segments)
    hidden = model.embedding_norm(hidden)
    mask = torch.zeros(1, 1, 1, ids.shape[1])
    states = []
    for layer in list(model.layers)[:-1]:
        hidden = layer(hidden, mask)
        states.append(hidden[0, places].numpy())
    return np.stack(states)


def fit_screen(states: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights and bias of a logistic regression, by L-BFGS with a little decay."""
    x, y = torch.from_numpy(states), torch.from_numpy(found.astype(np.float32))
    weights = torch.zeros(x.shape[1] + 1, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = torch.nn.functional.binary_cross_entropy_with_logits(x @ weights[:-1] + weights[-1], y)
        value = value + 1e-4 * weights[:-1].square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    return weights[:-1].detach().numpy(), float(weights[-1].detach())


def trade(fitted: list[ScreenedPair], judged: list[ScreenedPair], layer: int, layers: int) -> list[dict[str, float]]:
    """For each of `RECALLS`, what a screen after `layer` layers lets through, and the work that remains."""
    weights, bias = fit_screen(
        np.concatenate([pair.states[layer - 1] for pair in fitted]), np.concatenate([pair.found for pair in fitted])
    )
    scores = np.array([(pair.states[layer - 1] @ weights + bias).max() for pair in judged])
    mentions = np.array([pair.mentions for pair in judged])
    tokens = np.array([pair.tokens for pair in judged])
    order = np.argsort(-scores)
    kept, work = np.cumsum(mentions[order]) / mentions.sum(), np.cumsum(tokens[order]) / tokens.sum()
    found = []
    for recall in RECALLS:
        stop = int(np.searchsorted(kept, recall - 1e-9))
        remains = layer / layers + float(work[stop]) * (1 - layer / layers)
        found.append({"recall": float(kept[stop]), "pairs": (stop + 1) / len(judged), "work": remains})
    return found


@click.command()
@click.argument("inputs", nargs=-1, required=True)
@click.option("--types", default="disease,drug,gene,species,cell_type", show_default=True)
@click.option("--model", default="bundled", show_default=True)
@click.option("--limit", type=click.IntRange(min=4), default=120, show_default=True, help="Documents.")
@click.option("--quick", is_flag=True, help="Eight documents: does it work at all.")
@json_option
def main(
    inputs: tuple[str, ...], types: str, model: str, limit: int, quick: bool, json_path: Path | None
) -> None:  # fmt: skip
    """Fit screens on half of the documents in INPUTS and try them on the other half."""
    from openbioner_batch.catalog import resolve_types

    try:
        texts = read_texts(inputs, 8 if quick else limit)
        tagger = Tagger.from_pretrained(model, "cpu", "float32")
        encoder = load_encoder(resolve_checkpoint(model)).eval()
        if not isinstance(encoder, CrossEncoder):
            raise UsageError(f"--model {model}: screens are fitted on BERT's layers; give a cross-encoder on BERT")
        preparer = tagger.preparer(resolve_types(types))
        fitted, judged = (list(read_pairs(encoder, tagger, preparer.prepare(texts[half::2]))) for half in (0, 1))
    except OpenBioNERError as error:
        raise click.ClickException(str(error)) from None
    layers = encoder.config.layers
    curves: dict[int, Any] = {layer: trade(fitted, judged, layer, layers) for layer in range(1, layers)}
    empty = sum(not pair.mentions for pair in judged) / len(judged)
    report = {"types": types, "model": model, "documents": len(texts), "empty_pairs": empty, "layers": layers}
    write_json(json_path, {**report, "after": curves, "ran_on": machine()})
    rows = [
        (f"{layer} of {layers}", *(f"{point['work']:.0%} ({point['pairs']:.0%})" for point in points))
        for layer, points in curves.items()
    ]
    show_table(("screen after", *(f"{recall:.1%} kept" for recall in RECALLS)), rows)
    click.echo(f"work that remains (pairs let through); in {empty:.0%} of {len(judged)} pairs nothing is found")


if __name__ == "__main__":
    main()
