"""Marks are taken out of a text; what is left has the offsets that are said."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.training.marks import marked_pieces, read_marks

_PLAIN = st.text(st.characters(blacklist_characters="[]()"), max_size=8)
_WORDS = st.text(st.characters(blacklist_characters="[]()"), min_size=1, max_size=8)


@given(st.lists(st.tuples(_PLAIN, _WORDS, _PLAIN), max_size=5), _PLAIN)
def test_marks_come_back_where_they_were_put(parts: list[tuple[str, str, str]], end: str) -> None:
    text, marks = read_marks("".join(f"{before}[{words}]({label})" for before, words, label in parts) + end)
    assert text == "".join(before + words for before, words, _ in parts) + end
    assert [(text[start:stop], label) for start, stop, label in marks] == [(words, label) for _, words, label in parts]


def test_brackets_that_are_no_mark_stay() -> None:
    assert read_marks("see [3] (and [4](x)), f(a)[0]") == ("see [3] (and 4), f(a)[0]", [(13, 14, "x")])


def test_pieces_join_to_the_text() -> None:
    pieces = list(marked_pieces("[Ann](name) saw [it]()."))
    assert pieces == [("", None), ("Ann", "name"), (" saw ", None), ("it", ""), (".", None)]
