"""Adds to silver data what models find of types that a passage's annotator did not name."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import pyarrow as pa

from openbioner_batch.engine.logs import say_to_stderr
from openbioner_batch.engine.names import REPORT
from openbioner_batch.engine.request import Say
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.tables import parquet_bytes
from openbioner_batch.errors import UsageError
from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage
from openbioner_batch.training.silver.claiming import claim
from openbioner_batch.training.silver.found_spans import FoundSpans
from openbioner_batch.training.silver.made_settings import FillSettings
from openbioner_batch.training.silver.schema import DESCRIPTION_SCHEMA, passages_table
from openbioner_batch.training.sources import DESCRIPTIONS, PASSAGES, passage_groups, read_descriptions, read_passages

STATE = "_run/fill.json"


@dataclass(slots=True)
class FillReport:
    """Counts of what was added."""

    output: str
    passages: int = 0
    filled: int = 0
    """Passages with added mentions."""
    without_counterpart: int = 0
    """Passages that no run read; they are unchanged."""
    added: Counter[str] = field(default_factory=Counter)
    """Mentions added, by type."""
    undescribed: list[str] = field(default_factory=list)
    """Added types that the folder does not describe."""

    @property
    def title(self) -> str:
        """Where the filled data are."""
        return f"{self.output}: silver data with more mentions"

    def as_json(self) -> dict[str, Any]:
        """The report as it stands in the folder."""
        return {**asdict(self), "added": dict(self.added.most_common())}

    def lines(self) -> list[tuple[str, str]]:
        """Labels and values to show."""
        lines = [
            ("passages", f"{self.passages:,}"),
            ("  filled", f"{self.filled:,}"),
            ("  in no run, kept as they are", f"{self.without_counterpart:,}"),
            ("mentions added", f"{self.added.total():,}"),
            *((f"  {name}", f"{count:,}") for name, count in self.added.most_common()),
        ]
        if self.undescribed:
            lines.append(("types that another source must describe", ", ".join(self.undescribed)))
        return lines


def fill_silver(settings: FillSettings, say: Say = say_to_stderr) -> FillReport:
    """Write silver data with the mentions that models found; the same request gives the same bytes.

    Raises:
        UsageError: the folder holds no passages, a run cannot be used, or the output holds something else.
        RunFailedError: a run's file is damaged.
    """
    groups = passage_groups(settings.silver)
    if not groups:
        raise UsageError(f"{settings.silver} holds only descriptions: expected passages/*.parquet too")
    described = list(read_descriptions(settings.silver))
    found = FoundSpans(settings.runs, settings.model_threshold)
    store = Store(settings.output)
    claim(store, STATE, asdict(settings), (PASSAGES, DESCRIPTIONS), [REPORT])
    say(f"filling {len(groups):,} files of passages from {len(settings.runs):,} runs")
    report = FillReport(store.url)
    for number, group in enumerate(groups):
        filled = [_filled(passage, looked_for, report) for passage, looked_for in found.of(read_passages(group))]
        store.put(f"{PASSAGES}/{number:06d}.parquet", parquet_bytes(passages_table(filled)))
    _finish(store, described, report)
    return report


def fill_passage(passage: AnnotatedPassage, looked_for: Mapping[str, Sequence[AnnotatedMention]]) -> AnnotatedPassage:
    """A passage with added mentions of the types that it neither mentions nor lists.

    A closed list gets these types too, since a model has looked for them in the whole passage. For types that are
    already listed, the annotators' labels are kept.

    Args:
        passage: as it was annotated.
        looked_for: the mentions that models found, by type.
    """
    own = {mention.type for mention in passage.mentions} | set(passage.annotated or ())
    fresh = [name for name in looked_for if name not in own]
    added = {mention for name in fresh for mention in looked_for[name]}
    mentions = sorted({*passage.mentions, *added}, key=lambda mention: (mention.start, mention.end, mention.type))
    annotated = None if passage.annotated is None else (*passage.annotated, *sorted(fresh))
    return replace(passage, mentions=tuple(mentions), annotated=annotated)


def _filled(
    passage: AnnotatedPassage, looked_for: Mapping[str, Sequence[AnnotatedMention]] | None, report: FillReport
) -> AnnotatedPassage:
    report.passages += 1
    if looked_for is None:
        report.without_counterpart += 1
        return passage
    filled = fill_passage(passage, looked_for)
    added = Counter(mention.type for mention in filled.mentions)
    added.subtract(mention.type for mention in passage.mentions)
    report.added += added
    report.filled += added.total() > 0
    return filled


def _finish(store: Store, described: Sequence[tuple[str, str, str]], report: FillReport) -> None:
    rows = [dict(zip(DESCRIPTION_SCHEMA.names, row, strict=True)) for row in described]
    if rows:
        table = pa.Table.from_pylist(rows, schema=DESCRIPTION_SCHEMA)
        store.put(f"{DESCRIPTIONS}/000000.parquet", parquet_bytes(table))
    report.undescribed = sorted(report.added.keys() - {name for name, _, _ in described})
    store.put(REPORT, json.dumps(report.as_json(), indent=1).encode())
