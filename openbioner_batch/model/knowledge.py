"""What a glossary adds to the evidence of late interaction: how well what a name stands for fits a description.

A small encoder reads well and knows little: it cannot tell by their names what medicines are for. A name's glosses are
read as descriptions are, and compared with the description of each type by a head of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from openbioner_batch.errors import CheckpointError
from openbioner_batch.model.glossary import Glossary
from openbioner_batch.model.late_inference import LateInference
from openbioner_batch.model.prepare import GLOSS_NAME, named_description
from openbioner_batch.model.prepared import Prepared
from openbioner_batch.model.tokens import Tokenizer

_UP, _MOST_UP, _MOST_DOWN = 2.0, 5.0, 3.0
"""Logits above 0 count this much; and no shift is larger, so that a text that is clear is not outweighed."""
_SAME_MENTION = 3.0
"""Words beside a name belong to its mention while their margin is at most this far below the name's."""
_FARTHEST = 8
"""How many words a mention may reach beyond the name on either side."""
_Margins = Callable[[np.ndarray], np.ndarray]
"""Given indices of words, the margins of types at them: [words, types]."""
_GIVEN = 1.5
"""Added to the logits of a user's glosses: the best of few fits less well than the best of the many of other names."""
STEEPEST = 40.0
_READ_TOGETHER = 32
"""Glosses without a stored vector are read in blocks of so many, always the same ones together: in reduced precision a
vector depends on what is read beside it, and so it would depend on which text came first."""


@dataclass(frozen=True, slots=True)
class GlossaryHead:
    """The weights that compare glosses with descriptions, both given as the model's vectors of descriptions.

    Attributes:
        query: [size, projection] for descriptions of types.
        gloss: [size, projection] for glosses.
        scale: [2, projection] the logarithm of the factor of the cosine, and what is added, from the description.
        scale_bias: [2] constants of these.
        vectors: int8 [glosses, size] the directions of the checkpoint's own glosses, as `project` gives them, in the
            order of `Glossary.all_glosses`.
    """

    query: np.ndarray
    gloss: np.ndarray
    scale: np.ndarray
    scale_bias: np.ndarray
    vectors: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.int8))

    def logits(self, descriptions: np.ndarray, glosses: np.ndarray) -> np.ndarray:
        """float32 [glosses, descriptions]: above 0 where what has the gloss is of the described type.

        Args:
            descriptions: [descriptions, projection].
            glosses: [glosses, size], as `project` gives them.
        """
        log_factor, added = self.scale @ descriptions.T + self.scale_bias[:, None]
        cosines = glosses @ _unit(descriptions @ self.query.T).T
        return np.asarray(np.minimum(np.exp(log_factor), STEEPEST) * cosines + added, np.float32)

    def project(self, vectors: np.ndarray) -> np.ndarray:
        """Vectors of glosses, [glosses, projection], as `logits` takes them."""
        return _unit(vectors @ self.gloss.T)

    @classmethod
    def read(cls, path: Path, projection: int) -> GlossaryHead:
        """The head of a checkpoint whose vectors have this size.

        Raises:
            CheckpointError: the file is damaged, or the head is of another model.
        """
        try:
            stored = load_file(path)
            vectors = stored.pop("vectors")
            head = cls(**{name: part.astype(np.float32) for name, part in stored.items()}, vectors=vectors)
        except Exception as error:  # safetensors has an exception of its own for each kind of damage
            raise CheckpointError(f"{path}: not the head of a glossary ({type(error).__name__})") from None
        size = head.query.shape[0]
        shapes = (head.query.shape, head.gloss.shape, head.scale.shape, head.scale_bias.shape, head.vectors.shape[1:])
        if shapes != ((size, projection), (size, projection), (2, projection), (2,), (size,)):
            raise CheckpointError(f"{path}: the head of a glossary for another model; expected vectors of {projection}")
        return head

    def write(self, path: Path) -> None:
        """Store the head, its weights as float16."""
        parts = {name: getattr(self, name) for name in ("query", "gloss", "scale", "scale_bias")}
        weights = {name: np.ascontiguousarray(part, np.float16) for name, part in parts.items()}
        save_file({**weights, "vectors": np.ascontiguousarray(self.vectors.reshape(-1, len(self.query)))}, path)


