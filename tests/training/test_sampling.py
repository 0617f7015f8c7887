"""What is queried: types that are certain, never two for one mention, targets where mentions stand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.model import Tagger
from openbioner_batch.training.packing import pack_questions
from openbioner_batch.training.pieces import Piece
from openbioner_batch.training.recipe import Negatives, Recipe
from openbioner_batch.training.sampling import IGNORED, QuestionSampler, target_words
from openbioner_batch.training.shared import UNKNOWN, as_shared
from openbioner_batch.training.vocabulary import Likeness, TypeVocabulary, build_type_vocabulary

KINDS = ("gene", "protein", "family", "disease", "drug", "species", "dose")
EVERYWHERE = tuple((kind, "definition", f"a {kind} in the patient") for kind in KINDS)
WORDS = 14


def vocabulary(tagger: Tagger, rows: tuple[tuple[str, str, str], ...] = EVERYWHERE) -> TypeVocabulary:
    return build_type_vocabulary(rows, (), tagger.tokenizer, 50)


def piece(mentions: list[tuple[int, int, str]], annotated: tuple[str, ...] | None = None, unsure=()) -> Piece:  # type: ignore[no-untyped-def]
    return Piece("s", np.arange(100, 100 + WORDS, dtype=np.int32), np.arange(WORDS), tuple(mentions), unsure, annotated)


def test_of_nested_mentions_the_longer_wins_and_unsure_words_teach_nothing() -> None:
    mentions = [(0, 2, "gene"), (0, 4, "disease"), (3, 6, "drug"), (8, 9, "gene"), (10, 12, "drug")]
    targets, placed = target_words(piece(mentions, unsure=((11, 13),)), ["gene", "disease", "drug"])
    assert targets.tolist() == [2, 2, 2, 2, IGNORED, IGNORED, 0, 0, 1, 0, 3, IGNORED, IGNORED, 0]
    assert placed == [(0, 4), (8, 9)]


@st.composite
def pieces(draw: st.DrawFn) -> Piece:
    mention = st.tuples(st.integers(0, WORDS - 1), st.integers(1, 4), st.sampled_from([*KINDS, "undescribed"]))
    mentions = [(low, min(WORDS, low + size), kind) for low, size, kind in draw(st.lists(mention, max_size=8))]
    annotated = draw(st.none() | st.lists(st.sampled_from(KINDS), unique=True, max_size=5).map(tuple))
    return piece(list(dict.fromkeys(mentions)), annotated)


@given(pieces(), st.integers(1, 6), st.integers(0, 1000))
def test_questions_ask_certain_types_and_no_two_for_one_mention(
    tagger: Tagger, one: Piece, number: int, seed: int
) -> None:
    sampler = QuestionSampler(vocabulary(tagger), Recipe(mask_probability=0.5), tagger.tokenizer.mask)
    queried = sampler._types(one, number, ["drug", "undescribed"], np.random.default_rng(seed))
    assert len(queried) == len(set(queried)) <= number
    assert set(queried) <= set(KINDS if one.annotated is None else one.annotated)
    places = [(low, high) for kind in queried for low, high in {m[:2] for m in one.mentions if m[2] == kind}]
    assert len(places) == len(set(places))
    question, again = (
        sampler.draw(one, number, ["drug", "undescribed"], np.random.default_rng(seed)) for _ in range(2)
    )
    assert question.targets.tolist() == again.targets.tolist()
    assert question.token_ids.tolist() == again.token_ids.tolist()
    assert question.targets.max(initial=0) <= len(question.descriptions) <= number
    hidden = question.token_ids == tagger.tokenizer.mask
    assert set(question.targets[hidden].tolist()) <= {*range(1, 7), IGNORED}
    assert not (hidden & (question.targets == 0)).any()


def test_masking_and_positives_follow_their_probabilities(tagger: Tagger) -> None:
    one = piece([(0, 1, "gene"), (3, 5, "drug"), (7, 8, "disease"), (9, 10, "species")], KINDS)
    recipe = Recipe(positives_share=0.5, mask_probability=0.3)
    sampler = QuestionSampler(vocabulary(tagger), recipe, tagger.tokenizer.mask)
    random = np.random.default_rng(0)
    questions = [sampler.draw(one, 4, [], random) for _ in range(400)]
    assert 0.25 < np.mean([q.token_ids[0] == tagger.tokenizer.mask for q in questions if q.targets[0]]) < 0.36
    # Two of four types are present ones by their share; the rest are the three absent ones.
    assert {q.entities for q in questions} == {2}


def test_negatives_come_from_where_they_are_asked(tagger: Tagger) -> None:
    rows = (
        ("drug", "definition", "a drug that was given to the patient"),
        ("dose", "definition", "a dose of a drug that was given to the patient"),
        ("gene", "definition", "p53 in mice"),
        ("species", "definition", "mice"),
    )
    known = vocabulary(tagger, rows)
    assert known.near["drug"][0] == "dose"
    one = piece([(0, 1, "drug")])

    def absent(negatives: Negatives) -> set[str]:
        sampler = QuestionSampler(known, Recipe(negatives=negatives), tagger.tokenizer.mask)
        found = (sampler._types(one, 2, ["gene", "drug"], np.random.default_rng(seed)) for seed in range(40))
        return {kind for queried in found for kind in queried} - {"drug"}

    assert absent(Negatives(1, 0, 0)) == {"gene"}
    assert "dose" in absent(Negatives(0, 1, 0))
    assert absent(Negatives(0, 0, 1)) == {"gene", "dose", "species"}


BONES = (
    ("bone", "definition", "a hard part of the body that mice have"),
    ("gene", "definition", "p53"),
    ("muscle", "definition", "a soft part of the body that mice have"),
    ("skeletal_part", "definition", "a hard part of the body such as a skull"),
)
BONE_IS_SKELETAL = Likeness(np.eye(3)[[0, 1, 2, 0]], 0.9)


def asked(tagger: Tagger, one: Piece, recipe: Recipe, likeness: Likeness | None = BONE_IS_SKELETAL) -> set[str]:
    """All types that forty questions about a piece ask."""
    sampler = QuestionSampler(vocabulary(tagger, BONES), recipe, tagger.tokenizer.mask, likeness=likeness)
    drawn = (sampler._types(one, 4, ["gene"], np.random.default_rng(seed)) for seed in range(40))
    return {kind for queried in drawn for kind in queried}


def test_beyond_a_closed_list_siblings_say_no_and_near_types_say_nothing(tagger: Tagger) -> None:
    listed = piece([(0, 1, "bone")], annotated=("bone",))
    siblings, everything = (Recipe(negatives=Negatives(0, *shares, beyond=0.5)) for shares in ((1, 0), (0, 1)))
    assert asked(tagger, listed, Recipe()) == {"bone"}
    assert {"muscle", "skeletal_part"} <= set(vocabulary(tagger, BONES).near["bone"])
    assert asked(tagger, listed, siblings) == {"bone", "muscle"}
    assert asked(tagger, listed, everything) == {"bone", "gene", "muscle"}
    assert asked(tagger, listed, siblings, None) == {"bone", "muscle", "skeletal_part"}
    # what is mentioned beyond the list is not absent, and neither is what is near it
    beside = piece([(0, 1, "gene"), (3, 4, "skeletal_part")], annotated=("gene",))
    assert asked(tagger, beside, everything) == {"gene", "muscle"}
    everywhere = Recipe(negatives=everything.negatives, beyond_list="all")
    assert asked(tagger, piece([], annotated=("bone",)), everywhere) == {"bone", "gene", "muscle"}
    assert asked(tagger, piece([], annotated=()), everywhere) == set(), "nobody looked for anything"


def test_types_beyond_the_list_get_their_share_of_the_absent_ones(tagger: Tagger) -> None:
    one = piece([(0, 1, "bone")], annotated=("bone", "muscle", "skeletal_part"))

    def share_of_genes(beyond: float) -> float:
        recipe = Recipe(negatives=Negatives(0, 0, 1, beyond=beyond))
        sampler = QuestionSampler(vocabulary(tagger, BONES), recipe, tagger.tokenizer.mask)
        drawn = [sampler._types(one, 2, [], np.random.default_rng(seed)) for seed in range(300)]
        assert {len(queried) for queried in drawn} == {2}
        return float(np.mean(["gene" in queried for queried in drawn]))

    assert share_of_genes(0) == 0
    assert 0.1 < share_of_genes(0.25) < 0.3, "where no draw finds one, a listed type takes the place"


def test_near_types_of_what_an_open_passage_mentions_are_no_negatives(tagger: Tagger) -> None:
    one, siblings = piece([(0, 1, "bone")]), Recipe(negatives=Negatives(0, 1, 0))
    assert asked(tagger, one, siblings, None) == {"bone", "muscle", "skeletal_part"}
    assert asked(tagger, one, siblings) == {"bone", "muscle"}


@pytest.mark.parametrize("says", ["mentions", "all"])
def test_a_sibling_says_no_at_mentions_or_everywhere(tagger: Tagger, says: str) -> None:
    one = piece([(1, 3, "bone")], annotated=("bone",))
    recipe = Recipe(negatives=Negatives(0, 1, 0, beyond=1.0), beyond_list=says, jumbled=1.0, mask_probability=0.0)
    sampler = QuestionSampler(vocabulary(tagger, BONES), recipe, tagger.tokenizer.mask, likeness=BONE_IS_SKELETAL)
    question = sampler.draw(one, 2, [], np.random.default_rng(0))
    muscle = question.descriptions.index(tuple(tagger.tokenizer.ids("a soft part of the body that mice have")))
    words = [1, 2] if says == "mentions" else list(range(WORDS))
    assert not (question.targets == muscle + 1).any()
    batch = pack_questions([question], tagger.tokenizer)
    read: dict[int, list[int]] = {column: [] for column in range(5)}
    for rectangle in batch.rectangles:
        for word, column in zip(rectangle.words.tolist(), rectangle.columns.tolist(), strict=True):
            read[column].append(word)
    everywhere = list(range(WORDS))
    assert read == {column: words if column == muscle + 1 else everywhere for column in range(5)}
    (labelled,), _ = as_shared([question], [one.token_ids], taught=0)
    assert np.flatnonzero(labelled.labels[:, muscle] == 0).tolist() == words
    assert (labelled.labels[:, muscle] != 1).all()
    assert (np.delete(labelled.labels, muscle, 1) != UNKNOWN).all()
    if says == "mentions":
        without = piece([], annotated=("bone",))
        assert asked(tagger, without, recipe) == {"bone"}, "it would be compared nowhere"


def test_favoured_types_come_more_often(tagger: Tagger) -> None:
    one = piece([], annotated=KINDS)
    recipe = Recipe(favoured=("drug",), favour=5.0)
    sampler = QuestionSampler(vocabulary(tagger), recipe, tagger.tokenizer.mask)
    queried = [sampler._types(one, 1, [], np.random.default_rng(seed))[0] for seed in range(500)]
    assert 0.35 < queried.count("drug") / 500 < 0.55  # 5 of 11 parts


def test_views_and_names_of_types(tagger: Tagger) -> None:
    rows = (("cell_line", "definition", "a cell"), ("cell_line", "definition", "second"), ("gene", "examples", "p53"))
    both = build_type_vocabulary(rows, (), tagger.tokenizer, 50)
    assert {kind: list(views) for kind, views in both.views.items()} == {
        "cell_line": ["definition"],
        "gene": ["examples"],
    }
    named = build_type_vocabulary(rows, ("name",), tagger.tokenizer, 3)
    assert named.views["cell_line"]["name"] == tuple(tagger.tokenizer.ids("cell line")[:3])
    assert named.cut == 1


def test_further_definitions_and_definitions_with_names_are_views(tagger: Tagger) -> None:
    rows = (("cell_line", "definition", "a cell"), ("cell_line", "definition 2", "mice"), ("gene", "examples", "p53"))
    views = build_type_vocabulary(rows, ("definition", "name-definition"), tagger.tokenizer, 50).views
    ids = tagger.tokenizer.ids
    assert {view: list(tokens) for view, tokens in views["cell_line"].items()} == {
        "definition": ids("a cell"),
        "name-definition": ids("cell line: a cell"),
        "definition 2": ids("mice"),
        "name-definition 2": ids("cell line: mice"),
    }
    assert "gene" not in views


def test_foils_are_queried_beside_the_types_and_no_word_is_theirs(tagger: Tagger) -> None:
    one = piece([(0, 1, "gene"), (3, 5, "drug")], KINDS)
    negation = tuple(tagger.tokenizer.ids("not"))
    recipe = Recipe(jumbled=0.5, complements=0.25, mask_probability=0.0)
    mask = tagger.tokenizer.mask
    sampler = QuestionSampler(vocabulary(tagger), recipe, mask, [negation])
    known = set(tagger.tokenizer.ids(" ".join(text for _, _, text in EVERYWHERE)))
    for seed in range(20):
        question = sampler.draw(one, 4, [], np.random.default_rng(seed))
        assert (question.foils, len(question.descriptions)) == (3, 7)
        assert question.targets.max() <= 4
        *jumbled, complement = question.descriptions[4:]
        assert all(set(ids) <= known for ids in jumbled)
        assert complement[: len(negation)] == negation
    (of_piece,), _ = as_shared([question], [one.token_ids], taught=6)
    assert of_piece.labels.shape == (WORDS, 7)
    assert (of_piece.labels[:, 4:] == 0).all()
    assert of_piece.taught.tolist() == [0, 1, 2, 3], "a teacher judges no foil"


def test_a_small_share_of_foils_comes_now_and_then_and_without_one_nothing_is_drawn(tagger: Tagger) -> None:
    one, mask = piece([(0, 1, "gene")], KINDS), tagger.tokenizer.mask
    sampler = QuestionSampler(vocabulary(tagger), Recipe(jumbled=0.1), mask)
    random = np.random.default_rng(0)
    foils = [sampler.draw(one, 4, [], random).foils for _ in range(300)]
    assert 0.3 < np.mean(foils) < 0.5
    plain, other = np.random.default_rng(3), np.random.default_rng(3)
    negations = [tuple(tagger.tokenizer.ids("not"))]
    QuestionSampler(vocabulary(tagger), Recipe(), mask).draw(one, 4, [], plain)
    QuestionSampler(vocabulary(tagger), Recipe(), mask, negations).draw(one, 4, [], other)
    assert plain.random() == other.random()
