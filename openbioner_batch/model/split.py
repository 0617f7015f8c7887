"""Encoders with separate layers, for inference: each text is read once for all types, each description once.

The states of descriptions that the joint layers need are cached, so a process reads each once. With one joint layer, a
type costs its description's part of the words' attention, and the rest of that layer for the words. With several, a
type costs those layers, where the first computes a text's part once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from openbioner_batch.model.batching import Batch, batches
from openbioner_batch.model.inference import InferenceEncoder
from openbioner_batch.model.joining import attend_to_descriptions, attend_to_texts
from openbioner_batch.model.layout import Layout, TextPart, lay_out, pad_rows
from openbioner_batch.model.placing import place, send

Tail = tuple[int, ...]
"""A description as vocabulary indices, between its two `[SEP]`."""


@dataclass(frozen=True, slots=True)
class States:
    """Tokens before the first joint layer.

    Attributes:
        hidden: [queries, width] float32.
        query: [queries, heads, size] in that layer. In the last one, only the read tokens of texts have queries.
        key, value: [tokens, heads, size] in that layer.
    """

    hidden: Tensor
    query: Tensor
    key: Tensor
    value: Tensor

    def part(self, start: int, stop: int) -> States:
        """Some neighbouring tokens, each with a query."""
        return States(*(tensor[start:stop] for tensor in (self.hidden, self.query, self.key, self.value)))


class SplitEncoder:
    """An `InferenceEncoder` whose lower layers are separate."""

    def __init__(self, encoder: InferenceEncoder) -> None:
        self.encoder = encoder
        self.config = encoder.config
        self.device = encoder.device
        self._separate = encoder.config.separate_layers
        self._joint = encoder.layers[self._separate]
        self._described: dict[Tail, States] = {}

    @torch.inference_mode()
    def __call__(
        self,
        texts: Sequence[np.ndarray],
        places: Sequence[np.ndarray],
        tails: Sequence[Tail],
        token_budget: int,
        shifted: bool = False,
    ) -> Tensor:
        """The heads' outputs for some texts, alone and with every description.

        Args:
            texts: vocabulary indices of `[CLS]` and each text's tokens, in descending order of length.
            places: which of them are read.
            tails: the descriptions.
            token_budget: of the rows that go through a joint layer together.
            shifted: whether attention guards against scores beyond the range of floats; see `InferenceEncoder`.

        Returns:
            float32 [2, 1 + descriptions, reads], reads text by text: evidence for each type, and against it. Column 0
            is for the texts alone: evidence there is meaningless.
        """
        described = self._describe(tails, token_budget)
        batch = next(batches(np.array([len(text) - 1 for text in texts]), np.zeros(0, np.int64), 1 << 62))
        hidden, inputs = self._read(batch, texts, described=False, shifted=shifted)
        if self._joint.last:
            return self._join_in_last(hidden, inputs, texts, places, described, token_budget, shifted)
        states = States(hidden, *self._joint.project(inputs, inputs))
        return self._join(states, texts, places, described, token_budget, shifted)

    def _read(self, batch: Batch, rows: Sequence[np.ndarray], described: bool, shifted: bool) -> tuple[Tensor, Tensor]:
        """Sequences of a batch through the separate layers: float32, and in the matrices' format."""
        layout = lay_out(batch, rows, [np.zeros(1, np.int64)] * len(rows), ())
        if described:
            config = self.encoder.config
            positions = np.minimum(layout.positions + config.description_start, config.positions - 1)
            layout = replace(layout, positions=positions, segments=np.ones_like(layout.segments))
        return self.encoder.read_alone(layout, self._separate, shifted)

    def _describe(self, tails: Sequence[Tail], token_budget: int) -> list[States]:
        """The descriptions' states; those of the last call are cached; new ones replace them."""
        new = [tail for tail in dict.fromkeys(tails) if tail not in self._described]
        if new:
            self._described = {tail: self._described[tail] for tail in tails if tail in self._described}
        rows = [np.array(tail, np.int64) for tail in new]
        lengths = np.array([len(tail) for tail in new], np.int64)
        for batch in batches(lengths - 1, np.zeros(0, np.int64), token_budget):
            numbers = [number for block in batch.blocks for number in block.windows.tolist()]
            hidden, inputs = self._read(batch, rows, described=True, shifted=False)
            if not torch.isfinite(hidden[: lengths[numbers].sum()]).all():  # the rows beyond them are uninitialized
                hidden, inputs = self._read(batch, rows, described=True, shifted=True)
            states = States(hidden, *self._joint.project(inputs, inputs))
            start = 0
            for number in numbers:
                self._described[new[number]] = states.part(start, start + len(new[number]))
                start += len(new[number])
        return [self._described[tail] for tail in tails]

    def _join_in_last(
        self,
        hidden: Tensor,
        inputs: Tensor,
        texts: Sequence[np.ndarray],
        places: Sequence[np.ndarray],
        described: Sequence[States],
        token_budget: int,
        shifted: bool,
    ) -> Tensor:
        """The only joint layer, where only read tokens have queries."""
        layer = self._joint
        starts, read_starts = (np.cumsum([0, *map(len, some)]) for some in (texts, places))
        reads = int(read_starts[-1])
        wanted = np.concatenate([rows + start for rows, start in zip(places, starts, strict=False)])
        read = send(pad_rows(wanted), self.device)
        residual = hidden.index_select(0, read)
        query, key, value = layer.project(inputs, inputs.index_select(0, read))
        query = query[:reads]
        parts = [
            TextPart(int(start), len(text), int(read_start), len(rows))
            for start, text, read_start, rows in zip(starts, texts, read_starts, places, strict=False)
        ]
        gathered = attend_to_texts(query, key, value, parts, shifted)
        found = hidden.new_zeros(2, 1 + len(described), reads)
        alone = gathered.mean(inputs.dtype)
        alone = torch.cat([alone, alone.new_zeros(len(residual) - reads, alone.shape[1])])
        found[1, 0] = self.encoder.heads(layer.finish(residual.clone(), alone)[0])[2, :reads]
        for columns in _even_parts(len(described), max(1, token_budget // max(1, reads))):
            some = described[columns]
            key, value = (torch.cat([getattr(states, name) for states in some]) for name in ("key", "value"))
            who = send(pad_rows(np.tile(np.arange(reads), len(some))), self.device)
            context = attend_to_descriptions(query, gathered, key, value, [len(s.key) for s in some], len(who))
            heads = self.encoder.heads(layer.finish(residual.index_select(0, who), context)[0])
            found[:, 1:][:, columns] = heads[:2, : len(some) * reads].unflatten(1, (len(some), reads))
        return found

    def _join(
        self,
        states: States,
        texts: Sequence[np.ndarray],
        places: Sequence[np.ndarray],
        described: Sequence[States],
        token_budget: int,
        shifted: bool,
    ) -> Tensor:
        """The joint layers, where there are several."""
        everything = [states, *described]
        hidden, *projected = (
            torch.cat([getattr(some, name) for some in everything]) for name in ("hidden", "query", "key", "value")
        )
        bounds = np.cumsum([len(states.hidden), *(len(some.hidden) for some in described)])
        tails = [np.arange(low, high) for low, high in pairwise(bounds)]
        starts, read_starts = (np.cumsum([0, *map(len, some)]) for some in (texts, places))
        rows = [np.arange(low, high) for low, high in pairwise(starts)]
        reads = int(read_starts[-1])
        found = hidden.new_zeros(2, (1 + len(described)) * reads)
        window_tokens, tail_tokens = (np.array([len(some) for some in of], np.int64) for of in (rows, tails))
        for batch in batches(window_tokens - 1, tail_tokens - 2, token_budget):
            layout = lay_out(batch, rows, places, tails)
            placed = place(layout, self.device)
            of_queries, of_keys, of_values = (part.index_select(0, placed.ids) for part in projected)
            heads = self.encoder.join(
                self._separate,
                hidden.index_select(0, placed.ids),
                (of_queries, of_keys, of_values),
                placed,
                shifted,
            )
            into, from_, alone = (send(part, self.device) for part in _places(batch, layout, places, read_starts))
            found[0, into] = heads[0, from_]
            found[1, into] = torch.where(alone, heads[2, from_], heads[1, from_])
        return found.unflatten(1, (-1, reads))


def _places(
    batch: Batch, layout: Layout, places: Sequence[np.ndarray], read_starts: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For all reads of a batch: index in [columns, reads], index in the batch, and whether the text is alone."""
    into, from_, alone = [], [], []
    for group in layout.groups:
        column = batch.columns[group.column]
        for row, window in enumerate(batch.blocks[group.block].windows.tolist()):
            own = np.arange(len(places[window]))
            into.append(column * int(read_starts[-1]) + int(read_starts[window]) + own)
            from_.append(group.read_start + row * group.reads + own)
            alone.append(np.full(len(own), column == 0))
    return np.concatenate(into), np.concatenate(from_), np.concatenate(alone)


def _even_parts(count: int, most: int) -> Iterator[slice]:
    parts = -(-count // most)
    for part in range(parts):
        yield slice(count * part // parts, count * (part + 1) // parts)
