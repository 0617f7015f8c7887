"""The training mixture: every type is in the catalog, and corpora read as they are written."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

import openbioner_batch
from openbioner_batch.catalog import load_catalog
from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation.card import read_card
from openbioner_batch.training.gold.corpora import (
    MIXTURE,
    LabelledCorpus,
    LabelledSpan,
    derived_types,
    read_documents,
    read_mixture,
)


def test_every_type_of_the_mixture_is_in_the_catalog_with_three_views() -> None:
    catalog = load_catalog()
    for corpus in read_mixture(MIXTURE):
        for name in corpus.types:
            assert catalog.lookup(name).name == name
            assert len(set(catalog.lookup(name).descriptions.values())) == 3


@pytest.mark.parametrize("model", ["bundled", "bundled_open", "bundled_phi"])
def test_the_cards_name_each_corpus_of_the_mixture_as_its_folder_does(model: str) -> None:
    card = read_card(Path(openbioner_batch.__file__).parent / "data" / model)
    assert card is not None
    # cancer genetics is what `adapt` is measured on
    assert {corpus.name for corpus in read_mixture(MIXTURE) if not card.trained_on(corpus.name)} == {"bionlp13cg"}


@pytest.mark.parametrize("model", ["bundled", "bundled_open"])
def test_types_that_rules_derive_are_noun_phrases_and_the_cards_tell_them_apart(model: str) -> None:
    noun_phrases = load_catalog().set_named("noun_phrases")
    assert noun_phrases is not None
    assert derived_types() == {kind.name for kind in noun_phrases.types}
    card = read_card(Path(openbioner_batch.__file__).parent / "data" / model)
    assert card is not None
    assert card.supervision == "mixed"
    assert derived_types() <= set(card.derived_types)
    assert set(card.gold_types).isdisjoint(card.derived_types)


def test_a_long_form_with_its_abbreviation_is_two_mentions(tmp_path: Path) -> None:
    text = "Given 5-fluorouracil (5-FU) daily."
    corpus = LabelledCorpus("c", "none", "none", {"drug": ("C",)}, split_parentheses=True)
    with gzip.open(tmp_path / "c.jsonl.gz", "wt") as stream:
        stream.write(json.dumps({"id": 1, "text": text, "spans": [[6, 27, "C"], [28, 33, "C"]]}) + "\n")
    (document,) = read_documents(tmp_path, corpus)
    assert document.spans == (LabelledSpan(6, 20, "C"), LabelledSpan(22, 26, "C"), LabelledSpan(28, 33, "C"))


def test_mistakes_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such corpus"):
        list(read_documents(tmp_path, LabelledCorpus("absent", "", "", {})))
    (tmp_path / "m.yaml").write_text("c: {licence: x, credit: y, types: {}, wheight: 2}")
    with pytest.raises(UsageError, match="unknown key 'wheight'"):
        read_mixture(tmp_path / "m.yaml")


def test_the_real_corpora_of_the_mixture_have_the_labels_it_names(shared: Path) -> None:
    for corpus in read_mixture(MIXTURE):
        labels = {
            span.label for document in read_documents(shared / "corpora" / "train", corpus) for span in document.spans
        }
        named = {label for names in (*corpus.types.values(), *corpus.names.values()) for label in names}
        named = {label for label in named if not label.startswith("~")}
        assert named - labels <= {"ChromosomeLocation"} | (named if corpus.name == "neurotrialner_dev" else set())
