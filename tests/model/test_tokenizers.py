"""Tokenizers of encoders that `transformers` runs: their words are BERT's, and they are read wherever they lie."""

from __future__ import annotations

import itertools
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from encoders import AWKWARD, FAMILIES, SENTENCES
from hypothesis import HealthCheck, example, given, settings

from openbioner_batch.errors import CheckpointError
from openbioner_batch.model.architectures.automodel.tokens import FastTokenizer, tokens_of_words
from openbioner_batch.model.reading import load_tokenizer
from openbioner_batch.model.tokens import Tokenizer


@pytest.fixture(scope="session")
def tokenizers(encoders: dict[str, Path]) -> dict[str, Tokenizer]:
    return {name: load_tokenizer(directory) for name, directory in encoders.items()}


@pytest.mark.parametrize("family", FAMILIES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(text=AWKWARD)
@example(text="  aspirin (500 mg),\n\n given\tfever ")
@example(text="[SEP] [CLS] [MASK] [PAD] [UNK] <s> </s> <mask> <pad>")
@example(text="中文字 e\u0301 😀")
def test_words_are_berts_and_no_text_spells_a_special_token(
    tokenizers: dict[str, Tokenizer], family: str, text: str
) -> None:
    tokenizer = tokenizers[family]
    assert isinstance(tokenizer, FastTokenizer)
    (found,) = tokenizer.encode([text])
    words = tokenizer._words.encode(text).offsets
    assert len(found.ids) == len(found.offsets) == len(found.word_ids)
    special = {tokenizer.cls, tokenizer.sep, tokenizer.mask}
    assert not special & set(found.ids.tolist())
    assert not special & set(tokenizer.ids(text))
    begins = np.flatnonzero(np.diff(found.word_ids, prepend=-1))
    starts = [start for start, _ in words]
    ends = {end for _, end in words}
    assert (np.diff(found.word_ids) >= 0).all()
    assert (found.offsets[:, 0] <= found.offsets[:, 1]).all()
    assert (np.diff(found.offsets[:, 0]) >= 0).all()
    spans = [
        (int(found.offsets[a, 0]), int(found.offsets[b - 1, 1]))
        for a, b in itertools.pairwise([*begins, len(found.ids)])
    ]
    assert all(start in starts and end in ends for start, end in spans)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
    # No letter or digit that the tokenizer sees is left to no word.
    seen = tokenizer._rust.encode(text, add_special_tokens=False).offsets
    covered = {place for start, end in spans for place in range(start, end)}
    for start, end in words:
        touched = any(a < end and start < b for a, b in seen)
        if touched and text[start].isalnum() and family not in ("deberta-v2", "xlm-roberta"):
            assert covered >= set(range(start, end)), text[start:end]


@pytest.mark.parametrize("family", FAMILIES)
def test_ordinary_words_have_the_offsets_that_a_reader_sees(tokenizers: dict[str, Tokenizer], family: str) -> None:
    text = "\n  Given aspirin (500 mg), p53\tand beta-agonists: no\n\nfever. "
    (found,) = tokenizers[family].encode([text])
    begins = np.flatnonzero(np.diff(found.word_ids, prepend=-1))
    words = [
        text[found.offsets[a, 0] : found.offsets[b - 1, 1]] for a, b in itertools.pairwise([*begins, len(found.ids)])
    ]
    wanted = ["Given", "aspirin", "500", "mg", "p53", "and", "beta", "agonists", "no", "fever"]
    assert [word for word in words if word.isalnum()] == wanted
    assert all(not any(one.isspace() for one in word) for word in words)


def test_tokens_over_several_words_are_of_the_first_that_is_no_mark() -> None:
    def words(text: str, tokens: list[tuple[int, int]], bounds: list[tuple[int, int]]) -> list[str]:
        ids = np.arange(len(tokens))
        found = tokens_of_words(text, ids, np.array(tokens), np.array(bounds), np.zeros(len(ids), bool))
        begins = np.flatnonzero(np.diff(found.word_ids, prepend=-1))
        edges = itertools.pairwise([*begins, len(found.ids)])
        return [text[found.offsets[a, 0] : found.offsets[b - 1, 1]] for a, b in edges]

    assert words("beta-agonist", [(0, 4), (4, 6), (6, 12)], [(0, 4), (4, 5), (5, 12)]) == ["beta", "agonist"]
    assert words("Ca++", [(0, 2), (2, 4)], [(0, 2), (2, 3), (3, 4)]) == ["Ca", "++"]
    assert words("fever.", [(0, 3), (3, 6)], [(0, 5), (5, 6)]) == ["fever"]
    assert words("中文", [(0, 2)], [(0, 1), (1, 2)]) == ["中文"]
    assert words(" a b", [(0, 2), (2, 4)], [(1, 2), (3, 4)]) == ["a", "b"]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_tokenizer_travels(tokenizers: dict[str, Tokenizer], family: str) -> None:
    there = pickle.loads(pickle.dumps(tokenizers[family]))
    for text in (*SENTENCES, "[SEP] </s> <mask> [MASK]"):
        assert there.ids(text) == tokenizers[family].ids(text)


def test_sentencepiece_alone_is_read(encoders: dict[str, Path], tmp_path: Path) -> None:
    """DeBERTa-v3 is published without a `tokenizer.json`."""
    sentencepiece = pytest.importorskip("sentencepiece", reason="the sentencepiece extra is not installed")
    (tmp_path / "text").write_text("\n".join(SENTENCES * 20), "utf-8")
    special = {f"{name}_id": number for number, name in enumerate(("pad", "bos", "eos", "unk"))}
    pieces = {"pad_piece": "[PAD]", "bos_piece": "[CLS]", "eos_piece": "[SEP]", "unk_piece": "[UNK]"}
    sentencepiece.SentencePieceTrainer.train(
        input=str(tmp_path / "text"),
        model_prefix=str(tmp_path / "spm"),
        vocab_size=48,
        minloglevel=2,
        **special,
        **pieces,
    )
    (tmp_path / "config.json").write_bytes((encoders["deberta-v2"] / "config.json").read_bytes())
    tokenizer = load_tokenizer(tmp_path)
    (found,) = tokenizer.encode(["Given aspirin, [SEP]"])
    begins = np.flatnonzero(np.diff(found.word_ids, prepend=-1))
    assert found.offsets[begins, 0].tolist() == [0, 6, 13, 16]
    assert (tokenizer.cls, tokenizer.sep) == (1, 2)


def test_sentencepiece_that_is_not_installed_is_named(
    encoders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sentencepiece", None)
    (tmp_path / "config.json").write_bytes((encoders["deberta-v2"] / "config.json").read_bytes())
    (tmp_path / "spm.model").write_bytes(b"no model")
    with pytest.raises(CheckpointError, match=r"without tokenizer.json needs openbioner-batch\[sentencepiece\]"):
        load_tokenizer(tmp_path)


def test_a_vocabulary_of_berts_may_lie_beside_any_config(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_bytes((checkpoint / "vocab.txt").read_bytes())
    (tmp_path / "config.json").write_text('{"model_type": "distilbert"}')
    assert load_tokenizer(tmp_path).ids("fever") == load_tokenizer(checkpoint).ids("fever")


def test_a_tokenizer_that_is_missing_is_one_line(encoders: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes((encoders["modernbert"] / "config.json").read_bytes())
    with pytest.raises(CheckpointError, match="cannot load its tokenizer") as caught:
        load_tokenizer(tmp_path)
    assert "\n" not in str(caught.value)
