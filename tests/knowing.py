"""A tiny model with a glossary whose head tells its types apart, and what it says in plain loops."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from openbioner_batch.model import EntityType, Prepared, Tagger, save_checkpoint
from openbioner_batch.model.config import LateSettings
from openbioner_batch.model.encoder import initialize
from openbioner_batch.model.glossary import GlossaryEntry
from openbioner_batch.model.glossary_files import write_glossary
from openbioner_batch.model.knowledge import _FARTHEST, _MOST_DOWN, _MOST_UP, _SAME_MENTION, _UP, GlossaryHead
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.model.late_inference import LateInference
from openbioner_batch.model.location import GLOSSARY_HEAD
from openbioner_batch.model.reading import read_config

ENTRIES = [
    GlossaryEntry(("aspirin",), ("a drug", "given in fever")),
    GlossaryEntry(("lung cancer", "cancer"), ("a sign of the lung",)),
    GlossaryEntry(("fever", "cancer"), ("a sign", "no drug", "the patient")),
    GlossaryEntry(("p53 gene",), ("a gene in mice",)),
]
TYPES = [EntityType("drug", "a drug that is given"), EntityType("sign", "a sign of cancer"), EntityType("b", "mice")]
TEXTS = [
    "aspirin was given in lung cancer. no sign of fever in the patient.",
    "fever",
    "",
    "the dose of aspirin . Fevers and p53 genes in mice with cancer.",
    "no name of them",
]
SIZE = 8


def random_head(factor: float = 2.0) -> GlossaryHead:
    """Its logits are between about -6 and 6, so that some are cut."""
    random = np.random.default_rng(3)
    query, gloss, scale = (
        random.standard_normal(shape).astype(np.float32) for shape in [(4, SIZE), (4, SIZE), (2, SIZE)]
    )
    return GlossaryHead(query, gloss, 0.3 * scale, np.array([factor, 0], np.float32))


def constant_head(logit: float) -> GlossaryHead:
    """Whatever the gloss and the description, its logit is this one."""
    nothing = np.zeros((4, SIZE), np.float32)
    return GlossaryHead(nothing, nothing, nothing[:2], np.array([0, logit], np.float32))


def without_mean(vectors: np.ndarray) -> np.ndarray:
    """[size, size] what takes the mean of vectors out of them, by which those of a random model are much alike."""
    mean = vectors.mean(0) / np.linalg.norm(vectors.mean(0))
    return np.eye(SIZE, dtype=np.float32) - np.outer(mean, mean)


def write_checkpoint(folder: Path, checkpoint: Path, **settings: bool) -> None:
    """Write a small random model of late interaction with a glossary; types are about as likely as no entity to it.

    Args:
        folder: where to.
        checkpoint: the small cross-encoder, whose vocabulary and sizes it has.
        settings: of late interaction.
    """
    config = read_config(checkpoint)
    late = LateSettings(SIZE, **settings)
    model = LateEncoder(dataclasses.replace(config, separate_layers=config.layers, late=late, initializer_range=0.2))
    initialize(model.eval(), seed=1)
    save_checkpoint(model, folder, checkpoint)
    first = Tagger.from_pretrained(folder, "cpu", "float32")
    logits = logits_of(first, TEXTS)
    model.background.bias.data += float((logits[:, 1:] - logits[:, :1]).mean())
    save_checkpoint(model, folder, checkpoint)
    write_glossary(ENTRIES, folder)
    head = random_head()
    glosses = [EntityType("entity", gloss) for entry in ENTRIES for gloss in entry.glosses]
    query, gloss = (
        head.query @ without_mean(described(first, TYPES)),
        head.gloss @ without_mean(described(first, glosses)),
    )
    dataclasses.replace(head, query=query, gloss=gloss).write(folder / GLOSSARY_HEAD)


def logits_of(tagger: Tagger, texts: list[str]) -> np.ndarray:
    """Column 0 for no entity, then every type."""
    groups = list(tagger.word_logits(tagger.preparer(TYPES).prepare(texts)))
    return np.concatenate([groups[0][:, :1], *(group[:, 1:] for group in groups)], 1)


def described(tagger: Tagger, types: list[EntityType]) -> np.ndarray:
    assert isinstance(tagger.encoder, LateInference)
    groups = tagger.preparer(types).groups
    tails = [(tagger.tokenizer.cls, *kind.description, tagger.tokenizer.sep) for group in groups for kind in group]
    return tagger.encoder.describe(tails, tagger.token_budget)


def prepared_words(sizes: list[int], breaks: list[int], names: list[tuple[int, int, int]]) -> Prepared:
    """Documents of so many words, some of which begin sentences, with names in them."""
    bounds = np.cumsum([0, *sizes])
    word_breaks = np.zeros(bounds[-1], np.bool_)
    word_breaks[breaks] = True
    return Prepared(
        texts=("",) * len(sizes),
        groups=(),
        token_ids=np.zeros(bounds[-1], np.int32),
        window_bounds=bounds,
        document_windows=np.ones(len(sizes), np.int32),
        document_tokens=np.array(sizes),
        document_words=bounds,
        word_tokens=np.arange(bounds[-1]),
        word_offsets=np.zeros((bounds[-1], 2), np.int32),
        word_breaks=word_breaks,
        known_names=np.array(names, np.int64).reshape(-1, 3),
    )


def mention(margins: list[float], first: int, last: int, begins: set[int]) -> list[int]:
    """The words of the mention of a name from its first word to its last: it, and words beside it one by one."""
    least = max(margins[first : last + 1]) - _SAME_MENTION
    words = list(range(first, last + 1))
    for word in range(first - 1, max(first - _FARTHEST, 0) - 1, -1):
        if word + 1 in begins or margins[word] < least:
            break
        words.append(word)
    for word in range(last + 1, min(last + _FARTHEST, len(margins) - 1) + 1):
        if word in begins or margins[word] < least:
            break
        words.append(word)
    return words


def shifts_of(prepared: Prepared, margins: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """The shift of every word for every type, name by name; `logits` are [names, types]."""
    begins = set(np.flatnonzero(prepared.word_breaks).tolist()) | set(prepared.document_words.tolist())
    shifts = np.zeros_like(margins)
    for kind in range(margins.shape[1]):
        of_kind = margins[:, kind].tolist()
        wanted: list[list[float]] = [[] for _ in of_kind]
        for name, (first, last, _) in enumerate(prepared.known_names.tolist()):
            logit = float(logits[name, kind])
            shift = min(_UP * logit, _MOST_UP) if logit > 0 else max(logit, -_MOST_DOWN)
            words = mention(of_kind, first, last, begins)
            if shift < 0 and max(of_kind[word] for word in words) > max(of_kind[first : last + 1]):
                continue
            for word in words:
                wanted[word].append(shift)
        for word, some in enumerate(wanted):
            shifts[word, kind] = max(some) if max(some, default=0) > 0 else min(some, default=0)
    return shifts
