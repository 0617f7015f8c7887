"""The head of a glossary as a module: it is fitted, and the model whose states it compares stays as it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from openbioner_batch.model.glossary_head import STEEPEST, GlossaryHead, as_int8

_FIRST_SCALE, _FIRST_ADDED = 2.5, -6.0


class TokenStates:
    """The states of many texts' tokens, one after another in half precision."""

    def __init__(self, texts: Sequence[np.ndarray]) -> None:
        self._bounds = np.cumsum([0, *map(len, texts)])
        self._states = np.concatenate([np.asarray(text, np.float16) for text in texts])

    def __len__(self) -> int:
        return len(self._bounds) - 1

    @property
    def counts(self) -> np.ndarray:
        """The tokens of each text."""
        return np.diff(self._bounds)

    def every(self) -> Tensor:
        """float32 [tokens, hidden]."""
        return torch.from_numpy(self._states.astype(np.float32))

    def of(self, texts: Sequence[int]) -> Tensor:
        """The states of some texts, one after another: float32 [tokens, hidden]."""
        rows = np.concatenate([np.arange(*self._bounds[text : text + 2]) for text in texts])
        return torch.from_numpy(self._states[rows].astype(np.float32))

    def padded(self, texts: Sequence[int]) -> tuple[Tensor, Tensor]:
        """The states of some texts, float32 [texts, longest, hidden], and which are real, [texts, longest]."""
        counts = torch.from_numpy(self.counts[list(texts)])
        real = torch.arange(int(counts.max())) < counts[:, None]
        states = torch.zeros(*real.shape, self._states.shape[1])
        states[real] = self.of(texts)
        return states, real


class HeadModule(nn.Module):
    """`GlossaryHead` as a module, its matrices starting with the chief directions of statements' tokens.

    Args:
        statements: the states of what is said of names.
        size: of the vectors that are compared.
    """

    def __init__(self, statements: TokenStates, size: int) -> None:
        super().__init__()
        self._statements = statements
        every = statements.every()
        start = torch.linalg.eigh(torch.cov(every.T, correction=0))[1].T[-size:].contiguous()
        self._start = start
        self.query = nn.Parameter(start.clone())
        self.gloss = nn.Parameter(start.clone())
        self.weight = nn.Linear(every.shape[1], 1)
        self.scale = nn.Linear(every.shape[1], 2)
        nn.init.normal_(self.weight.weight, std=0.04)
        nn.init.zeros_(self.weight.bias)
        nn.init.zeros_(self.scale.weight)
        self.scale.bias.data = torch.tensor([_FIRST_SCALE, _FIRST_ADDED])

    def forward(self, states: Tensor, real: Tensor, rows: Tensor, said: Sequence[tuple[int, ...]]) -> Tensor:
        """The logits of pairs of a description and a name.

        Args:
            states: [descriptions, longest, hidden] of their tokens.
            real: [descriptions, longest] whether there is one.
            rows: [pairs] the description of each.
            said: for each pair the statements, as indices, that are true of the name; at least one.
        """
        distinct = {statements: place for place, statements in enumerate(dict.fromkeys(said))}
        names = torch.tensor([distinct[statements] for statements in said])
        counts = torch.tensor([int(self._statements.counts[list(statements)].sum()) for statements in distinct])
        within = torch.arange(int(counts.max())) < counts[:, None]
        tokens = torch.zeros(*within.shape, len(self.gloss))
        tokens[within] = self.project(self._statements.of([one for statements in distinct for one in statements]))
        queries = F.normalize(states @ self.query.T, dim=-1)
        similar = queries[rows] @ tokens[names].transpose(1, 2)
        best = similar.masked_fill(~within[names][:, None], -1).amax(-1)
        weights = F.softplus(self.weight(states)[..., 0]) * real
        weights = weights / weights.sum(1, keepdim=True)
        means = F.normalize(states.sum(1) / real.sum(1, keepdim=True), dim=-1)
        log_factor, added = self.scale(means)[rows].unbind(1)
        return log_factor.exp().clamp(max=STEEPEST) * (best * weights[rows]).sum(1) + added

    def project(self, states: Tensor) -> Tensor:
        """The directions of statements' tokens, from their states."""
        return F.normalize(states @ self.gloss.T, dim=-1)

    def distance(self) -> Tensor:
        """The squared distance of both matrices from their start."""
        return ((self.query - self._start) ** 2).sum() + ((self.gloss - self._start) ** 2).sum()

    @torch.no_grad()
    def as_head(self) -> GlossaryHead:
        """The head as it is now, with the tokens of the statements."""
        parts = {
            "query": self.query,
            "gloss": self.gloss,
            "weight": self.weight.weight[0],
            "weight_bias": self.weight.bias,
            "scale": self.scale.weight,
            "scale_bias": self.scale.bias,
        }
        weights = {name: part.detach().numpy().copy() for name, part in parts.items()}
        tokens = as_int8(self.project(self._statements.every()).numpy())
        return GlossaryHead(**weights, tokens=tokens, counts=self._statements.counts.astype(np.int16))
