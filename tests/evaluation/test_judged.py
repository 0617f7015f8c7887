"""What is judged on the report's page reaches `adapt`: in documents reviewed to the end, and single spans of others."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from evaluation.adapted import CALM, FAST, KINDS, WORDS, checkpoint_of, tune_fast

from openbioner_batch.catalog import find_types, resolve_types
from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation.adapting import adapt
from openbioner_batch.evaluation.judged import judged_passages
from openbioner_batch.evaluation.settings import AdaptSettings
from openbioner_batch.evaluation.ways import TUNED
from openbioner_batch.model import Tagger
from openbioner_batch.model.checkpoint import load_model, save_checkpoint
from openbioner_batch.model.prepared import DescribedType
from openbioner_batch.model.reading import load_tokenizer
from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage
from openbioner_batch.training.tuning import tune

pytestmark = pytest.mark.usefixtures("one_thread")

RIGHT, WRONG, UNJUDGED = "zx", "jv", "qk"
"""Letters of the words that the model takes for tools before it adapts."""
FOUND = (RIGHT, WRONG, UNJUDGED)
MOST, FEW = 0.7, 0.2
"""Shares of words. With other seeds, 0.8 or more of what is right is found, and 0.1 or less of what is wrong."""


def text_with(random: np.random.Generator, *letters: str) -> str:
    words = random.choice(WORDS, 6).tolist()
    for of_word in letters:
        words.insert(int(random.integers(6)), "".join(random.choice(list(of_word), 4)))
    return " ".join(words)


def spans_of(text: str, *letters: str) -> list[dict[str, Any]]:
    """The words of such letters, as the page saves spans."""
    found = [word for word in text.split() if any(set(word) <= set(of_word) for of_word in letters)]
    return [{"start": text.index(word), "end": text.index(word) + len(word), "type": "tool"} for word in found]


def saved(number: int, text: str, right: list[Any], reviewed: list[str], wrong: list[Any]) -> dict[str, Any]:
    """A line of the page's `reviewed-spans.jsonl` (see test_judging_browser.py, and judgedDocument in judging.js)."""
    return {"id": str(number), "text": text, "spans": right, "reviewed_types": reviewed, "wrong": wrong}


