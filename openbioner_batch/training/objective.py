"""The training objective: every word of a passage chooses between the asked types and no entity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from openbioner_batch.model.encoder import CrossEncoder
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.training.sampling import IGNORED, Question


def question_logits(model: CrossEncoder, questions: Sequence[Question], tokenizer: Tokenizer) -> Tensor:
    """Logits of every word of every question.

    Returns:
        [words of all questions, 1 + most types]: column 0 is no entity, the maximum of what the text-only pass and
        every type's pass say against; columns of types that a question does not ask hold -inf.
    """
    alone = [_sequence(question, None, tokenizer) for question in questions]
    pairs = [_sequence(question, ids, tokenizer) for question in questions for ids in question.descriptions]
    background = _heads(model, alone, ("background",))[0]
    evidence, against = _heads(model, pairs, ("evidence", "against"))
    most = max(len(question.descriptions) for question in questions)
    rows, row = [], 0
    for index, question in enumerate(questions):
        places = torch.from_numpy(question.word_starts + 1)  # [CLS] stands first
        asked = slice(row, row + len(question.descriptions))
        row = asked.stop
        negative = torch.cat([background[index, places][None], against[asked][:, places]]).amax(0)
        columns = torch.cat([negative[None], evidence[asked][:, places]]).T
        rows.append(F.pad(columns, (0, most - len(question.descriptions)), value=float("-inf")))
    return torch.cat(rows)


def weighted_loss(logits: Tensor, questions: Sequence[Question], no_entity_weight: float) -> Tensor:
    """Cross-entropy in which words of no entity weigh `no_entity_weight` and all others 1."""
    targets = torch.from_numpy(np.concatenate([question.targets for question in questions]))
    losses = F.cross_entropy(logits, targets, ignore_index=IGNORED, reduction="none")
    weights = torch.where(targets == 0, no_entity_weight, 1.0) * (targets != IGNORED)
    return (losses * weights).sum() / weights.sum().clamp(min=1.0)


def _sequence(question: Question, description: tuple[int, ...] | None, tokenizer: Tokenizer) -> tuple[np.ndarray, int]:
    text = np.concatenate([[tokenizer.cls], question.token_ids])
    if description is None:
        return text, len(text)
    return np.concatenate([text, [tokenizer.sep], description, [tokenizer.sep]]), len(text)


def _heads(model: CrossEncoder, sequences: Sequence[tuple[np.ndarray, int]], heads: Sequence[str]) -> list[Tensor]:
    longest = max(len(ids) for ids, _ in sequences)
    token_ids = np.zeros((len(sequences), longest), np.int64)
    segments = np.zeros_like(token_ids)
    for row, (ids, text) in enumerate(sequences):
        token_ids[row, : len(ids)] = ids
        segments[row, text : len(ids)] = 1
    lengths = torch.tensor([len(ids) for ids, _ in sequences])
    hidden = model(torch.from_numpy(token_ids), torch.from_numpy(segments), lengths)
    return [getattr(model, head)(hidden).squeeze(-1).float() for head in heads]
