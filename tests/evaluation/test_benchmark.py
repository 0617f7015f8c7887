"""The protocol of a benchmark: what is asked of the tagger, and how its answer is scored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation.benchmark import evaluate_iob
from openbioner_batch.records import EntityType, Span

DRUG = EntityType("drug", "a substance used to treat a disease")
DISEASE = EntityType("disease", "an illness")
TYPES = {"Chemical": DRUG, "Disease": DISEASE}


class Dictionary:
    """A tagger that finds the words it was given, wherever they stand."""

    def __init__(self, entries: dict[str, str]) -> None:
        self.entries = entries
        self.asked: list[tuple[str, ...]] = []

    def tag(self, texts: Sequence[str], types: Sequence[EntityType], words: str = "basic") -> list[list[Span]]:
        self.asked.append((words, *(kind.name for kind in types)))
        return [
            [
                Span(text.index(word), text.index(word) + len(word), kind, 0.9, word)
                for word, kind in self.entries.items()
                if word in text
            ]
            for text in texts
        ]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.tsv"
    path.write_text(
        "Aspirin\tB-Chemical\nfor\tO\nacute\tB-Disease\nmigraine\tI-Disease\n\nNo\tO\nmigraine\tB-Disease\n"
    )
    return path


def test_types_are_asked_together_and_scored_under_the_corpus_labels(corpus: Path) -> None:
    tagger = Dictionary({"Aspirin": "drug", "migraine": "disease"})
    scores = evaluate_iob(tagger, corpus, TYPES)
    assert tagger.asked == [("whitespace", "drug", "disease")]
    counts = {label: (c.gold, c.predicted, c.correct) for label, c in scores.per_type.items()}
    assert counts == {"Chemical": (1, 1, 1), "Disease": (2, 2, 1)}


def test_a_limit_counts_sentences(corpus: Path) -> None:
    scores = evaluate_iob(Dictionary({"Aspirin": "drug"}), corpus, TYPES, limit=1)
    assert scores.micro.gold == 2


def test_a_label_without_a_type_is_refused(corpus: Path) -> None:
    with pytest.raises(UsageError, match=r"labels without a type: Disease \(given: Chemical\)"):
        evaluate_iob(Dictionary({}), corpus, {"Chemical": DRUG})


def test_two_labels_of_one_type_are_refused(corpus: Path) -> None:
    with pytest.raises(UsageError, match="the same type"):
        evaluate_iob(Dictionary({}), corpus, {"Chemical": DRUG, "Disease": DRUG})


def test_an_empty_corpus_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.tsv"
    path.write_text("\n\n")
    with pytest.raises(UsageError, match="no sentences"):
        evaluate_iob(Dictionary({}), path, TYPES)