def as_int8(directions: np.ndarray) -> np.ndarray:
    """Rows as int8, each as long as it can be: [rows, size]."""
    largest = np.maximum(np.abs(directions).max(axis=1, keepdims=True), 1e-12)
    return np.asarray(np.round(directions / largest * 127), np.int8)


class GlossaryReader:
    """A glossary and a model that reads it: a gloss without a stored vector when its name is first met.

    Those of its block are read with it. Glosses longer than the model's positions are cut.

    Args:
        glossary: the names and glosses.
        head: compares glosses with descriptions.
        encoder: reads glosses.
        tokenizer: of the encoder.
        named: whether the encoder reads descriptions behind names.
        token_budget: of glosses that are read together.
    """

    def __init__(
        self,
        glossary: Glossary,
        head: GlossaryHead,
        encoder: LateInference,
        tokenizer: Tokenizer,
        named: bool,
        token_budget: int,
    ) -> None:
        self.glossary = glossary
        self._head = head
        self._encoder = encoder
        self._tokenizer = tokenizer
        self._named = named
        self._token_budget = token_budget
        stored = head.vectors if glossary.own_entries else head.vectors[:0]
        own = glossary.all_glosses[: len(stored)]
        if len(own) < len(stored):
            raise CheckpointError(f"a glossary of {len(own):,} glosses with vectors of {len(stored):,}: get it anew")
        self._vectors = _unit(stored.astype(np.float32).reshape(-1, len(head.query)))
        self._rows = {gloss: row for row, gloss in enumerate(own)}
        unstored = glossary.all_glosses[len(own) :]
        self._blocks = [unstored[first : first + _READ_TOGETHER] for first in range(0, len(unstored), _READ_TOGETHER)]
        self._block_of = {gloss: number for number, block in enumerate(self._blocks) for gloss in block}
        self._of_meaning: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def of(self, prepared: Prepared, plain_types: Collection[str] = ()) -> NameEvidence:
        """The names in texts that a `Preparer` with the same glossary prepared."""
        return NameEvidence(self, prepared, plain_types)

    def fit(self, meanings: np.ndarray, descriptions: np.ndarray) -> np.ndarray:
        """How well each meaning fits each description: the logit of the gloss that fits it best.

        Args:
            meanings: [names] indices of meanings.
            descriptions: [types, projection] the vectors of descriptions.

        Returns:
            float32 [names, types].
        """
        distinct, places = np.unique(meanings, return_inverse=True)
        self._read(distinct.tolist())
        parts, added = zip(*(self._of_meaning[meaning] for meaning in distinct.tolist()), strict=True)
        logits = self._head.logits(descriptions, self._vectors[np.concatenate(parts)])
        logits += np.concatenate(added)[:, None]
        firsts = np.cumsum([0, *(len(part) for part in parts[:-1])])
        return np.asarray(np.maximum.reduceat(logits, firsts, axis=0)[places])

    def _read(self, meanings: Sequence[int]) -> None:
        glosses = {meaning: self.glossary.glosses(meaning) for meaning in meanings if meaning not in self._of_meaning}
        unread = {gloss for of_name in glosses.values() for gloss in of_name if gloss not in self._rows}
        read = [self._vectors]
        for block in sorted({self._block_of[gloss] for gloss in unread}):
            together = self._blocks[block]
            vectors = self._encoder.read_descriptions(list(map(self._tokens, together)), self._token_budget)
            read.append(self._head.project(vectors))
            self._rows |= {gloss: row for row, gloss in enumerate(together, len(self._rows))}
        if unread:
            self._vectors = np.concatenate(read)
        for meaning, of_name in glosses.items():
            given = self.glossary.given(meaning)
            added = np.array([_GIVEN * (gloss in given) for gloss in of_name], np.float32)
            self._of_meaning[meaning] = np.array([self._rows[gloss] for gloss in of_name]), added

    def _tokens(self, gloss: str) -> tuple[int, ...]:
        text = named_description(GLOSS_NAME, gloss) if self._named else gloss
        read = self._tokenizer.ids(text)[: self._encoder.config.positions - 2]
        return (self._tokenizer.cls, *read, self._tokenizer.sep)


