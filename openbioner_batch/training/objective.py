"""OpenBioNER's objective: for every word, a softmax between the queried types and no entity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from openbioner_batch.model.architectures.automodel.encoder import AutoCrossEncoder
from openbioner_batch.model.encoder import CrossEncoder
from openbioner_batch.model.placing import send, send_together
from openbioner_batch.training.packing import Rectangle, TaggingBatch
from openbioner_batch.training.sampling import IGNORED

HEADS = ("evidence", "against", "background")
LATE_HEADS = ("text_projection", "description_projection", "background", "log_scale", "bias")


class TaggingObjective(nn.Module):
    """The cross-encoder with its loss.

    Args:
        encoder: trained in place.
        no_entity_weight: weight of words of no entity, or "dynamic": entities / such words of the batch, at most 1.
    """

    def __init__(self, encoder: CrossEncoder | AutoCrossEncoder, no_entity_weight: str | float) -> None:
        super().__init__()
        self.encoder = encoder
        self._no_entity_weight = no_entity_weight

    def forward(self, batch: TaggingBatch) -> Tensor:
        """The weighted mean of the words' cross-entropies."""
        logits = self.logits(batch)
        targets = torch.from_numpy(batch.targets).to(logits.device)
        return weighted_loss(logits, targets, self._weight(batch))

    def logits(self, batch: TaggingBatch) -> Tensor:
        """Logits of every word.

        Returns:
            float32 [words, 1 + most types]: column 0 is no entity, the maximum of what the text-only pass and every
            type's pass say against; columns of types that a word's question does not query hold -inf.
        """
        evidence, against = self.type_scores(batch)
        return torch.cat([against.amax(1, keepdim=True), evidence[:, 1:]], 1)

    def type_scores(self, batch: TaggingBatch) -> tuple[Tensor, Tensor]:
        """The evidence for and against each type.

        Returns:
            float32 [words, 1 + most types] each, -inf where a word's question does not query it: evidence for a type
            (none in column 0), and against it (in column 0, what the text alone says against any).
        """
        device = self.encoder.token_embedding.weight.device
        scores = self._read(batch.rectangles, device)
        words, columns = (np.concatenate([getattr(r, name) for r in batch.rectangles]) for name in ("words", "columns"))
        # selected on the host: on a GPU, counting them would need a synchronization
        indices = [array.astype(np.int64) for array in (words, columns, np.flatnonzero(columns))]
        where, column, queried = send_together(indices, device)
        empty = torch.full((len(batch.targets), 1 + batch.types), float("-inf"), device=device)
        against = empty.index_put((where, column), torch.where(column == 0, scores[:, 2], scores[:, 1]))
        return empty.index_put((where[queried], column[queried]), scores[queried, 0]), against

    def _read(self, rectangles: Sequence[Rectangle], device: torch.device) -> Tensor:
        """[reads, 3] each head's output where words begin, in float32, rectangle by rectangle."""
        given = [_inputs(rectangle, device) for rectangle in rectangles]
        encoder = self.encoder
        if isinstance(encoder, CrossEncoder) and not encoder.config.separate_layers and encoder.attends_packed():
            firsts = np.cumsum([0, *(rectangle.token_ids.size for rectangle in rectangles)])
            reads = [
                first + one.rows * one.token_ids.shape[1] + one.places
                for first, one in zip(firsts, rectangles, strict=False)
            ]
            (read,) = send_together([np.concatenate(reads).astype(np.int64)], device)
            return head_outputs(encoder, encoder.read_pairs(given).index_select(0, read))
        scores = []
        for rectangle, inputs in zip(rectangles, given, strict=True):
            rows, places = send_together([rectangle.rows, rectangle.places], device)
            scores.append(head_outputs(encoder, encoder(*inputs)[rows, places]))
        return torch.cat(scores)

    def predict(self, batch: TaggingBatch) -> np.ndarray:
        """[words] the winning column of each word."""
        columns: np.ndarray = self.logits(batch).argmax(1).cpu().numpy()
        return columns

    def _weight(self, batch: TaggingBatch) -> float:
        if isinstance(self._no_entity_weight, str):
            return min(1.0, batch.entities / max(1, int((batch.targets == 0).sum())))
        return self._no_entity_weight


def _inputs(rectangle: Rectangle, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Token ids, segments and lengths, in the encoder's form."""
    token_ids = send(rectangle.token_ids, device).long()
    text_ends, lengths = send_together([rectangle.text_ends, rectangle.lengths], device)
    positions = torch.arange(token_ids.shape[1], device=device)
    segments = ((positions >= text_ends[:, None]) & (positions < lengths[:, None])).long()
    return token_ids, segments, lengths


def head_outputs(encoder: CrossEncoder | AutoCrossEncoder, hidden: Tensor) -> Tensor:
    """[reads, 3] the output of each of `HEADS` for [reads, hidden] states, in float32."""
    with torch.autocast(hidden.device.type, enabled=False):
        weight = torch.cat([getattr(encoder, name).weight for name in HEADS]).float()
        bias = torch.cat([getattr(encoder, name).bias for name in HEADS]).float()
        return F.linear(hidden.float(), weight, bias)


def weighted_loss(logits: Tensor, targets: Tensor, no_entity_weight: float) -> Tensor:
    """Cross-entropy in which words of no entity weigh `no_entity_weight` and all others 1."""
    losses = F.cross_entropy(logits, targets, ignore_index=IGNORED, reduction="none")
    weights = torch.where(targets == 0, no_entity_weight, 1.0) * (targets != IGNORED)
    return (losses * weights).sum() / weights.sum().clamp(min=1e-6)
