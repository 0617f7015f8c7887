"""Fits the head that compares glosses with descriptions; the model itself stays as it is.

The logit of a name for a description is that of its best gloss. It is fitted to taxonomies, in which names are of some
classes and surely not of others, and to passages, in which they stand in mentions of some types and of others not.
Wordings of the query itself are no glosses, and neither, half of the time, is any wording of its class, so that other
knowledge of a name must do.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from openbioner_batch.model.glossary import Glossary
from openbioner_batch.model.knowledge import STEEPEST, GlossaryHead, as_int8
from openbioner_batch.training.glossary.material import FAR, NOT, OF, PassageLabels, TaxonomyClass

Encode = Callable[[Sequence[tuple[str, str]]], np.ndarray]
"""Given names and descriptions, the model's vectors, float32 [descriptions, projection]."""
_Mask = Callable[[Tensor, Tensor], None]
"""Given cosines of glosses and those of entries: takes out, in place, what must not count."""
NOWHERE = -2.0
"""Stands for the cosine of a gloss that does not count: below all."""
_COMPLEMENTS = ("Anything that is not {}.", "anything but {}", "Something other than {}", "whatever is no {}")
_FIRST_SCALE, _FIRST_ADDED = 2.3, -6.5
_CLASSES, _TYPES, _OTHERS = 48, 48, 12
"""How many descriptions of each kind a step queries: of classes, of passages' types, complements and jumbled words."""
_HARDEST = 24
_JUMBLED = 1000
_POSITIVE_WEIGHT = 3.0


@dataclass(frozen=True, slots=True)
class FittingSettings:
    """How the head is fitted."""

    steps: int = 300
    """Steps of gradient descent."""
    rate: float = 1.5e-3
    """Learning rate of the matrices; that of the scale is double."""
    size: int = 64
    """Size of the vectors that are compared; those of all glosses are stored."""
    pull: float = 1e-3
    """Weight of the squared distance of the matrices from the ones with which they start."""
    passages: float = 2.0
    """Weight of the loss on passages, beside 1 for taxonomies."""
    seed: int = 42
    """Of all draws."""


