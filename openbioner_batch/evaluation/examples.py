"""Reads the reviewed texts that a model is adapted to."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from openbioner_batch.catalog import CatalogType, find_types
from openbioner_batch.catalog.base import normalise
from openbioner_batch.engine.request import Say
from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation.labels import Labels
from openbioner_batch.evaluation.reading import GoldCorpus, read_corpus, without_texts
from openbioner_batch.evaluation.settings import AdaptSettings
from openbioner_batch.formats.gold import numbered_lines

_JSON_LINES = (".jsonl", ".ndjson")


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
    names: dict[str, CatalogType] = {}
    for kind in types:
        for name in (kind.name, *kind.aliases):
            names.setdefault(normalise(name), kind)
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
            f"{int(partly.sum())} texts are left out, as they were not reviewed for all types: review them to the end, "
            "or give fewer --types"
        )
    if unknown := sorted(label for label in corpus.labels if normalise(label) not in names):
        given = ", ".join(kind.name for kind in types[:10])
        raise UsageError(f"{settings.examples} has the label {unknown[0]!r}, which is not among --types ({given})")
    if len(corpus.texts) < 2 or not corpus.labels:
        what = "two texts" if corpus.labels else "a span"
        raise UsageError(f"{settings.examples}: adapting needs at least {what}, better 10 to 200 spans")
    spans = tuple(tuple(replace(s, type=names[normalise(s.type)].name) for s in of_text) for of_text in corpus.spans)
    return replace(corpus, spans=spans), Labels({kind.name: kind for kind in types})


def _reviewed(corpus: GoldCorpus, format: str | None) -> list[list[str] | None]:
    """For each text the normalised names of the types that it was reviewed for; None where that is unknown."""
    if format != "jsonl" and (format or not Path(corpus.path).name.removesuffix(".gz").endswith(_JSON_LINES)):
        return [None] * len(corpus.texts)
    rows = [json.loads(line) for _, line in numbered_lines(Path(corpus.path)) if line.strip()]
    found = [row.get("reviewed_types") for row in rows]
    return [[normalise(str(name)) for name in of_text] if isinstance(of_text, list) else None for of_text in found]
