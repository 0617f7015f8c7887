"""The pairs to which the head of a glossary is fitted agree with what is known, and none tells itself."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from training.taxonomies import World, meaning_of, numbered_class, passage_rows, worlds

from openbioner_batch.model.glossary import GlossaryEntry
from openbioner_batch.training.glossary import drawing
from openbioner_batch.training.glossary.drawing import COMPLEMENTS, Drawing, Pair
from openbioner_batch.training.glossary.material import FAR, NOT, OF

PARTS = {OF: 1.0, NOT: 2.0, FAR: 0.5}
"""What names of each label weigh, of each wording."""


seeds = st.integers(0, 2**32)


@pytest.fixture(scope="module")
def wide() -> World:
    """A world in which there is more of everything than a step takes."""
    letters = "abcdefgh"
    names = [[f"{letter}{letter}{kind} thing{number}" for number in range(12)] for kind, letter in enumerate(letters)]
    classes = [numbered_class(number, "xy"[number % 2], 7, names[number]) for number in range(8)]
    described = {
        name: (f"what {name} does here", "not the other thing", f"a {name}") for of_kind in names for name in of_kind
    }
    written = [GlossaryEntry((name,), ("first said", "then said")) for name in described]
    kinds = [[(meaning, float(meaning == kind), 1 + meaning) for meaning in range(20)] for kind in range(40)]
    return World(classes, written, described, passage_rows(kinds))


def steps(world: World, seed: int, number: int) -> tuple[Drawing, list[list[Pair]]]:
    drawn = world.drawing(seed)
    return drawn, [drawn.step() for _ in range(number)]


def complemented(text: str) -> str | None:
    """The description of which a text is the complement."""
    for form in COMPLEMENTS:
        if text.startswith(before := form.partition("{}")[0]):
            return text.removeprefix(before).rstrip(".")
    return None


def kind_of(drawn: Drawing, pair: Pair) -> str:
    """What the description of a pair is."""
    name, text = drawn.queries[pair.query]
    if pair.hidden is not None:
        return "class" if text.startswith("Wording") else "statement"
    if name.startswith("type"):
        return "type"
    return "jumbled" if complemented(text) is None else "complement"


def labels_of(world: World, wording: str) -> np.ndarray:
    """The labels of the class that is so described."""
    (place,) = (place for place, one in enumerate(world.classes) if f"{wording.rstrip('.')}." in one.descriptions)
    return world.labels[place]


def of_others(world: World, text: str) -> set[int]:
    """The meanings that a text hardly fits: those of other classes than what it fits."""
    found: set[int] = set()
    signs = (NOT, FAR) if len(text.split()) >= 4 else (FAR,)
    for meaning in (meaning for meaning, said, fits in world.stated if said == text and fits):
        for place in (entry for entry in world.glossary.meanings[meaning] if entry < len(world.classes)):
            found |= set(np.flatnonzero(np.isin(world.labels[place], signs)).tolist())
    return found


@given(worlds(), seeds)
def test_every_pair_agrees_with_what_is_known(world: World, seed: int) -> None:
    drawn, drawn_steps = steps(world, seed, 3)
    words = {word for text in world.glossary.statements for word in text.split()}
    in_passages = set(
        zip(world.passages.types, world.passages.meanings, world.passages.within.astype(float), strict=True)
    )
    for pair in (pair for step in drawn_steps for pair in step):
        name, text = drawn.queries[pair.query]
        match kind_of(drawn, pair):
            case "class":
                label = labels_of(world, text)[pair.meaning]
                assert (label, pair.fits) in {(OF, 1), (NOT, 0), (FAR, 0)}
                assert name in {"mention", f"kind_{text.split()[-1].rstrip('.')}"}
            case "statement":
                denied = pair.fits == 0 and pair.meaning in of_others(world, text)
                assert denied or (pair.meaning, text, pair.fits) in world.stated
            case "type":
                place = world.passages.descriptions.index((name, text))
                assert (place, pair.meaning, pair.fits) in in_passages
            case "complement":
                assert labels_of(world, complemented(text) or "")[pair.meaning] == OF
                assert pair.fits == 0
            case "jumbled":
                assert set(text.split()) <= words
                assert 3 <= len(text.split()) <= 9
                assert pair.fits == 0


@given(worlds(), seeds)
def test_what_is_hidden_is_the_description_and_never_said(world: World, seed: int) -> None:
    drawn, drawn_steps = steps(world, seed, 3)
    glossary = world.glossary
    for pair in (pair for step in drawn_steps for pair in step):
        _, text = drawn.queries[pair.query]
        assert pair.hidden in {None, text}
        entries = [entry for entry in glossary.meanings[pair.meaning] if entry != pair.without]
        for _ in range(3):
            said = drawn.said(pair)
            assert len(set(said)) == len(said)
            assert set(said) <= {told for entry in entries for told in glossary.true_of(entry)} - {pair.hidden}
            if kind_of(drawn, pair) in {"class", "statement"}:
                assert text not in said


@given(worlds(), seeds)
def test_an_entry_is_left_out_only_for_a_name_of_the_described_class(world: World, seed: int) -> None:
    drawn, drawn_steps = steps(world, seed, 3)
    for pair in (pair for step in drawn_steps for pair in step if pair.without is not None):
        assert kind_of(drawn, pair) == "class"
        assert pair.fits == 1
        assert pair.hidden in world.classes[pair.without].descriptions


@given(worlds(), seeds)
def test_the_same_seed_draws_the_same(world: World, seed: int) -> None:
    draws = []
    for _ in range(2):
        drawn, drawn_steps = steps(world, seed, 2)
        draws.append((drawn.queries, drawn_steps, [drawn.said(pair) for pair in drawn_steps[0]]))
    assert draws[0] == draws[1]


def test_another_seed_draws_other_pairs(wide: World) -> None:
    drawn = [steps(wide, seed, 1) for seed in (1, 2)]
    assert drawn[0][1] != drawn[1][1]
    assert drawn[0][0].queries != drawn[1][0].queries


@given(worlds(), seeds)
def test_wordings_weigh_as_much_whatever_the_number_of_their_names(world: World, seed: int) -> None:
    drawn, (pairs,) = steps(world, seed, 1)
    weights: defaultdict[tuple[str, int], float] = defaultdict(float)
    for pair in pairs:
        if kind_of(drawn, pair) == "class" and pair.hidden is not None:
            weights[pair.hidden, int(labels_of(world, pair.hidden)[pair.meaning])] += pair.weight
    for (_, sign), weight in weights.items():
        assert weight == pytest.approx(PARTS[sign] / drawing._CLASSES)
    wordings = [text for one in world.classes for text in one.descriptions]
    drawn_wordings = {text for text, _ in weights}
    assert len(drawn_wordings) == min(len(wordings), drawing._CLASSES)
    assert weights.keys() == {
        (text, sign) for text in drawn_wordings for sign in PARTS if (labels_of(world, text) == sign).any()
    }


@given(worlds(), seeds)
def test_the_names_of_a_type_weigh_together_as_those_of_any_other(world: World, seed: int) -> None:
    drawn, (pairs,) = steps(world, seed, 1)
    weights: defaultdict[int, float] = defaultdict(float)
    for pair in pairs:
        if kind_of(drawn, pair) == "type":
            weights[pair.query] += pair.weight
    assert len(weights) == len(world.passages.descriptions)
    assert list(weights.values()) == pytest.approx([2.0 / drawing._TYPES] * len(weights))


def test_names_in_mentions_weigh_three_times_those_without_by_the_root_of_their_places() -> None:
    names = [f"thing{number}" for number in range(9)]
    rows = [(0, 0.25, 4), *((number, 0.0, 9) for number in range(1, 9))]
    world = World([numbered_class(0, "a", 1, names)], (), {}, passage_rows([rows]))
    drawn, (pairs,) = steps(world, 5, 1)
    found = [pair for pair in pairs if kind_of(drawn, pair) == "type"]
    # 5 of 8 stand for all that no mention has
    expected = {0.25: 3 * 2, 0.0: 8 / 5 * 3}
    whole = expected[0.25] + 5 * expected[0.0]
    assert Counter(pair.fits for pair in found) == {0.25: 1, 0: 5}
    for pair in found:
        assert pair.weight == pytest.approx(2.0 / drawing._TYPES * expected[pair.fits] / whole)


def test_a_whole_step_weighs_what_its_kinds_are_worth(wide: World) -> None:
    drawn, drawn_steps = steps(wide, 3, 20)
    for step in drawn_steps:
        weights: defaultdict[str, float] = defaultdict(float)
        for pair in step:
            weights[kind_of(drawn, pair)] += pair.weight
        assert len({pair.query for pair in step if kind_of(drawn, pair) == "statement"}) == drawing._STATEMENTS
        assert weights["class"] == pytest.approx(sum(PARTS.values()))
        assert weights["type"] == pytest.approx(2.0)
        assert weights["complement"] == pytest.approx(0.3)
        assert weights["jumbled"] == pytest.approx(0.3)
        # whatever names of other classes add: two near ones a quarter each, a far one a fifth
        assert 1.5 <= weights["statement"] <= 1.5 * (1 + 2 * 0.25 + 0.2)


def test_a_statement_weighs_alike_and_names_of_other_classes_less() -> None:
    classes = [numbered_class(number, "aab"[number], 1, [f"thing{number}"]) for number in range(3)]
    described = {"thing0": ("what is found there", "a pill", "not what it really is")}
    world = World(classes, [GlossaryEntry(("thing0",), ("said",))], described)
    drawn, (pairs,) = steps(world, 1, 1)
    share = 1.5 / drawing._STATEMENTS
    of, near, far = (meaning_of(world.glossary, f"thing{number}") for number in range(3))
    found = [pair for pair in pairs if kind_of(drawn, pair) == "statement"]
    assert sorted((pair.hidden, pair.meaning, pair.fits, pair.weight) for pair in found) == sorted(
        [
            ("what is found there", of, 1, share),
            ("what is found there", near, 0, 0.25 * share),
            ("what is found there", far, 0, 0.2 * share),
            ("a pill", of, 1, share),
            ("a pill", far, 0, 0.2 * share),
            ("what it really is", of, 0, share),
        ]
    )


def test_half_of_the_wordings_leave_out_their_class_and_about_half_are_unnamed(wide: World) -> None:
    drawn, drawn_steps = steps(wide, 3, 40)
    hides, unnamed = Counter[bool](), Counter[bool]()
    for step in drawn_steps:
        found = {pair.hidden: pair for pair in step if pair.fits == 1 and kind_of(drawn, pair) == "class"}
        hides.update(pair.without is not None for pair in found.values())
        unnamed.update(drawn.queries[pair.query][0] == "mention" for pair in found.values())
    assert hides[True] / hides.total() == pytest.approx(0.5, abs=0.05)
    assert unnamed[True] / unnamed.total() == pytest.approx(0.55, abs=0.05)


def test_two_to_five_wordings_of_a_class_are_said_and_three_quarters_of_the_rest(wide: World) -> None:
    drawn = wide.drawing(9)
    meaning = meaning_of(wide.glossary, "aa0 thing1")
    said = [drawn.said(Pair(0, meaning, 1, 1)) for _ in range(400)]
    of_class = [[text for text in texts if text.startswith("Wording")] for texts in said]
    assert {len(texts) for texts in of_class} == {2, 3, 4, 5}
    counts = Counter(text for texts in said for text in texts)
    assert len(counts) == 7 + 4
    for text in ("first said", "then said", "what aa0 thing1 does here", "a aa0 thing1"):
        assert counts[text] / 400 == pytest.approx(0.75, abs=0.1)


def test_up_to_five_wordings_are_all_said_and_a_hidden_one_is_not_counted() -> None:
    world = World([numbered_class(0, "a", 6, ["thing"])], (), {})
    drawn, wordings = world.drawing(1), world.classes[0].descriptions
    assert {drawn.said(Pair(0, 0, 1, 1, hidden=wordings[2])) for _ in range(20)} == {wordings[:2] + wordings[3:]}
    assert drawn.said(Pair(0, 0, 1, 1, without=0)) == ()


def test_without_passages_or_descriptions_the_rest_is_drawn() -> None:
    world = World([numbered_class(number, "ab"[number], 2, [f"thing{number}"]) for number in range(2)], (), {})
    drawn, (pairs,) = steps(world, 1, 1)
    assert {kind_of(drawn, pair) for pair in pairs} == {"class", "complement", "jumbled"}


@pytest.mark.parametrize("name", ["ASA", "DPP-4"])
def test_descriptions_of_a_name_in_capitals_are_of_this_name(name: str) -> None:
    entries = [GlossaryEntry((name,), ("said",)), GlossaryEntry(("Dpp",), ("a gene of flies",))]
    world = World([numbered_class(0, "a", 1, ["thing"])], entries, {name: ("what it does", "not a fly")})
    drawn, (pairs,) = steps(world, 1, 1)
    (known,) = world.glossary.find(f"the {name} of mice")
    assert {pair.meaning for pair in pairs if kind_of(drawn, pair) == "statement"} == {known.meaning}
