"""Mentions become concepts: by words, by what they are short for, by near names; nothing where nothing is sure."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openbioner_batch.concepts.building import build_vocabulary
from openbioner_batch.concepts.index import Vocabulary
from openbioner_batch.concepts.linker import Linker, Mention
from openbioner_batch.concepts.nearest import Nearest
from openbioner_batch.concepts.normalising import content


def best(vocabulary: Vocabulary, text: str, expansion: str | None = None) -> tuple[str, float] | None:
    mention = Mention(text, expansion)
    found = Linker(vocabulary).link([mention])[mention]
    return (found[0].id, found[0].score) if found else None


@pytest.mark.parametrize(
    ("mention", "id", "score"),
    [
        ("Seizure", "X:4", 1.0),
        ("epileptic  FIT", "X:4", 1.0),
        ("epileptic fits", "X:4", 0.99),
        ("beta-thalassemia type II", "X:5", 0.99),
        ("β thalassaemia type 2", "X:5", 0.99),
        ("betathalassemia type-2", "X:5", 0.98),
        ("cysts, renal", "X:3", 0.97),
        ("severe intellectual disability", "X:6", 0.97),
        ("anomaly of the kidneys", "X:2", 0.94),
        ("shortening of fingers", "X:7", 0.94),
        ("RCY", "X:3", 1.0),
        ("rcy", "X:3", 0.9),
        ("brachydactylic", "X:7", 0.92),
        ("second type beta thalassemia", "X:5", 0.97),
        ("2nd type of β-thalassemia", "X:5", 0.97),
    ],
)
def test_the_strictest_match_decides(vocabulary: Vocabulary, mention: str, id: str, score: float) -> None:
    assert best(vocabulary, mention) == (id, score)


@pytest.mark.parametrize(
    "mention", ["", " ", "-", "?!", "headache", "heart transplantation", "R", "XYZ", "\ud800", "的"]
)
def test_nothing_where_nothing_is_sure(vocabulary: Vocabulary, mention: str) -> None:
    assert best(vocabulary, mention) is None


def test_a_misspelt_name_is_near(vocabulary: Vocabulary) -> None:
    found = best(vocabulary, "severe intelectual disabillity")
    assert found is not None
    assert found[0] == "X:6"
    assert 0.6 < found[1] < 0.9


@pytest.mark.parametrize(
    ("mention", "ids"),
    [
        ("short and broken finger", ["X:7"]),
        ("renal cysts or anomaly", ["X:2", "X:3"]),  # the anomaly is renal; the cysts stand there in full
        ("mild, moderate or severe intellectual disability", ["X:6"]),
        ("seizure/brachydactyly", ["X:4", "X:7"]),
        ("and/or", []),
        (", ".join(["renal"] * 20) + " cyst", ["X:3"]),
    ],
)
def test_coordinated_mentions_are_read_in_full(vocabulary: Vocabulary, mention: str, ids: list[str]) -> None:
    (found,) = Linker(vocabulary, 3).link([Mention(mention)]).values()
    assert [concept.id for concept in found] == ids
    assert all(concept.score < 0.96 for concept in found)


@pytest.mark.parametrize(
    ("mention", "id", "score"),
    [
        ("renal", "X:2", 0.8),  # a finding of the kidney
        ("giant renal cyst", "X:3", 0.6),
        ("epileptic fits on the train", "X:4", None),
        ("cystic thing", None, None),  # the head stays
        ("severe renal cysts", "X:3", 0.8),  # how severe is the least of what it says
    ],
)
def test_words_that_no_name_has_are_dropped(vocabulary: Vocabulary, mention: str, id: str, score: float) -> None:
    found = best(vocabulary, mention)
    assert (found and found[0]) == id
    assert score is None or found == (id, score)


def test_what_nothing_else_finds_is_an_abnormality_of_what_it_is_about(vocabulary: Vocabulary) -> None:
    assert best(vocabulary, "kidney transplantation") == ("X:2", 0.25)
    assert best(vocabulary, "no kidney transplantation") is None
    assert best(vocabulary, "KT", "kidney transplantation") == ("X:2", 0.25)
    mention = Mention("kidney transplantation")
    assert Linker(vocabulary, least=0.3).link([mention]) == {mention: ()}


def test_a_name_with_one_word_more_comes_before_one_with_fewer(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,name\nT:1,Glioma\nT:2,Optic nerve glioma\n")
    build_vocabulary(str(tmp_path / "t.csv"), str(tmp_path / "t.vocab"))
    (found,) = Linker(Vocabulary(str(tmp_path / "t.vocab")), 2).link([Mention("optic glioma")]).values()
    assert (found[0].id, found[0].score) == ("T:2", 0.7)


def test_where_the_nearest_name_says_more_one_above_it_comes_first(tmp_path: Path) -> None:
    findings = "polyp ulcer pain cyst mass scar itch wart".split()
    rows = ["T:1,Nasal giant angiomyolipoma,,", "T:2,Oral giant angiomyolipoma,,T:1"]
    rows += [f"U:{number},Oral {finding},," for number, finding in enumerate(findings)]
    rows += [f"V:{number},Nasal {finding},," for number, finding in enumerate(findings[:4])]
    (tmp_path / "t.csv").write_text("id,name,synonyms,parents\n" + "\n".join(rows) + "\n")
    build_vocabulary(str(tmp_path / "t.csv"), str(tmp_path / "t.vocab"))
    linker = Linker(Vocabulary(str(tmp_path / "t.vocab")), 2)
    (found,) = linker.link([Mention("giant angiomyolippoma")]).values()
    assert [concept.id for concept in found] == ["T:1", "T:2"]  # though "Oral" weighs less and is nearer
    (found,) = linker.link([Mention("oral giant angiomyolippoma")]).values()
    assert found[0].id == "T:2"


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Linker:
    """A vocabulary in which names are alike except for what tells them apart."""
    rows = [
        "N:1,Aplasia/hypoplasia of the nails,,",
        "N:2,Aplastic nails,,N:1",
        "N:3,Hypoplastic nails,,N:1",
        "N:4,Carcinoma of head and neck,,",
        "N:5,Abnormality of the limbs,,",
        "N:6,Abnormal limb bone morphology,Limb abnormality,N:5",
        "N:7,Intracranial meningioma,,",
        "N:8,Spinal meningioma,,",
        "N:9,Decreased urinary potassium,,",
        "N:10,Hyperkinetic syndrome,,",
        "N:11,Bent 4th finger of the hand,,",
        "N:12,Type A dactyly of hands,,",
        "N:13,Seizures,,",
        "N:14,Skin acrochorda,,",
        "N:15,Sleep function,,",
        "N:16,Bone abscess of the left leg,,",
        "N:17,Cyst of liver/kidney,,",
        "N:18,Sparse hair of the body,,",
    ]
    folder = tmp_path_factory.mktemp("findings")
    (folder / "t.csv").write_text("id,name,synonyms,parents\n" + "\n".join(rows) + "\n")
    build_vocabulary(str(folder / "t.csv"), str(folder / "t.vocab"))
    return Linker(Vocabulary(str(folder / "t.vocab")), top=3)


@pytest.mark.parametrize(
    ("mention", "ids"),
    [
        ("aplastic and hypoplastic nails", ["N:2", "N:3"]),  # what is not there letter by letter comes first
        ("hypoplastic and aplastic nails", ["N:3", "N:2"]),
        ("aplastic or hypoplastic nails", ["N:1"]),  # nobody has both
        ("hypoplasia/aplasia of nails", ["N:1"]),  # the group is what a stroke says
        ("head and neck carcinomas", ["N:4"]),
        ("cysts of liver and kidney", ["N:17"]),  # there is no other name for either
        ("limb malformation", ["N:6", "N:5"]),  # a malformation is one of form
        ("anomaly of limbs", ["N:5", "N:6"]),
        ("unusual limb appearance", ["N:6", "N:5"]),  # which is one of form too
        ("cranial meningiomas", ["N:7"]),
        ("cranial and spinal meningiomas", ["N:7", "N:8"]),
        ("acrochordons of the skin", ["N:14"]),
        ("functional sleep", ["N:15"]),
    ],
)
def test_of_concepts_alike_the_one_meant_comes_first(findings: Linker, mention: str, ids: list[str]) -> None:
    (found,) = findings.link([Mention(mention)]).values()
    assert [concept.id for concept in found] == ids


@pytest.mark.parametrize(
    ("mention", "near"),
    [
        ("increased urinary potasium", "decreased urinary potasium"),
        ("hypokinetic syndrom", "hyperkinetic syndrom"),
        ("bent fifth finger of the hannd", "bent fourth finger of the hannd"),
        ("type B dactyly of the hannds", "type A dactyly of the hannds"),
        ("increased body hairr", "scanty body hairr"),
        ("bone absces of the right leg", "bone absces of the left leg"),
    ],
)
def test_a_name_that_contradicts_is_not_near(findings: Linker, mention: str, near: str) -> None:
    given = findings.link([Mention(mention), Mention(near)])
    assert given[Mention(near)]
    assert given[Mention(mention)] == ()


def test_a_denial_is_not_dropped(findings: Linker) -> None:
    given = findings.link(map(Mention, ("febrile seizures", "no seizures", "absent seizures")))
    assert [bool(concepts) for concepts in given.values()] == [True, False, False]


def test_of_equals_the_one_with_fewer_above_comes_first(tmp_path: Path) -> None:
    rows = ["T:3,Abnormal nail,,T:4", "T:1,Nail anomaly,,T:3", "T:4,Finding,,"]
    (tmp_path / "t.csv").write_text("id,name,synonyms,parents\n" + "\n".join(rows) + "\n")
    build_vocabulary(str(tmp_path / "t.csv"), str(tmp_path / "t.vocab"))
    assert best(Vocabulary(str(tmp_path / "t.vocab")), "nail malformations") == ("T:3", 0.94)


def test_an_expansion_comes_before_the_mention(vocabulary: Vocabulary) -> None:
    assert best(vocabulary, "EF", "epileptic fit") == ("X:4", 1.0)
    assert best(vocabulary, "RCY", "repeated cerebral yawning") == ("X:3", 1.0)  # the expansion is none
    assert best(vocabulary, "RCY", "seizures") == ("X:4", 1.0)
    assert best(vocabulary, "ABC", "advanced broth chemistry") is None


def test_ties_are_broken_by_kind_then_length_then_identifier(tmp_path: Path) -> None:
    rows = ["T:3,Same thing,", "T:2,Other,same thing", "T:1,Another,same thing", "T:4,Same-thing,"]
    (tmp_path / "t.csv").write_text("id,name,synonyms\n" + "\n".join(rows) + "\n")
    build_vocabulary(str(tmp_path / "t.csv"), str(tmp_path / "t.vocab"))
    linker = Linker(Vocabulary(str(tmp_path / "t.vocab")), top=10)
    (found,) = linker.link([Mention("same thing")]).values()
    assert [concept.id for concept in found] == ["T:3", "T:1", "T:2"]
    assert [concept.name for concept in found] == ["Same thing", "Another", "Other"]
    (found,) = linker.link([Mention("same things")]).values()
    assert [concept.id for concept in found] == ["T:3", "T:4", "T:1", "T:2"]


def test_a_mention_is_linked_alike_whatever_it_comes_with(vocabulary: Vocabulary) -> None:
    mentions = [
        Mention(text) for text in ("Seizure", "renal cystt", "RCY", "nothing", "shortened fingerr", "kidny cyst")
    ]
    together = Linker(vocabulary, 3).link([*mentions, *mentions])
    assert list(together) == mentions
    for mention in mentions:
        assert Linker(vocabulary, 3).link([mention]) == {mention: together[mention]}


WORDS = ["renal", "cyst", "cystic", "kidney", "seizure", "fit", "epilepsy", "finger", "short", "xx"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join), min_size=1, max_size=5))
def test_near_names_are_those_of_a_plain_search(vocabulary: Vocabulary, texts: list[str]) -> None:
    names = {}
    for number in range(vocabulary.names):
        if not vocabulary.is_short(number):
            names.setdefault(" ".join(content(vocabulary.name(number))), number)
    grams = {number: _grams(text) for text, number in names.items()}
    seen = Counter(gram for found in grams.values() for gram in found)

    def weight(gram: str) -> float:
        return math.log(len(names) + 1) - (math.log(seen[gram]) if gram in seen else 0)

    def norm(found: set[str]) -> float:
        return math.sqrt(sum(weight(gram) ** 2 for gram in found))

    for text, found in zip(texts, Nearest(vocabulary, 0.4, 50).find(texts), strict=True):
        mine = _grams(" ".join(content(text)))
        cosines = {
            number: sum(weight(gram) ** 2 for gram in mine & those) / (norm(mine) * norm(those))
            for number, those in grams.items()
        }
        wanted = {number: cosine for number, cosine in cosines.items() if cosine >= 0.4}
        assert {number for number, _ in found} == set(wanted)
        assert [cosine for _, cosine in found] == sorted((cosine for _, cosine in found), reverse=True)
        for number, cosine in found:
            assert cosine == pytest.approx(wanted[number], abs=1e-4)


def _grams(text: str) -> set[str]:
    return {f" {word} "[at : at + 3] for word in text.split() for at in range(len(word))}


@given(st.text(max_size=30))
def test_any_text_is_linked_to_something_or_nothing(vocabulary: Vocabulary, text: str) -> None:
    for concepts in Linker(vocabulary, 2).link([Mention(text), Mention(text, text)]).values():
        assert all(0 < concept.score <= 1 for concept in concepts)
