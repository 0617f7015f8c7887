"""The first annotated documents of a run, read from its output without reading the rest."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from openbioner_batch.engine.names import DATA
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.tables import open_table
from openbioner_batch.engine.work import COUNTS_KEY
from openbioner_batch.errors import UsageError
from openbioner_batch.formats.writing import span_tuples
from openbioner_batch.records import Span

ROWS_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class AnnotatedDocument:
    """A row of a run's output that has spans."""

    id: str
    spans: tuple[Span, ...]
    text: str | None
    """None where the run did not keep the texts."""


def said_of(span: Span) -> str:
    """What a text says of a span, and the section that it stands in, in words; empty where there is neither."""
    said = ", ".join(span.assertion.words) if span.assertion else ""
    return "; ".join(part for part in (said, f"section {span.section}" if span.section else "") if part)


def read_annotated(output: str, count: int, kinds: Collection[str] = ()) -> list[AnnotatedDocument]:
    r"""The first documents of a run that have spans, in the order of its shards.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from openbioner_batch import AnnotateSettings, annotate
    >>> from openbioner_batch.concepts import build_vocabulary
    >>> folder = TemporaryDirectory()
    >>> names, notes, run = (f"{folder.name}/{name}" for name in ("names.csv", "notes.jsonl", "run"))
    >>> _ = Path(names).write_text("id,name\nX:1,fever\n")
    >>> _ = Path(notes).write_text('{"id": "1", "text": "No fever."}')
    >>> index = build_vocabulary(names, f"{folder.name}/names.vocab").path
    >>> settings = AnnotateSettings((notes,), run, dictionary=(f"symptom={index}",), executor="in-process")
    >>> _ = annotate(settings, say=lambda line: None)
    >>> [(document.id, [span.text for span in document.spans]) for document in read_annotated(run, count=5)]
    [('1', ['fever'])]

    Args:
        output: the folder of a run, local or any fsspec URL.
        count: how many documents at most.
        kinds: leave only the spans of these types, and the documents that have one; none leaves all.

    Raises:
        UsageError: the folder holds no run, or the run no span of those types.
    """
    store, names = annotated_files(output)
    types: set[str] = set()
    documents = list(islice(_documents(store, names, kinds, types), count))
    if kinds and not documents and types.isdisjoint(kinds):
        wanted = " or ".join(map(repr, kinds))
        raise UsageError(f"{output} has no spans of type {wanted}; it has {', '.join(sorted(types)) or 'no spans'}")
    return documents


def annotated_files(output: str) -> tuple[Store, list[str]]:
    """A tagging run's folder and the names of its data files.

    Raises:
        UsageError: the folder holds no run, or one without spans, such as a run of `deidentify`.
    """
    store = Store(output)
    names = [f"{DATA}/{name}" for name in store.names(DATA) if name.endswith(".parquet")]
    if names:
        with open_table(store, names[0]) as parquet:
            columns = parquet.schema_arrow.names
        if "spans" in columns:
            return store, names
    raise UsageError(f"{output} holds no annotations: expected {DATA}/*.parquet in it, as `annotate` writes them")


def _documents(
    store: Store, names: Sequence[str], kinds: Collection[str], types: set[str]
) -> Iterator[AnnotatedDocument]:
    """The documents with spans, shard after shard; `types` gathers the types of the shards that were opened."""
    for name in names:
        with open_table(store, name) as parquet:
            counted = (parquet.schema_arrow.metadata or {}).get(COUNTS_KEY)
            if counted is not None:
                here = json.loads(counted)["spans"]
                types.update(here)
                if kinds and here.keys().isdisjoint(kinds):
                    continue
            others = [column for column in ("document_id", "text") if column in parquet.schema_arrow.names]
            for batch in parquet.iter_batches(ROWS_AT_ONCE, columns=[*others, "spans"]):
                rows = zip(batch.select(others).to_pylist(), span_tuples(batch["spans"]), strict=True)
                for row, found in rows:
                    if spans := tuple(span for span in found if not kinds or span.type in kinds):
                        yield AnnotatedDocument(row["document_id"], spans, row.get("text"))
