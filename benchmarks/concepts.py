"""How often the first concept that the linker gives a gold mention is that of the annotators."""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

from openbioner_batch.abbreviations import expanded, expansions
from openbioner_batch.concepts.index import Vocabulary
from openbioner_batch.concepts.linker import Linker, Mention


def main() -> None:
    """Score every other document apart from the rest, since rules were chosen on the first of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", help="JSON lines, gzipped: text, spans, and concepts, the identifier of each span")
    parser.add_argument("--index", required=True, help="the vocabulary's index")
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
    if options.json:
        about = {"vocabulary": vocabulary.fingerprint(), "corpus": Path(options.corpus).name, "figures": figures}
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


if __name__ == "__main__":
    main()
