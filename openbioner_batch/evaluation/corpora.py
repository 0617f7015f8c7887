"""The benchmark corpora that are known by name: their labels, the types queried, and their aliases."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

from openbioner_batch.formats.registry import COMPRESSIONS, GOLD_SUFFIXES

_SPLITS = re.compile(r"(train|training|dev|devel|development|valid|validation|test|testing)(set|ing)?$")
_KNOWN = {*COMPRESSIONS, *chain(*GOLD_SUFFIXES.values()), ".txt", ".iobtags", ".iob_tags"}
_SUFFIXES = re.compile(f"({'|'.join(map(re.escape, sorted(_KNOWN)))})+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class KnownCorpus:
    """A benchmark corpus and the protocol by which it is scored."""

    name: str
    labels: Mapping[str, str]
    """The catalog's type queried for each label."""
    view: str
    """The view of the types' descriptions, chosen on devel."""
    citation: str
    ids: str
    """The source of the document ids in its raw distribution."""
    raw_labels: Mapping[str, str] = field(default_factory=dict)
    """The same as `labels` for distributions with raw text, where their labels differ."""
    noun_phrases: Mapping[str, str] = field(default_factory=dict)
    """The types queried instead of those of `labels` for whole noun phrases, where the corpus marks them."""
    aliases: tuple[str, ...] = ()
    """Its aliases."""
    shares_text_with: tuple[str, ...] = ()
    """Other corpora over some of the same articles."""

    def labels_for(self, found: set[str], noun_phrases: bool = False) -> Mapping[str, str] | None:
        """The types queried for a file with these labels; None if the corpus has other ones.

        Args:
            found: the labels.
            noun_phrases: whether to query whole noun phrases where the corpus marks them.
        """
        labels = next((labels for labels in (self.labels, self.raw_labels) if found and found <= set(labels)), None)
        if labels is None or not noun_phrases:
            return labels
        return {label: self.noun_phrases.get(label, kind) for label, kind in labels.items()}


@cache
def known_corpora() -> Mapping[str, KnownCorpus]:
    """The corpora of `corpora.yaml`, in its order."""
    raw: dict[str, dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("corpora.yaml").read_text("utf-8"))
    return {name: KnownCorpus(**_fields(name, entry)) for name, entry in raw.items()}


def _fields(name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    lists = {key: tuple(entry[key]) for key in ("aliases", "shares_text_with") if key in entry}
    return {**entry, **lists, "name": name}


def known_corpus(name: str) -> KnownCorpus | None:
    """The corpus with this name or alias."""
    return next((corpus for corpus in known_corpora().values() if canonical_name(name) == corpus.name), None)


def canonical_name(name: str) -> str:
    """The form in which names of corpora are compared.

    An owner before a slash, suffixes of files, and the name of a split at the end do not matter, nor do case and signs:
    `bigbio/bc5cdr`, `BC5CDR_Test.PubTator.gz` and `BioCreative V CDR` are all `BC5CDR`.
    """
    plain = _plain(name)
    return _aliases().get(plain, plain)


def is_split(name: str) -> bool:
    """Whether a file is named only by its split, such as `test.tsv.gz`."""
    return bool(_SPLITS.fullmatch(_SUFFIXES.sub("", name).lower()))


@cache
def _aliases() -> Mapping[str, str]:
    return {
        _plain(alias): corpus.name for corpus in known_corpora().values() for alias in (corpus.name, *corpus.aliases)
    }


def _plain(name: str) -> str:
    stem = _SUFFIXES.sub("", name.strip().rstrip("/").rpartition("/")[2])
    letters = re.sub(r"[\W_]+", "", stem.lower())
    return _SPLITS.sub("", letters) or letters
