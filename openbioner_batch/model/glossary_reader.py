"""Reads a glossary: how well what a name stands for fits descriptions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from openbioner_batch.errors import CheckpointError
from openbioner_batch.model.glossary import Glossary
from openbioner_batch.model.glossary_head import GlossaryHead, Queries, as_int8, unit
from openbioner_batch.model.late_inference import LateInference
from openbioner_batch.model.location import GLOSSARY_HEAD
from openbioner_batch.model.prepare import GLOSS_NAME, named_description
from openbioner_batch.model.tokens import Tokenizer

_GIVEN = 1.5
"""Added to the logits of what a user says: few statements fit less well than the many of other names."""
_DENIED = 0.5
"""How much the logit of what is false of a name counts against it, where it is above 0."""
_READ_TOGETHER = 32
"""Statements without stored tokens are read in blocks of so many, always the same ones together: in reduced precision
a state depends on what is read beside it, and so it would depend on which text came first."""
_AT_ONCE = 1 << 24
"""The most similarities in memory."""
_MOST_DESCRIPTIONS = 2048
"""The logits of all names are kept for so many descriptions, 60 KB each, and then computed anew."""
FUNCTION_WORDS = frozenset(
    "a an the of for in on to with by and or is are be as at from that which who whom whose it its this these those "
    "not no than s into some any what where when one such used - , . ; : ' ( ) /".split()
)
"""Pieces of statements that carry little meaning: their tokens are not compared."""


class GlossaryReader:
    """A glossary and a model that reads it: a statement without stored tokens when its name is first met.

    Those of its block are read with it. Statements longer than the model's positions are cut.

    Args:
        glossary: the names and what is said of them.
        head: compares statements with descriptions.
        encoder: the model.
        tokenizer: of the encoder.
        token_budget: of statements that are read together.
    """

    def __init__(
        self, glossary: Glossary, head: GlossaryHead, encoder: LateInference, tokenizer: Tokenizer, token_budget: int
    ) -> None:
        self.glossary = glossary
        self._head = head
        self._encoder = encoder
        self._tokenizer = tokenizer
        self._token_budget = token_budget
        stored = len(head.counts) if glossary.own_entries else 0
        own = glossary.statements[: min(stored, glossary.own_statements)]
        if len(own) < stored:
            raise CheckpointError(f"a glossary of {len(own):,} statements with tokens of {stored:,}: get it anew")
        ends = head.counts[:stored].cumsum().tolist()
        self._tokens = head.tokens[: ends[-1] if ends else 0]
        self._bounds = dict(zip(own, pairwise([0, *ends]), strict=True))
        unread = glossary.statements[len(own) :]
        self._blocks = [unread[first : first + _READ_TOGETHER] for first in range(0, len(unread), _READ_TOGETHER)]
        self._block_of = {one: number for number, block in enumerate(self._blocks) for one in block}
        self._rows: dict[int, tuple[np.ndarray, ...]] = {}
        self._states: dict[tuple[int, ...], np.ndarray] = {}
        self._known: dict[tuple[int, ...], np.ndarray] = {}

    @classmethod
    def load(
        cls, directory: Path, glossary: Glossary, encoder: LateInference, tokenizer: Tokenizer, token_budget: int
    ) -> GlossaryReader:
        """As the class, with the head of the checkpoint in `directory`.

        Raises:
            CheckpointError: the head is damaged, of another model, or of another glossary.
        """
        head = GlossaryHead.read(directory / GLOSSARY_HEAD, encoder.config.hidden)
        return cls(glossary, head, encoder, tokenizer, token_budget)

    def fit(self, meanings: np.ndarray, descriptions: Sequence[tuple[int, ...]]) -> np.ndarray:
        """How well each meaning fits each description: a logit, above 0 where it is of the described type.

        What is false of a name counts against it where it fits the description.

        Args:
            meanings: [names] indices of meanings.
            descriptions: token ids, with the special tokens.

        Returns:
            float32 [names, types].
        """
        distinct, places = np.unique(meanings, return_inverse=True)
        if len(self._known) > _MOST_DESCRIPTIONS:
            self._known, self._states = {}, {}
        for one in descriptions:
            if one not in self._known:
                self._known[one] = np.full(len(self.glossary.meanings), np.nan, np.float32)
        asked = list(dict.fromkeys(descriptions))
        unknown = np.isnan(np.stack([self._known[one][distinct] for one in asked], 1))
        names, kinds = distinct[unknown.any(1)], [one for one, some in zip(asked, unknown.any(0), strict=True) if some]
        if len(names):
            for one, found in zip(kinds, self._compare(names, kinds).T, strict=True):
                known = self._known[one]
                known[names] = np.where(np.isnan(known[names]), found, known[names])
        return np.stack([self._known[one][distinct] for one in descriptions], 1)[places]

    def _compare(self, meanings: np.ndarray, descriptions: Sequence[tuple[int, ...]]) -> np.ndarray:
        """As `fit`, for distinct meanings and descriptions, computed anew."""
        queries = self._described(descriptions)
        self._read_of(meanings.tolist())
        rows = [self._rows[meaning] for meaning in meanings.tolist()]
        true, false, given_true, given_false = (self._logits(part, queries) for part in zip(*rows, strict=True))
        true, false = np.fmax(true, given_true + _GIVEN), np.fmax(false, given_false + _GIVEN)
        return np.asarray(np.nan_to_num(true) - _DENIED * np.maximum(np.nan_to_num(false), 0))

    def _described(self, descriptions: Sequence[tuple[int, ...]]) -> Queries:
        if new := [one for one in descriptions if one not in self._states]:
            self._states.update(zip(new, self._encoder.description_states(new, self._token_budget), strict=True))
        return self._head.queries([self._states[one] for one in descriptions])

    def _logits(self, rows: Sequence[np.ndarray], queries: Queries) -> np.ndarray:
        """float32 [names, types], from the rows of tokens of each name; NaN where there are none."""
        found = np.full((len(rows), len(queries.weights)), np.nan, np.float32)
        filled = np.array([place for place, of_one in enumerate(rows) if len(of_one)], np.int64)
        counts = np.array([len(rows[place]) for place in filled.tolist()], np.int64)
        # the tokens themselves, in float32 and of unit length, take memory too
        for some in _chunks(counts * max(len(queries.tokens), 3 * self._tokens.shape[1])):
            tokens = unit(
                self._tokens[np.concatenate([rows[place] for place in filled[some].tolist()])].astype(np.float32)
            )
            firsts = np.cumsum([0, *counts[some[:-1]]])
            best = np.maximum.reduceat(tokens @ queries.tokens.T, firsts, axis=0)
            found[filled[some]] = queries.factor * (best @ queries.weights.T) + queries.added
        return found

    def _read_of(self, meanings: Sequence[int]) -> None:
        """Find the rows of tokens of what is true and false of meanings, and of what a user said of them."""
        new = [meaning for meaning in meanings if meaning not in self._rows]
        said = {
            meaning: [*self.glossary.said(meaning), *self.glossary.said(meaning, only_given=True)] for meaning in new
        }
        self._read({one for parts in said.values() for part in parts for one in part})
        for meaning, parts in said.items():
            self._rows[meaning] = tuple(
                np.concatenate([np.zeros(0, np.int64), *(np.arange(*self._bounds[one]) for one in part)])
                for part in parts
            )

    def _read(self, statements: set[str]) -> None:
        tokens = [self._tokens]
        end = len(self._tokens)
        for block in sorted({self._block_of[one] for one in statements if one not in self._bounds}):
            together = self._blocks[block]
            states = statement_states(self._encoder, self._tokenizer, together, self._token_budget)
            for one, of_one in zip(together, states, strict=True):
                tokens.append(as_int8(self._head.project(of_one)))
                self._bounds[one] = (end, end + len(of_one))
                end += len(of_one)
        self._tokens = np.concatenate(tokens) if len(tokens) > 1 else self._tokens


def statement_states(
    encoder: LateInference, tokenizer: Tokenizer, statements: Sequence[str], token_budget: int
) -> list[np.ndarray]:
    """The states of the tokens of statements that are compared, float32 [tokens, hidden] each.

    Args:
        encoder: the model.
        tokenizer: of the model.
        statements: what is said of names.
        token_budget: of statements that are read together.
    """
    named, positions = encoder.config.late.named, encoder.config.positions
    ids = [statement_ids(tokenizer, one, named, positions) for one in statements]
    states = encoder.description_states(ids, token_budget)
    places = compared_tokens(tokenizer, [its[1:-1] for its in ids], named)
    return [of_one[its] for of_one, its in zip(states, places, strict=True)]


def statement_ids(tokenizer: Tokenizer, statement: str, named: bool, positions: int) -> tuple[int, ...]:
    """A statement as the model reads it, with the special tokens; what is longer than its positions is cut.

    Args:
        tokenizer: of the model.
        statement: what is said of a name.
        named: whether the model reads descriptions behind names.
        positions: of the model.
    """
    text = named_description(GLOSS_NAME, statement) if named else statement
    return (tokenizer.cls, *tokenizer.ids(text)[: positions - 2], tokenizer.sep)


def compared_tokens(tokenizer: Tokenizer, statements: Sequence[Sequence[int]], named: bool) -> list[list[int]]:
    """The places of each statement's tokens that carry meaning: not the name before it, no function words.

    Args:
        tokenizer: of the model.
        statements: the ids of each, without special tokens.
        named: as of `statement_ids`.
    """
    before = len(tokenizer.ids(named_description(GLOSS_NAME, ""))) if named else 0
    passed_over = {tokenizer.vocabulary.get(word) for word in FUNCTION_WORDS}
    found = []
    for ids in statements:
        own = range(min(before, max(len(ids) - 1, 0)), len(ids))
        found.append([place for place in own if ids[place] not in passed_over] or list(own))
    return found


def _chunks(sizes: np.ndarray) -> Iterator[list[int]]:
    """Places in turn, their sizes in each chunk together at most `_AT_ONCE` where one alone is no larger."""
    chunk: list[int] = []
    total = 0
    for place, size in enumerate(sizes.tolist()):
        if chunk and total + size > _AT_ONCE:
            yield chunk
            chunk, total = [], 0
        chunk.append(place)
        total += size
    if chunk:
        yield chunk
