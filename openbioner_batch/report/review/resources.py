"""Turns FHIR resources into notes for review: all their texts, one after the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from openbioner_batch.deid.fhir import transform
from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.policy import load_policy
from openbioner_batch.deid.scope import Scope
from openbioner_batch.formats import get_format
from openbioner_batch.formats.fhir import SEPARATOR
from openbioner_batch.report.gathering import Mark, SampledDocument
from openbioner_batch.report.opened import OpenedRun

KIND = "resourceType"
"""The columns by which resources may be stratified."""
_PART = "text "
"""The prefix of a resource's texts in the audit; their numbers follow."""


def holds_resources(run: OpenedRun) -> bool:
    """Whether the run's records are FHIR resources."""
    rewriting = get_format(run.plan.fingerprint["format"]).rewriting
    return rewriting is not None and rewriting.of_resources


def texts_in(resource: Mapping[str, Any]) -> list[str]:
    """The texts of a new resource in the order in which the run has treated them.

    It repeats the run's walk over the resource, and discards the result.
    """
    found: list[str] = []

    def collect(text: str) -> str:
        found.append(text)
        return text

    transform(resource, load_policy("redact"), Scope.for_document(Key(bytes(32)), "review"), collect)
    return found


def resource_documents(
    resources: Sequence[Mapping[str, Any]], places: Sequence[int], audit: pa.Table, shown: str
) -> Iterator[SampledDocument]:
    """Some resources of a shard with what was replaced in their texts.

    Args:
        resources: of the shard, in order.
        places: which of them.
        audit: the shard's.
        shown: how the shard is called.
    """
    edits: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for edit in audit.to_pylist():
        edits[edit["row"]].append(edit)
    for place in places:
        texts = texts_in(resources[place])
        starts = [sum(len(text) + len(SEPARATOR) for text in texts[:number]) for number in range(len(texts))]
        marks = []
        for edit in edits[place]:
            number = int(edit["part"].removeprefix(_PART))
            start, end = (starts[number] + edit[name] for name in ("new_start", "new_end"))
            text = texts[number][edit["new_start"] : edit["new_end"]]
            marks.append(Mark(start, end, edit["type"], float(edit["score"]), text, edit["action"]))
        yield SampledDocument(
            str(resources[place].get("id")), f"{shown}, note {place}", SEPARATOR.join(texts), tuple(marks)
        )
