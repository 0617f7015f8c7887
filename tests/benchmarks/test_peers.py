"""What is compared with other tools, and how ratios are taken."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.errors import UsageError
from openbioner_batch.records import EntityType


@given(st.lists(st.text("ab. \nAB!", max_size=60), max_size=4))
def test_sentences_are_the_whole_texts(texts: list[str]) -> None:
    from peers import sentences_of

    kept = "".join("".join(text.split()) for text in texts)
    assert "".join("".join(sentence.split()) for sentence in sentences_of(texts)) == kept
    assert all(sentence.strip() for sentence in sentences_of(texts))


def test_ratios_are_round_by_round_to_own_sides_and_peers_of_the_same_weights() -> None:
    from peers import Side, ratios

    names = ("ours base", "ours tiny", "zshot base", "loop tiny", "gliner large")
    sides = {name: Side(name, tool=SimpleNamespace(), rates=[10.0, 30.0]) for name in names}  # type: ignore[arg-type]
    sides["ours base"].rates = [20.0, 30.0]
    found = ratios(sides)
    assert found["ours base"].keys() == {"ours tiny", "zshot base", "gliner large"}
    assert found["ours tiny"].keys() == {"ours base", "loop tiny", "gliner large"}
    assert found["ours base"]["zshot base"] == {"median": 1.5, "least": 1.0, "most": 2.0}


def test_settings_come_from_earlier_reports(tmp_path: Path) -> None:
    from peers import earlier_settings

    for name, size in (("first", 4), ("second", 8)):
        sides = {"zshot base": {"setting": {"batch_size": size}}, name: {"setting": {}}}
        (tmp_path / name).write_text(json.dumps({"sides": sides}))
    found = earlier_settings([tmp_path / "first", tmp_path / "second"])
    assert found == {"zshot base": [{"batch_size": 8}], "first": [{}], "second": [{}]}


def test_texts_must_fit_every_tool(notes: Path, checkpoint: Path) -> None:
    from peers import choose_texts

    with pytest.raises(UsageError, match="0 texts of 100 to 300 tokens; expected 8 or more"):
        choose_texts(str(notes), str(checkpoint), [EntityType("drug", "a drug that is given")])
