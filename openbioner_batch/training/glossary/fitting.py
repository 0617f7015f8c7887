"""Fits the head that compares what is said of names with descriptions; the model itself stays as it is.

It is fitted to taxonomies, in which names are of some classes and surely not of others, to statements that are true or
false of names, and to passages, in which names stand in mentions of some types and of others not. What is queried never
tells about a name itself, and half of the time neither does any wording of its class, so that other knowledge must do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from openbioner_batch.errors import UsageError
from openbioner_batch.model.glossary import DENIED, Glossary
from openbioner_batch.model.glossary_head import GlossaryHead
from openbioner_batch.training.glossary.comparing import HeadModule, TokenStates
from openbioner_batch.training.glossary.drawing import Drawing, Pair


@dataclass(frozen=True, slots=True)
class FittingSettings:
    """How the head is fitted."""

    steps: int = 400
    """Steps of gradient descent."""
    rate: float = 1.5e-3
    """Learning rate of the matrices; that of the other weights is double."""
    size: int = 48
    """Size of the vectors that are compared; those of all statements' tokens are stored."""
    pull: float = 1e-3
    """Weight of the squared distance of the matrices from the ones with which they start."""
    seed: int = 42
    """Of all draws."""


class Fitting:
    """A head and what it is fitted to.

    Args:
        glossary: what is said of names.
        drawing: draws the pairs of each step.
        statements: the states of the glossary's statements.
        queries: those of the drawing's queries.
        settings: rates and weights.

    Raises:
        UsageError: nothing is true of any name, so that there is nothing to compare with descriptions.
    """

    def __init__(
        self,
        glossary: Glossary,
        drawing: Drawing,
        statements: TokenStates,
        queries: TokenStates,
        settings: FittingSettings,
    ) -> None:
        if not any(glossary.said(meaning)[0] for meaning in range(len(glossary.meanings))):
            raise UsageError(
                f"the glossary says of none of its {len(glossary):,} names what is true of it: give entries statements "
                f'that do not begin with "{DENIED.strip()}"'
            )
        torch.manual_seed(settings.seed)
        self._settings = settings
        self._drawing = drawing
        self._queries = queries
        self._numbers = {text: number for number, text in enumerate(glossary.statements)}
        self.head = HeadModule(statements, settings.size)

    def result(self) -> GlossaryHead:
        """The head as it is now."""
        return self.head.as_head()

    def run(self) -> Iterator[float]:
        """Fit the head, and yield the loss of each step."""
        steps, rate = self._settings.steps, self._settings.rate
        others = [*self.head.weight.parameters(), *self.head.scale.parameters()]
        optimizer = torch.optim.AdamW(
            [{"params": [self.head.query, self.head.gloss], "lr": rate}, {"params": others, "lr": 2 * rate}],
            weight_decay=0.0,
        )
        falling = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (steps - step) / (0.7 * steps)))
        for _ in range(steps):
            of_pairs = self._loss(self._drawing.step())
            loss = of_pairs + self._settings.pull * self.head.distance()
            optimizer.zero_grad()
            if of_pairs.requires_grad:  # without gradients the optimizer changes nothing
                loss.backward()
            optimizer.step()
            falling.step()
            yield loss.item()

    def _loss(self, pairs: list[Pair]) -> Tensor:
        """Of a step's pairs; 0 without a gradient where nothing is left to tell of any of their names."""
        said = [tuple(sorted(self._numbers[text] for text in self._drawing.said(pair))) for pair in pairs]
        # with hardly anything left to tell, a name that fits cannot be expected to
        told = [number for number, pair in enumerate(pairs) if len(said[number]) > 2 * (pair.without is not None)]
        if not told:
            return torch.zeros(())
        queries = {query: place for place, query in enumerate(dict.fromkeys(pairs[number].query for number in told))}
        states, real = self._queries.padded(list(queries))
        rows = torch.tensor([queries[pairs[number].query] for number in told])
        logits = self.head(states, real, rows, [said[number] for number in told])
        fits, weights = (torch.tensor([getattr(pairs[n], part) for n in told]) for part in ("fits", "weight"))
        return (F.binary_cross_entropy_with_logits(logits, fits, reduction="none") * weights).sum()
