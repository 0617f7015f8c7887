"""Types held out of silver data: what stays to train on, and what a test queries."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from openbioner_batch.cli.main import main
from openbioner_batch.errors import UsageError
from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage
from openbioner_batch.training.silver.holdout import (
    HoldoutSettings,
    choose_types,
    close_passages,
    hold_out,
    without_types,
)
from openbioner_batch.training.silver.schema import DESCRIPTION_SCHEMA, passages_table
from openbioner_batch.training.sources import passage_groups, read_descriptions, read_passages
from openbioner_batch.training.trained_types import types_of_passages

TYPES = {
    "drug": ("A medicine for people.", ["aspirin", "zinc", "codeine"]),
    "medication": ("What is swallowed against an ailment.", ["aspirin", "zinc", "codeine"]),
    "organ": ("Such as the liver.", ["liver", "heart", "lung"]),
    "city": ("Where many live close together.", ["Oslo", "Rome", "Lima"]),
    "vehicle": ("It has wheels and a driver.", ["car", "tram", "lorry"]),
    "tree": ("A tall plant of wood.", ["oak", "elm", "ash"]),
    "metal": ("Solid, shiny and heavy, it conducts.", ["iron", "tin", "lead"]),
}


def passage(number: int) -> AnnotatedPassage:
    text, mentions = "", []
    for offset, (name, (_, words)) in enumerate(TYPES.items()):
        if name == "medication" or (number + offset) % 3 == 0:
            continue
        word = words[(number + offset) % 3]
        text += "seen: "
        start = len(text)
        mentions.append(AnnotatedMention(start, start + len(word), name))
        if name == "drug":
            mentions.append(AnnotatedMention(start, start + len(word), "medication"))
        text += word + ". "
    return AnnotatedPassage(f"d{number}/0", "llm", text or "nothing. ", tuple(mentions))


@pytest.fixture
def silver(tmp_path: Path) -> Path:
    folder = tmp_path / "silver"
    (folder / "passages").mkdir(parents=True)
    (folder / "descriptions").mkdir()
    pq.write_table(passages_table([passage(n) for n in range(200)]), folder / "passages" / "0.parquet")
    rows = [{"entity_type": k, "view": "definition", "description": text} for k, (text, _) in TYPES.items()]
    pq.write_table(pa.Table.from_pylist(rows, schema=DESCRIPTION_SCHEMA), folder / "descriptions" / "0.parquet")
    return folder


def read(folder: Path) -> list[AnnotatedPassage]:
    return [one for group in passage_groups(str(folder)) for one in read_passages(group)]


def test_what_is_held_out_is_nowhere_in_what_is_trained_on(silver: Path, tmp_path: Path) -> None:
    report = hold_out(HoldoutSettings(silver=str(silver), output=str(tmp_path / "out"), share=0.3, test_share=0.3))
    held = set(report.held)
    assert len(held) >= 0.3 * len(TYPES)
    assert ("drug" in held) == ("medication" in held)  # near by their mentions
    train, test, kept = (read(tmp_path / "out" / part) for part in ("train", "heldout", "kept"))
    assert len(train) + len(test) == 200
    assert not {p.passage_id for p in train} & {p.passage_id for p in test}
    assert not {m.type for p in train for m in p.mentions} & held
    assert not {name for name, _, _ in read_descriptions(str(tmp_path / "out" / "train"))} & held
    before = {p.passage_id: p for p in map(passage, range(200))}
    for one in train:
        gone = {(m.start, m.end) for m in before[one.passage_id].mentions if m.type in held}
        assert set(one.unsure) == gone
    assert {m.type for p in test for m in p.mentions} == set(report.tested) <= held
    assert not {m.type for p in kept for m in p.mentions} & held
    assert [p.text for p in kept] == [p.text for p in test]
    for one in [*test, *kept]:
        assert {m.type for m in one.mentions} <= set(one.annotated or ())
    told = json.loads((tmp_path / "out" / "holdout.json").read_text())
    assert told["tested"] == report.tested


def test_the_same_request_gives_the_same_bytes_and_another_is_refused(silver: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"

    def bytes_of() -> dict[str, bytes]:
        return {str(p.relative_to(out)): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}

    hold_out(HoldoutSettings(silver=str(silver), output=str(out)))
    first = bytes_of()
    hold_out(HoldoutSettings(silver=str(silver), output=str(out)))
    assert bytes_of() == first
    with pytest.raises(UsageError, match="give another folder"):
        hold_out(HoldoutSettings(silver=str(silver), output=str(out), share=0.5))


def test_types_near_other_training_data_are_not_held_out(silver: Path, tmp_path: Path) -> None:
    report = hold_out(HoldoutSettings(silver=str(silver), output=str(tmp_path / "out"), beside=str(silver), share=0.9))
    assert report.near_beside == len(TYPES)
    assert not report.held


def test_of_nested_mentions_the_words_of_the_kept_one_still_teach() -> None:
    one = AnnotatedPassage(
        "1", "s", "lung cancer pain", (AnnotatedMention(0, 4, "organ"), AnnotatedMention(0, 11, "disease")), ((12, 16),)
    )
    assert without_types(one, ["disease"]).unsure == ((4, 11), (12, 16))
    assert without_types(one, ["organ"]).unsure == ((12, 16),)
    assert without_types(one, ["organ"]).mentions == (AnnotatedMention(0, 11, "disease"),)


def test_absent_types_are_far_from_those_of_the_passage() -> None:
    passages = [
        AnnotatedPassage("1", "s", "zinc", (AnnotatedMention(0, 4, "drug"),)),
        AnnotatedPassage("2", "s", "zinc", (AnnotatedMention(0, 4, "medication"),)),
        AnnotatedPassage("3", "s", "Oslo", (AnnotatedMention(0, 4, "city"),)),
        AnnotatedPassage("4", "s", "zinc", (AnnotatedMention(0, 4, "metal"),)),
    ]
    facts = {kind.name: kind for kind in types_of_passages(passages, {})}
    near = {"drug": {"drug": "", "medication": ""}, "medication": {"medication": "", "drug": ""}}
    closed = close_passages(passages, ["drug", "medication", "city"], facts, lambda n: near.get(n, {n: ""}), 5)
    assert [one.annotated for one in closed] == [
        ("city", "drug"),
        ("city", "medication"),
        ("city", "drug", "medication"),
        ("city",),  # zinc is a drug elsewhere
    ]
    assert closed[3].mentions == ()


def test_drawn_types_take_near_ones_with_them_up_to_the_share() -> None:
    names = [f"t{n}" for n in range(20)]
    held = choose_types(names, {"t3"}, lambda name: {name: "name", "t7": "vector"}, 0.3)
    assert "t3" not in held
    assert held["t7"]["near by"] in ("vector", "drawn")
    assert 6 <= len(held) <= 7
    assert held == choose_types(reversed(names), {"t3"}, lambda name: {name: "name", "t7": "vector"}, 0.3)


@pytest.mark.parametrize(("flag", "value"), [("--share", "0"), ("--test-share", "1.5"), ("--absent", "-1")])
def test_a_wrong_flag_is_one_line(silver: Path, tmp_path: Path, flag: str, value: str) -> None:
    result = CliRunner().invoke(main, ["silver", "holdout", str(silver), "--output", str(tmp_path / "o"), flag, value])
    assert result.exit_code == 2
    assert flag in result.output


def test_the_command_tells_what_it_did(silver: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["silver", "holdout", str(silver), "--output", str(tmp_path / "o")])
    assert result.exit_code == 0, result.output
    assert "held out, with near ones" in result.output
