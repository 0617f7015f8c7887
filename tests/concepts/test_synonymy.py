"""Words that a vocabulary's own synonyms say mean the same; the rest of a name stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.concepts.building import build_vocabulary
from openbioner_batch.concepts.index import Vocabulary
from openbioner_batch.concepts.linker import Linker, Mention
from openbioner_batch.concepts.synonymy import inherited_rewordings, own_rewordings, rewordings, says_each_once

PARTS = ("left", "right", "middle")


def named(*names: tuple[int, str]) -> list[tuple[int, tuple[str, ...]]]:
    return [(concept, tuple(sorted(text.split()))) for concept, text in names]


def both(*words: str) -> list[tuple[int, tuple[str, ...]]]:
    """Concepts that have a name with each of these words."""
    return named(*((number, f"{part} {word}") for number, part in enumerate(PARTS) for word in words))


def test_what_three_concepts_say_holds_for_others() -> None:
    assert list(rewordings([*both("clavicle", "collarbone"), *named((9, "broken clavicle"))])) == [
        (6, ("broken", "collarbone"))
    ]
    assert list(rewordings([*both("clavicle", "collar bone"), *named((9, "bent bone collar"))])) == [
        (6, ("bent", "clavicle"))
    ]


def test_a_word_may_stand_for_a_number() -> None:
    names = [*both("index finger", "2 finger"), *named((9, "broken 2 finger"))]
    assert list(rewordings(names)) == [(6, ("broken", "finger", "index"))]


CANAL = named((0, "absent ear canal"), (0, "absent auditory canal"), (0, "atretic auditory canal"))
NEUROMA = named((1, "acoustic neuroma"), (1, "vestibular schwannoma"))


def test_names_of_a_concept_are_put_together() -> None:
    assert list(own_rewordings(CANAL, ["canal"] * 3)) == [(2, ("atretic", "canal", "ear"))]
    heads = ["neuroma", "schwannoma"]
    assert list(own_rewordings(NEUROMA, heads)) == [(0, ("acoustic", "schwannoma")), (1, ("neuroma", "vestibular"))]


@pytest.mark.parametrize(
    ("names", "heads"),
    [
        ([*CANAL, *named((5, "atretic ear canal"))], ["canal"] * 4),  # another concept has that name
        (CANAL, ["canal", "canal", None]),  # a name that is only related
        (named((0, "absent ear canal"), (1, "absent auditory canal"), (2, "atretic auditory canal")), ["canal"] * 3),
        (NEUROMA, ["neuroma", None]),
        (named((1, "neuroma"), (1, "vestibular schwannoma")), ["neuroma", "schwannoma"]),  # no word is left beside it
    ],
)
def test_nothing_is_put_together(names: list[tuple[int, tuple[str, ...]]], heads: list[str | None]) -> None:
    assert list(own_rewordings(names, heads)) == []


def test_no_name_is_put_together_of_words_that_say_little() -> None:
    names = named((1, "bilateral crossbite"), (1, "abnormal occlusion"))
    assert list(own_rewordings(names, ["crossbite", "occlusion"])) == [
        (0, ("bilateral", "occlusion")),
        (1, ("abnormal", "crossbite")),
    ]
    assert list(own_rewordings(names, ["crossbite", "abnormal"])) == [(1, ("crossbite", "occlusion"))]


GOITER = named((0, "goiter"), (0, "large thyroid"), (1, "nodular goiter"), (2, "goiter surgery"))
BELOW = [[], [0], []]


def test_a_name_of_a_concept_above_may_be_another_of_its_names() -> None:
    assert list(inherited_rewordings(GOITER, [True] * 4, BELOW)) == [(2, ("large", "nodular", "thyroid"))]
    assert list(inherited_rewordings(GOITER, [True] * 4, [[], [2], [0]])) == [
        (2, ("large", "nodular", "thyroid")),
        (3, ("large", "surgery", "thyroid")),
    ]


@pytest.mark.parametrize(
    ("names", "is_synonym"),
    [
        (GOITER, [True, False, True, True]),  # what is only related is no other name
        (GOITER, [True, True, False, True]),
        ([*GOITER, *named((2, "large nodular thyroid"))], [True] * 5),  # another concept has that name
        (named((0, "goiter"), (1, "nodular goiter")), [True] * 2),
    ],
)
def test_nothing_is_inherited(names: list[tuple[int, tuple[str, ...]]], is_synonym: list[bool]) -> None:
    assert list(inherited_rewordings(names, is_synonym, BELOW)) == []


@pytest.mark.parametrize(
    "names",
    [
        [*both("clavicle", "collarbone")[:4], *named((9, "broken clavicle"))],  # two concepts are chance
        [*both("type 1", "type 2"), *named((9, "broken type 1"))],  # numbers
        [*both("clavicle", "bone of the collar"), *named((9, "broken clavicle"))],  # long
        [
            *both("absent", "small"),
            *named((9, "absent thumb"), (8, "small thumb"), (7, "absent ear"), (6, "small ear")),
        ],
        [*both("clavicle", "collarbone"), *named((9, "clavicle"))],  # nothing else is left of the name
        [*both("bone", "fracture"), *named((9, "bone pain"))],  # what has names for its bone alone
        [],
    ],
)
def test_nothing_is_learnt_of_little_or_against_the_names(names: list[tuple[int, tuple[str, ...]]]) -> None:
    assert list(rewordings(names)) == []


@pytest.mark.parametrize(
    ("words", "does"),
    [
        ("narrow forehead", True),
        ("narrow narrowness", False),
        ("forehead narrow narrowness", False),  # says less than it seems to
        ("narrowness", False),
    ],
)
def test_a_name_put_together_says_each_thing_once(words: str, does: bool) -> None:
    assert says_each_once(tuple(words.split())) == does


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.sets(st.sampled_from("abc abd xy xz left right bone".split()), min_size=1))
    )
)
def test_rewordings_are_new_and_of_known_words(found: list[tuple[int, set[str]]]) -> None:
    names = [(concept, tuple(sorted(words))) for concept, words in found]
    known = {words for _, words in names}
    vocabulary = {word for words in known for word in words}
    for number, words in rewordings(names):
        assert words not in known
        assert words == tuple(sorted(set(words)))
        assert vocabulary.issuperset(words)
        assert set(words) & set(names[number][1])


@pytest.fixture(scope="module")
def linker(tmp_path_factory: pytest.TempPathFactory) -> Linker:
    rows = [f"B:{number},{part} shinbone cyst,{part} tibia cyst" for number, part in enumerate(PARTS)]
    rows += [
        "B:5,Taped shinbone,",
        "B:6,Famously short temper,",
        "B:7,Disproportionately tall gait,",
        "B:8,Extraordinarily tall gait,",
    ]
    rows += ["B:9,Slack brow,Supercilia slackness"]
    rows += ["B:10,Ear anomaly,Auricle", "B:11,Pinna,Ear anomalies", "B:12,Lobes,", "B:13,Lobe,"]
    folder: Path = tmp_path_factory.mktemp("learnt")
    (folder / "t.csv").write_text("id,name,synonyms\n" + "\n".join(rows) + "\n")
    build_vocabulary(str(folder / "t.csv"), str(folder / "t.vocab"))
    return Linker(Vocabulary(str(folder / "t.vocab")))


@pytest.mark.parametrize(
    ("mention", "id", "score"),
    [
        ("taping of tibiae", None, None),  # "taping" is no other word for "taped"
        ("taped tibiae", "B:5", 0.91),
        ("slack", "B:9", 0.5),  # of what is not said
        ("slack eyebrows", "B:9", 0.94),
        ("short tempers", "B:6", 0.7),  # the name has a word more
        ("tall gait", None, None),  # which of two is not said
        ("ear anomalies", "B:10", 1.0),  # a synonym's plural does not decide
        ("lobes", "B:12", 1.0),  # a preferred name's does
        ("lobe", "B:13", 1.0),
    ],
)
def test_mentions_in_learnt_words(linker: Linker, mention: str, id: str | None, score: float | None) -> None:
    (found,) = linker.link([Mention(mention)]).values()
    assert [(concept.id, concept.score) for concept in found] == ([(id, score)] if id else [])
