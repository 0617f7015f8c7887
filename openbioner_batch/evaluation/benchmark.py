"""The benchmark protocol: a corpus's types asked together over its sentences, strict entity-level scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Protocol

from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation.metrics import Scores, SpanKey, score_spans
from openbioner_batch.formats.iob import read_iob
from openbioner_batch.records import EntityType, Span


class SpanTagger(Protocol):
    """What `openbioner_batch.model.Tagger` offers, and all that is asked of a model here."""

    def tag(self, texts: Sequence[str], types: Sequence[EntityType], words: str = ...) -> list[list[Span]]:
        """The spans of each text."""


def evaluate_iob(
    tagger: SpanTagger,
    path: str | Path,
    types: Mapping[str, EntityType],
    words: str = "whitespace",
    limit: int | None = None,
) -> Scores:
    """Tag the sentences of an IOB file and compare with its own entities.

    Args:
        tagger: the model.
        path: a file that `read_iob` reads.
        types: for each label of the corpus, the type that the model is asked for. All are asked at once.
        words: how a text is split into words; "whitespace" gives back the corpus's own tokens.
        limit: how many sentences to read; None reads all.

    Raises:
        UsageError: the file is malformed, has no sentences, or has a label without a type; or two labels share a type.
    """
    sentences = list(islice(read_iob(path), limit))
    if not sentences:
        raise UsageError(f"{path} has no sentences")
    labels = {types[label].name: label for label in types}
    if len(labels) < len(types):
        raise UsageError(f"two labels of {', '.join(types)} ask for the same type: give each a type of its own")
    unasked = {span.type for sentence in sentences for span in sentence.spans} - set(types)
    if unasked:
        raise UsageError(
            f"{path} has labels without a type: {', '.join(sorted(unasked))} (given: {', '.join(types) or 'none'})"
        )
    found = tagger.tag([sentence.text for sentence in sentences], list(types.values()), words=words)
    return score_spans(
        _keys(sentence.spans for sentence in sentences),
        ((index, start, end, labels[name]) for index, start, end, name in _keys(found)),
    )


def _keys(documents: Iterable[Iterable[Span]]) -> list[SpanKey]:
    return [(index, span.start, span.end, span.type) for index, spans in enumerate(documents) for span in spans]
