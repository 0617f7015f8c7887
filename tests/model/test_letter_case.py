"""An encoder of lower case that reads the letter case of words."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.model import EntityType, Tagger, save_checkpoint
from openbioner_batch.model.checkpoint import load_backbone, load_model
from openbioner_batch.model.config import LateSettings, ModelConfig
from openbioner_batch.model.encoder import CrossEncoder, initialize
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.model.letter_case import CASES, SHIFT, split_case, with_case, word_case
from openbioner_batch.model.reading import load_tokenizer, read_config
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.model.variants import count_parameters

TYPES = [EntityType("name", "the name of a person"), EntityType("drug", "a medicine")]


@pytest.mark.parametrize(
    ("word", "case"),
    [
        ("rose", "none"), ("Rose", "capitalized"), ("JM", "upper"), ("J", "initial"), ("McRae", "mixed"),
        ("eGFR", "mixed"), ("12", "none"), ("3rd", "none"), ("A1", "upper"), ("É", "initial"), (".", "none"),
    ],
)  # fmt: skip
def test_a_word_has_one_of_five_cases(word: str, case: str) -> None:
    assert CASES[word_case(word)] == case


@given(st.text("aBc É.-1\n", max_size=40))
def test_ids_carry_the_case_of_the_whole_word_and_nothing_else_changes(text: str) -> None:
    vocabulary = {token: n for n, token in enumerate(["[CLS]", "[SEP]", "[MASK]", "[UNK]", *"abce.-1", "##b", "##c"])}
    plain, cased = Tokenizer(vocabulary, True), Tokenizer(vocabulary, True, letter_case=True)
    (before,), (after,) = plain.encode([text]), cased.encode([text])
    pieces, cases = split_case(torch.as_tensor(np.array(after.ids, np.int64)))
    assert pieces.tolist() == list(before.ids)
    assert (list(after.offsets), list(after.word_ids)) == (list(before.offsets), list(before.word_ids))
    for (start, end), case in zip(before.offsets, cases.tolist(), strict=True):
        word_start = max(text.rfind(mark, 0, start + 1) for mark in " .-\n") + 1
        if text[start:end] in (".", "-"):
            assert case == 0
        else:
            word_end = min([at for mark in " .-\n" if (at := text.find(mark, start)) >= 0], default=len(text))
            assert case == word_case(text[word_start:word_end])


def cased(tagger: Tagger, late: bool) -> LateEncoder | CrossEncoder:
    config = dataclasses.replace(tagger.encoder.config, letter_case=True, initializer_range=0.2)
    if late:
        config = dataclasses.replace(config, separate_layers=config.layers, late=LateSettings(8))
    model = (LateEncoder if late else CrossEncoder)(config).eval()
    initialize(model, seed=1)
    return model


@pytest.mark.parametrize("late", [False, True], ids=["cross", "late"])
def test_a_model_that_reads_case_tells_words_apart_and_survives_its_file(
    late: bool, tagger: Tagger, tmp_path: Path
) -> None:
    model = cased(tagger, late)
    assert sum(p.numel() for p in model.parameters()) == count_parameters(model.config)
    save_checkpoint(model, tmp_path, tagger._directory)
    assert read_config(tmp_path).letter_case
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), load_model(tmp_path).parameters(), strict=True))
    reads = Tagger.from_pretrained(tmp_path, "cpu", "float32")
    lower, upper = reads.logits("rose was given aspirin", TYPES), reads.logits("Rose was given aspirin", TYPES)
    assert np.abs(lower - upper).max() > 1e-3
    tokens = reads.tokenizer
    text = [tokens.cls, *np.array(tokens.encode(["Rose was given aspirin"])[0].ids).tolist()]
    described = [*tokens.ids(TYPES[0].description), tokens.sep]
    with torch.inference_mode():
        if isinstance(model, LateEncoder):
            ids, lengths = torch.tensor([[tokens.cls, *described]]), torch.tensor([1 + len(described)])
            wanted = model(torch.tensor([text]), torch.tensor([len(text)]), ids, lengths)[0, :, 1]
        else:
            pair = torch.tensor([[*text, tokens.sep, *described]])
            segments = (torch.arange(pair.shape[1]) >= len(text)).long()[None]
            wanted = model.evidence(model(pair, segments, torch.tensor([pair.shape[1]])))[0, : len(text), 0]
    np.testing.assert_allclose(upper[:, 1], wanted.numpy(), atol=1e-4)


def test_a_model_that_has_never_read_case_begins_as_it_was(tagger: Tagger, tmp_path: Path) -> None:
    plain = cased(tagger, late=True)
    config = dataclasses.replace(plain.config, letter_case=False)
    before = LateEncoder(config).eval()
    initialize(before, seed=1)
    save_checkpoint(before, tmp_path / "before", tagger._directory)
    begun = load_backbone(tmp_path / "before", plain.config, seed=0).eval()
    assert not begun.text.case_embedding.weight.any()
    save_checkpoint(begun, tmp_path / "begun", tagger._directory)
    texts = "Rose was given aspirin"
    first, second = (Tagger.from_pretrained(tmp_path / name, "cpu", "float32") for name in ("before", "begun"))
    np.testing.assert_array_equal(first.logits(texts, TYPES), second.logits(texts, TYPES))


def test_descriptions_and_models_without_case_are_as_before(tagger: Tagger, tmp_path: Path) -> None:
    model = cased(tagger, late=True)
    save_checkpoint(model, tmp_path, tagger._directory)
    reads = load_tokenizer(tmp_path)
    assert max(reads.ids("A Person's NAME")) < 1 << SHIFT
    assert "letter_case" not in json.loads((tagger._directory / "config.json").read_text())["openbioner_batch"]
    assert ModelConfig(10, 4, 1, 1, 4).letter_case is False
    assert with_case("", [], [], []).tolist() == []
