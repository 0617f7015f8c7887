"""Fitting the head of a glossary: it learns what fits, by what is left to say of a name, the same for the same seed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from training.taxonomies import World, meaning_of, word_states, worlds

from openbioner_batch.errors import UsageError
from openbioner_batch.model.glossary import GlossaryEntry
from openbioner_batch.training.glossary.drawing import Pair
from openbioner_batch.training.glossary.fitting import Fitting, FittingSettings
from openbioner_batch.training.glossary.material import TaxonomyClass

pytestmark = pytest.mark.usefixtures("one_thread")

QUICK = FittingSettings(steps=40, rate=2e-2, size=8)
ILLNESS = ("an illness", "what people suffer from", "illness or disease", "a disease of people")
MEDICINE = ("a medicine", "what doctors give", "medicine or drug", "a drug that doctors give")
WORLD = World(
    [
        TaxonomyClass("ills", "illness", None, ILLNESS, ("asthma", "gout", "fever")),
        TaxonomyClass("meds", "medicine", None, MEDICINE, ("aspirin", "statin", "codeine")),
    ],
    [
        GlossaryEntry(("asthma",), ("disease that makes people wheeze", "illness with attacks")),
        GlossaryEntry(("aspirin",), ("drug that thins blood", "medicine for pain")),
    ],
    {"asthma": ("a disease with a wheeze", "not a drug"), "aspirin": ("a drug for pain", "not a disease")},
)
SEVERAL = World(
    [
        TaxonomyClass("ills", "illness", None, ILLNESS, ("asthma", "gout", "fever")),
        TaxonomyClass("places", "joints", None, ("of the joints", "what hurts in joints"), ("gout",)),
        TaxonomyClass("signs", "sign", None, ("a sign", "what doctors find", "found by examination"), ("fever",)),
        TaxonomyClass("meds", "medicine", None, MEDICINE, ("aspirin",)),
        TaxonomyClass("things", "thing", None, ILLNESS[:1], ("stone",)),
    ],
    (),
    {},
)
"""Without the first class, two statements are left to say of gout, and three of fever; of a stone there is but one."""


def fitting(settings: FittingSettings = QUICK, world: World = WORLD, only: Sequence[Pair] = ()) -> Fitting:
    """What a world is fitted to, or these pairs alone in each step."""
    drawing = world.drawing(settings.seed)
    if only:
        drawing.step = lambda: list(only)  # type: ignore[method-assign]
    queries = word_states([text for _, text in drawing.queries])
    return Fitting(world.glossary, drawing, word_states(world.glossary.statements), queries, settings)


def logit(fitted: Fitting, description: str, said: Sequence[str]) -> float:
    """Of a description and of a name of which this is said."""
    states, real = word_states([description]).padded([0])
    numbers = tuple(WORLD.glossary.statements.index(text) for text in said)
    return float(fitted.head(states, real, torch.tensor([0]), [numbers]).item())


def test_the_loss_falls_and_what_fits_is_told_from_what_does_not() -> None:
    fitted = fitting()
    losses = list(fitted.run())
    assert len(losses) == QUICK.steps
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])
    for one, other in ((ILLNESS, MEDICINE), (MEDICINE, ILLNESS)):
        for number, text in enumerate(one):
            assert logit(fitted, text, one[:number] + one[number + 1 :]) > logit(fitted, text, other) + 2
    told = ("illness with attacks",)
    assert logit(fitted, "a disease", told) > logit(fitted, "a drug", told)


def test_the_same_seed_gives_the_same_losses_and_bytes_and_another_does_not(tmp_path: Path) -> None:
    few = {"steps": 4, "size": 8}
    found = []
    for place, seed in enumerate((1, 1, 2)):
        fitted = fitting(FittingSettings(seed=seed, **few))
        losses = list(fitted.run())
        fitted.result().write(tmp_path / str(place))
        found.append((losses, (tmp_path / str(place)).read_bytes()))
    assert found[0] == found[1]
    assert found[0][0] != found[2][0]
    assert found[0][1] != found[2][1]


def test_the_head_starts_as_the_seed_says_whatever_was_drawn_before() -> None:
    starts = []
    for seed in (1, 1, 2):
        torch.rand(3)
        starts.append(fitting(FittingSettings(seed=seed, size=8)).head.weight.weight.tolist())
    assert starts[0] == starts[1] != starts[2]


def test_the_result_has_the_tokens_of_the_glossarys_statements() -> None:
    fitted = fitting(FittingSettings(steps=2, size=8))
    list(fitted.run())
    head, statements = fitted.result(), WORLD.glossary.statements
    assert head.counts.tolist() == [len(text.split()) for text in statements]
    expected = head.project(word_states(statements).every().numpy())
    stored = head.tokens / np.linalg.norm(head.tokens.astype(np.float32), axis=1, keepdims=True)
    assert np.abs(stored - expected).max() < 0.01


def test_a_stronger_pull_keeps_the_matrices_nearer_to_their_start() -> None:
    distances = []
    for pull in (0.0, 10.0):
        fitted = fitting(FittingSettings(steps=15, size=8, pull=pull))
        list(fitted.run())
        distances.append(fitted.head.distance().item())
    assert distances[1] < 0.3 * distances[0]


def first_loss(*pairs: Pair) -> float:
    """Of a step with these pairs, of names in several classes."""
    (loss,) = fitting(FittingSettings(steps=1, size=6), SEVERAL, pairs).run()
    return loss


def pair(name: str, fits: float, weight: float = 0.5, without: int | None = None) -> Pair:
    """Of the first wording of the first class, which must not tell."""
    meaning = meaning_of(SEVERAL.glossary, name)
    query = SEVERAL.drawing(QUICK.seed).queries.index(("mention", ILLNESS[0]))
    return Pair(query, meaning, fits, weight, ILLNESS[0], without)


def test_a_loss_is_the_weighted_sum_over_pairs() -> None:
    far, of = pair("aspirin", 0.0), pair("gout", 1.0)
    assert first_loss(far, of) == pytest.approx(first_loss(far) + first_loss(of), rel=1e-5)
    assert first_loss(pair("aspirin", 0.0, weight=1.5)) == pytest.approx(3 * first_loss(far), rel=1e-5)
    half = (first_loss(pair("gout", 0.0)) + first_loss(of)) / 2
    assert first_loss(pair("gout", 0.5)) == pytest.approx(half, rel=1e-5)


def test_a_name_of_which_nothing_is_left_to_say_does_not_count() -> None:
    far = pair("aspirin", 0.0)
    assert first_loss(far, pair("asthma", 1.0, without=0)) == first_loss(far)
    assert first_loss(far, pair("stone", 1.0)) == first_loss(far)
    assert first_loss(far, pair("asthma", 1.0)) > first_loss(far)


def test_a_step_in_which_nothing_is_left_to_say_of_any_name_changes_nothing() -> None:
    fitted = fitting(FittingSettings(steps=3, size=6), SEVERAL)
    drawn = iter([[pair("stone", 1.0)], [pair("aspirin", 0.0)], [pair("stone", 1.0), pair("gout", 1.0, without=0)]])
    fitted._drawing.step = lambda: next(drawn)  # type: ignore[method-assign]
    weights = [parts_of(fitted)]
    weights += [parts_of(fitted) for _ in fitted.run()]
    same = [[torch.equal(*parts) for parts in zip(*both, strict=True)] for both in pairwise(weights)]
    assert [all(of_step) for of_step in same] == [True, False, True]


def parts_of(fitted: Fitting) -> list[torch.Tensor]:
    """The weights as they are now."""
    return [part.detach().clone() for part in fitted.head.parameters()]


@given(worlds())
@settings(max_examples=10)
def test_any_small_glossary_can_be_fitted(world: World) -> None:
    assert np.isfinite(list(fitting(FittingSettings(steps=2, size=4), world).run())).all()


def test_a_glossary_that_says_only_what_is_false_is_refused() -> None:
    world = World([TaxonomyClass("ills", "illness", None, ("not a drug",), ("asthma",))], (), {})
    with pytest.raises(UsageError, match=r'of none of its 1 names what is true .*: give .* "not"'):
        fitting(world=world)


def test_without_its_class_a_name_counts_where_more_than_two_statements_are_left() -> None:
    far = pair("aspirin", 0.0)
    assert first_loss(far, pair("gout", 1.0, without=0)) == first_loss(far)
    assert first_loss(far, pair("fever", 1.0, without=0)) > first_loss(far)
