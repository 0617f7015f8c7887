"""Types shared by a pass: what each word says of each, and of which it says nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.model import Tagger
from openbioner_batch.model.location import resolve_checkpoint
from openbioner_batch.model.reading import read_config
from openbioner_batch.training.exposure import TypeExposure, foil_labels
from openbioner_batch.training.foils import Foil
from openbioner_batch.training.pieces import Piece
from openbioner_batch.training.recipe import Distillation, Negatives, Recipe
from openbioner_batch.training.separate import Teacher
from openbioner_batch.training.shared import UNKNOWN, pack_shared
from openbioner_batch.training.vocabulary import Likeness, build_type_vocabulary

KINDS = ("dose", "drug", "gene", "operation", "surgery")
WORDS = 8
VECTORS = np.eye(5)[[0, 1, 2, 3, 3]]  # an operation and a surgery are described alike


def exposure(
    tagger: Tagger,
    late: bool = True,
    likeness: bool = True,
    negations: list[tuple[int, ...]] | None = None,
    empty_names: list[tuple[int, ...]] | None = None,
    **recipe: object,
) -> TypeExposure:
    rows = [(kind, "definition", f"a {kind} in the patient") for kind in KINDS]
    vocabulary = build_type_vocabulary(rows, (), tagger.tokenizer, 50)
    settings = Recipe(**{"shared_types": 5, "mask_probability": 0.0, **recipe})  # type: ignore[arg-type]
    near = Likeness(VECTORS, 0.9) if likeness else None
    mask = tagger.tokenizer.mask
    return TypeExposure(vocabulary, near, settings, mask, late, negations or (), empty_names or ())


def piece(
    mentions: list[tuple[int, int, str]],
    annotated: tuple[str, ...] | None = None,
    unsure: tuple[tuple[int, int], ...] = (),
) -> Piece:
    ids = np.arange(100, 100 + WORDS, dtype=np.int32)
    return Piece("s", ids, np.arange(WORDS), tuple(mentions), unsure, annotated)


def of(labels: np.ndarray, kind: str) -> list[int]:
    found: list[int] = labels[:, KINDS.index(kind)].tolist()
    return found


def test_open_annotation_is_sure_of_what_it_mentions_and_of_what_is_not_near(tagger: Tagger) -> None:
    one = piece([(0, 2, "operation"), (1, 2, "drug")], unsure=((6, 8),))
    labels = exposure(tagger).labels(one, KINDS)
    assert of(labels, "operation") == [1, 1, 0, 0, 0, 0, UNKNOWN, UNKNOWN]
    assert of(labels, "drug") == [0, 1, 0, 0, 0, 0, UNKNOWN, UNKNOWN]
    assert of(labels, "gene") == [0] * 6 + [UNKNOWN] * 2
    assert of(labels, "surgery") == [UNKNOWN] * WORDS
    assert of(exposure(tagger, likeness=False).labels(one, KINDS), "surgery") == [0] * 6 + [UNKNOWN] * 2


@pytest.mark.parametrize(
    ("beyond", "expected"),
    [("none", [UNKNOWN] * WORDS), ("mentions", [UNKNOWN, 0, 0] + [UNKNOWN] * 5), ("all", [0] * WORDS)],
)
def test_a_closed_list_is_sure_of_what_it_lists_and_beyond_it_as_the_recipe_says(
    tagger: Tagger, beyond: str, expected: list[int]
) -> None:
    one = piece([(1, 3, "operation")], annotated=("operation", "dose"))
    labels = exposure(tagger, beyond_list=beyond).labels(one, KINDS)
    assert of(labels, "operation") == [0, 1, 1] + [0] * 5
    assert of(labels, "dose") == [0] * WORDS  # a sibling that is surely absent
    assert of(labels, "gene") == of(labels, "drug") == expected
    assert of(labels, "surgery") == [UNKNOWN] * WORDS  # near one that is listed


def test_text_without_annotation_says_nothing_and_is_for_a_teacher(tagger: Tagger) -> None:
    raw = piece([], annotated=())
    sampler = exposure(tagger, beyond_list="all", distillation=Distillation("bundled", types=3))
    assert (sampler.labels(raw, KINDS) == UNKNOWN).all()
    (queried,), descriptions = sampler.draw([raw], 5, np.random.default_rng(0))
    assert len(set(queried.taught.tolist())) == 3
    assert len(descriptions) == 5


def test_a_teacher_is_not_asked_about_excepted_types(tagger: Tagger) -> None:
    raw = piece([], annotated=())
    teacher = Distillation("bundled", types=3, except_types=tuple(KINDS[1:]))
    sampler = exposure(tagger, late=False, beyond_list="none", shared_types=len(KINDS), distillation=teacher)
    mentions = piece([(1, 3, KINDS[1])], annotated=tuple(KINDS[1:]))
    queried, descriptions = sampler.draw([raw, mentions], len(KINDS), np.random.default_rng(0))
    assert [len(one.taught) for one in queried] == [1, 1]
    assert [len(one.columns) for one in queried] == [1, len(KINDS)]  # labels alone judge the others
    queried, descriptions = sampler.draw([raw, mentions], 1, np.random.default_rng(0))
    assert [len(one.taught) for one in queried] == [1, 0]
    batch = pack_shared(queried, descriptions, tagger.tokenizer, read_config(resolve_checkpoint("bundled")))
    assert batch.teacher_batch is not None
    Teacher(teacher, torch.device("cpu")).type_scores(batch.teacher_batch)


mention = st.tuples(st.integers(0, WORDS - 1), st.integers(1, 4), st.sampled_from([*KINDS, "undescribed"]))
pieces_of_a_pass = st.lists(
    st.builds(
        lambda mentions, annotated: piece(
            list(dict.fromkeys((low, min(WORDS, low + size), kind) for low, size, kind in mentions)), annotated
        ),
        st.lists(mention, max_size=6),
        st.none() | st.lists(st.sampled_from(KINDS), unique=True, max_size=3).map(tuple),
    ),
    min_size=1,
    max_size=4,
)


@given(pieces_of_a_pass, st.integers(1, 4), st.booleans(), st.integers(0, 100))
def test_a_pass_asks_within_its_numbers_and_masks_only_what_is_asked(
    tagger: Tagger, pieces: list[Piece], number: int, late: bool, seed: int
) -> None:
    sampler = exposure(
        tagger, late, shared_types=4, mask_probability=0.5, distillation=Distillation("bundled", types=2)
    )
    drawn, descriptions = sampler.draw(pieces, number, np.random.default_rng(seed))
    again, _ = sampler.draw(pieces, number, np.random.default_rng(seed))
    assert len(descriptions) == 4
    for one, same, source in zip(drawn, again, pieces, strict=True):
        assert one.labels.tolist() == same.labels.tolist()
        assert one.token_ids.tolist() == same.token_ids.tolist()
        assert one.columns.tolist() == (list(range(4)) if late else sorted(set(one.columns.tolist())))
        assert len(one.columns) == (4 if late else number)  # a teacher judges those that labels do not
        assert set(one.taught.tolist()) <= set(one.columns.tolist())
        assert len(one.taught) == min(2, len(one.columns))
        assert one.plain_ids.tolist() == source.token_ids.tolist()
        in_mention = np.zeros(WORDS, np.bool_)
        for low, high, _ in source.mentions:
            in_mention[low:high] = True
        assert not (one.token_ids == tagger.tokenizer.mask)[~in_mention].any()


def test_without_a_teacher_a_pair_that_teaches_nothing_is_not_made(tagger: Tagger) -> None:
    listed = piece([(1, 3, "operation")], annotated=("operation", "dose"))
    sampler = exposure(tagger, late=False, beyond_list="none")
    (queried, nothing), _ = sampler.draw([listed, piece([], annotated=())], 4, np.random.default_rng(0))
    assert len(queried.columns) == 2
    assert (queried.labels != UNKNOWN).any(0).all()
    assert len(nothing.columns) == 0


def test_mentioned_types_come_first_up_to_their_share_and_near_ones_are_drawn(tagger: Tagger) -> None:
    one = piece([(0, 1, "gene"), (2, 3, "drug"), (4, 5, "dose")])

    def kinds(**recipe: object) -> list[list[str]]:
        sampler = exposure(tagger, shared_types=3, **recipe)
        return [sampler._kinds([one], np.random.default_rng(seed)) for seed in range(40)]

    only_others = Negatives(in_batch=0, hard=0, vocabulary=1)
    for found in kinds(positives_share=0.34, negatives=only_others):
        assert found[0] in {"gene", "drug", "dose"}
        assert set(found[1:]) <= {"operation", "surgery", "gene", "drug", "dose"}
    assert {tuple(sorted(found)) for found in kinds(positives_share=1.0)} == {("dose", "drug", "gene")}
    others = [{"operation", "surgery"} & set(found) for found in kinds(positives_share=0.34, negatives=only_others)]
    assert sum(map(bool, others)) > 30


def test_types_that_were_looked_for_and_not_found_are_drawn_by_their_share(tagger: Tagger) -> None:
    one = piece([(0, 1, "gene")], annotated=("gene", "operation"))

    def others(listed: float) -> set[str]:
        shares = Negatives(in_batch=0, hard=0, vocabulary=1 - listed, listed=listed)
        sampler = exposure(tagger, shared_types=2, positives_share=0.5, negatives=shares)
        return {sampler._kinds([one], np.random.default_rng(seed))[1] for seed in range(40)}

    assert others(1.0) == {"operation"}
    assert others(0.0) > {"operation"}


def test_foils_are_no_type_and_no_complement_of_what_is_mentioned(tagger: Tagger) -> None:
    one = piece([(1, 3, "operation")], unsure=((6, 8),))
    labels = foil_labels(one, [Foil((5,), None), Foil((5,), "operation"), Foil((5,), "gene")])
    assert labels[:, 0].tolist() == [0] * 6 + [UNKNOWN] * 2
    assert labels[:, 1].tolist() == [UNKNOWN, 0, 0] + [UNKNOWN] * 5
    assert (labels[:, 2] == UNKNOWN).all()


def test_foils_are_asked_beside_the_types(tagger: Tagger) -> None:
    negation = tuple(tagger.tokenizer.ids("not"))
    sampler = exposure(tagger, jumbled=0.4, complements=0.2, negations=[negation])
    (queried,), descriptions = sampler.draw([piece([(1, 3, "operation")])], 5, np.random.default_rng(0))
    assert len(descriptions) == queried.labels.shape[1] == 5 + 2 + 1
    assert descriptions[-1][: len(negation)] == negation
    words = {token for description in descriptions[:5] for token in description}
    assert all(set(jumbled) <= words for jumbled in descriptions[5:7])
    assert (queried.labels[:, 5:7] == 0).all()
    assert queried.entities == 1


def test_descriptions_and_complements_stand_behind_names_that_say_nothing(tagger: Tagger) -> None:
    empty, negation = tuple(tagger.tokenizer.ids("mention:")), tuple(tagger.tokenizer.ids("not"))
    definitions = {tuple(tagger.tokenizer.ids(f"a {kind} in the patient")) for kind in KINDS}

    def drawn(unnamed: float) -> list[tuple[int, ...]]:
        sampler = exposure(tagger, negations=[negation], empty_names=[empty], complements=0.4, unnamed=unnamed)
        return sampler.draw([piece([(0, 2, "drug")])], 5, np.random.default_rng(1))[1]

    assert set(drawn(0.0)[:5]) == definitions
    assert set(drawn(1.0)[:5]) == {empty + ids for ids in definitions}
    longest = max(map(len, drawn(1.0)[:5]))
    for foil in drawn(1.0)[5:]:
        assert foil[: len(empty) + len(negation)] == empty + negation
        assert len(foil) <= longest
    some = [ids in definitions for ids in drawn(0.5)[:5]]
    assert any(some)
    assert not all(some)
