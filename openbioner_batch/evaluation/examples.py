"""Reads the reviewed texts that a model is adapted to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from openbioner_batch.catalog import CatalogType, find_types
from openbioner_batch.catalog.base import normalise
from openbioner_batch.engine.request import Say
from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation.labels import Labels
from openbioner_batch.evaluation.reading import GoldCorpus, format_of, read_corpus, without_texts
from openbioner_batch.evaluation.settings import AdaptSettings
from openbioner_batch.formats.gold_jsonl import gold_values


def read_examples(settings: AdaptSettings, say: Say = lambda text: None) -> tuple[GoldCorpus, Labels]:
    """The examples, with each span's type by its own name, and the types.

    A text with the types that it was reviewed for (`reviewed_types`, from the report's page) counts if these include
    all queried ones, since it has no negatives for other types. Its spans of types that are not queried are left out.

    Raises:
        UsageError: they cannot be read, a label is not one of the types, or there are fewer than two texts or no span.
    """
    if not Path(settings.examples).exists():
        raise UsageError(f"--examples {settings.examples}: no such file or folder")
    corpus = read_corpus(settings.examples, settings.format)
    types = find_types(settings.types)
    names = types_by_name(types)
    queried = {kind.name for kind in types}
    reviewed = _reviewed(corpus, settings.format)
    partly = np.array(
        [r is not None and not queried <= {names[n].name for n in r if n in names} for r in reviewed], np.bool_
    )
    if partly.all():
        raise UsageError(
            f"{settings.examples}: no text was reviewed for all of --types ({', '.join(sorted(queried)[:10])}): review "
            "some to the end (on the page, d), or give fewer --types"
        )
    corpus = replace(
        corpus,
        spans=tuple(
            tuple(span for span in spans if of_text is None or normalise(span.type) in names)
            for of_text, spans in zip(reviewed, corpus.spans, strict=True)
        ),
    )
    if partly.any():
        corpus = without_texts(corpus, partly)
        say(
            f"{int(partly.sum())} texts are left out of folds and figures, as they were not reviewed for all types: "
            "review them to the end, or give fewer --types"
        )
    if unknown := sorted(label for label in corpus.labels if normalise(label) not in names):
        given = ", ".join(kind.name for kind in types[:10])
        raise UsageError(f"{settings.examples} has the label {unknown[0]!r}, which is not among --types ({given})")
    if len(corpus.texts) < 2 or not corpus.labels:
        what = "two texts" if corpus.labels else "a span"
        raise UsageError(f"{settings.examples}: adapting needs at least {what}, better 10 to 200 spans")
    spans = tuple(tuple(replace(s, type=names[normalise(s.type)].name) for s in of_text) for of_text in corpus.spans)
    return replace(corpus, spans=spans), Labels({kind.name: kind for kind in types})


def types_by_name(types: Iterable[CatalogType]) -> dict[str, CatalogType]:
    """The types by their normalised names and aliases; of types that share one the first has it."""
    names: dict[str, CatalogType] = {}
    for kind in types:
        for name in (kind.name, *kind.aliases):
            names.setdefault(normalise(name), kind)
    return names


def _reviewed(corpus: GoldCorpus, format: str | None) -> list[list[str] | None]:
    """For each text the normalised names of the types that it was reviewed for; None where that is unknown."""
    path = Path(corpus.path)
    if (format or format_of(path)) != "jsonl":
        return [None] * len(corpus.texts)
    found = [value.get("reviewed_types") for _, value in gold_values(path)]
    return [[normalise(str(name)) for name in of_text] if isinstance(of_text, list) else None for of_text in found]
