"""How often concepts are those of the annotators: of gold mentions, and end to end."""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openbioner_batch.abbreviations import expanded, expansions
from openbioner_batch.concepts.dictionary import Dictionary
from openbioner_batch.concepts.index import Vocabulary
from openbioner_batch.concepts.linker import Linker, Mention
from openbioner_batch.model import Tagger
from openbioner_batch.records import EntityType, Span

PHENOTYPE = EntityType(
    "phenotype", "An abnormal finding, symptom, malformation or disease that a patient has, such as short stature."
)
Find = Callable[[list[str]], list[list[Span]]]


def main() -> None:
    """Score every other document apart from the rest, since rules were chosen on the first of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", help="JSON lines, gzipped: text, spans, and concepts, the identifier of each span")
    parser.add_argument("--index", required=True, help="the vocabulary's index")
    parser.add_argument("--end-to-end", action="store_true", help="find mentions too: by dictionary, model, and both")
    parser.add_argument("--model", default="bundled-open", help="what finds them beside the dictionary [bundled-open]")
    parser.add_argument("--json", help="write the figures here")
    options = parser.parse_args()
    with gzip.open(options.corpus, "rt", encoding="utf-8") as lines:
        documents = [json.loads(line) for line in lines]
    vocabulary = Vocabulary(options.index)
    linker = Linker(vocabulary)
    halves = {"even documents": documents[::2], "odd documents": documents[1::2]}
    figures = {name: score(linker, half) for name, half in halves.items()}
    for name, found in figures.items():
        print(
            f"{name}: accuracy at 1 {found['accuracy']:.3f}, precision {found['precision']:.3f}, n {found['mentions']}"
        )
    found_by = finders(vocabulary, options.model) if options.end_to_end else {}
    for finder, find in found_by.items():
        texts = [document["text"] for document in documents]
        spans = dict(zip(texts, find(texts), strict=True))
        for name, half in halves.items():
            found = figures[f"{finder}, {name}"] = end_to_end(linker, half, spans)
            print(
                f"{finder}, {name}: F1 of mentions {found['mentions_f1']:.3f}, of documents {found['documents_f1']:.3f}"
            )
    if options.json:
        about = {"vocabulary": vocabulary.fingerprint(), "corpus": Path(options.corpus).name, "figures": figures}
        if options.end_to_end:
            about |= {"model": options.model, "dtype": "bfloat16", "type": PHENOTYPE.description}
        Path(options.json).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


def score(linker: Linker, documents: list[dict[str, Any]]) -> dict[str, float]:
    """Accuracy over all mentions, and precision over those that are linked."""
    mentions = linked = right = 0
    for document in documents:
        known = expansions(document["text"])
        texts = [document["text"][start:end] for start, end, _ in document["spans"]]
        wanted = [Mention(text, expanded(text, known)) for text in texts]
        found = linker.link(wanted)
        for mention, concept in zip(wanted, document["concepts"], strict=True):
            mentions += 1
            linked += bool(found[mention])
            right += bool(found[mention]) and found[mention][0].id == concept
    return {"mentions": mentions, "accuracy": right / mentions, "precision": right / max(1, linked)}


def finders(vocabulary: Vocabulary, model: str) -> dict[str, Find]:
    """Ways to find mentions, by name."""
    dictionary = Dictionary(vocabulary)
    tagger = Tagger.from_pretrained(model, device="cpu", dtype="bfloat16")

    def named(texts: list[str]) -> list[list[Span]]:
        return [list(dictionary.find(text, PHENOTYPE.name)) for text in texts]

    def tagged(texts: list[str]) -> list[list[Span]]:
        return tagger.tag(texts, [PHENOTYPE])

    def both(texts: list[str]) -> list[list[Span]]:
        return [one + other for one, other in zip(named(texts), tagged(texts), strict=True)]

    return {"dictionary": named, model: tagged, "both": both}


def end_to_end(linker: Linker, documents: list[dict[str, Any]], spans: dict[str, list[Span]]) -> dict[str, float]:
    """F1 of (place, identifier) and of (document, identifier); a mention without a concept counts as not found."""
    counts = {"mentions": [0, 0, 0], "documents": [0, 0, 0]}
    for document in documents:
        text = document["text"]
        known = expansions(text)
        here = [(span, Mention(span.text, expanded(span.text, known))) for span in spans[text]]
        linked = linker.link(mention for _, mention in here)
        found = {(span.start, span.end, linked[mention][0].id) for span, mention in here if linked[mention]}
        gold = {(start, end, id) for (start, end, _), id in zip(document["spans"], document["concepts"], strict=True)}
        levels: dict[str, tuple[set[Any], set[Any]]] = {
            "mentions": (gold, found),
            "documents": ({place[2] for place in gold}, {place[2] for place in found}),
        }
        for level, (wanted, given) in levels.items():
            for number, some in enumerate((wanted, given, wanted & given)):
                counts[level][number] += len(some)
    return {f"{level}_f1": 2 * right / max(1, gold + given) for level, (gold, given, right) in counts.items()}


if __name__ == "__main__":
    main()