def request(folder: Path, model: str | Path, lines: list[dict[str, Any]], **more: Any) -> AdaptSettings:
    (folder / "reviewed-spans.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "mine.yaml").write_text("tool: a thing to work with\nplace: where one is\n")
    values = {"types": f"{folder / 'tool.yaml'}", "output": str(folder / "adapted"), "devices": "cpu", **more}
    (folder / "tool.yaml").write_text("tool: a thing to work with\n")
    return AdaptSettings(examples=str(folder / "reviewed-spans.jsonl"), model=str(model), **values)


def model_that_finds_all(kind: str, folder: Path) -> Path:
    """A tiny model that takes words of RIGHT, WRONG and UNJUDGED letters for tools."""
    start, random = checkpoint_of(kind, folder / "random"), np.random.default_rng(2)
    texts = [text_with(random, *FOUND) for _ in range(96)]
    passages = [
        AnnotatedPassage(
            str(number),
            "s",
            text,
            tuple(AnnotatedMention(span["start"], span["end"], "tool") for span in spans_of(text, *FOUND)),
        )
        for number, text in enumerate(texts)
    ]
    (folder / "tool.yaml").write_text("tool: a thing to work with\n")
    groups = groups_of(start, folder / "tool.yaml")
    model = tune(load_model(start), load_tokenizer(start), passages, groups, replace(CALM, epochs=25), seed=1)
    save_checkpoint(model, folder / "start", tokenizer_from=start)
    return folder / "start"


def found_shares(model: Path, types: Path) -> dict[str, float]:
    """By letters, the share of their words in new texts that lie within found spans.

    Many words are asked for, since rounding alone can change what so small a model says of a single one. Spans may be
    longer than the word: its neighbours may be unjudged, and then they may be found or not.
    """
    tagger, random = Tagger.from_pretrained(model, device="cpu", dtype="float32"), np.random.default_rng(99)
    texts = [text_with(random, *FOUND) for _ in range(40)]
    covered: dict[str, list[bool]] = {letters: [] for letters in FOUND}
    for text, spans in zip(texts, tagger.tag(texts, resolve_types(str(types))), strict=True):
        for letters, found in covered.items():
            (word,) = spans_of(text, letters)
            found.append(any(span.start <= word["start"] and word["end"] <= span.end for span in spans))
    return {letters: sum(found) / len(found) for letters, found in covered.items()}


def groups_of(model: Path, types: Path) -> list[list[DescribedType]]:
    tagger = Tagger.from_pretrained(model, device="cpu", dtype="float32")
    return [list(group) for group in tagger.preparer(resolve_types(str(types))).groups]


@pytest.mark.parametrize("kind", ["split", "late"])
def test_a_span_that_was_judged_wrong_is_found_no_more(kind: str, tmp_path: Path) -> None:
    start, random = model_that_finds_all(kind, tmp_path), np.random.default_rng(7)
    assert min(found_shares(start, tmp_path / "tool.yaml").values()) > MOST
    texts = [text_with(random, RIGHT, WRONG, UNJUDGED) for _ in range(96)]
    lines = [saved(n, text, spans_of(text, RIGHT), [], spans_of(text, WRONG)) for n, text in enumerate(texts)]
    settings = request(tmp_path, start, lines)
    passages = judged_passages(settings, find_types(settings.types))
    groups = groups_of(start, tmp_path / "tool.yaml")
    model = tune(load_model(start), load_tokenizer(start), passages, groups, replace(CALM, epochs=15), seed=1)
    save_checkpoint(model, tmp_path / "tuned", tokenizer_from=start)
    shares = found_shares(tmp_path / "tuned", tmp_path / "tool.yaml")
    assert shares[RIGHT] > MOST
    assert shares[WRONG] < FEW


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_unknown_teaches_nothing(kind: str, tmp_path: Path) -> None:
    """Mentions in unsure ranges, and of types that a text has no labels for, change no weight."""
    start = checkpoint_of(kind, tmp_path / "random")
    (tmp_path / "mine.yaml").write_text("tool: a thing to work with\nplace: where one is\n")
    groups = groups_of(start, tmp_path / "mine.yaml")
    known, unknown = AnnotatedMention(0, 4, "tool"), (AnnotatedMention(9, 13, "tool"), AnnotatedMention(5, 8, "place"))
    wholly_unknown = AnnotatedPassage("2", "s", "zxzx was", (), ((0, 8),), ("tool",))
    weights = []
    for mentions, more in (((known,), ()), ((known, *unknown), (wholly_unknown,))):
        passage = AnnotatedPassage("1", "s", "zxzx was xxzz seen", mentions, ((8, 18),), ("tool",))
        tuning = replace(FAST, epochs=2, mask_probability=0.0)
        model = tune(load_model(start), load_tokenizer(start), [passage, *more], groups, tuning, seed=1)
        weights.append(model.state_dict())
    assert all(torch.equal(part, weights[1][name]) for name, part in weights[0].items())
    before = load_model(start).state_dict()
    assert not all(torch.equal(part, weights[0][name]) for name, part in before.items())


def test_adapt_learns_single_judgements_beside_reviewed_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, random = checkpoint_of("split", tmp_path / "random"), np.random.default_rng(5)
    tune_fast(monkeypatch, CALM)
    texts = [text_with(random, RIGHT) for _ in range(96)]
    lines = [saved(number, text, spans_of(text, RIGHT), ["tool"], []) for number, text in enumerate(texts)]
    for number in range(96, 192):
        text = text_with(random, "jv", "qk")
        lines.append(saved(number, text, spans_of(text, "jv"), [], spans_of(text, "qk")))
    said: list[str] = []
    result = adapt(request(tmp_path, start, lines, epochs=20, folds=2), said.append)
    assert TUNED in result["way"]
    shares = found_shares(tmp_path / "adapted", tmp_path / "tool.yaml")
    assert min(shares[RIGHT], shares["jv"]) > MOST
    assert shares["qk"] < FEW
    assert (result["texts"], result["judged_texts"]) == (96, 96)
    assert "and what was judged in 96 others" in (tmp_path / "adapted" / "README.md").read_text()
    assert "what was judged in 96 other texts is learnt along where layers are tuned" in said


def test_wrong_spans_of_documents_reviewed_to_the_end_teach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start, random = model_that_finds_all("split", tmp_path), np.random.default_rng(7)
    tune_fast(monkeypatch, CALM)
    texts = [text_with(random, RIGHT, WRONG) for _ in range(96)]
    lines = [saved(n, text, spans_of(text, RIGHT), ["tool"], spans_of(text, WRONG)) for n, text in enumerate(texts)]
    result = adapt(request(tmp_path, start, lines, epochs=20, folds=2))
    assert result["after"]["precision"] > result["before"]["precision"] + 0.2
    shares = found_shares(tmp_path / "adapted", tmp_path / "tool.yaml")
    assert shares[RIGHT] > MOST
    assert shares[WRONG] < FEW
    assert "judged_texts" not in result


def test_a_text_says_of_each_type_what_was_judged_of_it(tmp_path: Path) -> None:
    text = "a big saw in Oslo"
    saw = {"start": 6, "end": 9, "type": "tool"}
    big_saw = {"start": 2, "end": 9, "type": "tool"}
    oslo = {"start": 13, "end": 17, "type": "place"}
    lines = [
        saved(1, text, [saw], ["place"], [big_saw, oslo]),
        saved(2, text, [oslo], [], []),
        saved(3, text, [saw, oslo], ["tool", "place"], []),  # reviewed for all: no single judgements
        saved(4, text, [], ["drug"], [{**saw, "type": "drug"}]),  # of a type that is not queried
    ]
    settings = request(tmp_path, "bundled", lines, types=str(tmp_path / "mine.yaml"))
    assert judged_passages(settings, find_types(settings.types)) == [
        AnnotatedPassage("1", "judged", text, (), (), ("place",)),
        AnnotatedPassage("1 tool", "judged", text, (AnnotatedMention(6, 9, "tool"),), ((0, 2), (9, 17)), ("tool",)),
        AnnotatedPassage("2 place", "judged", text, (AnnotatedMention(13, 17, "place"),), ((0, 13),), ("place",)),
    ]


def test_a_malformed_judgement_is_one_clear_line(tmp_path: Path) -> None:
    lines = [saved(1, "a saw", [], [], [{"start": 2, "end": 99, "type": "tool"}])]
    settings = request(tmp_path, "bundled", lines)
    with pytest.raises(UsageError, match=r"reviewed-spans.jsonl, document 1: spans judged wrong: "):
        judged_passages(settings, find_types(settings.types))
