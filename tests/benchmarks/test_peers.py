"""What is compared with other tools, and how ratios are taken."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.errors import UsageError
from openbioner_batch.records import EntityType

if TYPE_CHECKING:
    from peers import Side


@given(st.lists(st.text("ab. \nAB!", max_size=60), max_size=4))
def test_sentences_are_the_whole_texts(texts: list[str]) -> None:
    from peers import sentences_of

    kept = "".join("".join(text.split()) for text in texts)
    assert "".join("".join(sentence.split()) for sentence in sentences_of(texts)) == kept
    assert all(sentence.strip() for sentence in sentences_of(texts))


def side(name: str, *rates: float) -> Side:
    """A side that took a second in each round."""
    from peers import Side

    return Side(name, SimpleNamespace(), texts=1, tokens=list(rates), seconds=[1.0] * len(rates))  # type: ignore[arg-type]


def test_ratios_are_round_by_round_to_own_sides_and_peers_of_the_same_weights() -> None:
    from peers import ratios

    others = [side(name, 10, 30) for name in ("ours tiny", "zshot base", "loop tiny", "gliner large")]
    found = ratios([side("ours base", 20, 30), *others])
    assert found["ours base"].keys() == {"ours tiny", "zshot base", "gliner large"}
    assert found["ours tiny"].keys() == {"ours base", "loop tiny", "gliner large"}
    assert found["ours base"]["zshot base"] == {"median": 1.5, "least": 1.0, "most": 2.0}


def test_ratios_are_of_equal_precision() -> None:
    from peers import ratios

    precisions = ("float32", "bfloat16")
    found = ratios([side(f"{name} base {one}", 10) for name in ("ours", "gliner", "gliner-bi") for one in precisions])
    assert {name: set(ratio) for name, ratio in found.items()} == {
        f"ours base {one}": {f"gliner base {one}", f"gliner-bi base {one}"} for one in precisions
    }


class Recorder:
    """A tool that takes a second for each text and keeps what it was given."""

    def __init__(self) -> None:
        self.given: list[list[str]] = []

    def find(self, texts: Sequence[str], setting: dict[str, Any]) -> SimpleNamespace:
        self.given.append(list(texts))
        return SimpleNamespace(seconds=float(len(texts)))


def test_rounds_have_texts_of_their_own_in_order_of_length_and_make_up_the_documents() -> None:
    from peers import Side, Text, measure

    texts = [Text(f"text {number}", 100 + number * 37 % 200) for number in range(50)]
    tool = Recorder()
    turn = Side("gliner base", tool, 5)  # type: ignore[arg-type]
    turn.tune(texts, [{}])
    turn.plan(texts, seconds=0, documents=40, rounds=3)
    tool.given.clear()
    measure([turn], texts, rounds=3)

    lengths = dict(texts)
    assert [len(given) for given in tool.given] == [14, 14, 14]
    assert len({text for given in tool.given for text in given}) == 42
    assert all(given == sorted(given, key=lengths.__getitem__) for given in tool.given)
    assert turn.seconds_per_document == 1
    assert turn.rates == [sum(map(lengths.__getitem__, given)) / 14 for given in tool.given]


def test_what_would_take_too_long_is_left_out_and_said() -> None:
    from peers import Side, Text, without_slow

    texts = [Text(f"text {number}", 100) for number in range(20)]
    slow, fast = (
        Side("ours base-6", SimpleNamespace(), 64, texts=5),
        Side("gliner base", SimpleNamespace(), 64, texts=5),
    )  # type: ignore[arg-type]
    slow.tried, fast.tried = [{"tokens_per_second": 20}], [{"tokens_per_second": 200}]
    kept, left_out = without_slow([slow, fast], texts, rounds=2, most=10)
    assert kept == [fast]
    assert left_out == ["ours base-6, 64 types: 10 documents would take 50 s"]
    assert without_slow([slow, fast], texts, rounds=2, most=None) == ([slow, fast], [])


def test_settings_come_from_earlier_reports(tmp_path: Path) -> None:
    from peers import earlier_settings

    for name, size in (("first", 4), ("second", 8)):
        sides = {"gliner base bfloat16": {"setting": {"batch_size": size}}, name: {"setting": {}}}
        (tmp_path / name).write_text(json.dumps({"sides": sides}))
    found = earlier_settings([tmp_path / "first", tmp_path / "second"])
    assert found == {"gliner base": [{"batch_size": 8}], "first": [{}], "second": [{}]}


def test_texts_must_fit_every_tool(notes: Path, checkpoint: Path) -> None:
    from peers import choose_texts

    with pytest.raises(UsageError, match="0 texts of 100 to 300 tokens; expected 8 or more"):
        choose_texts(str(notes), str(checkpoint), [EntityType("drug", "a drug that is given")])
