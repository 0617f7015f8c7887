"""The outcome of each request, and the rows that are written from it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from openbioner_batch.engine.rows import kind_of
from openbioner_batch.engine.work import counts_metadata, rejected_table
from openbioner_batch.records import Rejected
from openbioner_batch.training.silver.prompt import Prompt

UNREADABLE = "reading the answer failed"


@dataclass(frozen=True, slots=True)
class AnswerOutcome:
    """An answer, or the reason why there is none."""

    content: str | None = None
    """The model's answer."""
    usage: tuple[int, int] = (0, 0)
    """Tokens of prompt and answer that were paid for."""
    reason: str | None = None
    """Why the document is quarantined."""
    fatal: str | None = None
    """Why the run cannot continue."""
    stopped: int | None = None
    """Set when no request was sent because the cost ceiling is reached: how many shards had been admitted."""
    columns: Mapping[str, Any] | None = None
    """The columns read from the answer."""
    amounts: Mapping[str, int] | None = None
    """The amounts that the answer adds to the run's sums."""

    def to_json(self) -> str:
        """One line of JSON, which `from_json` reads."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> AnswerOutcome:
        """An outcome from the line that `to_json` gives."""
        found = json.loads(text)
        return cls(**{**found, "usage": tuple(found.get("usage", (0, 0)))})

    def read(self, text: str, prompt: Prompt) -> AnswerOutcome:
        """The same outcome with the answer read, if there is one."""
        if self.content is None:
            return self
        try:
            columns, amounts = prompt.read(text, self.content)
        except Exception as error:  # a strange answer must not end the run, nor must the message quote the text
            return AnswerOutcome(usage=self.usage, reason=f"{UNREADABLE}: {type(error).__name__}")
        return AnswerOutcome(usage=self.usage, columns=columns, amounts=amounts)


def collector_row(row: dict[str, Any], outcome: AnswerOutcome) -> dict[str, Any]:
    """A row for the driver to collect."""
    names = ("shard", "split", "number", "size", "index", "documents", "rejected")
    return {**{name: row[name] for name in names}, "outcome": outcome.to_json()}


def answered_rows(
    documents: pa.Table, outcomes: Sequence[AnswerOutcome], rejected: Sequence[Mapping[str, Any]], prompt: Prompt
) -> tuple[pa.Table, pa.Table, dict[str, Any]]:
    """The data rows of a shard with its counts as metadata, its quarantined records, and the counts.

    Args:
        documents: the shard's documents.
        outcomes: one for each.
        rejected: the records that did not become documents.
        prompt: the prompt, whose columns are added.
    """
    good = [outcome.columns is not None for outcome in outcomes]
    rows = documents.filter(pa.array(good, pa.bool_()))
    places = documents.drop_columns(["text"]).to_pylist()
    quarantined = [Rejected(**item) for item in rejected] + [
        Rejected(place["source"], place["record"], reason_at(outcome.reason or UNREADABLE, place))
        for place, outcome in zip(places, outcomes, strict=True)
        if outcome.columns is None
    ]
    quarantined.sort(key=lambda item: (item.source, item.record, item.reason))
    answers = [outcome.columns for outcome in outcomes if outcome.columns is not None]
    amounts: Counter[str] = Counter()
    for outcome in outcomes:
        amounts["prompt_tokens"] += outcome.usage[0]
        amounts["completion_tokens"] += outcome.usage[1]
        amounts.update(outcome.amounts or {})
    counts = {
        "documents": rows.num_rows,
        "quarantined": dict(Counter(kind_of(item.reason) for item in quarantined)),
        "deletions": 0,
        "spans": {"mention": found} if (found := amounts["mentions"]) else {},
        "windows": 0,
        "tokens": amounts["prompt_tokens"] + amounts["completion_tokens"],
        "text_bytes": sum(len(text.encode()) for text in rows["text"].to_pylist()),
        "amounts": dict(sorted(amounts.items())),
    }
    schema = pa.schema([*rows.schema, *prompt.columns]).with_metadata(counts_metadata(counts))
    added = [pa.array([answer[field.name] for answer in answers], field.type) for field in prompt.columns]
    table = pa.Table.from_arrays([*rows.columns, *added], schema=schema)
    return table, rejected_table(quarantined), counts


def reason_at(reason: str, place: Mapping[str, Any]) -> str:
    """A reason that also names the passage of its record."""
    return f"{reason} (passage at {place['start']})" if "start" in place else reason
