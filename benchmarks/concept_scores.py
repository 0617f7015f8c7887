"""Scores of linked concepts: of gold mentions, of mentions that are found, and why some are missed.

A document of a corpus is an object with `text`, `spans` and `concepts`, the identifier of each span.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from openbioner_batch.abbreviations import expanded, expansions
from openbioner_batch.concepts.dictionary import Dictionary
from openbioner_batch.concepts.index import Vocabulary
from openbioner_batch.concepts.linker import NEAR_NAMES, Linker, Mention
from openbioner_batch.concepts.vectors import ENCODER, NearestVectors
from openbioner_batch.records import EntityType, Span

PHENOTYPE = EntityType(
    "phenotype", "An abnormal finding, symptom, malformation or disease that a patient has, such as short stature."
)
Find = Callable[[list[str]], list[list[Span]]]


def _gold(linker: Linker, documents: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str, Any]]:
    """The text of each gold mention, its concept, and the first that is found."""
    for document in documents:
        known = expansions(document["text"])
        texts = [document["text"][start:end] for start, end, _ in document["spans"]]
        wanted = [Mention(text, expanded(text, known)) for text in texts]
        found = linker.link(wanted)
        for mention, concept in zip(wanted, document["concepts"], strict=True):
            yield mention.text, concept, next(iter(found[mention]), None)


def score(linker: Linker, documents: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Accuracy over all mentions, precision over those that are linked, and how many are beyond words.

    `of another name`: the mention is, except for spelling, a name of another concept than the annotators'.
    """
    pairs = [(concept, found) for _, concept, found in _gold(linker, documents)]
    linked = [(concept, found) for concept, found in pairs if found]
    right = sum(found.id == concept for concept, found in linked)
    return {
        "mentions": len(pairs),
        "accuracy": right / len(pairs),
        "precision": right / max(1, len(linked)),
        "without": len(pairs) - len(linked),
        "of another name": sum(found.id != concept and found.score >= 0.98 for concept, found in linked),
    }


def vector_cost(vocabulary: Vocabulary, documents: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The encoder of an index, and milliseconds of CPU for a mention that is compared by its vector."""
    texts = {document["text"][start:end]: None for document in documents for start, end, _ in document["spans"]}
    nearest = NearestVectors(vocabulary, NEAR_NAMES)
    next(nearest.find(["warm"]))
    began = time.process_time()
    found = list(nearest.find(list(texts)))
    spent = time.process_time() - began
    encoder = vocabulary.about[ENCODER]
    return {
        "encoder": Path(encoder["name"]).name,
        "encoder_digest": encoder["digest"],
        "names": vocabulary.names,
        "distinct_mentions": len(found),
        "cpu_ms_a_mention": round(1000 * spent / len(found), 2),
    }


def errors(linker: Linker, documents: Sequence[dict[str, Any]]) -> None:
    """Print the mentions that are linked to another concept than the gold one, or to none."""
    for text, concept, found in _gold(linker, documents):
        if found is None or found.id != concept:
            click.echo(f"{text!r}: {concept}, linked to {found and f'{found.id} {found.name} {found.score:.3f}'}")


def finders(vocabulary: Vocabulary, model: str) -> dict[str, Find]:
    """Ways to find mentions, by name."""
    from openbioner_batch.model import Tagger

    plain = Dictionary(vocabulary)
    wide = Dictionary(vocabulary, wordings=True, nested=True)
    tagger = Tagger.from_pretrained(model, device="cpu", dtype="bfloat16")
    tagged: dict[str, list[Span]] = {}

    def named(dictionary: Dictionary) -> Find:
        return lambda texts: [list(dictionary.find(text, PHENOTYPE.name)) for text in texts]

    def modelled(texts: list[str]) -> list[list[Span]]:
        if not tagged:
            tagged.update(zip(texts, tagger.tag(texts, [PHENOTYPE]), strict=True))
        return [tagged[text] for text in texts]

    def both(texts: list[str]) -> list[list[Span]]:
        return [one + other for one, other in zip(named(wide)(texts), modelled(texts), strict=True)]

    return {"dictionary": named(plain), "dictionary, wordings, nested": named(wide), model: modelled, "both": both}


def found_and_linked(
    linker: Linker, documents: Sequence[dict[str, Any]], spans: dict[str, list[Span]]
) -> dict[str, float]:
    """Precision, recall and F1 of mentions and documents; a span without a concept counts as not found."""
    counts = dict.fromkeys(("gold", "given", "right", "recalled", "strict", "ids", "given ids", "right ids"), 0)
    for document in documents:
        text = document["text"]
        known = expansions(text)
        here = [(span, Mention(span.text, expanded(span.text, known))) for span in spans[text]]
        linked = linker.link(mention for _, mention in here)
        given = {(span.start, span.end, linked[mention][0].id) for span, mention in here if linked[mention]}
        gold = {(start, end, id) for (start, end, _), id in zip(document["spans"], document["concepts"], strict=True)}
        ids, given_ids = {place[2] for place in gold}, {place[2] for place in given}
        for name, amount in (
            ("gold", len(gold)),
            ("given", len(given)),
            ("right", sum(any(map(_same(one), gold)) for one in given)),
            ("recalled", sum(any(map(_same(one), given)) for one in gold)),
            ("strict", len(gold & given)),
            ("ids", len(ids)),
            ("given ids", len(given_ids)),
            ("right ids", len(ids & given_ids)),
        ):
            counts[name] += amount
    precision, recall = counts["right"] / max(1, counts["given"]), counts["recalled"] / counts["gold"]
    return {
        "mentions_precision": precision,
        "mentions_recall": recall,
        "mentions_f1": 2 * precision * recall / max(1e-9, precision + recall),
        "strict_mentions_f1": 2 * counts["strict"] / (counts["gold"] + counts["given"]),
        "documents_f1": 2 * counts["right ids"] / (counts["ids"] + counts["given ids"]),
    }


def misses(linker: Linker, documents: Sequence[dict[str, Any]], spans: dict[str, list[Span]]) -> dict[str, int]:
    """Why gold mentions are not found: no span is there, the linker is wrong on the mention too, or bounds differ."""
    counts = {"found": 0, "no span": 0, "linked wrong as gold mention too": 0, "other bounds": 0}
    for document in documents:
        text = document["text"]
        known = expansions(text)

        def linked(start: int, end: int, text: str = text, known: dict[str, str] = known) -> str | None:
            mention = Mention(text[start:end], expanded(text[start:end], known))
            return next((concept.id for concept in linker.link([mention])[mention]), None)

        for (start, end, _), id in zip(document["spans"], document["concepts"], strict=True):
            there = [span for span in spans[text] if span.start < end and start < span.end]
            if any(linked(span.start, span.end) == id for span in there):
                counts["found"] += 1
            elif not there:
                counts["no span"] += 1
            else:
                counts["other bounds" if linked(start, end) == id else "linked wrong as gold mention too"] += 1
    return counts


def _same(one: tuple[int, int, str]) -> Callable[[tuple[int, int, str]], bool]:
    """Whether another place has the same concept and shares a character."""
    return lambda other: one[2] == other[2] and one[0] < other[1] and other[0] < one[1]
