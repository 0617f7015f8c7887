"""What is asked of a passage: its corpus's own types, which share no labels, with targets where mentions stand."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.model import Tagger
from openbioner_batch.training.corpora import Corpus, LabelledDocument, LabelledSpan
from openbioner_batch.training.overlap import BenchmarkSentences
from openbioner_batch.training.passages import LONGEST, Passage, PassageCounts, cut_passages
from openbioner_batch.training.sampling import IGNORED, QuestionSampler, SamplingSettings

CORPUS = Corpus(
    name="synthetic",
    licence="none",
    credit="none",
    weight=1.0,
    types={"gene": ("G",), "gene_or_protein": ("G", "F"), "family": ("F",), "disease": ("D",), "drug": ("C",)},
    longest=3,
)
VIEWS = {name: [name, f"a {name} in the patient"] for name in CORPUS.types}


def _passages(tagger: Tagger, text: str, spans: list[tuple[int, int, str]], known: list[str] | None = None):  # type: ignore[no-untyped-def]
    document = LabelledDocument("d", text, tuple(LabelledSpan(*span) for span in spans))
    counts = PassageCounts()
    found = list(cut_passages([document], CORPUS, tagger.tokenizer, BenchmarkSentences(known or []), counts, seed=1))
    return found, counts


def test_mentions_become_word_ranges(tagger: Tagger) -> None:
    text = "The patient was given aspirin. No sign of lung cancer in mice."
    spans = [(22, 29, "C"), (text.index("lung"), text.index(" in mice"), "D")]
    passages, counts = _passages(tagger, text, spans)
    assert counts == PassageCounts(kept=1, overlapping=0)
    (passage,) = passages
    assert passage.mentions == {"C": ((4, 5),), "D": ((9, 11),)}


def test_passages_hold_every_token_once(tagger: Tagger) -> None:
    text = "No sign of fever was given in the patient. " * 60
    passages, _ = _passages(tagger, text, [])
    assert len(passages) > 1
    assert sum(len(passage.token_ids) for passage in passages) == len(tagger.tokenizer.ids(text))
    assert max(len(passage.token_ids) for passage in passages) <= LONGEST


def test_a_passage_that_shares_a_sentence_with_a_benchmark_is_dropped(tagger: Tagger) -> None:
    text = "Aspirin was given to 3 of the mice (p53-/-) with fever."
    kept, _ = _passages(tagger, text, [], ["Aspirin was given to three of the mice ."])
    dropped, counts = _passages(tagger, text, [], ["aspirin was given to 3 of the mice ( p53 - / - ) with fever ."])
    assert len(kept) == 1
    assert not dropped
    assert counts == PassageCounts(kept=0, overlapping=1)


@given(st.integers(0, 10_000))
def test_questions_are_about_the_corpus_own_types_and_never_overlap(tagger: Tagger, seed: int) -> None:
    text = "p53 gene was given in lung cancer with aspirin and fever in mice of no dose"
    spans = [(0, 3, "G"), (0, 8, "F"), (22, 33, "D"), (39, 46, "C"), (51, len(text), "D")]
    (passage,), _ = _passages(tagger, text, spans)
    sampler = QuestionSampler(VIEWS, tagger.tokenizer, SamplingSettings(mask_probability=0.5), longest=50)
    question = sampler.draw(passage, np.random.default_rng(seed))
    again = sampler.draw(passage, np.random.default_rng(seed))
    assert (question.targets == again.targets).all()
    assert (question.token_ids == again.token_ids).all()
    assert question.descriptions == again.descriptions
    asked = [_type_of(description, tagger) for description in question.descriptions]
    assert 1 <= len(asked) <= 5
    labels = [label for name in asked for label in CORPUS.types[name]]
    assert len(labels) == len(set(labels))
    if "drug" in asked:
        aspirin = text[:39].count(" ")
        assert question.targets[aspirin] == 1 + asked.index("drug")
    if "disease" in asked:
        assert (question.targets[-5:] == IGNORED).all()  # a mention of more words than the corpus is trusted with
    else:
        assert (question.targets[-5:] == 0).all()
    hidden = np.flatnonzero(question.token_ids != passage.token_ids)
    assert (question.token_ids[hidden] == tagger.tokenizer.mask).all()
    words = np.searchsorted(passage.word_starts, hidden, "right") - 1
    assert (question.targets[words] > 0).all()


def _type_of(description: tuple[int, ...], tagger: Tagger) -> str:
    return next(
        name for name, views in VIEWS.items() if any(tuple(tagger.tokenizer.ids(view)) == description for view in views)
    )


def test_a_passage_without_mentions_is_asked_too(tagger: Tagger) -> None:
    passage = Passage(CORPUS, np.array(tagger.tokenizer.ids("no fever")), np.array([0, 1]), {})
    sampler = QuestionSampler(VIEWS, tagger.tokenizer, SamplingSettings(), longest=50)
    question = sampler.draw(passage, np.random.default_rng(0))
    assert question.descriptions
    assert not question.targets.any()
