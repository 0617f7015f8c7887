"""The layouts of published training sets, read row by row; a bad row does not end the reading."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow.parquet as pq

from openbioner_batch.errors import UsageError
from openbioner_batch.formats.base import InputFile
from openbioner_batch.formats.iob import make_sentence
from openbioner_batch.formats.storage import open_input, open_stored
from openbioner_batch.records import Rejected
from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage
from openbioner_batch.training.silver.marked import read_marked_passages
from openbioner_batch.training.silver.typenames import normalise_type

NO_LIST = "the column {} holds no list of strings"
SURE = 0.5
"""The score from which a span of another model is a mention."""
BAD_SPANS = "spans are not [start, end, type] within the text"

Item = AnnotatedPassage | tuple[str, str] | Rejected
"""A passage, a type with its description, or a bad row."""


def read_iob_rows(file: InputFile, source: str) -> Iterator[Item]:
    """Rows of Parquet with `tokens` and `ner_tags`: lists, or strings that are Python literals of lists.

    Raises:
        UsageError: columns are missing.
    """
    for number, row in _rows(file, ("tokens", "ner_tags")):
        try:
            tokens, tags = _strings(row, "tokens"), _strings(row, "ner_tags")
            sentence = make_sentence(tokens, tags)
        except _BadRowError as error:
            yield Rejected(file.uri, number, str(error))
        except ValueError:
            yield Rejected(file.uri, number, "tokens and IOB tags do not match")
        else:
            found = [(span.start, span.end, span.type) for span in sentence.spans]
            yield _passage(f"{_stem(file)}-{number}", source, sentence.text, found, file.uri, number)


def read_description_rows(file: InputFile, source: str) -> Iterator[Item]:
    """Rows of Parquet with `entity_type` and `description`.

    Raises:
        UsageError: columns are missing.
    """
    for number, row in _rows(file, ("entity_type", "description")):
        name, description = row["entity_type"], row["description"]
        if not isinstance(name, str) or not isinstance(description, str) or not description.strip():
            yield Rejected(file.uri, number, "no type or no description")
        elif (type := normalise_type(name)) is None:
            yield Rejected(file.uri, number, "the type's name is unusable")
        else:
            yield type, " ".join(description.split())


def read_jsonl_rows(file: InputFile, source: str) -> Iterator[Item]:
    """Lines `{"id", "text", "spans": [[start, end, type], ...]}`, plain or packed."""
    for number, row in _lines(file):
        try:
            text = row["text"]
            spans = [(int(start), int(end), str(type)) for start, end, type in row["spans"]]
            if not isinstance(text, str) or not text.strip():
                raise ValueError
        except (ValueError, LookupError, TypeError):
            yield Rejected(file.uri, number, 'not a JSON object with "text" and "spans"')
            continue
        yield _passage(f"{row.get('id', number)}", source, text, spans, file.uri, number)


def read_run_rows(file: InputFile, source: str) -> Iterator[Item]:
    """Rows of `annotate --include-text`: another model's spans as labels.

    Spans with a score of `SURE` and more are mentions, as are doubtful ones that overlap these; other doubtful spans
    are unsure.

    Raises:
        UsageError: columns are missing.
    """
    for number, row in _rows(file, ("document_id", "text", "spans")):
        try:
            text, spans = row["text"], [(s["start"], s["end"], s["type"], s["score"]) for s in row["spans"]]
        except (LookupError, TypeError):
            raise UsageError(f"{file.uri} holds no spans with scores: choose another --layout") from None
        sure = [(start, end) for start, end, _, score in spans if score >= SURE]
        kept = [s[:3] for s in spans if any(start < s[1] and s[0] < end for start, end in sure)]
        doubtful = {s[:2] for s in spans} - {s[:2] for s in kept}
        if isinstance(text, str) and text.strip():
            yield _passage(str(row["document_id"]), source, text, kept, file.uri, number, doubtful)
        else:
            yield Rejected(file.uri, number, "no text: was the run made with --include-text?")


def _lines(file: InputFile) -> Iterator[tuple[int, Any]]:
    """Line numbers with the lines' JSON; None where a line is not JSON. Empty lines are skipped."""
    with open_input(file) as stream:
        for number, line in enumerate(stream):
            if line.strip():
                try:
                    yield number, json.loads(line)
                except (ValueError, RecursionError):
                    yield number, None


