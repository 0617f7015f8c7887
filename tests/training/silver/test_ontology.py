"""Silver data from ontologies: what is found, what becomes a type, and what teaches nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.concepts.normalising import forms
from openbioner_batch.training.silver.ontology.classes import Classes, read_part
from openbioner_batch.training.silver.ontology.counting import TextCounts
from openbioner_batch.training.silver.ontology.finding import (
    AMBIGUOUS,
    COMMON_WORD,
    INSIDE,
    SHORT,
    NameFinder,
    WordCounts,
    doubtful_words,
)
from openbioner_batch.training.silver.ontology.labelling import FREQUENT, Labeller, PassageNames
from openbioner_batch.training.silver.ontology.selecting import Absence, select_types
from openbioner_batch.training.silver.ontology.views import definition, views

DISEASES: Mapping[str, tuple[str, Sequence[str], Sequence[str], str]] = {
    "D:1": ("illness", [], [], "A state of the body in which something does not work as it should."),
    "D:2": ("heart illness", ["cardiac illness"], ["D:1"], "An illness of the heart."),
    "D:3": ("skin illness", [], ["D:1"], "An illness of the skin."),
    "D:4": ("angina", ["stenocardia"], ["D:2"], "Pain of a heart that lacks blood."),
    "D:5": ("cardiomyopathy", ["CMP"], ["D:2"], ""),
    "D:6": ("myocarditis", [], ["D:2"], ""),
    "D:7": ("eczema", ["atopic eczema", "cold", "milt"], ["D:3"], ""),
    "D:8": ("psoriasis", [], ["D:3"], ""),
    "D:9": ("acne", ["pimple"], ["D:3"], ""),
    "D:10": ("lupus", [], ["D:3", "D:2"], ""),
}
ORGANS: Mapping[str, tuple[str, Sequence[str], Sequence[str], str]] = {
    "O:1": ("organ", [], [], "A part of the body with a task."),
    "O:2": ("liver", [], ["O:1"], ""),
    "O:3": ("kidney", [], ["O:1"], ""),
    "O:4": ("spleen", ["milt"], ["O:1"], ""),
}


def written(folder: Path, name: str, classes: Mapping[str, tuple[str, Sequence[str], Sequence[str], str]]) -> str:
    lines = ["format-version: 1.2", ""]
    for id, (label, synonyms, parents, text) in classes.items():
        lines += ["[Term]", f"id: {id}", f"name: {label}"]
        lines += [f'def: "{text}" []'] if text else []
        lines += [f'synonym: "{synonym}" EXACT []' for synonym in synonyms]
        lines += [f"is_a: {parent}" for parent in parents] + [""]
    path = folder / name
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Classes:
    folder = tmp_path_factory.mktemp("vocabularies")
    return Classes([read_part(written(folder, "d.obo", DISEASES)), read_part(written(folder, "o.obo", ORGANS))])


@pytest.fixture(scope="module")
def finder(classes: Classes) -> NameFinder:
    return NameFinder(classes)


def ids(classes: Classes, numbers: Sequence[int]) -> list[str]:
    return [classes.concepts[number].id for number in numbers]


def test_names_are_found_whatever_their_case_and_number(classes: Classes, finder: NameFinder) -> None:
    text = "Eczemas, Angina and a damaged Liver were seen."
    found = finder.find(text)
    assert [(text[item.start : item.end], ids(classes, item.classes), item.doubt) for item in found] == [
        ("Eczemas", ["D:7"], ""),
        ("Angina", ["D:4"], ""),
        ("Liver", ["O:2"], ""),
    ]


@pytest.mark.parametrize(
    ("text", "name", "doubt"),
    [
        ("He felt cold.", "cold", COMMON_WORD),
        ("A case of CMP was seen.", "CMP", SHORT),
        ("They had cardiomyopathy (CMP).", "CMP", ""),
        ("The angina receptor is blocked.", "angina", INSIDE),
        ("Anti-eczema cream was used.", "eczema", INSIDE),
    ],
)
def test_doubtful_names(finder: NameFinder, text: str, name: str, doubt: str) -> None:
    assert {text[item.start : item.end]: item.doubt for item in finder.find(text)}[name] == doubt


def test_a_name_of_unrelated_classes_is_in_doubt(finder: NameFinder) -> None:
    (found,) = finder.find("The milt was seen.")
    assert found.doubt == AMBIGUOUS


TEXTS = (
    "Angina and myocarditis were seen with a damaged liver.",
    "Patients with cardiomyopathy, angina or stenocardia were asked about the kidney.",
    "Eczema and psoriasis differ from acne, and the spleen is spared.",
    "A pimple is seen in acne; psoriasis and eczema are common.",
    "Myocarditis, cardiomyopathy and angina hurt the liver and the kidney.",
)


def read(finder: NameFinder, texts: Sequence[str] = TEXTS) -> list[PassageNames]:
    return [PassageNames(f"d{number}@0", text, tuple(finder.find(text))) for number, text in enumerate(texts)]


def counted(passages: Sequence[PassageNames]) -> TextCounts:
    counts = TextCounts()
    for passage in passages:
        counts.add(passage)
    return counts


def test_classes_with_a_definition_and_enough_names_are_types(classes: Classes, finder: NameFinder) -> None:
    counts = counted(read(finder))
    types = {kind.name: kind for kind in select_types(classes, counts.classes, 3, 3)}
    assert list(types) == ["heart_illness", "illness", "organ", "skin_illness"]
    assert set(ids(classes, sorted(types["heart_illness"].holds))) == {"D:4", "D:5", "D:6"}
    assert [kind.name for kind in select_types(classes, counts.classes, 3, 3, lambda name: "heart" not in name)] == [
        "illness",
        "organ",
        "skin_illness",
    ]
    assert "skin_illness" not in {kind.name for kind in select_types(classes, counts.classes, 5, 3)}


def labeller(classes: Classes, passages: Sequence[PassageNames], finder: NameFinder, absent: int = 8) -> Labeller:
    counts = counted(passages)
    types = select_types(classes, counts.classes, 3, 3)
    return Labeller(classes, types, counts.too_frequent(0.9), finder.heads, counts.words, 1, absent)


def test_a_mention_has_all_selected_ancestors_and_siblings_are_sure_negatives(
    classes: Classes, finder: NameFinder
) -> None:
    passages = read(finder)
    label = labeller(classes, passages, finder)
    passage = label.label(passages[0], label.present_types(passages[0]), "o", {})
    assert passage is not None
    found = {(passage.text[m.start : m.end], m.type) for m in passage.mentions}
    assert found == {
        ("Angina", "heart_illness"),
        ("Angina", "illness"),
        ("myocarditis", "heart_illness"),
        ("myocarditis", "illness"),
        ("liver", "organ"),
    }
    assert passage.annotated is not None
    assert set(passage.annotated) == {"heart_illness", "illness", "organ"}  # lupus may be both, so skin is not sure


def test_an_exclusive_sibling_is_asked_and_absent(tmp_path: Path) -> None:
    apart = {id: row for id, row in DISEASES.items() if id != "D:10"}
    classes = Classes([read_part(written(tmp_path, "d.obo", apart))])
    finder = NameFinder(classes)
    passages = read(finder)
    label = labeller(classes, passages, finder)
    passage = label.label(passages[0], label.present_types(passages[0]), "o", {})
    assert passage is not None
    assert passage.annotated is not None
    assert set(passage.annotated) == {"heart_illness", "illness", "skin_illness"}
    assert "skin_illness" not in {mention.type for mention in passage.mentions}


def test_stated_disjointness_excludes(tmp_path: Path) -> None:
    path = written(tmp_path, "d.obo", DISEASES)
    text = Path(path).read_text().replace("id: D:2\n", "id: D:2\ndisjoint_from: D:3\n")
    # `disjoint_from` comes after `is_a` in OBO; fastobo takes it anywhere in the frame.
    Path(path).write_text(text)
    classes = Classes([read_part(path)])
    counts = counted(read(NameFinder(classes)))
    types = {kind.name: kind for kind in select_types(classes, counts.classes, 3, 3)}
    absence = Absence(classes)
    assert absence.is_none_of(classes.number["D:4"], types["skin_illness"])
    assert not absence.is_none_of(classes.number["D:7"], types["skin_illness"])
    assert classes.are_disjoint(classes.number["D:4"], classes.number["D:8"])  # by what is above each
    assert not classes.are_disjoint(classes.number["D:8"], classes.number["D:9"])


def test_a_frequent_name_is_in_doubt_and_teaches_nothing(classes: Classes, finder: NameFinder) -> None:
    passages = read(finder)
    counts = counted(passages)
    types = select_types(classes, counts.classes, 3, 3)
    label = Labeller(classes, types, counts.too_frequent(0.5), finder.heads, counts.words, 1, 0)
    passage = label.label(passages[0], label.present_types(passages[0]), "o", {})
    assert passage is not None
    start = passage.text.index("Angina")
    assert {item.doubt for item in label.present_types(passages[0]).found if item.form == "angina"} == {FREQUENT}
    assert (start, start + len("Angina")) in passage.unsure
    assert not any(mention.start == start for mention in passage.mentions)


def test_a_name_that_may_be_of_a_present_type_is_in_doubt_or_the_type_is_left_out(
    classes: Classes, finder: NameFinder
) -> None:
    texts = (*TEXTS, "Lupus was seen beside eczema, psoriasis and acne.")
    passages = read(finder, texts)
    label = labeller(classes, passages, finder)
    judged = label.present_types(passages[-1])
    for item in judged.found:
        for kind in judged.present:
            held = not item.doubt and kind in label._types_of(item)
            assert item.doubt or held or label._is_none(item, kind)


def test_each_type_is_asked_in_its_share_of_passages(classes: Classes, finder: NameFinder) -> None:
    passages = read(finder)
    label = labeller(classes, passages, finder, absent=0)
    number = [kind.name for kind in label._types].index("illness")
    labelled = [label.label(passage, label.present_types(passage), "o", {number: 0.0}) for passage in passages]
    assert all("illness" not in passage.annotated for passage in labelled if passage and passage.annotated)


def test_words_that_may_be_names_are_unsure(finder: NameFinder) -> None:
    counts = WordCounts()
    text = "A rare cardiac illness and TP53 were seen in all of them with zzyzxitis today."
    for _ in range(9):
        counts.add("A rare cardiac and were seen in all of them with today.")
    ranges = [text[start:end] for start, end in doubtful_words(text, [], finder.heads, counts, 5)]
    assert ranges == ["rare", "cardiac", "illness", "TP53", "zzyzxitis"]


@given(st.text(alphabet="angiecmly CMP()-.,\n", max_size=60))
def test_offsets_hold_in_any_text(finder: NameFinder, text: str) -> None:
    counts = WordCounts()
    counts.add(text)
    found = finder.find(text)
    for item in found:
        assert 0 <= item.start < item.end <= len(text)
        assert forms(text[item.start : item.end]) == tuple(item.form.split(" "))
    for start, end in doubtful_words(text, found, finder.heads, counts, 1):
        assert 0 <= start < end <= len(text)
        assert not any(item.start < end and start < item.end for item in found)


def test_views_say_what_a_type_is(classes: Classes, finder: NameFinder) -> None:
    counts = counted(read(finder))
    types = {kind.name: kind for kind in select_types(classes, counts.classes, 3, 3)}
    found = dict(views(types["heart_illness"], classes, counts.classes, counts.spellings()))
    assert found == {
        "definition": "An illness of the heart.",
        "examples": "Heart illness or a kind of it, such as angina, cardiomyopathy or myocarditis.",
        "contextual": "Words of the text that name heart illness, also called cardiac illness, or a kind of it; "
        "it is a kind of illness.",
        "ancestors": "Heart illness < illness.",
    }


def test_a_long_definition_keeps_whole_sentences() -> None:
    first, second = "An " + "x" * 200 + ".", "It " + "y" * 200 + "."
    assert definition(f"{first} {second} [PMID:1]") == first
    assert len(definition("word " * 200)) <= 330
