"""What is compared with other tools, and how ratios are taken."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.errors import OpenBioNERError, UsageError
from openbioner_batch.records import EntityType

if TYPE_CHECKING:
    from common.sides import Side


@given(st.lists(st.text("ab. \nAB!", max_size=60), max_size=4))
def test_sentences_are_the_whole_texts(texts: list[str]) -> None:
    from common.sides import sentences_of

    kept = "".join("".join(text.split()) for text in texts)
    assert "".join("".join(sentence.split()) for sentence in sentences_of(texts)) == kept
    assert all(sentence.strip() for sentence in sentences_of(texts))


def side(name: str, *rates: float) -> Side:
    """A side that took a second in each round."""
    from common.sides import Side

    return Side(name, SimpleNamespace(), texts=1, tokens=list(rates), seconds=[1.0] * len(rates))  # type: ignore[arg-type]


def test_ratios_are_round_by_round_to_own_sides_and_peers_of_the_same_weights() -> None:
    from common.sides import ratios

    names = ("ours tiny", "zshot base", "loop tiny", "gliner large")
    found = ratios([side("ours base float32", 20, 30), *(side(f"{name} float32", 10, 30) for name in names)])
    assert found["ours base float32"].keys() == {"ours tiny float32", "zshot base float32", "gliner large float32"}
    assert found["ours tiny float32"].keys() == {"ours base float32", "loop tiny float32", "gliner large float32"}
    assert found["ours base float32"]["zshot base float32"] == {"median": 1.5, "least": 1.0, "most": 2.0}


def test_ratios_are_of_equal_precision() -> None:
    from common.sides import ratios

    precisions = ("float32", "bfloat16")
    found = ratios([side(f"{name} base {one}", 10) for name in ("ours", "zshot", "gliner") for one in precisions])
    assert {name: set(ratio) for name, ratio in found.items()} == {
        f"ours base {one}": {f"zshot base {one}", f"gliner base {one}"} for one in precisions
    }


TYPES = [["drug", "a drug that is given"], ["disease", "a disease that a patient has"]]
TEXTS = ["Aspirin was given for migraine .", "No fever ; metformin for diabetes of the patient , twice a day ."]


@pytest.fixture(scope="module")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A random checkpoint of two layers in the published format."""
    from common.models import write_random_model

    return write_random_model("tiny", tmp_path_factory.mktemp("miniature"), hidden=32)


@contextmanager
def loop_side(checkpoint: str, precision: str, types: list[list[str]]) -> Iterator[Side]:
    """The loop over transformers as it runs in its own environment, in this one."""
    from common.sides import Side
    from common.tools import Tool

    request = {"checkpoint": checkpoint, "dtype": precision, "types": types}
    tool = Tool("loop", Path(sys.executable), "transformers_loop.py", request)
    try:
        yield Side(f"loop miniature {precision}", tool, len(types))
    finally:
        tool.close()


def test_a_peer_with_our_weights_finds_our_spans_and_in_bfloat16_they_are_counted(miniature: str) -> None:
    from peers import check

    with loop_side(miniature, "float32", TYPES) as exact, loop_side(miniature, "bfloat16", TYPES) as rounded:
        found = check([exact, rounded], {"miniature": miniature}, TYPES, TEXTS)
        dtypes = [one.tool.about["dtype"] for one in (exact, rounded)]
    assert dtypes == ["float32", "bfloat16"]
    equal, near = found["loop miniature float32"], found["loop miniature bfloat16"]
    assert equal["texts"] == near["texts"] == 2
    assert equal["spans"] == equal["ours_in_float32"] == equal["equal_spans"] > 0
    assert near["ours_in_float32"] == equal["spans"]
    assert 0 < near["equal_spans"] <= near["spans"]


def test_a_peer_that_finds_other_spans_is_not_measured(miniature: str) -> None:
    from peers import check

    others = [[f"other {name}", description] for name, description in TYPES]
    with loop_side(miniature, "float32", others) as peer, pytest.raises(OpenBioNERError, match="other spans than ours"):
        check([peer], {"miniature": miniature}, TYPES, TEXTS)


def test_number_of_documents_and_precision_are_printed_uncut(capsys: pytest.CaptureFixture[str]) -> None:
    from common.sides import ratios
    from peers import show

    sides = [side(f"{tool} base {one}", 12) for tool in ("ours", "zshot-sentences") for one in ("float32", "bfloat16")]
    setting = {"batch_size": 8, "packed": False, "padded_to_the_longest_of_all_texts_in_order_of_their_length": True}
    about = {"setting": setting, "documents": 40, "seconds_per_document": 0.5}
    rate = {"median": 12.0, "least": 11.0, "most": 13.0}
    found = {one.name: {**about, "with": {"dtype": one.name.split()[2]}, "tokens_per_second": rate} for one in sides}
    show({"types": 5, "sides": found, "ratios": ratios(sides)})

    printed = capsys.readouterr().out
    assert "…" not in printed
    rows = [line.split() for line in printed.splitlines()]
    assert [(row[0], row[2]) for row in rows[2:]] == [(one.name.split()[0], one.name.split()[2]) for one in sides]
    assert all("40" in row for row in rows[2:])
    assert [row[-1] for row in rows[2:]] == ["13.0", "13.0", "1.00x", "1.00x"]


class Recorder:
    """A tool that takes a second for each text and keeps what it was given."""

    def __init__(self) -> None:
        self.given: list[list[str]] = []

    def find(self, texts: Sequence[str], setting: dict[str, Any]) -> SimpleNamespace:
        self.given.append(list(texts))
        return SimpleNamespace(seconds=float(len(texts)))


def test_rounds_have_texts_of_their_own_in_order_of_length_and_make_up_the_documents() -> None:
    from common.sides import Side, SizedText, measure

    texts = [SizedText(f"text {number}", 100 + number * 37 % 200) for number in range(50)]
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
    from common.sides import Side, SizedText, without_slow

    texts = [SizedText(f"text {number}", 100) for number in range(20)]
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
    assert found == {"gliner base bfloat16": [{"batch_size": 8}], "first": [{}], "second": [{}]}


def test_texts_must_fit_every_tool(notes: Path, checkpoint: Path) -> None:
    from peers import choose_texts

    with pytest.raises(UsageError, match="0 texts of 100 to 300 tokens; expected 8 or more"):
        choose_texts(str(notes), str(checkpoint), [EntityType("drug", "a drug that is given")])