def read_text_rows(file: InputFile, source: str) -> Iterator[Item]:
    """Lines `{"id", "text"}`, plain or packed: text without annotations, for distillation."""
    for number, row in _lines(file):
        text = row.get("text") if isinstance(row, dict) else None
        if isinstance(text, str) and text.strip():
            yield AnnotatedPassage(f"{row.get('id', number)}", source, text, ())
        else:
            yield Rejected(file.uri, number, 'not a JSON object with "text"')


def read_type_lines(file: InputFile, source: str) -> Iterator[Item]:
    """Lines of a type, maybe other columns, and its definition, separated by tabs."""
    with open_input(file) as stream:
        for number, line in enumerate(stream):
            name, *others = line.decode("utf-8", "replace").rstrip("\r\n").split("\t")
            if not others:
                if name.strip():
                    yield Rejected(file.uri, number, "no tab between a type and its definition")
            elif (type := normalise_type(name)) is None:
                yield Rejected(file.uri, number, "the type's name is unusable")
            elif not others[-1].strip():
                yield Rejected(file.uri, number, "no type or no description")
            else:
                yield type, " ".join(others[-1].split())


Reader = Callable[[InputFile, str], Iterator[Item]]


@dataclass(frozen=True, slots=True)
class PublishedLayout:
    """The layout of a published set.

    Attributes:
        read: its rows.
        suffixes: of its files.
        closed: whether all mentions of all types of the set are marked; otherwise passages may have their own lists.
    """

    read: Reader
    suffixes: tuple[str, ...]
    closed: bool = False


LAYOUTS: Mapping[str, PublishedLayout] = {
    "pile-ner-iob": PublishedLayout(read_iob_rows, (".parquet", ".pq")),
    "pile-ner-descriptions": PublishedLayout(read_description_rows, (".parquet", ".pq")),
    "pii-masking-iob": PublishedLayout(read_iob_rows, (".parquet", ".pq"), closed=True),
    "jsonl": PublishedLayout(read_jsonl_rows, (".jsonl", ".ndjson", ".json")),
    "run": PublishedLayout(read_run_rows, (".parquet",), closed=True),
    "text-jsonl": PublishedLayout(read_text_rows, (".jsonl", ".ndjson", ".json"), closed=True),
    "marked": PublishedLayout(read_marked_passages, (".txt",)),
    "types-tsv": PublishedLayout(read_type_lines, (".tsv",)),
}
"""By name. `run` is the data folder of a run of `annotate`; `text-jsonl` has no labels: a model learns only
from a teacher's judgement of it."""


class _BadRowError(Exception):
    """A row that cannot be read; the message does not quote it."""


def _rows(file: InputFile, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    with open_stored(file) as stream:
        table = pq.ParquetFile(stream)
        if missing := [name for name in columns if name not in table.schema_arrow.names]:
            has = ", ".join(table.schema_arrow.names)
            raise UsageError(f"{file.uri} has no column {missing[0]!r} (it has: {has}): choose another --layout")
        number = 0
        for batch in table.iter_batches(batch_size=1000, columns=list(columns)):
            for row in batch.to_pylist():
                yield number, row
                number += 1


def _strings(row: Mapping[str, Any], column: str) -> list[str]:
    value = row[column]
    if isinstance(value, str):
        try:
            value = ast.literal_eval(value)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            raise _BadRowError(NO_LIST.format(column)) from None
    if not isinstance(value, list | tuple) or not value or not all(isinstance(item, str) for item in value):
        raise _BadRowError(NO_LIST.format(column))
    return list(value)


def _passage(
    id: str,
    source: str,
    text: str,
    spans: Sequence[tuple[int, int, str]],
    uri: str,
    number: int,
    doubtful: Collection[tuple[int, int]] = (),
) -> AnnotatedPassage | Rejected:
    """A passage with normalised types; mentions whose type's name is unusable are unsure."""
    named = [(start, end, normalise_type(type)) for start, end, type in spans]
    mentions = {AnnotatedMention(start, end, type) for start, end, type in named if type is not None}
    unsure = {*doubtful, *((start, end) for start, end, type in named if type is None)}
    try:
        ordered = sorted(mentions, key=lambda mention: (mention.start, mention.end, mention.type))
        return AnnotatedPassage(id, source, text, tuple(ordered), tuple(sorted(unsure)))
    except ValueError:
        return Rejected(uri, number, BAD_SPANS)


def _stem(file: InputFile) -> str:
    return file.uri.rpartition("/")[2].partition(".")[0]
