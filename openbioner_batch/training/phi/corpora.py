"""Corpora of protected health information: maps their labels to the catalog's types, splits them by template."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from openbioner_batch.errors import UsageError
from openbioner_batch.training.gold.corpora import LabelledDocument, LabelledSpan
from openbioner_batch.training.phi.templates import SPLITS, split_by_template

NEUTRAL, CLINICAL = "neutral", "clinical"

_NUMBER = re.compile(r"\d+")
_BARE_YEAR = re.compile(r"\d{4}")
_TITLE = re.compile(r"(?:Dr|Mr|Mrs|Ms|Prof)\.?\s+")
_NAME_WORD = re.compile(r"[^\W\d_][\w'-]+")


@dataclass(frozen=True, slots=True)
class GoldNote:
    """A note of which every identifier is known."""

    id: str
    text: str
    spans: tuple[LabelledSpan, ...]
    """The identifiers, labelled with types of the PHI catalog."""
    neutral: tuple[tuple[int, int], ...] = ()
    """Half-open ranges that count neither as found nor as wrongly found."""
    language: str = "en"
    split: str = ""
    """`development` or `test`; empty where the corpus is not split."""


@dataclass(frozen=True)
class PhiLabels:
    """The content of `labels.yaml`."""

    classes: Mapping[str, tuple[str, ...]]
    """Each coarse class with its types of the PHI catalog."""
    corpora: Mapping[str, Mapping[str, str]]
    """The meaning of each corpus's labels: a type, `neutral` or `clinical`."""
    gaps: Mapping[str, tuple[re.Pattern[str], ...]]
    """The identifiers that each corpus's authors left without annotation."""

    def coarse(self, kind: str) -> str:
        """The coarse class of a type of the PHI catalog; `other` if no class names it."""
        return next((name for name, kinds in self.classes.items() if kind in kinds), "other")


@cache
def phi_labels() -> PhiLabels:
    """The classes and the corpora's labels, from the package."""
    raw = yaml.safe_load(Path(__file__).with_name("labels.yaml").read_text("utf-8"))
    return PhiLabels(
        {name: tuple(kinds) for name, kinds in raw["classes"].items()},
        {name: corpus["labels"] for name, corpus in raw["corpora"].items()},
        {name: tuple(re.compile(gap) for gap in corpus["gaps"]) for name, corpus in raw["corpora"].items()},
    )


def read_phi_corpus(
    path: str | Path,
    split: str | None = None,
    languages: Sequence[str] | None = None,
    corpus: str | None = None,
    gaps: bool = True,
) -> list[GoldNote]:
    """The notes of `path`, in the corpus's order.

    Args:
        path: JSON lines, gzipped or not: `id`, `text`, `spans` of [start, end, label], perhaps `language`.
        split: `development` or `test` for that part of the split by template; None for both.
        languages: only notes in these (`en`, ...); None for all. A corpus that names no languages is all `en`.
        corpus: the name under which `labels.yaml` knows it, else the file's; labels of a corpus that it does not
            know must be types of the PHI catalog, and such a corpus is not split.
        gaps: whether what the authors are known to have left unannotated is neutral; otherwise finding it is wrong.

    Raises:
        UsageError: the file or split does not exist, or a label is unknown.
    """
    path = Path(path)
    name = corpus or path.name.partition(".")[0]
    if split is not None and split not in SPLITS:
        raise UsageError(f"split {split!r}: expected {' or '.join(SPLITS)}")
    if split and name not in phi_labels().corpora:
        known = ", ".join(phi_labels().corpora)
        raise UsageError(f"{path}: only {known} are split by template; leave out the split")
    rows = _read(path)
    documents = [
        LabelledDocument(str(row["id"]), row["text"], tuple(LabelledSpan(*span) for span in row["spans"]))
        for row in rows
    ]
    known_corpus = name in phi_labels().corpora
    splits = split_by_template(documents, name) if known_corpus else [""] * len(documents)
    notes = [
        _gold(document, name, str(row.get("language", "en")), its_split, gaps)
        for row, document, its_split in zip(rows, documents, splits, strict=True)
        if split in (None, its_split)
    ]
    return [note for note in notes if languages is None or note.language in languages]


def _read(path: Path) -> list[dict]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines if line.strip()]
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error}); expected JSON lines") from None


def _gold(document: LabelledDocument, corpus: str, language: str, split: str, gaps: bool) -> GoldNote:
    spans, neutral = [], []
    for span in document.spans:
        kind, text = _meaning(corpus, span.label), document.text[span.start : span.end]
        if kind == CLINICAL:
            continue
        if kind == NEUTRAL or not _identifies(kind, text):
            neutral.append((span.start, span.end))
        else:
            title = _TITLE.match(text) if kind in phi_labels().classes["names"] else None
            spans.append(LabelledSpan(span.start + (title.end() if title else 0), span.end, kind))
    if gaps and corpus in phi_labels().corpora:
        neutral += _gaps(document.text, spans, phi_labels().gaps[corpus])
    return GoldNote(document.id, document.text, tuple(spans), tuple(sorted(neutral)), language, split)


def _gaps(text: str, spans: Sequence[LabelledSpan], patterns: Sequence[re.Pattern[str]]) -> list[tuple[int, int]]:
    """The ranges of unannotated identifiers: by pattern, or as words of names annotated elsewhere."""
    found = [match.span(match.lastindex or 0) for pattern in patterns for match in pattern.finditer(text)]
    names = [text[span.start : span.end] for span in spans if span.label in phi_labels().classes["names"]]
    words = {re.escape(word) for name in names for word in _NAME_WORD.findall(name)}
    if words:
        found += [match.span() for match in re.finditer(rf"\b(?:{'|'.join(sorted(words))})\b", text)]
    return found


def _meaning(corpus: str, label: str) -> str:
    labels = phi_labels()
    if corpus in labels.corpora and label in labels.corpora[corpus]:
        return labels.corpora[corpus][label]
    if any(label in kinds for kinds in labels.classes.values()):
        return label
    raise UsageError(f"corpus {corpus!r} has the label {label!r}, which is not a type of the PHI catalog")


def _identifies(kind: str, text: str) -> bool:
    """Whether safe harbor requires that this value is removed: not for an age up to 89, nor for a year alone."""
    if kind == "age_over_89":
        return any(int(number) > 89 for number in _NUMBER.findall(text))
    return not (kind == "personal_date" and _BARE_YEAR.fullmatch(text))