class NameEvidence:
    """The glossary's names in some texts, and what they add to evidence.

    Args:
        reader: reads their glosses.
        prepared: the texts.
        plain_types: types that are found without it.
    """

    def __init__(self, reader: GlossaryReader, prepared: Prepared, plain_types: Collection[str] = ()) -> None:
        self.plain_types = plain_types
        self._reader = reader
        self._firsts, self._lasts, self._meanings = prepared.known_names.T
        begins = prepared.word_breaks.copy()
        starts = prepared.document_words[:-1]
        begins[starts[starts < len(begins)]] = True
        self._begins = begins

    def add(self, evidence: np.ndarray, background: np.ndarray, descriptions: np.ndarray) -> np.ndarray:
        """Evidence with what is known of names: each shifts the whole mention that it stands in.

        A mention is the name and the words beside it that are about as likely of the type. It is shifted as one, so
        that its bounds stay the model's own: up, or down unless another word of it is surer (in "breast cancer
        screening" as a test, "screening" is). Where two names want different shifts, the one up counts.

        Args:
            evidence: [words, types] the model's evidence.
            background: [words, 1] the score of no entity.
            descriptions: [types, projection] the vectors of the types' descriptions.

        Returns:
            float32 [words, types]; `evidence` itself where no name is known.
        """
        if not len(self._meanings):
            return evidence

        def margins(words: np.ndarray) -> np.ndarray:  # of few words at a time, since a shard has a million
            return np.asarray(evidence[words] - background[words])

        names = [margins(np.minimum(self._firsts + step, self._lasts)) for step in range(self._longest)]
        of_name: np.ndarray = np.max(names, axis=0)
        surest, reach = of_name, list[list[np.ndarray]]()
        for edge, step in ((self._firsts, -1), (self._lasts, 1)):
            inside, surest = self._beside(margins, edge, step, of_name - _SAME_MENTION, surest)
            reach.append(inside)
        shift = shifts(self._reader.fit(self._meanings, descriptions))
        shift[(shift < 0) & (surest > of_name)] = 0
        covered = self._covered(*reach)
        rows = np.unique(np.concatenate([words for words, _ in covered]))
        total = np.zeros((len(rows), evidence.shape[1]), np.float32)
        lowest, highest = (np.minimum, shift < 0, np.inf), (np.maximum, shift > 0, -np.inf)
        for chosen, wanted, nothing in (lowest, highest):  # the last one counts
            for words, types in covered:
                here = types & wanted
                held = np.flatnonzero(here.any(1))
                chosen.at(total, np.searchsorted(rows, words[held]), np.where(here[held], shift[held], nothing))
        shifted = evidence.copy()
        shifted[rows] += total
        return shifted

    @property
    def _longest(self) -> int:
        return int((self._lasts - self._firsts).max()) + 1

    def _beside(
        self, margins: _Margins, edges: np.ndarray, step: int, least: np.ndarray, surest: np.ndarray
    ) -> tuple[list[np.ndarray], np.ndarray]:
        """For each word from an edge outwards, which types' mentions hold it; and the surest margins so far."""
        reach: list[np.ndarray] = []
        inside = np.ones_like(least, np.bool_)
        for distance in range(1, _FARTHEST + 1):
            words = edges + step * distance
            last = len(self._begins) - 1
            there = (words >= 0) & (words <= last)
            words = np.clip(words, 0, last)
            begins = self._begins[words if step > 0 else np.minimum(words + 1, last)]
            of_words = margins(words)
            inside = inside & (there & ~begins)[:, None] & (of_words >= least)
            if not inside.any():
                break
            surest = np.where(inside, np.maximum(surest, of_words), surest)
            reach.append(inside)
        return reach, surest

    def _covered(self, before: list[np.ndarray], behind: list[np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
        """Word by word of all mentions: their indices, and which names' and types' mentions hold them."""
        last = int(self._begins.size) - 1
        found = []
        for step in range(self._longest):
            within = (self._firsts + step <= self._lasts)[:, None]
            found.append((np.minimum(self._firsts + step, self._lasts), within))
        found += [(np.clip(self._firsts - n, 0, last), inside) for n, inside in enumerate(before, 1)]
        found += [(np.clip(self._lasts + n, 0, last), inside) for n, inside in enumerate(behind, 1)]
        return found


def shifts(logits: np.ndarray) -> np.ndarray:
    """By how much names are shifted, from how well they fit descriptions."""
    return np.clip(np.where(logits > 0, _UP * logits, logits), -_MOST_DOWN, _MOST_UP).astype(np.float32, copy=False)


def _unit(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12), np.float32)
