"""A tiny model with a glossary whose head tells its types apart, and what it says in plain loops."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from openbioner_batch.model import EntityType, Prepared, Tagger, save_checkpoint
from openbioner_batch.model.checkpoint import load_model
from openbioner_batch.model.config import LateSettings
from openbioner_batch.model.encoder import initialize
from openbioner_batch.model.glossary import Glossary, GlossaryEntry
from openbioner_batch.model.glossary_files import write_glossary
from openbioner_batch.model.glossary_head import STEEPEST, GlossaryHead
from openbioner_batch.model.glossary_reader import _DENIED, _GIVEN, FUNCTION_WORDS
from openbioner_batch.model.knowledge import _FARTHEST, _MOST_DOWN, _MOST_UP, _SAME_MENTION, _UP
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.model.location import GLOSSARY_HEAD
from openbioner_batch.model.reading import read_config

ENTRIES = [
    GlossaryEntry(("aspirin",), ("a drug", "given in fever")),
    GlossaryEntry(("lung cancer", "cancer"), ("a sign of the lung", "not given in mice")),
    GlossaryEntry(("fever", "cancer"), ("a sign", "not a drug", "the patient")),
    GlossaryEntry(("p53 gene",), ("a gene in mice",)),
]
STATEMENTS = Glossary(ENTRIES).statements
TYPES = [EntityType("drug", "a drug that is given"), EntityType("sign", "a sign of cancer"), EntityType("b", "mice")]
TEXTS = [
    "aspirin was given in lung cancer. no sign of fever in the patient.",
    "fever",
    "",
    "the dose of aspirin . Fevers and p53 genes in mice with cancer.",
    "no name of them",
]
HIDDEN, SIZE = 32, 6
"""Of the states of the small model, and of the vectors that its head compares."""
ROUNDING = float(np.sqrt(2 * SIZE) / 254)
"""How far a direction that is stored as int8 may be from the one that it stands for, both of unit length.

Each of its components is within half a step, the largest one's 127th part: the row within `largest sqrt(n) / 254` of
the direction, which is the sine of the angle between them; the chord of an angle is at most √2 of its sine.
"""

MARGIN = 1e-4
"""For the order of sums in float32."""


def random_head(factor: float = 2.6, added: float = -4.0, seed: int = 3) -> GlossaryHead:
    """Its logits are between about -10 and 4, so that some shifts are cut; it has no tokens.

    Args:
        factor: the logarithm of the usual factor of similarities.
        added: what is usually added.
        seed: of its weights.
    """
    random = np.random.default_rng(seed)
    query, gloss, weight, scale = (
        random.standard_normal(shape).astype(np.float32)
        for shape in [(SIZE, HIDDEN), (SIZE, HIDDEN), (HIDDEN,), (2, HIDDEN)]
    )
    bias, scale_bias = np.array([0.3], np.float32), np.array([factor, added], np.float32)
    nothing = np.zeros((0, SIZE), np.int8), np.zeros(0, np.int16)
    return GlossaryHead(query, gloss, 0.5 * weight, bias, scale, scale_bias, *nothing)


def constant_head(logit: float) -> GlossaryHead:
    """Whatever is said and described, its logit is this one."""
    parts = {name: np.zeros_like(getattr(random_head(), name)) for name in ("query", "gloss", "weight", "scale")}
    return dataclasses.replace(random_head(), **parts, scale_bias=np.array([0, logit], np.float32))


def telling_apart(head: GlossaryHead, states: Sequence[np.ndarray]) -> GlossaryHead:
    """The head with weights that take the mean of states out of them: by it those of a random model are much alike."""
    mean = np.concatenate(states).mean(0)
    mean /= np.linalg.norm(mean)
    others = np.eye(HIDDEN, dtype=np.float32) - np.outer(mean, mean)
    parts = {name: getattr(head, name) @ others for name in ("query", "gloss", "weight", "scale")}
    return dataclasses.replace(head, **parts)


def write_checkpoint(folder: Path, checkpoint: Path, **settings: bool) -> None:
    """Write a small random model of late interaction with a glossary; types are about as likely as no entity to it.

    Args:
        folder: where to.
        checkpoint: the small cross-encoder, whose vocabulary and sizes it has.
        settings: of late interaction.
    """
    config = read_config(checkpoint)
    late = LateSettings(8, **settings)
    model = LateEncoder(dataclasses.replace(config, separate_layers=config.layers, late=late, initializer_range=0.2))
    initialize(model.eval(), seed=1)
    save_checkpoint(model, folder, checkpoint)
    first = Tagger.from_pretrained(folder, "cpu", "float32")
    logits = logits_of(first, TEXTS)
    model.background.bias.data += float((logits[:, 1:] - logits[:, :1]).mean())
    save_checkpoint(model, folder, checkpoint)
    write_glossary(ENTRIES, folder)
    every = [*TYPES, *(EntityType("entity", statement) for statement in STATEMENTS)]
    states = [PlainLoops(first).states(ids) for ids in described(first, every)]
    telling_apart(random_head(), states).write(folder / GLOSSARY_HEAD)


def logits_of(tagger: Tagger, texts: list[str]) -> np.ndarray:
    """Column 0 for no entity, then every type."""
    groups = list(tagger.word_logits(tagger.preparer(TYPES).prepare(texts)))
    return np.concatenate([groups[0][:, :1], *(group[:, 1:] for group in groups)], 1)


def described(tagger: Tagger, types: list[EntityType]) -> list[tuple[int, ...]]:
    """The token ids of descriptions, with the special tokens."""
    groups = tagger.preparer(types).groups
    return [(tagger.tokenizer.cls, *kind.description, tagger.tokenizer.sep) for group in groups for kind in group]


class PlainLoops:
    """What a glossary says, each text read alone through the trained module, and token by token.

    Args:
        tagger: whose model reads.
    """

    def __init__(self, tagger: Tagger) -> None:
        model = load_model(tagger._directory)
        assert isinstance(model, LateEncoder)
        self._model = model.eval()
        self._tokenizer = tagger.tokenizer
        self._states: dict[tuple[int, ...], np.ndarray] = {}

    @torch.inference_mode()
    def states(self, ids: tuple[int, ...]) -> np.ndarray:
        """The states of tokens but the first and the last, float32 [tokens, hidden]."""
        if ids not in self._states:
            read = self._model.description_encoder.read_alone
            (states,) = read(torch.tensor([ids]), torch.tensor([len(ids)]), self._model.config.layers)
            self._states[ids] = states[1:-1].numpy()
        return self._states[ids]

    def compared(self, statement: str) -> list[np.ndarray]:
        """The states of a statement's tokens that carry meaning; of all where none does."""
        before = self._tokenizer.ids("entity: ") if self._model.config.late.named else []
        own = self._tokenizer.ids(statement)
        states = self.states((self._tokenizer.cls, *before, *own, self._tokenizer.sep))[len(before) :]
        pieces = {number: piece for piece, number in self._tokenizer.vocabulary.items()}
        meant = [state for state, token in zip(states, own, strict=True) if pieces[token] not in FUNCTION_WORDS]
        return meant or list(states)

    def directions(self, head: GlossaryHead, statement: str) -> np.ndarray:
        """Those of its tokens, float32 [tokens, size], each of unit length."""
        return np.array([direction(head.gloss @ state) for state in self.compared(statement)])


