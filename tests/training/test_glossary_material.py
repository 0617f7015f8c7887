"""Which names are of which classes and types, by taxonomies and by passages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from training.taxonomies import meaning_of, write_taxonomies

from openbioner_batch.model.glossary import Glossary, GlossaryEntry
from openbioner_batch.training.glossary.material import (
    FAR,
    NOT,
    OF,
    class_entries,
    class_labels,
    passage_labels,
    read_taxonomies,
)
from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage


@pytest.fixture
def taxonomies(tmp_path: Path) -> Path:
    return write_taxonomies(tmp_path / "names")


def labels_of(folder: Path, *more: GlossaryEntry) -> Callable[[str, str], int]:
    """What the label is of a class and a name."""
    classes = [one for one in read_taxonomies(folder) if one.members]
    glossary = Glossary([*class_entries(classes), *more])
    labels = class_labels(glossary, classes)
    assert labels.shape == (len(classes), len(glossary.meanings))
    rows = {one.name: row for row, one in enumerate(classes)}

    def label(of_class: str, name: str) -> int:
        return int(labels[rows[of_class], meaning_of(glossary, name)])

    return label


def test_taxonomies_are_read_with_all_names_of_members_and_without_expressions(taxonomies: Path) -> None:
    classes = read_taxonomies(taxonomies)
    assert [(one.taxonomy, one.name, one.parent) for one in classes] == [
        ("illnesses", "illness", None),
        ("illnesses", "infection", "illness"),
        ("illnesses", "lung_illness", "illness"),
        ("illnesses", "group", None),
        ("meds", "medicine", None),
    ]
    assert classes[1].members == ("influenza", "flu", "pneumonia")
    assert classes[4].descriptions == ("A medicine.", "what is given to heal")
    assert class_entries(classes)[1] == GlossaryEntry(classes[1].members, classes[1].descriptions)


def test_a_name_is_of_its_classes_and_of_those_above_and_not_of_others(taxonomies: Path) -> None:
    label = labels_of(taxonomies)
    expected = {
        "illness": {"sickness": OF, "flu": OF, "asthma": OF, "pneumonia": OF, "aspirin": FAR},
        "infection": {"sickness": NOT, "flu": OF, "influenza": OF, "asthma": NOT, "pneumonia": OF, "aspirin": FAR},
        "lung_illness": {"sickness": NOT, "flu": NOT, "asthma": OF, "pneumonia": OF, "salbutamol": FAR},
        "medicine": {"sickness": FAR, "flu": FAR, "pneumonia": FAR, "aspirin": OF, "salbutamol": OF},
    }
    assert {kind: {name: label(kind, name) for name in names} for kind, names in expected.items()} == expected


def test_a_name_that_no_class_has_is_of_none_and_more_entries_do_not_change_a_members(taxonomies: Path) -> None:
    more = (GlossaryEntry(("asthma", "cough"), ("treated with salbutamol",)),)
    label = labels_of(taxonomies, *more)
    for kind, of_asthma in (("illness", OF), ("infection", NOT), ("lung_illness", OF), ("medicine", FAR)):
        assert label(kind, "asthma") == of_asthma
        assert label(kind, "cough") == 0


def test_taxonomies_that_share_names_say_nothing_of_each_others_classes(taxonomies: Path) -> None:
    (taxonomies / "uses.yaml").write_text("painkiller:\n  is: [It relieves pain.]\n  members: [Aspirin, ibuprofen]\n")
    label = labels_of(taxonomies)
    assert label("medicine", "aspirin") == label("painkiller", "aspirin") == OF
    assert label("medicine", "ibuprofen") == label("painkiller", "salbutamol") == 0
    assert label("illness", "ibuprofen") == label("painkiller", "flu") == FAR


def passage(text: str, *mentions: tuple[str, str], unsure: tuple[tuple[int, int], ...] = ()) -> AnnotatedPassage:
    marked = [(text.index(words), words, kind) for words, kind in mentions]
    return AnnotatedPassage(
        "1", "x", text, tuple(AnnotatedMention(at, at + len(words), kind) for at, words, kind in marked), unsure
    )


def counts_of(described: dict[str, str], *passages: AnnotatedPassage) -> dict[tuple[str, str], tuple[float, int]]:
    """By type and name: in which part of its places a mention begins or ends with it, and how many there are."""
    names = ("aspirin", "lung cancer", "fever")
    found = passage_labels(Glossary(GlossaryEntry((name,), (name,)) for name in names), passages, described)
    assert all(described[kind] == text for kind, text in found.descriptions)
    assert (np.diff(found.types) >= 0).all()
    rows = zip(found.types, found.meanings, found.within, found.times, strict=True)
    return {
        (found.descriptions[kind][0], names[meaning]): (float(within), int(times))
        for kind, meaning, within, times in rows
    }


def test_names_count_where_a_mention_begins_or_ends_with_them() -> None:
    found = counts_of(
        {"disease": "an illness", "drug": "a medicine"},
        passage("old lung cancer and fever, Fever", ("old lung cancer", "disease")),
        passage("fever after lung cancer; aspirin", ("fever after", "disease"), ("aspirin", "drug")),
        passage("the many lung cancer trials that failed", ("many lung cancer trials", "disease")),
        passage("aspirin (fever) was", ("(fever)", "disease")),
        passage("aspirin of no type"),
    )
    assert found == {
        ("disease", "lung cancer"): (1 / 3, 3),
        ("disease", "fever"): (2 / 4, 4),
        ("disease", "aspirin"): (0, 2),
        ("drug", "aspirin"): (1, 1),
        ("drug", "fever"): (0, 1),
        ("drug", "lung cancer"): (0, 1),
    }


def test_types_without_a_description_and_ranges_without_a_label_do_not_count() -> None:
    text = "lung cancer, fever, aspirin"
    doubtful = passage(text, ("lung cancer", "disease"), ("aspirin", "drug"), unsure=((14, 16),))
    assert counts_of({"disease": "an illness"}, doubtful) == {
        ("disease", "lung cancer"): (1, 1),
        ("disease", "aspirin"): (0, 1),
    }


def test_without_passages_there_are_no_labels() -> None:
    assert counts_of({"disease": "an illness"}) == {}
