"""Gold corpora as training data: passages of whole sentences in the common layout, without benchmark sentences."""

from __future__ import annotations

import dataclasses
import itertools
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from openbioner_batch.catalog import load_catalog
from openbioner_batch.formats.iob import read_iob
from openbioner_batch.model.sentences import sentence_starts
from openbioner_batch.training.gold.corpora import (
    MIXTURE,
    LabelledCorpus,
    LabelledDocument,
    read_documents,
    read_mixture,
)
from openbioner_batch.training.gold.derived import anatomy_gazetteer, with_derived
from openbioner_batch.training.overlap import BenchmarkSentences
from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage
from openbioner_batch.training.silver.schema import DESCRIPTION_SCHEMA, passages_table

SHORTEST, LONGEST = 20, 140
"""Words of a passage: drawn evenly in between, so that there are both single sentences and paragraphs."""


@dataclass
class PassageCounts:
    """How many passages were kept, and how many were left out because they share a sentence with a benchmark."""

    kept: int = 0
    overlapping: int = 0


def cut_passages(
    documents: Iterable[LabelledDocument],
    corpus: LabelledCorpus,
    benchmarks: BenchmarkSentences,
    counts: PassageCounts,
    seed: int = 42,
) -> Iterator[AnnotatedPassage]:
    """The passages of a corpus's documents, of whole sentences, without those that share a sentence with a benchmark.

    Args:
        documents: with spans under all labels that `corpus.types` names.
        corpus: the corpus.
        benchmarks: sentences that passages must not contain.
        counts: added to.
        seed: of the passages' lengths; the same document is always cut the same way.
    """
    for document in documents:
        lengths = random.Random(f"{seed}/{corpus.name}/{document.id}")
        for number, (start, end) in enumerate(_runs(document.text, lengths)):
            text = document.text[start:end]
            if not text.strip():
                continue
            if benchmarks.shared_with(text):
                counts.overlapping += 1
                continue
            counts.kept += 1
            yield _passage(document, corpus, number, start, end)


def _runs(text: str, lengths: random.Random) -> Iterator[tuple[int, int]]:
    """Consecutive sentences of at most a drawn number of words together; a longer sentence is a separate run."""
    bounds = [*sentence_starts(text), len(text)]
    first, budget, words = bounds[0] if bounds else 0, lengths.randint(SHORTEST, LONGEST), 0
    for start, end in itertools.pairwise(bounds):
        count = len(text[start:end].split())
        if words and words + count > budget:
            yield first, start
            first, budget, words = start, lengths.randint(SHORTEST, LONGEST), 0
        words += count
    yield first, len(text)


def _passage(document: LabelledDocument, corpus: LabelledCorpus, number: int, start: int, end: int) -> AnnotatedPassage:
    types = {label: [name for name in corpus.types if label in corpus.types[name]] for label in _labels(corpus)}
    mentions: set[tuple[int, int, str]] = set()
    unsure: set[tuple[int, int]] = set()
    for span in document.spans:
        low, high = max(span.start, start) - start, min(span.end, end) - start
        if low >= high or span.label not in types:
            continue
        if corpus.longest and len(document.text[span.start : span.end].split()) > corpus.longest:
            unsure.add((low, high))
        else:
            mentions.update((low, high, name) for name in types[span.label])
    return AnnotatedPassage(
        f"{document.id}/{number}",
        corpus.name,
        document.text[start:end],
        tuple(AnnotatedMention(*mention) for mention in sorted(mentions)),
        tuple(sorted(unsure)),
        tuple(corpus.types),
    )


def _labels(corpus: LabelledCorpus) -> list[str]:
    return sorted({label for labels in corpus.types.values() for label in labels})


def write_gold(
    corpora: Path, output: Path, benchmarks: Path, mixture: Sequence[LabelledCorpus] | None = None
) -> dict[str, dict[str, int]]:
    """Write `output/passages/CORPUS.parquet` and `output/descriptions/catalog.parquet`; the counts, by corpus.

    Args:
        corpora: folder of NAME.jsonl.gz files.
        output: a local folder.
        benchmarks: folder of folders of TSV files, whose sentences (all splits) are kept out.
        mixture: which corpora, and the types of their labels; None takes `corpora.yaml` beside this module.

    Raises:
        UsageError: a corpus is missing.
    """
    mixture = read_mixture(MIXTURE) if mixture is None else mixture
    sentences = BenchmarkSentences(s.text for path in sorted(benchmarks.glob("*/*.tsv*")) for s in read_iob(path))
    anatomy = anatomy_gazetteer(
        (corpus, document) for corpus in mixture for document in read_documents(corpora, corpus)
    )
    counts: dict[str, dict[str, int]] = {}
    (output / "passages").mkdir(parents=True, exist_ok=True)
    for corpus in mixture:
        count = PassageCounts()
        documents = with_derived(read_documents(corpora, corpus), corpus, anatomy)
        passages = list(cut_passages(documents, corpus, sentences, count))
        pq.write_table(passages_table(passages), output / "passages" / f"{corpus.name}.parquet", compression="zstd")
        counts[corpus.name] = dataclasses.asdict(count)
    write_catalog_descriptions(output, sorted({name for corpus in mixture for name in corpus.types}))
    (output / "counts.json").write_text(json.dumps(counts, indent=2) + "\n")
    return counts


def write_catalog_descriptions(output: Path, types: Sequence[str]) -> None:
    """Write the catalog's views of `types`, and their names in words as view `name`, below `output`."""
    catalog = load_catalog()
    rows = [
        {"entity_type": name, "view": view, "description": description}
        for name in types
        for view, description in {"name": name.replace("_", " "), **catalog.lookup(name).descriptions}.items()
    ]
    (output / "descriptions").mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=DESCRIPTION_SCHEMA), output / "descriptions" / "catalog.parquet")
