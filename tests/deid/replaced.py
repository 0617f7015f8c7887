"""Scopes and policies for notes that are replaced, and the account of every stretch checked."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from openbioner_batch.deid.actions import ACTIONS, OUTCOMES
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.policy import load_policy
from openbioner_batch.deid.replacing import Replaced
from openbioner_batch.deid.scope import Scope

KEY = Key(b"a key of sixteen" * 2)


def scope(patient: str = "7", key: Key = KEY) -> Scope:
    return Scope.for_patient(key, patient)


def outside(text: str, spans: Sequence[tuple[int, int]]) -> list[str]:
    """What stands between spans."""
    edges = [0, *(edge for span in spans for edge in span), len(text)]
    return [text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]


def check_account(text: str, findings: Sequence[Finding], replaced: Replaced) -> None:
    """One edit for each finding, with right offsets, and the rest of the text as it was."""
    old = [(edit.start, edit.end) for edit in replaced.edits]
    new = [(edit.new_start, edit.new_end) for edit in replaced.edits]
    assert old == sorted((finding.start, finding.end) for finding in findings)
    assert outside(text, old) == outside(replaced.text, new)
    assert all(edit.outcome in OUTCOMES and edit.action in ACTIONS for edit in replaced.edits)


policy_of = cache(load_policy)
"""Parsing one takes longer than a note does."""
