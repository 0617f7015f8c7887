"""The finder to evaluate, the one of `deidentify`: patterns with or without a model, on plain texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from openbioner_batch.catalog import resolve_types
from openbioner_batch.deid.finder import Finder, FinderSettings
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers import MODEL_TYPES

if TYPE_CHECKING:
    from openbioner_batch.model import Tagger


def identifier_finder(
    model: Tagger | str | None,
    types: str = MODEL_TYPES,
    view: str = "definition",
    model_threshold: float = 0.0,
    patterns: bool = True,
) -> Callable[[Sequence[str]], list[list[Finding]]]:
    """A finder of identifiers in texts, without known values.

    Args:
        model: a tagger, or `bundled`, a checkpoint's folder or a hub id; None for patterns alone.
        types: the types for the model, in the form of `annotate --types`.
        view: the view of their descriptions.
        model_threshold: its spans below this score are left out.
        patterns: whether patterns find too.

    Raises:
        UsageError: a type or view does not exist, or neither patterns nor a model is requested.
    """
    kinds = (*(["model"] if model is not None else []), *(["patterns"] if patterns else []))
    finder = Finder(FinderSettings(recognizers=kinds, model_threshold=model_threshold))
    if model is None:
        return lambda texts: [finder.find(text) for text in texts]
    groups = resolve_types(types, view)
    if isinstance(model, str):
        from openbioner_batch.model import Tagger

        model = Tagger.from_pretrained(model, dtype="float32")
        model.nested = True
    tagger = model

    def find(texts: Sequence[str]) -> list[list[Finding]]:
        spans = tagger.tag(texts, groups, words="pieces")  # like `deidentify`
        return [finder.find(text, None, found) for text, found in zip(texts, spans, strict=True)]

    return find
