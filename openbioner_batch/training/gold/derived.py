"""Derives labels from gold names by rules for noun phrases; such labels begin with `~`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence

from openbioner_batch.training.gold.anatomy_phrases import Gazetteer, anatomy_phrases
from openbioner_batch.training.gold.corpora import DERIVED, LabelledCorpus, LabelledDocument, LabelledSpan
from openbioner_batch.training.gold.noun_phrases import phrases

_OF_GENES = ("protein", "dna", "rna")


def anatomy_gazetteer(documents: Iterable[tuple[LabelledCorpus, LabelledDocument]]) -> Gazetteer:
    """The names of anatomy that are marked in the corpora."""
    return Gazetteer.from_annotations(
        [
            (document.text, _spans(document, corpus, "anatomy"))
            for corpus, document in documents
            if "anatomy" in corpus.names
        ]
    )


def with_derived(
    documents: Iterable[LabelledDocument], corpus: LabelledCorpus, anatomy: Gazetteer
) -> Iterator[LabelledDocument]:
    """The documents with spans of the derived labels added.

    `~protein`, `~dna`, `~rna`, `~cell_type` and `~cell_line` are noun phrases by their heads; `~gene_or_protein` those
    of the first three that hold an annotated name; `~anatomy` runs of anatomical words.
    """
    for document in documents:
        genes = _spans(document, corpus, "protein")
        names = [(start, end, kind) for kind in corpus.names for start, end in _spans(document, corpus, kind)]
        found: dict[str, Sequence[tuple[int, int]]] = {}
        if genes:
            read = phrases(document.text, [name for name in names if name[2] != "anatomy"])
            for kind in (*_OF_GENES, "cell_type", "cell_line"):
                found[kind] = [(phrase.start, phrase.end) for phrase in read if phrase.kind == kind]
            found["gene_or_protein"] = [
                (phrase.start, phrase.end)
                for phrase in read
                if phrase.kind in _OF_GENES and any(a < phrase.end and b > phrase.start for a, b in genes)
            ]
        marked = _spans(document, corpus, "anatomy") if "anatomy" in corpus.names else anatomy.spans(document.text)
        found["anatomy"] = anatomy_phrases(document.text, marked, others=genes)
        yield dataclasses.replace(document, spans=(*document.spans, *_labelled(found)))


def _spans(document: LabelledDocument, corpus: LabelledCorpus, kind: str) -> list[tuple[int, int]]:
    labels = corpus.names.get(kind, ())
    return [(span.start, span.end) for span in document.spans if span.label in labels]


def _labelled(found: Mapping[str, Sequence[tuple[int, int]]]) -> Iterator[LabelledSpan]:
    for kind, spans in found.items():
        for start, end in spans:
            yield LabelledSpan(start, end, f"{DERIVED}{kind}")
