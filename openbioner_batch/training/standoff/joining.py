"""Joins annotations with the documents that they are of."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from openbioner_batch.errors import UsageError
from openbioner_batch.formats import ReadOptions, find_inputs
from openbioner_batch.formats.listing import list_inputs
from openbioner_batch.records import Parsed
from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage
from openbioner_batch.training.silver.finishing import read_benchmarks
from openbioner_batch.training.silver.layouts import read_type_lines
from openbioner_batch.training.silver.schema import DESCRIPTION_SCHEMA, passages_table
from openbioner_batch.training.silver.typenames import normalise_type

ANNOTATIONS = Path(__file__).parent / "passages.jsonl.gz"
"""What the package carries; `types.tsv` beside it has the types' descriptions."""
OPEN, LISTED = "open", "listed"
_DIGITS = 16


@dataclass(frozen=True, slots=True)
class StandoffPassage:
    """The annotation of a passage, without its text.

    Attributes:
        id: of the passage.
        document: id of the document that it is of.
        parts: half-open offsets in the document's text with single spaces; the passage is these, joined by spaces.
        digest: the first digits of the SHA-256 of the passage's text.
        mentions: as [start, end, type], in the passage.
        absent: types that it surely has no mention of.
    """

    id: str
    document: str
    parts: tuple[tuple[int, int], ...]
    digest: str
    mentions: tuple[tuple[int, int, str], ...]
    absent: tuple[str, ...]


@dataclass(slots=True)
class JoinReport:
    """What became of the annotated passages, by the reason."""

    joined: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


def read_annotations(path: Path = ANNOTATIONS) -> Iterator[StandoffPassage]:
    """The annotations of a file, one JSON object a line, gzipped.

    Raises:
        UsageError: a line is of another form.
    """
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield _annotation(json.loads(line))
            except (ValueError, LookupError, TypeError):
                raise UsageError(f"{path}, line {number}: not the annotation of a passage") from None


def text_of(passage: StandoffPassage, document: str) -> str | None:
    """The passage's text, from its document's; None where that is another text than was annotated."""
    plain = " ".join(document.split())
    text = " ".join(plain[start:end] for start, end in passage.parts)
    return text if digest_of(text) == passage.digest else None


def digest_of(text: str) -> str:
    """What tells a passage's text from others."""
    return sha256(text.encode()).hexdigest()[:_DIGITS]


def join(
    annotations: Iterable[StandoffPassage], texts: Sequence[str], benchmarks: str | None, report: JoinReport
) -> list[AnnotatedPassage]:
    """The annotated passages whose documents are among the texts, with closed lists of types.

    Args:
        annotations: of passages.
        texts: files or folders of any input format.
        benchmarks: a folder of corpora; passages that share a sentence with one are left out. None leaves none out.
        report: is added to.

    Raises:
        UsageError: a text or the benchmarks cannot be read.
    """
    shared = read_benchmarks(benchmarks) if benchmarks else None
    wanted: dict[str, list[StandoffPassage]] = {}
    for passage in annotations:
        wanted.setdefault(passage.document, []).append(passage)
    found: dict[str, AnnotatedPassage] = {}
    reasons = {passage.id: "its document is not among the texts" for of in wanted.values() for passage in of}
    for name, document in _documents(texts):
        for passage in wanted.get(name, ()):
            text = text_of(passage, document)
            if text is None:
                reasons[passage.id] = "its document has another text"
            elif shared and shared.shared_with(text):
                reasons[passage.id] = "it shares a sentence with a benchmark"
            else:
                found[passage.id] = _joined(passage, text)
    report.joined = len(found)
    report.left_out.update(reason for id, reason in reasons.items() if id not in found)
    return [found[passage.id] for of in wanted.values() for passage in of if passage.id in found]


def write_joined(passages: Sequence[AnnotatedPassage], descriptions: Mapping[str, Sequence[str]], output: Path) -> None:
    """Write two folders of training data below `output`, each with all passages and descriptions.

    In `open` any type that is not near one of a passage is absent from it; `listed` says nothing of types beyond those
    that its annotators found or looked for.
    """
    rows = [
        {"entity_type": name, "view": f"definition {number}" if number > 1 else "definition", "description": text}
        for name, texts in sorted(descriptions.items())
        for number, text in enumerate(texts, 1)
    ]
    for folder, part in ((OPEN, [replace(one, annotated=None) for one in passages]), (LISTED, list(passages))):
        for name in ("passages", "descriptions"):
            (output / folder / name).mkdir(parents=True, exist_ok=True)
        pq.write_table(passages_table(part), output / folder / "passages" / "000000.parquet", compression="zstd")
        table = pa.Table.from_pylist(rows, schema=DESCRIPTION_SCHEMA)
        pq.write_table(table, output / folder / "descriptions" / "000000.parquet", compression="zstd")


def read_types(annotations: Path = ANNOTATIONS) -> dict[str, list[str]]:
    """The descriptions of each type, from `types.tsv` beside the annotations.

    Raises:
        UsageError: a line is no type with a description.
    """
    path = annotations.with_name("types.tsv")
    found: dict[str, list[str]] = {}
    for item in read_type_lines(list_inputs([str(path)], (".tsv",))[0], ""):
        if not isinstance(item, tuple):
            raise UsageError(f"{path}: a line is not a type and its description, with a tab between them")
        found.setdefault(item[0], []).append(item[1])
    return found


def _documents(texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    for path in texts:
        format, files = find_inputs([path])
        options = format.resolve(files, ReadOptions())
        for split in format.splits(files):
            for record in format.read(split, options):
                if isinstance(record, Parsed):
                    yield record.document.id, record.document.text


def _annotation(raw: Any) -> StandoffPassage:
    parts = tuple((int(start), int(end)) for start, end in raw["parts"])
    mentions = tuple((int(start), int(end), _type(name)) for start, end, name in raw["spans"])
    absent = tuple(_type(name) for name in raw["absent"])
    return StandoffPassage(str(raw["id"]), str(raw["document"]), parts, str(raw["sha256"]), mentions, absent)


def _type(name: str) -> str:
    normal = normalise_type(name)
    if normal is None:
        raise ValueError(name)
    return normal


def _joined(passage: StandoffPassage, text: str) -> AnnotatedPassage:
    mentions = tuple(AnnotatedMention(*mention) for mention in sorted(set(passage.mentions)))
    listed = tuple(sorted({mention.type for mention in mentions} | set(passage.absent)))
    return AnnotatedPassage(passage.id, "standoff", text, mentions, (), listed)
