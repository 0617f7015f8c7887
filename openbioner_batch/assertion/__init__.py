"""Assertion: whether a mention is negated, uncertain, hypothetical, historical or about somebody else."""

from __future__ import annotations

from openbioner_batch.assertion.context import Asserter
from openbioner_batch.assertion.headers import Headers, load_headers
from openbioner_batch.assertion.rules import Rules, load_rules
from openbioner_batch.assertion.sections import Section, SectionFinder

__all__ = ["Asserter", "Headers", "Rules", "Section", "SectionFinder", "load_headers", "load_rules"]
