"""OpenBioNER's objective: for every word, a softmax between the asked types and no entity."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from openbioner_batch.model.architectures.automodel.encoder import AutoCrossEncoder
from openbioner_batch.model.encoder import CrossEncoder
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
            type's pass say against; columns of types that a word's question does not ask hold -inf.
        """
        evidence, against = self.judge(batch)
        return torch.cat([against.amax(1, keepdim=True), evidence[:, 1:]], 1)

    def judge(self, batch: TaggingBatch) -> tuple[Tensor, Tensor]:
        """What is said for and against each type.

        Returns:
            float32 [words, 1 + most types] each, -inf where a word's question does not ask: evidence for a type (none
            in column 0), and against it (in column 0, what the text alone says against any).
        """
        device = self.encoder.token_embedding.weight.device
        read = [self._read(rectangle, device) for rectangle in batch.rectangles]
        scores = torch.cat(read)
        words, columns = (
            torch.from_numpy(np.concatenate([getattr(r, name) for r in batch.rectangles])).to(device)
            for name in ("words", "columns")
        )
        alone = columns == 0
        shape = (len(batch.targets), 1 + batch.types)
        empty = torch.full(shape, float("-inf"), device=device)
        against = empty.index_put((words, columns), torch.where(alone, scores[:, 2], scores[:, 1]))
        asked = ~alone
        return empty.index_put((words[asked], columns[asked]), scores[asked, 0]), against

    def _read(self, rectangle: Rectangle, device: torch.device) -> Tensor:
        """[reads, 3] what each head says where words begin, in float32."""
        token_ids = torch.from_numpy(rectangle.token_ids).to(device, torch.int64)
        text_ends, lengths, rows, places = (
            torch.from_numpy(getattr(rectangle, name)).to(device) for name in ("text_ends", "lengths", "rows", "places")
        )
        positions = torch.arange(token_ids.shape[1], device=device)
        segments = ((positions >= text_ends[:, None]) & (positions < lengths[:, None])).long()
        return heads_of(self.encoder, self.encoder(token_ids, segments, lengths)[rows, places])

    def predict(self, batch: TaggingBatch) -> np.ndarray:
        """[words] the column that wins for each word."""
        columns: np.ndarray = self.logits(batch).argmax(1).cpu().numpy()
        return columns

    def _weight(self, batch: TaggingBatch) -> float:
        if isinstance(self._no_entity_weight, str):
            return min(1.0, batch.entities / max(1, int((batch.targets == 0).sum())))
        return self._no_entity_weight


def heads_of(encoder: CrossEncoder | AutoCrossEncoder, hidden: Tensor) -> Tensor:
    """[reads, 3] what each of `HEADS` says of [reads, hidden] states, in float32."""
    with torch.autocast(hidden.device.type, enabled=False):
        weight = torch.cat([getattr(encoder, name).weight for name in HEADS]).float()
        bias = torch.cat([getattr(encoder, name).bias for name in HEADS]).float()
        return F.linear(hidden.float(), weight, bias)


def weighted_loss(logits: Tensor, targets: Tensor, no_entity_weight: float) -> Tensor:
    """Cross-entropy in which words of no entity weigh `no_entity_weight` and all others 1."""
    losses = F.cross_entropy(logits, targets, ignore_index=IGNORED, reduction="none")
    weights = torch.where(targets == 0, no_entity_weight, 1.0) * (targets != IGNORED)
    return (losses * weights).sum() / weights.sum().clamp(min=1e-6)
