"""The last step of silver data: the LLM's answers, filtered over the whole corpus, as passages to learn from."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields

from openbioner_batch.engine.ledger import Totals
from openbioner_batch.engine.names import DATA, REPORT
from openbioner_batch.engine.request import Say
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.tables import open_table, parquet_bytes
from openbioner_batch.training.overlap import BenchmarkSentences
from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage
from openbioner_batch.training.silver.filters import (
    NO_MENTION,
    RARE_TYPE,
    PassageFilter,
    RawPassage,
    mention_problem,
    without,
)
from openbioner_batch.training.silver.report import SilverReport
from openbioner_batch.training.silver.schema import passages_table
from openbioner_batch.training.silver.settings import FilterSettings, SilverSettings
from openbioner_batch.training.silver.typenames import merge_near_duplicates
from openbioner_batch.training.sources import DESCRIPTIONS, PASSAGES

STATE = "_run/filter.json"
DERIVED = (PASSAGES, DESCRIPTIONS, "_describe")
"""Folders that are made from the answers."""
FILES = (REPORT, STATE, "types.jsonl", "types.yaml")


@dataclass(slots=True)
class _Types:
    """What the first pass learns: how often each type is mentioned, and which are misspellings of others."""

    counts: Counter[str]
    merged: dict[str, str]

    def resolve(self, type: str) -> str:
        return self.merged.get(type, type)


def finish_annotating(store: Store, settings: SilverSettings, totals: Totals, say: Say) -> SilverReport:
    """Write `passages/` and the report from `data/`, or what is missing of them.

    Two passes over the answers, a shard at a time: type frequencies need the whole, and memory holds no more than
    these and a hash of each passage.

    Args:
        store: the run's folder, its annotation finished.
        settings: the request.
        totals: of the annotation.
        say: called with what is being done.

    Raises:
        UsageError: the benchmarks to exclude cannot be read.
    """
    names = store.names(DATA)
    benchmarks = read_benchmarks(settings.exclude) if settings.exclude else None
    state = json.dumps(
        {
            "filters": {field.name: getattr(settings, field.name) for field in fields(FilterSettings)},
            "source": settings.source,
            "benchmark_sentences": 0 if benchmarks is None else len(benchmarks),
            "shards": hashlib.sha256("\n".join(names).encode()).hexdigest(),
        }
    ).encode()
    if not store.exists(STATE) or store.get(STATE) != state:
        # Other filters, or more shards, may change any passage. Descriptions were paid for, and stay.
        store.remove_folder(PASSAGES)
        store.remove([REPORT])
        store.put(STATE, state)
    say(f"filtering {len(names):,} shards of answers into {store.url}/{PASSAGES}")
    types = _first_pass(store, names, settings, benchmarks)
    report = SilverReport(store.url, quarantined=totals.quarantined, merged=types.merged, amounts=totals.amounts)
    written = set(store.names(PASSAGES))
    passage_filter = PassageFilter(settings, benchmarks)
    for name in names:
        passages = [
            passage
            for row_id, raw in _raw(store, name)
            if (passage := _filtered(row_id, raw, passage_filter, types, settings, report)) is not None
        ]
        if passages and name not in written:
            store.put(f"{PASSAGES}/{name}", parquet_bytes(passages_table(passages)))
    if settings.price_in or settings.price_out:
        report.cost = settings.price(totals.amounts["prompt_tokens"], totals.amounts["completion_tokens"])
    store.put(REPORT, report.to_bytes())
    return report


def remove_derived(store: Store) -> None:
    """Remove all that is made from the answers, descriptions included."""
    for folder in DERIVED:
        store.remove_folder(folder)
    store.remove(list(FILES))


def read_benchmarks(folder: str) -> BenchmarkSentences:
    """The sentences of every benchmark in a folder.

    Raises:
        UsageError: the folder holds no benchmark.
    """
    from pathlib import Path

    from openbioner_batch.errors import UsageError
    from openbioner_batch.formats.iob import read_iob

    files = sorted(Path(folder).glob("**/*.tsv")) + sorted(Path(folder).glob("**/*.tsv.gz"))
    if not files:
        raise UsageError(f"--exclude {folder}: expected a folder with .tsv or .tsv.gz files of tokens and IOB tags")
    return BenchmarkSentences(sentence.text for path in files for sentence in read_iob(path))


def _raw(store: Store, name: str) -> Iterator[tuple[str, RawPassage]]:
    """The passages of a shard, with ids that are unique in the run and name the document."""
    with open_table(store, f"{DATA}/{name}") as table:
        rows = table.read(["document_id", "start", "text", "mentions", "unaligned"]).to_pylist()
    for index, row in enumerate(rows):
        passage_id = f"{name.removesuffix('.parquet')}-{index:04d} {row['document_id']}@{row['start']}"
        yield passage_id, RawPassage.from_row(row)


def _first_pass(
    store: Store, names: list[str], settings: FilterSettings, benchmarks: BenchmarkSentences | None
) -> _Types:
    passage_filter = PassageFilter(settings, benchmarks)
    counts: Counter[str] = Counter()
    for name in names:
        for _, raw in _raw(store, name):
            if passage_filter.problem(raw) is None:
                counts.update(
                    type
                    for mention, type in raw.mentions
                    if type is not None
                    and mention_problem(raw.text[mention.start : mention.end], type, settings) is None
                )
    merged = merge_near_duplicates(counts)
    for slip, type in merged.items():
        counts[type] += counts.pop(slip)
    return _Types(counts, merged)


def _filtered(
    passage_id: str,
    raw: RawPassage,
    passage_filter: PassageFilter,
    types: _Types,
    settings: SilverSettings,
    report: SilverReport,
) -> AnnotatedPassage | None:
    """The passage to learn from, None where it is dropped; counted in the report."""
    problem = passage_filter.problem(raw)
    if problem is not None:
        report.dropped_passages[problem] += 1
        return None
    kept: set[AnnotatedMention] = set()
    unsure: list[AnnotatedMention] = []
    reasons: Counter[str] = Counter()
    for mention, type in raw.mentions:
        reason = mention_problem(raw.text[mention.start : mention.end], type, settings)
        if reason is None and type is not None:
            type = types.resolve(type)
            reason = RARE_TYPE if types.counts[type] < settings.min_type_count else None
        if reason is None and type is not None:
            kept.add(AnnotatedMention(mention.start, mention.end, type))
        else:
            unsure.append(mention)
            reasons[str(reason)] += 1
    if not kept and not settings.keep_empty:
        report.dropped_passages[NO_MENTION] += 1
        return None
    report.passages += 1
    report.mentions += len(kept)
    report.types.update(mention.type for mention in kept)
    report.dropped_mentions.update(reasons)
    mentions = sorted(kept, key=lambda mention: (mention.start, mention.end, mention.type))
    ranges = without([(m.start, m.end) for m in unsure], [(m.start, m.end) for m in kept])
    return AnnotatedPassage(passage_id, settings.source, raw.text, tuple(mentions), tuple(ranges))
