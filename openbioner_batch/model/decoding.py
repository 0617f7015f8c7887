"""From the logits of words to spans."""

from __future__ import annotations

import unicodedata

import numpy as np

from openbioner_batch.model.prepare import Prepared
from openbioner_batch.records import Span


def probabilities(logits: np.ndarray) -> np.ndarray:
    """Softmax over the last axis, in float32."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), np.float32)


def decode(prepared: Prepared, group: int, logits: np.ndarray) -> list[list[Span]]:
    """The spans of every document, in order of their starts.

    Each word takes its most probable column (ties: the first); neighbouring words of one type are one span, whose score
    is the highest probability of that type over its words.

    Args:
        prepared: what was scored.
        group: index of the group of types asked.
        logits: [words, 1 + types] float32, column 0 for no entity.
    """
    names = [kind.name for kind in prepared.groups[group]]
    spans: list[list[Span]] = [[] for _ in prepared.texts]
    if not len(logits):
        return spans
    chances = probabilities(logits)
    choice = chances.argmax(axis=1)
    chance = chances[np.arange(len(choice)), choice]
    begins = prepared.word_breaks.copy()
    starts_of_documents = prepared.document_words[:-1]
    begins[starts_of_documents[starts_of_documents < len(begins)]] = True
    begins[1:] |= choice[1:] != choice[:-1]
    firsts = np.flatnonzero(begins)
    lasts = np.append(firsts[1:], len(choice)) - 1
    scores = np.maximum.reduceat(chance, firsts)
    entities = np.flatnonzero(choice[firsts] > 0)
    documents = np.searchsorted(prepared.document_words, firsts[entities], "right") - 1
    for run, document in zip(entities.tolist(), documents.tolist(), strict=True):
        text = prepared.texts[document]
        start = int(prepared.word_offsets[firsts[run], 0])
        end = _over_marks(text, int(prepared.word_offsets[lasts[run], 1]))
        kind = names[choice[firsts[run]] - 1]
        spans[document].append(Span(start, end, kind, float(scores[run]), text[start:end]))
    return spans


def _over_marks(text: str, end: int) -> int:
    """`end` moved past combining marks, which the uncased tokenizer drops but a reader sees on the last letter."""
    while end < len(text) and unicodedata.combining(text[end]):
        end += 1
    return end
