"""What vocabularies add to a run: spans of their names, and the concepts that spans mean."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from openbioner_batch.abbreviations import expanded, expansions
from openbioner_batch.errors import RunFailedError, UsageError
from openbioner_batch.records import ConceptLink, Span

if TYPE_CHECKING:
    from openbioner_batch.concepts.dictionary import Dictionary
    from openbioner_batch.concepts.index import Vocabulary
    from openbioner_batch.concepts.linker import Linker, Mention

LINK, DICTIONARY = "link", "dictionary"
"""The keys of a plan's vocabularies, which are also the names of the flags."""


@dataclass(frozen=True, slots=True)
class SpanVocabulary:
    """A vocabulary for the spans of a type."""

    type: str
    path: str
    about: tuple[tuple[str, Any], ...]
    """`Vocabulary.fingerprint`."""

    @property
    def digest(self) -> str:
        """Digest of the vocabulary, which identifies it."""
        return str(dict(self.about)["digest"])


def sources(flag: str, values: Sequence[str]) -> tuple[SpanVocabulary, ...]:
    """The vocabularies that a flag names, each opened, checked and identified by its digest.

    Args:
        flag: `LINK` or `DICTIONARY`.
        values: `TYPE=VOCABULARY` each.

    Raises:
        UsageError: a value has another form, a type comes twice, or a file is damaged or not an index.
    """
    found: dict[str, SpanVocabulary] = {}
    for value in values:
        name, is_given, path = value.partition("=")
        if not (name and is_given and path):
            raise UsageError(f"--{flag} is {value!r}: give TYPE=VOCABULARY, such as phenotype=hp.vocab")
        if name in found:
            raise UsageError(f"--{flag} names {name} twice: a type has one vocabulary")
        found[name] = _source(name, os.path.abspath(os.path.expanduser(path)))
    return tuple(found.values())


def _source(type: str, path: str) -> SpanVocabulary:
    from openbioner_batch.concepts.index import Vocabulary
    from openbioner_batch.concepts.index_file import check

    check(path)
    return SpanVocabulary(type, path, tuple(Vocabulary(path).fingerprint().items()))


def types_of(fingerprint: Mapping[str, Any]) -> list[str]:
    """The types whose spans a run finds, from the fingerprint of its plan."""
    described = [name.partition("/")[2] for name in fingerprint.get("descriptions", {})]
    listed = [name for group in str(fingerprint.get("types", "")).split(" | ") for name in group.split(", ") if name]
    return list(dict.fromkeys([*(described or listed), *fingerprint.get(DICTIONARY, {})]))


def check_types(linked: Sequence[SpanVocabulary], known: Sequence[str]) -> None:
    """Refuse to link what the run does not find.

    Raises:
        UsageError: the run does not find a type; names it.
    """
    for source in linked:
        if source.type not in known:
            raise UsageError(f"--link {source.type}=...: the run has no such type, only: {', '.join(known)}")


def check_encoders(linked: Sequence[SpanVocabulary], least: float) -> None:
    """Refuse to begin a run that would stop later because an index's encoder is missing.

    Args:
        linked: the vocabularies of `LINK`.
        least: the least score of a concept.

    Raises:
        UsageError: an encoder is missing, or another one is in its place.
    """
    from openbioner_batch.concepts.index import Vocabulary
    from openbioner_batch.concepts.linker import uses_vectors
    from openbioner_batch.concepts.vectors import encoder_directory

    for source in linked:
        if uses_vectors(vocabulary := Vocabulary(source.path), least):
            encoder_directory(vocabulary)


@dataclass(frozen=True, slots=True)
class DictionarySpans:
    """Adds spans of a vocabulary's names beside the model's; every span names its finder."""

    sources: tuple[SpanVocabulary, ...]
    wordings: bool = False
    nested: bool = False
    extras: tuple[str, ...] = ("found_by",)
    name: str = "--dictionary"

    def fingerprint(self) -> dict[str, Any]:
        """Each vocabulary by its type, and how names are looked for where that is not the default."""
        found: dict[str, Any] = {DICTIONARY: {source.type: dict(source.about) for source in self.sources}}
        return found | {f"dictionary {name}": True for name in ("wordings", "nested") if getattr(self, name)}

    def add(self, documents: pa.Table, spans: Sequence[Sequence[Span]]) -> list[Sequence[Span]]:
        """The model's spans, and those of names in the vocabularies; where both agree, one span found by both."""
        texts = documents["text"].to_pylist()
        found: list[Sequence[Span]] = []
        for text, here in zip(texts, spans, strict=True):
            named = [
                span
                for source in self.sources
                for span in _dictionary(source.path, source.digest, self.wordings, self.nested).find(text, source.type)
            ]
            found.append(_together(here, named))
        return found

    def amounts(self, spans: Sequence[Span]) -> Mapping[str, int]:
        """How many spans the dictionary found alone, and how many the model found too."""
        return dictionary_amounts(spans)


