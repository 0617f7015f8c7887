"""When two entity types are near each other, and what a checkpoint lists of its types."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from openbioner_batch.errors import CheckpointError
from openbioner_batch.model.location import TRAINED_TYPES
from openbioner_batch.training.nearness import KEPT_MENTIONS, NearTypes, TypeFacts, frequent_mentions, mention_key
from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage
from openbioner_batch.training.trained_types import (
    merge_types,
    read_trained_types,
    types_of_passages,
    write_trained_types,
)


def facts(name: str, description: str = "", *mentions: str) -> TypeFacts:
    return TypeFacts(name, (description,) if description else (), frozenset(map(mention_key, mentions)))


TRAINED = NearTypes(
    [
        facts("disease", "An illness with a name, such as asthma.", "asthma", "gout", "cancer", "flu"),
        facts("surgical_procedure", "An operation on the body.", "appendectomy", "bypass"),
        facts("cell_line", "Cells that are grown in culture for ever.", "HeLa", "HEK293"),
        facts("body_weight", "How heavy a person is, in kilograms.", "70 kg"),
    ]
)


@pytest.mark.parametrize(
    ("queried", "near"),
    [
        (facts("Diseases"), {"disease": "name"}),
        (facts("type of disease"), {"disease": "name"}),
        (facts("procedure, surgical"), {"surgical_procedure": "name"}),
        (facts("heart_disease", "A fault of the pump in the chest."), {}),
        (facts("cell_type", "What a cell is by its role."), {}),
        (facts("ailment", "Illness with a name, asthma for one."), {"disease": "description"}),
        (facts("operation", "", "Appendectomy", "bypass", "suture"), {"surgical_procedure": "mentions"}),
        (facts("unit", "", "70 kg"), {}),  # one shared mention is too little
        (facts("planet", "A body that goes round a sun."), {}),
    ],
)
def test_types_are_near_by_name_description_or_mentions(queried: TypeFacts, near: dict[str, str]) -> None:
    assert TRAINED.near(queried) == near


def test_vectors_tell_what_words_do_not() -> None:
    types = NearTypes([facts("operation"), facts("enzyme")], np.eye(2, dtype=np.float16))
    assert types.near(facts("surgery"), np.array([0.8, 0.6])) == {"operation": "vector"}
    assert types.near(facts("surgery")) == {}


def test_nothing_is_near_to_no_types() -> None:
    assert NearTypes([]).near(facts("drug", "A medicine.", "aspirin")) == {}


def test_the_most_frequent_mentions_are_compared() -> None:
    counts = dict.fromkeys(range(200), 1) | {1000: 5}
    kept = frequent_mentions(counts)
    assert len(kept) == KEPT_MENTIONS
    assert 1000 in kept
    assert mention_key("Lung\n cancer ") == mention_key("lung cancer")


def test_a_checkpoint_lists_its_types_without_a_mentions_text(tmp_path: Path) -> None:
    text = "Aspirin for Mrs. Quill"
    passage = AnnotatedPassage(
        "1",
        "s",
        text,
        (AnnotatedMention(0, 7, "drug"), AnnotatedMention(12, 22, "patient_name")),
        annotated=("drug", "gene"),
    )
    types = types_of_passages([passage], {"drug": ("A medicine.",)})
    assert [kind.name for kind in types] == ["drug", "gene", "patient_name"]
    assert read_trained_types(tmp_path) is None
    write_trained_types(tmp_path, types)
    first = (tmp_path / TRAINED_TYPES).read_bytes()
    listed = read_trained_types(tmp_path)
    assert listed is not None
    assert listed[0] == TypeFacts("drug", ("A medicine.",), frozenset({mention_key("aspirin")}))
    assert listed[2].mentions == frozenset()  # identifiers of people: not even hashed
    write_trained_types(tmp_path, types)
    assert (tmp_path / TRAINED_TYPES).read_bytes() == first
    (tmp_path / TRAINED_TYPES).write_bytes(first[:-12])
    with pytest.raises(CheckpointError, match="damaged"):
        read_trained_types(tmp_path)


def test_types_of_several_stages_are_merged() -> None:
    merged = merge_types([facts("drug", "A medicine.", "aspirin")], [facts("drug", "A remedy.", "zinc"), facts("age")])
    assert merged == [
        TypeFacts("age"),
        TypeFacts("drug", ("A medicine.", "A remedy."), frozenset({mention_key("aspirin"), mention_key("zinc")})),
    ]