class HeadModule(nn.Module):
    """`GlossaryHead` as a module, its matrices starting with the chief directions of the glosses' vectors."""

    def __init__(self, vectors: Tensor, size: int) -> None:
        super().__init__()
        self._start = torch.linalg.eigh(vectors.T @ vectors)[1].T[-size:].contiguous()
        self.query = nn.Parameter(self._start.clone())
        self.gloss = nn.Parameter(self._start.clone())
        self.scale = nn.Linear(vectors.shape[1], 2)
        nn.init.zeros_(self.scale.weight)
        self.scale.bias.data = torch.tensor([_FIRST_SCALE, _FIRST_ADDED])

    def project(self, glosses: Tensor) -> Tensor:
        """Vectors of glosses, as `forward` takes them."""
        return F.normalize(glosses @ self.gloss.T, dim=-1)

    def forward(self, descriptions: Tensor, projected: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Cosines [descriptions, glosses], and the factor and summand [descriptions, 1] that make them logits."""
        log_factor, added = self.scale(descriptions).split(1, 1)
        queries = F.normalize(descriptions @ self.query.T, dim=-1)
        return queries @ projected.T, log_factor.exp().clamp(max=STEEPEST), added

    def distance(self) -> Tensor:
        """The squared distance of both matrices from their start."""
        return ((self.query - self._start) ** 2).sum() + ((self.gloss - self._start) ** 2).sum()

    def as_head(self, vectors: Tensor) -> GlossaryHead:
        """The fitted head, with the directions of glosses of these vectors."""
        parts = (self.query, self.gloss, self.scale.weight, self.scale.bias)
        directions = self.project(vectors).detach().numpy()
        query, gloss, scale, scale_bias = (part.detach().numpy().copy() for part in parts)
        return GlossaryHead(query, gloss, scale, scale_bias, as_int8(directions))


class Fitting:
    """A head and what it is fitted to.

    Args:
        glossary: its first entries are those of `classes`.
        classes: of all taxonomies.
        labels: of classes, as `material.class_labels` gives them.
        passages: labels of passages.
        encode: the model as a reader of descriptions.
        settings: rates and weights.
    """

    def __init__(
        self,
        glossary: Glossary,
        classes: Sequence[TaxonomyClass],
        labels: np.ndarray,
        passages: PassageLabels,
        encode: Encode,
        settings: FittingSettings,
    ) -> None:
        random.seed(settings.seed)
        torch.manual_seed(settings.seed)
        self._settings = settings
        texts = glossary.all_glosses
        numbers = {text: number for number, text in enumerate(texts)}
        self._glosses = torch.from_numpy(encode([("entity", text) for text in texts]))
        self._entries = _padded([[numbers[gloss] for gloss in entry.glosses] for entry in glossary.entries], len(texts))
        self._meanings = _padded(glossary.meanings, len(glossary.entries))
        self._labels = torch.from_numpy(labels)
        self._class_count = len(classes)
        queries = [(place, text) for place, one in enumerate(classes) for text in one.descriptions]
        self._of_class = torch.tensor([place for place, _ in queries])
        self._own_gloss = torch.tensor([numbers[text] for _, text in queries])
        texts_of = [text for _, text in queries]
        self._unnamed = torch.from_numpy(encode([("mention", text) for text in texts_of]))
        self._named = torch.from_numpy(encode([(classes[place].name, text) for place, text in queries]))
        negated = [random.choice(_COMPLEMENTS).format(text.rstrip(".")) for text in texts_of]
        self._complements = torch.from_numpy(encode([("mention", text) for text in negated]))
        self._jumbled = torch.from_numpy(encode([("mention", text) for text in _jumbled(texts_of, _JUMBLED)]))
        self._passages = passages
        self._of_types = torch.from_numpy(encode(list(passages.descriptions)))
        self._type_bounds = np.searchsorted(passages.types, np.arange(len(passages.descriptions) + 1))
        self.head = HeadModule(self._glosses, settings.size)

    def result(self) -> GlossaryHead:
        """The head as it is now, with the glossary's vectors."""
        return self.head.as_head(self._glosses)

    def run(self) -> Iterator[float]:
        """Fit the head, and yield the loss of each step."""
        steps, rate = self._settings.steps, self._settings.rate
        matrices = {"params": [self.head.query, self.head.gloss], "lr": rate}
        optimizer = torch.optim.AdamW(
            [matrices, {"params": self.head.scale.parameters(), "lr": 2 * rate}], weight_decay=0.0
        )
        falling = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (steps - step) / (0.7 * steps)))
        for _ in range(steps):
            projected = self.head.project(self._glosses)
            loss = self._loss_of_classes(projected) + self._loss_of_others(projected)
            loss = loss + self._settings.pull * self.head.distance()
            if len(self._of_types):
                loss = loss + self._settings.passages * self._loss_of_types(projected)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            falling.step()
            yield loss.item()

    def _meaning_logits(self, descriptions: Tensor, projected: Tensor, mask: _Mask | None = None) -> Tensor:
        """The logits of all meanings, [descriptions, meanings]; `mask` takes glosses and entries out."""
        cosines, factor, added = self.head(descriptions, projected)
        nowhere = cosines.new_full((len(cosines), 1), NOWHERE)
        cosines = torch.cat([cosines, nowhere], 1)
        of_entries = torch.cat([cosines[:, self._entries].amax(-1), nowhere], 1)
        if mask:
            mask(cosines, of_entries)
        best = of_entries[:, self._meanings].amax(-1)
        return torch.where(best > NOWHERE + 0.5, factor * best + added, best.new_full((), -torch.inf))

    def _loss_of_classes(self, projected: Tensor) -> Tensor:
        drawn = torch.randint(len(self._of_class), (_CLASSES,))
        vectors = (self._unnamed if random.random() < 0.55 else self._named)[drawn]
        hides_class = torch.rand(_CLASSES) < 0.5
        hides_texts = torch.rand(len(self._entries) - self._class_count) < 0.3
        rows = torch.arange(_CLASSES)

        def mask(cosines: Tensor, of_entries: Tensor) -> None:
            # of the query's own class: without the query's wording, or without any
            own = self._of_class[drawn]
            wordings = self._entries[own]
            others = cosines[rows[:, None], wordings].masked_fill(wordings == self._own_gloss[drawn, None], NOWHERE)
            of_entries[rows, own] = others.amax(-1).masked_fill(hides_class, NOWHERE)
            of_entries[:, self._class_count : -1] = of_entries[:, self._class_count : -1].masked_fill(
                hides_texts, NOWHERE
            )

        logits = self._meaning_logits(vectors, projected, mask)
        labels = self._labels[self._of_class[drawn]]
        known = logits > -torch.inf
        losses = F.softplus(-logits), F.softplus(logits)
        hard = losses[1].masked_fill(~((labels == NOT) & known), -1)
        hard = hard.topk(min(_HARDEST, hard.shape[1]), 1).values
        return (
            _mean(losses[0], (labels == OF) & known)
            + 2.0 * _mean(losses[1], (labels == NOT) & known)
            + 0.5 * _mean(losses[1], (labels == FAR) & known)
            + 0.3 * _mean_of(hard[hard >= 0])
        )

    def _loss_of_others(self, projected: Tensor) -> Tensor:
        drawn = torch.randint(len(self._of_class), (_OTHERS,))
        logits = self._meaning_logits(self._complements[drawn], projected)
        negated = _mean_of(F.softplus(logits)[self._labels[self._of_class[drawn]] == OF])
        jumbled = self._jumbled[torch.randint(len(self._jumbled), (_OTHERS,))]
        return 0.3 * (negated + F.softplus(self._meaning_logits(jumbled, projected)).mean())

    def _loss_of_types(self, projected: Tensor) -> Tensor:
        drawn = torch.randint(len(self._of_types), (_TYPES,)).tolist()
        pairs = [np.arange(*self._type_bounds[kind : kind + 2]) for kind in drawn]
        rows = np.repeat(np.arange(_TYPES), [len(part) for part in pairs])
        places = np.concatenate(pairs)
        logits = self._meaning_logits(self._of_types[drawn], projected)[rows, self._passages.meanings[places]]
        within = torch.from_numpy(self._passages.within[places]).float()
        weights = torch.from_numpy(self._passages.times[places]).float().sqrt()
        weights = weights * torch.where(within > 0, _POSITIVE_WEIGHT, 1.0)
        losses = F.binary_cross_entropy_with_logits(logits, within, reduction="none")
        return (losses * weights).sum() / weights.sum()


def _mean(losses: Tensor, where: Tensor) -> Tensor:
    """The mean over the rows that have some, of their means."""
    counts = where.sum(1)
    return _mean_of((losses.masked_fill(~where, 0).sum(1) / counts.clamp(min=1))[counts > 0])


def _mean_of(losses: Tensor) -> Tensor:
    """Their mean; 0 of none, as where there is one taxonomy alone, none of whose names are far."""
    return losses.mean() if losses.numel() else losses.sum()


def _padded(rows: Sequence[Sequence[int]], beyond: int) -> Tensor:
    """Rows of indices of one length, filled up with `beyond`."""
    padded = torch.full((len(rows), max(map(len, rows))), beyond)
    for number, row in enumerate(rows):
        padded[number, : len(row)] = torch.tensor(row)
    return padded


def _jumbled(texts: Sequence[str], number: int) -> list[str]:
    words = [word for text in texts for word in text.split()]
    return [" ".join(random.choices(words, k=random.randint(3, 9))) for _ in range(number)]
