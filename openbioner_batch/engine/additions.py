"""The interface for additions: they fill fields of the model's spans, such as whether a span is negated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pyarrow as pa

from openbioner_batch.records import Span
from openbioner_batch.schemas import EXTRAS


class Addition(Protocol):
    """Picklable: built once from the settings, used by every process that tags."""

    @property
    def name(self) -> str:
        """The option that requests it, for the reason of a document on which it fails."""

    @property
    def extras(self) -> tuple[str, ...]:
        """The fields of `schemas.EXTRAS` that it fills."""

    def fingerprint(self) -> dict[str, Any]:
        """What its results depend on, as JSON values under names that a user understands."""

    def add(self, documents: pa.Table, spans: Sequence[Sequence[Span]]) -> list[Sequence[Span]]:
        """The spans of each document of a shard with the fields filled.

        Args:
            documents: the shard's documents that were tagged: `document_id`, `source`, `record`, `text`, kept columns.
            spans: those of each.
        """

    def amounts(self, spans: Sequence[Span]) -> Mapping[str, int]:
        """What a run's summary counts of them, by name."""


def extras_of(additions: Sequence[Addition]) -> tuple[str, ...]:
    """The fields that all of them fill, in the order of `EXTRAS`."""
    filled = {name for addition in additions for name in addition.extras}
    return tuple(name for name in EXTRAS if name in filled)
