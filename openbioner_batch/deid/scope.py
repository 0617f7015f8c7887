"""The scope within which choices are consistent: the patient, or the single document."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from functools import cached_property
from typing import NoReturn

from openbioner_batch.deid.keys import Key, encode

LETTERS = "abcdefghijklmnopqrstuvwxyz"
MOST_WEEKS = 51
"""A shift is 1 to 51 weeks, either way: 102 shifts, the largest 357 days."""


class Scope:
    """Keyed choices for one patient, or one document: functions of the key, the id and the request alone.

    Two scopes made of the same key and id choose alike in any process, order and number of calls. Two patients get the
    same shift with probability 1/102, and other choices as the number of entries says. It holds a secret: no readable
    form, no pickling.
    """

    def __init__(self, key: Key, kind: str, owner: str, shift_days: int | None = None) -> None:
        """`for_patient` and `for_document` read better.

        Args:
            key: the run's key.
            kind: "patient" or "document".
            owner: the id of the patient or document, as it stands in the input.
            shift_days: how many days dates are shifted, where given from outside; None draws it with the key.
        """
        self._key = key
        self._given_days = shift_days
        # started once and copied for every choice, which is faster than starting again
        self._begun = hmac.new(key.digest("scope", kind, owner), digestmod="sha256")
        self.memory: dict[tuple[str, str], str] = {}
        """A cache of earlier choices: clearing it changes nothing."""

    @classmethod
    def for_patient(cls, key: Key, patient_id: str, shift_days: int | None = None) -> Scope:
        """Choices that agree in all documents of a patient."""
        return cls(key, "patient", patient_id, shift_days)

    @classmethod
    def for_document(cls, key: Key, document_id: str, shift_days: int | None = None) -> Scope:
        """Choices that agree within one document only."""
        return cls(key, "document", document_id, shift_days)

    def __repr__(self) -> str:
        return "<Scope>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a scope holds a secret and is never pickled: make it where it is used")

    @property
    def key(self) -> Key:
        """The run's key, for what must agree beyond this scope, such as hashed ids."""
        return self._key

    def bytes(self, *parts: str) -> bytes:
        """32 keyed bytes for `parts`."""
        drawn = self._begun.copy()
        drawn.update(encode(*parts))
        return drawn.digest()

    def number(self, *parts: str) -> int:
        """A keyed number of 256 bits for `parts`."""
        return int.from_bytes(self.bytes(*parts), "big")

    def choose(self, entries: Sequence[str], *parts: str) -> str:
        """An entry of `entries`, keyed by `parts`; every entry with like probability."""
        return entries[self.number(*parts) % len(entries)]

    @cached_property
    def shift_days(self) -> int:
        """Days by which this scope's dates are shifted: those given from outside, else whole weeks within a year."""
        if self._given_days is not None:
            return self._given_days
        draw = self.number("shift") % (2 * MOST_WEEKS)
        return 7 * (draw - MOST_WEEKS if draw < MOST_WEEKS else draw - MOST_WEEKS + 1)

    @cached_property
    def alphabet(self) -> dict[str, str]:
        """A keyed permutation of the letters a to z without fixed points.

        Sattolo's shuffle: uniform over the permutations that are a single cycle, hence without fixed points.
        """
        source = self.bytes("alphabet", "1") + self.bytes("alphabet", "2")
        letters = list(LETTERS)
        for place in range(25, 0, -1):
            other = int.from_bytes(source[2 * place : 2 * place + 2], "big") % place
            letters[place], letters[other] = letters[other], letters[place]
        return dict(zip(LETTERS, letters, strict=True))