def direction(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def logit_of(head: GlossaryHead, tokens: Sequence[np.ndarray], states: np.ndarray) -> float:
    """How well what has tokens of these directions fits a description whose tokens have these states."""
    weights = [math.log1p(math.exp(float(state @ head.weight + head.weight_bias[0]))) for state in states]
    similarity = 0.0
    for state, weight in zip(states, weights, strict=True):
        query = direction(head.query @ state)
        similarity += weight / sum(weights) * max(float(query @ token) for token in tokens)
    log_factor, added = head.scale @ direction(states.mean(0)) + head.scale_bias
    return min(math.exp(log_factor), STEEPEST) * similarity + float(added)


def fit_of(
    glossary: Glossary, meaning: int, head: GlossaryHead, tokens: Mapping[str, np.ndarray], states: np.ndarray
) -> float:
    """How well a meaning fits a description, by the directions of each statement's tokens.

    What a user says counts more; what is false counts against it, where it fits.
    """
    found = []
    for denied in (False, True):
        logits = []
        for more, entries in ((0.0, glossary.meanings[meaning]), (_GIVEN, of_users(glossary, meaning))):
            said = [gloss for entry in entries for gloss in glossary.entries[entry].glosses]
            said = [gloss.removeprefix("not ") for gloss in said if gloss.startswith("not ") == denied]
            together = [token for statement in said for token in tokens[statement]]
            if together:
                logits.append(logit_of(head, together, states) + more)
        found.append(max(logits, default=0.0))
    true, false = found
    return true - _DENIED * false if false > 0 else true


def of_users(glossary: Glossary, meaning: int) -> list[int]:
    return [entry for entry in glossary.meanings[meaning] if entry >= glossary.own_entries]


def fits_of(tagger: Tagger, head: GlossaryHead, tokens: Mapping[str, np.ndarray]) -> np.ndarray:
    """[meanings, types] how well all meanings fit, by the directions of each statement's tokens."""
    assert tagger.glossary is not None
    loops, glossary = PlainLoops(tagger), tagger.glossary
    states = [loops.states(ids) for ids in described(tagger, TYPES)]
    meanings = range(len(glossary.meanings))
    return np.array([[fit_of(glossary, meaning, head, tokens, some) for some in states] for meaning in meanings])


def fits_bound(tagger: Tagger, head: GlossaryHead) -> np.ndarray:
    """[types] how far logits by tokens that are rounded to int8 may be from those by their own directions.

    A similarity differs by the chord between both, and so does the mean of the best; what is false counts beside it.
    """
    loops = PlainLoops(tagger)
    queries = head.queries([loops.states(ids) for ids in described(tagger, TYPES)])
    return np.asarray(queries.factor * ROUNDING * (1 + _DENIED) + MARGIN)


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
