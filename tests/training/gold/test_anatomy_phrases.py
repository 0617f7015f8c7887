"""Anatomy read off names and head words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.training.gold.anatomy_phrases import Gazetteer, anatomy_phrases


def spans(text: str, *names: str) -> list[tuple[int, int]]:
    return [(text.index(name), text.index(name) + len(name)) for name in names]


def test_names_heads_and_modifiers_join_into_one_mention() -> None:
    text = "Metastatic breast cancer cells invade the visual cortex."
    found = anatomy_phrases(text, spans(text, "visual cortex"))
    assert [text[start:end] for start, end in found] == ["Metastatic breast cancer cells", "visual cortex"]


def test_what_is_something_else_is_left_out() -> None:
    text = "vascular endothelial growth factor in serum"
    assert [text[a:b] for a, b in anatomy_phrases(text, [], others=spans(text, text[:34]))] == ["serum"]


def test_a_gazetteer_keeps_names_that_are_mostly_marked() -> None:
    marked = "The retina and the retina; a cup. A cup, a cup."
    names = [(4, 10), (19, 25), (29, 32)]
    gazetteer = Gazetteer.from_annotations([(marked, names)])
    text = "Retina, cup and retina"
    assert [text[a:b] for a, b in gazetteer.spans(text)] == ["Retina", "retina"]
    assert len(gazetteer) == 1


@given(st.text(alphabet="ab cells-,.", max_size=60))
def test_mentions_stand_in_order_and_apart(text: str) -> None:
    found = anatomy_phrases(text, Gazetteer(["ab", "a b"]).spans(text))
    places = [place for span in found for place in span]
    assert places == sorted(places)
