"""Writes JSON Lines: a document a line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from openbioner_batch.formats.long import to_json
from openbioner_batch.formats.writing import DocumentWriter, Origin, OutputDocument, plain_span


class JsonlWriter(DocumentWriter):
    """`document_id`, `source`, `record`, `spans`, the kept columns, and `text` where it is known.

    Fields kept from JSONL or CSV are an object under `kept`.
    """

    name = "jsonl"
    suffix = ".jsonl"

    def render(self, documents: Sequence[OutputDocument], origin: Origin) -> bytes:
        return "".join(to_json(_row(found)) + "\n" for found in documents).encode()


def _row(found: OutputDocument) -> dict[str, Any]:
    row: dict[str, Any] = {"document_id": found.id, "source": found.source, "record": found.record}
    row["spans"] = [plain_span(span) for span in found.spans]
    row |= found.metadata
    if isinstance(row.get("kept"), str):
        row["kept"] = json.loads(row["kept"])
    if found.text is not None:
        row["text"] = found.text
    return row
