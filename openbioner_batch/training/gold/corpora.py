"""Annotated corpora to learn from: their documents, and the catalog's types of their labels."""

from __future__ import annotations

import dataclasses
import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from openbioner_batch.errors import UsageError

MIXTURE = Path(__file__).with_name("corpora.yaml")
DERIVED = "~"
"""What labels begin with that rules derive from others."""
_PARENTHESIS = re.compile(r"^(?P<long>.+?)\s*\((?P<short>[^()]+)\)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class LabelledSpan:
    """A gold mention: half-open code-point offsets and the corpus's own label."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class LabelledDocument:
    """A text with its gold mentions, which may overlap or nest."""

    id: str
    text: str
    spans: tuple[LabelledSpan, ...]


@dataclass(frozen=True, slots=True)
class LabelledCorpus:
    """A corpus in the training mixture."""

    name: str
    licence: str
    credit: str
    types: Mapping[str, tuple[str, ...]]
    """Each catalog type that this corpus annotates throughout, with its labels. Labels in `~` are
    derived from others by rule: see `derived.py`."""
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For each kind of name that the rules need, the labels that mark it."""
    longest: int | None = None
    """Spans of more words are neither positive nor negative."""
    split_parentheses: bool = False
    """Whether a span `long form (short form)` is really two mentions."""


def read_mixture(path: Path) -> list[LabelledCorpus]:
    """The corpora of a mixture file (YAML; layout as in `corpora.yaml` beside this module).

    Raises:
        UsageError: an unknown key.
    """
    raw = yaml.safe_load(path.read_text("utf-8"))
    corpora = []
    for name, entry in raw.items():
        unknown = set(entry) - {field.name for field in dataclasses.fields(LabelledCorpus)} | {"name"} & set(entry)
        if unknown:
            raise UsageError(f"{path}: corpus {name!r} has unknown key {sorted(unknown)[0]!r}")
        types, names = (
            {kind: tuple(labels) for kind, labels in entry.pop(key, {}).items()} for key in ("types", "names")
        )
        corpora.append(LabelledCorpus(name=name, types=types, names=names, **entry))
    return corpora


def derived_types(path: Path = MIXTURE) -> frozenset[str]:
    """The types of a mixture file all of whose mentions rules derive, in every corpus.

    Raises:
        UsageError: see `read_mixture`.
    """
    labels: dict[str, list[str]] = {}
    for corpus in read_mixture(path):
        for kind, own in corpus.types.items():
            labels.setdefault(kind, []).extend(own)
    return frozenset(kind for kind, own in labels.items() if all(label.startswith(DERIVED) for label in own))


def read_documents(folder: Path, corpus: LabelledCorpus) -> Iterator[LabelledDocument]:
    """The documents of `folder/NAME.jsonl.gz`: objects with `id`, `text` and `spans` of [start, end, label].

    Raises:
        UsageError: the file does not exist.
    """
    path = folder / f"{corpus.name}.jsonl.gz"
    if not path.is_file():
        raise UsageError(f"{path}: no such corpus; expected one JSON document a line, gzipped")
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            raw = json.loads(line)
            spans = [LabelledSpan(*span) for span in raw["spans"]]
            if corpus.split_parentheses:
                spans = [part for span in spans for part in _split_parenthesis(span, raw["text"])]
            yield LabelledDocument(str(raw["id"]), raw["text"], tuple(spans))


def _split_parenthesis(span: LabelledSpan, text: str) -> list[LabelledSpan]:
    match = _PARENTHESIS.match(text[span.start : span.end])
    if not match:
        return [span]
    return [
        LabelledSpan(span.start + match.start(part), span.start + match.end(part), span.label)
        for part in ("long", "short")
    ]
