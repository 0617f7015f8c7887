"""Which findings are too doubtful to be replaced by something invented."""

from __future__ import annotations

from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.merging import BROAD

_MODEL_ALONE = ("model",)
_WORDS = frozenset({"name", "organisation", "town", "county", "state", "country", "email", "url"})
"""Families whose values are words: a mistake is seen as one, where an invented number reads like a true value."""


def is_doubtful(finding: Finding) -> bool:
    """Whether the model alone found it and its type is numeric or broad: 5/325 or L858R may be taken for an identifier.

    Such a finding becomes a visible tag where the policy would invent a value.
    """
    family = family_of(finding.type)
    return finding.recognizers == _MODEL_ALONE and (
        family not in _WORDS or (finding.type in BROAD and family != "name")
    )
