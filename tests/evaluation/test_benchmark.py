"""The protocol of a benchmark: which types are queried, and how answers are scored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation import count_found, find_spans, read_corpus
from openbioner_batch.evaluation.benchmark import check_labels, mean_logits, model_finder, view_logits
from openbioner_batch.evaluation.labels import resolve_labels
from openbioner_batch.model import EntityType, Tagger
from openbioner_batch.records import Span

LABELS = resolve_labels({"Chemical": "drug", "Disease": "disease"})


def dictionary(entries: dict[str, str]):  # type: ignore[no-untyped-def]
    """Finds the words it was given, wherever they stand first."""

    def find(texts: Sequence[str]) -> list[list[Span]]:
        return [
            [
                Span(text.index(word), text.index(word) + len(word), kind, 0.9, word)
                for word, kind in entries.items()
                if word in text
            ]
            for text in texts
        ]

    return find


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.tsv"
    path.write_text(
        "Aspirin\tB-Chemical\nfor\tO\nacute\tB-Disease\nmigraine\tI-Disease\n\nNo\tO\nmigraine\tB-Disease\n"
    )
    return path


def test_spans_are_scored_under_the_corpus_labels(path: Path) -> None:
    corpus = read_corpus(path)
    seen: list[tuple[str, int, int]] = []
    found = find_spans(dictionary({"Aspirin": "drug", "migraine": "disease"}), corpus, lambda *told: seen.append(told))
    counts = count_found(corpus, LABELS, found)
    assert {label: (c.gold, c.predicted, c.correct) for label, c in counts.scores.per_type.items()} == {
        "Chemical": (1, 1, 1),
        "Disease": (2, 2, 1),
    }
    assert counts.counts.shape == (2, 2, 3)
    assert seen == [("corpus", 2, 2)]


def test_labels_of_one_type_are_pooled_and_others_left_out(path: Path) -> None:
    corpus = read_corpus(path)
    pooled = resolve_labels({"Chemical": "disease", "Disease": "disease"})
    assert count_found(corpus, pooled, [(), ()]).scores.per_type["Chemical+Disease"].gold == 3
    without = resolve_labels({"Chemical": "drug", "Disease": "-"})
    check_labels(corpus, without)
    assert count_found(corpus, without, [(), ()]).scores.micro.gold == 1


def test_a_limit_takes_sentences_from_all_over(tmp_path: Path) -> None:
    path = tmp_path / "corpus.tsv"
    path.write_text("\n".join(f"word{number}\tO\n" for number in range(10)))
    assert read_corpus(path, limit=3).texts == ("word0", "word3", "word6")
    assert read_corpus(path, limit=3).documents.tolist() == [0, 1, 2]
    assert read_corpus(path, limit=99).texts == read_corpus(path).texts


def test_a_label_without_a_type_is_refused(path: Path) -> None:
    with pytest.raises(UsageError, match=r"labels without a type: Disease \(given: Chemical\); add Label=name"):
        check_labels(read_corpus(path), resolve_labels({"Chemical": "drug"}))


def test_an_empty_corpus_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.tsv"
    path.write_text("\n\n")
    with pytest.raises(UsageError, match="no sentences"):
        read_corpus(path)


def test_one_view_finds_what_the_tagger_finds(tagger: Tagger, types: list[EntityType]) -> None:
    texts = ["aspirin was given to the patient with lung cancer", "no sign of fever in mice"]
    assert model_finder(tagger, [types], "whitespace")(texts) == tagger.tag(texts, types, words="whitespace")


def test_an_ensemble_is_the_mean_of_the_views_logits(tagger: Tagger, types: list[EntityType]) -> None:
    texts = ["aspirin was given to the patient with lung cancer"]
    others = [EntityType(kind.name, kind.name) for kind in types]
    (first,), (second,) = (view_logits(tagger, [view], "basic", texts)[1] for view in (types, others))
    (both,) = view_logits(tagger, [types, others], "basic", texts)[1]
    assert both == pytest.approx((first + second) / 2, abs=1e-6)
    assert mean_logits([first]) is first