def dictionary_amounts(spans: Sequence[Span]) -> Mapping[str, int]:
    """How many spans the dictionary found alone, and how many the model found too, by the name of the amount."""
    return {
        "found_by_dictionary_alone": sum(span.found_by == "dictionary" for span in spans),
        "found_by_both": sum(span.found_by == "both" for span in spans),
    }


def _together(modelled: Sequence[Span], named: Sequence[Span]) -> list[Span]:
    """The spans of both, in order; one that both found keeps the model's score."""
    known = {(span.start, span.end, span.type) for span in named}
    model = {(span.start, span.end, span.type) for span in modelled}
    found = [
        replace(span, found_by="both" if (span.start, span.end, span.type) in known else "model") for span in modelled
    ]
    found += [span for span in named if (span.start, span.end, span.type) not in model]
    return sorted(found, key=lambda span: (span.start, span.end, span.type))


@dataclass(frozen=True, slots=True)
class Linking:
    """Adds to each span the concepts that it means: once for each distinct mention of a shard."""

    sources: tuple[SpanVocabulary, ...]
    top: int = 1
    least: float = 0.0
    expands: bool = True
    """Whether abbreviations are looked up in their documents; a finished run without texts has none."""
    extras: tuple[str, ...] = ("concepts",)
    name: str = "--link"

    def fingerprint(self) -> dict[str, Any]:
        """Each vocabulary by its type, and the limits of a link."""
        from openbioner_batch.concepts.linker import LEAST_COSINE

        found: dict[str, Any] = {
            LINK: {source.type: dict(source.about) for source in self.sources},
            "link top": self.top,
            "link least cosine": LEAST_COSINE,
        }
        if self.least:
            found["link least score"] = self.least
        return found if self.expands else found | {"link abbreviations": False}

    def add(self, documents: pa.Table, spans: Sequence[Sequence[Span]]) -> list[Sequence[Span]]:
        """Spans of linked types with their concepts; a short form is linked as what its document says it stands for."""
        from openbioner_batch.concepts.linker import Mention

        linked = {source.type: source for source in self.sources}
        texts = documents["text"].to_pylist() if self.expands else [""] * len(spans)
        mentions = []
        for text, here in zip(texts, spans, strict=True):
            known = expansions(text) if any(span.type in linked for span in here) else {}
            mentions.append([Mention(span.text, expanded(span.text, known)) for span in here])
        found = {
            source.type: self._found(
                source,
                (
                    mention
                    for here, those in zip(spans, mentions, strict=True)
                    for span, mention in zip(here, those, strict=True)
                    if span.type == source.type
                ),
            )
            for source in self.sources
        }
        return [
            [
                replace(span, concepts=found[span.type][mention] if span.type in linked else ())
                for span, mention in zip(here, those, strict=True)
            ]
            for here, those in zip(spans, mentions, strict=True)
        ]

    def _found(self, source: SpanVocabulary, mentions: Iterable[Mention]) -> dict[Mention, tuple[ConceptLink, ...]]:
        linker = _linker(source.path, source.digest, self.top, self.least)
        try:
            return linker.link(mentions)
        except UsageError as error:  # the index's encoder is loaded when a mention needs it
            raise RunFailedError(f"{error}; the run needs it unchanged since the run began") from None

    def amounts(self, spans: Sequence[Span]) -> Mapping[str, int]:
        """How many spans have a concept."""
        return {"linked_spans": sum(bool(span.concepts) for span in spans)}


def _opened(path: str, digest: str) -> Vocabulary:
    """The index that the run was planned with.

    Raises:
        RunFailedError: the file now holds another index.
    """
    from openbioner_batch.concepts.index import Vocabulary

    try:
        vocabulary = Vocabulary(path)
    except UsageError as error:
        raise RunFailedError(f"{error}; the run needs it unchanged since the run began") from None
    if vocabulary.digest != digest:
        raise RunFailedError(f"the vocabulary {path} has changed since the run began: put back the one it began with")
    return vocabulary


@functools.lru_cache(maxsize=8)
def _linker(path: str, digest: str, top: int, least: float) -> Linker:
    from openbioner_batch.concepts.linker import Linker

    return Linker(_opened(path, digest), top, least)


@functools.lru_cache(maxsize=8)
def _dictionary(path: str, digest: str, wordings: bool, nested: bool) -> Dictionary:
    from openbioner_batch.concepts.dictionary import Dictionary

    return Dictionary(_opened(path, digest), wordings, nested)
