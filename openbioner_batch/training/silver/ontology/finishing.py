"""The last step: from the names that were found in all passages to types, descriptions and passages to learn from."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from openbioner_batch.engine.ledger import Totals
from openbioner_batch.engine.names import DATA, REPORT
from openbioner_batch.engine.request import Say
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.tables import open_table, parquet_bytes
from openbioner_batch.errors import UsageError
from openbioner_batch.training.nearness import NearTypes, TypeFacts
from openbioner_batch.training.passages import AnnotatedPassage
from openbioner_batch.training.silver.filters import PassageFilter, RawPassage
from openbioner_batch.training.silver.finishing import read_benchmarks, remove_derived
from openbioner_batch.training.silver.ontology.classes import Classes
from openbioner_batch.training.silver.ontology.counting import TextCounts
from openbioner_batch.training.silver.ontology.finding import NameFinder
from openbioner_batch.training.silver.ontology.graph import found_in
from openbioner_batch.training.silver.ontology.labelling import Labeller, PassageNames
from openbioner_batch.training.silver.ontology.selecting import ClassCounts, Type, select_types
from openbioner_batch.training.silver.ontology.settings import OntologySettings
from openbioner_batch.training.silver.ontology.views import views
from openbioner_batch.training.silver.report import SilverReport
from openbioner_batch.training.silver.schema import DESCRIPTION_SCHEMA, passages_table
from openbioner_batch.training.silver.settings import FilterSettings
from openbioner_batch.training.sources import DESCRIPTIONS, PASSAGES

NO_TYPE = "no type is left"
NOT_CHOSEN = "others have more or rarer types"
FILTERS = FilterSettings(keep_empty=True)
"""The filters of `silver annotate` that judge a passage's text."""


@dataclass(slots=True)
class OntologyReport(SilverReport):
    """Counts over a folder of silver data from ontologies."""

    queried: int = 0
    """Types queried in some passage, present or absent."""
    absent: int = 0
    """Pairs of a passage and a type that it surely lacks: sure negatives."""
    classes: Counter[str] = field(default_factory=Counter)
    """Classes of each vocabulary."""
    vocabulary_mentions: Counter[str] = field(default_factory=Counter)
    """Mentions kept of types of each vocabulary; those of a type that is of two count for both."""

    def as_json(self) -> dict[str, Any]:
        """The report as it stands in the folder."""
        whole = SilverReport.as_json(self)
        whole["types"] |= {"queried": self.queried, "absent": self.absent}
        whole["vocabularies"] = {
            path: {"classes": count, "mentions": self.vocabulary_mentions[path]} for path, count in self.classes.items()
        }
        del whole["cost"]
        return whole

    def lines(self) -> list[tuple[str, str]]:
        """Labels and values to show."""
        return [
            *SilverReport.lines(self),
            ("types queried, present or absent", f"{self.queried:,}"),
            ("sure negatives: types that a passage surely lacks", f"{self.absent:,}"),
            *(
                (f"{what} of {path}", f"{counts[what]:,}")
                for path, counts in self.as_json()["vocabularies"].items()
                for what in ("classes", "mentions")
            ),
        ]


def finish(
    store: Store,
    settings: OntologySettings,
    classes: Classes,
    finder: NameFinder,
    unwanted: Callable[[str], bool],
    totals: Totals,
    say: Say,
) -> OntologyReport:
    """Write `passages/`, `descriptions/` and the report from `data/`.

    Three passes, a shard at a time: what is counted, which passages are best, and how they are labelled. Memory holds
    counts of classes, names and words, a byte and a hash for each passage, and the types of those that are kept.

    Args:
        store: the run's folder, all names found.
        settings: the request.
        classes: of the vocabularies.
        finder: that found them.
        unwanted: says of a type's name that no such type is made.
        totals: of the run.
        say: called with what is being done.

    Raises:
        UsageError: a file that the request names cannot be read, or no type has enough names.
    """
    names = store.names(DATA)
    benchmarks = read_benchmarks(settings.exclude) if settings.exclude else None
    say(f"labelling {len(names):,} shards of passages")
    report = OntologyReport(store.url, quarantined=totals.quarantined)
    counts, dropped = _filtered_counts(_passages(store, names, classes), PassageFilter(FILTERS, benchmarks), report)
    frequent = counts.too_frequent(settings.max_share)
    known = counts.without(frequent)
    types = select_types(classes, known, settings.min_names, settings.min_mentions, lambda name: not unwanted(name))
    if not types:
        raise UsageError(
            f"no class has a definition and {settings.min_names} names in the texts: give more TEXT, vocabularies with "
            "definitions, or smaller --min-names and --min-mentions" + _left_out(len(frequent), settings.max_share)
        )
    labeller = Labeller(classes, types, frequent, finder.heads, counts.words, settings.rare, settings.absent)

    def good() -> Iterator[tuple[int, PassageNames]]:
        numbered = enumerate(_passages(store, names, classes))
        return ((number, passage) for number, passage in numbered if not dropped[number])

    chosen, share = _choose(good(), labeller, types, settings)
    report.dropped_passages[NOT_CHOSEN] += counts.passages - len(chosen) if settings.passages else 0

    def labelled() -> Iterator[AnnotatedPassage | None]:
        for number, passage in good():
            if number in chosen:
                judged = labeller.present_types(passage)
                report.dropped_mentions.update(item.doubt for item in judged.found if item.doubt)
                yield labeller.label(passage, judged, settings.source, share)

    publish(store, labelled(), report, types, classes, known, counts.spellings())
    return report


