"""Records of one template are on one side of the split."""

from __future__ import annotations

import itertools
from collections import defaultdict
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.training.gold.corpora import LabelledDocument, LabelledSpan
from openbioner_batch.training.phi.corpora import read_phi_corpus
from openbioner_batch.training.phi.templates import SPLITS, split_by_template, template_families, template_shape


def filled(template: str, values: list[str], identity: str = "x") -> LabelledDocument:
    """The template with each {} filled and annotated."""
    spans, text = [], ""
    for part, value in zip(template.split("{}"), [*values, ""], strict=True):
        text += part
        if value:
            spans.append(LabelledSpan(len(text), len(text) + len(value), "NAME"))
        text += value
    return LabelledDocument(identity, text, tuple(spans))


@given(st.lists(st.text(st.characters(exclude_characters="\x00"), min_size=1), min_size=2, max_size=2))
def test_a_shape_does_not_depend_on_what_was_filled_in(values: list[str]) -> None:
    template = "Patient: {} was seen on 3/4/2021 by Dr. {} at noon."
    assert template_shape(filled(template, values)) == template_shape(filled(template, ["Ann", "Lee"]))


def test_a_shape_does_not_depend_on_other_numbers_case_and_blanks() -> None:
    one = filled("BP 120/80, seen  by {}.", ["Ann"])
    other = filled("bp 95/60,\nSEEN by {}.", ["Bob"])
    assert template_shape(one) == template_shape(other)


def test_one_template_with_other_words_in_it_is_one_family() -> None:
    frame = "Clinic note for {}. The patient came because of COMPLAINT and was sent home the same day with advice."
    documents = [
        filled(frame.replace("COMPLAINT", complaint), ["Ann"]) for complaint in ("a cough", "back pain", "fever")
    ]
    documents.append(filled("Invoice number {} is due at the end of the month, please pay at the desk.", ["77"]))
    families = template_families(documents)
    assert len(set(families[:3])) == 1
    assert families[3] != families[0]


def test_the_split_does_not_depend_on_order() -> None:
    words = ["".join(letters) for letters in itertools.product("abcdefgh", repeat=3)]
    documents = [filled(f"{' '.join(words[8 * n : 8 * n + 8])} {{}}.", ["Ann"], str(n)) for n in range(40)]
    splits = dict(zip((one.id for one in documents), split_by_template(documents, "mine"), strict=True))
    again = dict(zip((one.id for one in documents[::-1]), split_by_template(documents[::-1], "mine"), strict=True))
    assert splits == again
    assert set(splits.values()) == set(SPLITS)


def test_no_shape_of_the_corpora_is_on_both_sides(shared: Path) -> None:
    for name in ("pii_anon_clinical", "presidio_synthetic"):
        notes = read_phi_corpus(shared / "corpora" / "deid" / f"{name}.jsonl.gz")
        splits = defaultdict(set)
        for note in notes:
            splits[template_shape(LabelledDocument(note.id, note.text, note.spans))].add(note.split)
        assert all(len(one) == 1 for one in splits.values())
        share = sum(note.split == "test" for note in notes) / len(notes)
        assert 0.4 < share < 0.6