def _left_out(frequent: int, max_share: float) -> str:
    """What an error says of names that were left out as too common, which in few texts may be all."""
    names = "name is" if frequent == 1 else "names are"
    much = f"in more than {max_share:g} of the passages and left out: give a larger --max-share"
    return f"; {frequent:,} {names} {much}" if frequent else ""


def publish(
    store: Store,
    labelled: Iterable[AnnotatedPassage | None],
    report: OntologyReport,
    types: Sequence[Type],
    classes: Classes,
    counts: ClassCounts,
    spellings: dict[str, str],
) -> None:
    """Write passages, descriptions of the types that they query, and the report.

    Args:
        store: the folder.
        labelled: the passages; None for one without a type.
        report: counts up, and is written.
        types: that may be queried.
        classes: of the vocabularies.
        counts: what was found of each class.
        spellings: for each form of a name how the texts write it most often.
    """
    remove_derived(store)
    queried: set[str] = set()
    writer = _Writer(store)
    for passage in labelled:
        _count(passage, report)
        if passage is not None:
            queried.update(passage.annotated or ())
            writer.add(passage)
    writer.close()
    report.queried = len(queried)
    _count_vocabularies(report, types, classes)
    _describe(store, [kind for kind in types if kind.name in queried], classes, counts, spellings)
    store.put(REPORT, report.to_bytes())


def _passages(store: Store, names: Sequence[str], classes: Classes) -> Iterator[PassageNames]:
    for name in names:
        with open_table(store, f"{DATA}/{name}") as table:
            rows = table.read(["document_id", "start", "text", "found"]).to_pylist()
        for index, row in enumerate(rows):
            passage_id = f"{name.removesuffix('.parquet')}-{index:04d} {row['document_id']}@{row['start']}"
            yield PassageNames(passage_id, row["text"], tuple(found_in(row, classes)))


def unwanted_types(path: str | None) -> Callable[[str], bool]:
    """Whether a type's name is like one of those in a file.

    Raises:
        UsageError: the file cannot be read.
    """
    if path is None:
        return lambda name: False
    try:
        with open(path, encoding="utf-8") as file:
            lines = [line.strip() for line in file]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--without {path} cannot be read: {type(error).__name__}") from None
    near = NearTypes([TypeFacts(line.lower().replace(" ", "_")) for line in lines if line])
    return lambda name: bool(near.near(TypeFacts(name)))


def _filtered_counts(
    passages: Iterable[PassageNames], passage_filter: PassageFilter, report: OntologyReport
) -> tuple[TextCounts, bytearray]:
    """What the passages that pass the filter hold, and for each passage whether it is dropped."""
    counts = TextCounts()
    dropped = bytearray()
    for passage in passages:
        problem = passage_filter.problem(RawPassage(passage.text, (), 0))
        dropped.append(problem is not None)
        if problem is None:
            counts.add(passage)
        else:
            report.dropped_passages[problem] += 1
    return counts, dropped


def _choose(
    passages: Iterator[tuple[int, PassageNames]], labeller: Labeller, types: Sequence[Type], settings: OntologySettings
) -> tuple[set[int], dict[int, float]]:
    """The passages to keep, by number, and for each type the share of them in which it is queried."""
    best: list[tuple[float, int, tuple[int, ...]]] = []
    present: Counter[int] = Counter()
    kept: set[int] = set()
    for number, passage in passages:
        found = labeller.present_types(passage).present
        if settings.passages is None:
            kept.add(number)
            present.update(found)
            continue
        worth = sum(types[kind].mentions ** -0.5 for kind in found)
        (heapq.heappush if len(best) < settings.passages else heapq.heappushpop)(best, (worth, -number, found))
    for _, number, found in best:
        kept.add(-number)
        present.update(found)
    return kept, {kind: settings.passages_per_type / count for kind, count in present.items()}


def _count(passage: AnnotatedPassage | None, report: OntologyReport) -> None:
    if passage is None:
        report.dropped_passages[NO_TYPE] += 1
        return
    report.passages += 1
    report.mentions += len(passage.mentions)
    present = [mention.type for mention in passage.mentions]
    report.types.update(present)
    report.absent += len(set(passage.annotated or ()).difference(present))


def _count_vocabularies(report: OntologyReport, types: Sequence[Type], classes: Classes) -> None:
    report.classes.update(classes.path(part) for part in classes.part)
    for kind in types:
        for path in {classes.path(classes.part[number]) for number in kind.classes}:
            report.vocabulary_mentions[path] += report.types[kind.name]


def _describe(
    store: Store, types: Sequence[Type], classes: Classes, counts: ClassCounts, spellings: dict[str, str]
) -> None:
    rows = [
        {"entity_type": kind.name, "view": view, "description": text}
        for kind in types
        for view, text in views(kind, classes, counts, spellings)
    ]
    table = pa.Table.from_pylist(rows, schema=DESCRIPTION_SCHEMA)
    store.put(f"{DESCRIPTIONS}/000000.parquet", parquet_bytes(table))


@dataclass(slots=True)
class _Writer:
    """Writes passages to numbered files."""

    store: Store
    most: int = 2000
    files: int = 0
    waiting: list[AnnotatedPassage] = field(default_factory=list)

    def add(self, passage: AnnotatedPassage) -> None:
        """Take a passage; writes a file when it is full."""
        self.waiting.append(passage)
        if len(self.waiting) == self.most:
            self.close()

    def close(self) -> None:
        """Write what is left."""
        if self.waiting:
            self.store.put(f"{PASSAGES}/{self.files:06d}.parquet", parquet_bytes(passages_table(self.waiting)))
            self.files += 1
            self.waiting = []
