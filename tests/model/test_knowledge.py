"""A model with a glossary says of words with names what the head of the glossary adds, and of others the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from knowing import SIZE, TEXTS, TYPES, constant_head, described, logits_of, random_head, shifts_of

from openbioner_batch.errors import CheckpointError
from openbioner_batch.model import Tagger
from openbioner_batch.model.glossary import GlossaryEntry
from openbioner_batch.model.glossary_files import GlossaryChoice
from openbioner_batch.model.knowledge import _MOST_DOWN, _MOST_UP, GlossaryHead
from openbioner_batch.model.location import GLOSSARY_HEAD
from openbioner_batch.model.prepare import named_description


@pytest.fixture(scope="module")
def plain(knowing_folder: Path) -> Tagger:
    return Tagger.from_pretrained(knowing_folder, "cpu", "float32", glossary=GlossaryChoice(own=False))


def test_a_meaning_fits_as_the_best_of_its_glosses_does(knowing: Tagger) -> None:
    reader = knowing._knowledge
    assert reader is not None
    named = knowing.encoder.config.late.named
    descriptions = described(knowing, TYPES)
    expected = []
    for meaning in range(5):
        glosses = [named_description("entity", one) if named else one for one in reader.glossary.glosses(meaning)]
        ids = [(knowing.tokenizer.cls, *knowing.tokenizer.ids(one), knowing.tokenizer.sep) for one in glosses]
        read = knowing.encoder.describe(ids, knowing.token_budget)
        head = GlossaryHead.read(knowing._directory / GLOSSARY_HEAD, SIZE)
        expected.append(head.logits(descriptions, head.project(read)).max(axis=0))
    assert len({round(float(one), 3) for row in expected[:2] + expected[3:] for one in row}) == 12
    assert np.min(expected) < -_MOST_DOWN < _MOST_UP < np.max(expected)
    order = np.array([4, 0, 0, 3, 1, 2, 4])
    np.testing.assert_allclose(reader.fit(order, descriptions), np.array(expected)[order], atol=1e-5)


def test_words_without_names_keep_their_logits_and_names_do_not(knowing: Tagger, plain: Tagger) -> None:
    prepared = knowing.preparer(TYPES).prepare(TEXTS)
    assert len(prepared.known_names) == 8
    with_names, without = logits_of(knowing, TEXTS), logits_of(plain, TEXTS)
    reader = knowing._knowledge
    assert reader is not None
    logits = reader.fit(prepared.known_names[:, 2], described(knowing, TYPES))
    expected = shifts_of(prepared, without[:, 1:] - without[:, :1], logits)
    assert (with_names[:, 0] == without[:, 0]).all()
    assert (with_names[:, 1:][expected == 0] == without[:, 1:][expected == 0]).all()
    np.testing.assert_allclose(with_names[:, 1:], without[:, 1:] + expected, atol=1e-5)
    assert (expected != 0).any()
    assert (logits_of(knowing, TEXTS[4:]) == logits_of(plain, TEXTS[4:])).all()


@pytest.fixture(scope="module")
def alone(knowing: Tagger) -> dict[str, np.ndarray]:
    return {text: logits_of(knowing, [text]) for text in TEXTS}


@settings(max_examples=15)
@given(st.permutations(TEXTS + TEXTS[:1]))
def test_a_text_says_the_same_whatever_it_is_read_beside(
    knowing: Tagger, alone: dict[str, np.ndarray], texts: list[str]
) -> None:
    expected = np.concatenate([alone[text] for text in texts])
    np.testing.assert_allclose(logits_of(knowing, texts), expected, atol=1e-5)


def test_glosses_that_were_read_before_make_no_difference(knowing_folder: Path, alone: dict[str, np.ndarray]) -> None:
    fresh = Tagger.from_pretrained(knowing_folder, "cpu", "float32")
    for text in TEXTS[::-1]:
        np.testing.assert_allclose(logits_of(fresh, [text]), alone[text], atol=1e-5)


def test_glosses_longer_than_the_model_reads_are_cut(knowing_folder: Path, knowing: Tagger) -> None:
    positions = knowing.encoder.config.positions
    found = []
    for words in (positions, 3 * positions):
        entries = (GlossaryEntry(("mice",), ("fever " * words,)),)
        told = Tagger.from_pretrained(
            knowing_folder, "cpu", "float32", glossary=GlossaryChoice(own=False, entries=entries)
        )
        found.append(logits_of(told, ["given in mice"]))
    assert (found[0] == found[1]).all()
    assert np.isfinite(found[0]).all()


def test_spans_follow_the_glossary(with_head: Callable, plain: Tagger) -> None:
    down, level, up = (with_head(constant_head(logit)).tag(TEXTS, TYPES) for logit in (-3, 0, 3))
    assert level == plain.tag(TEXTS, TYPES)
    assert down[-1] == level[-1] == up[-1]
    covered = [sum(span.end - span.start for spans in some for span in spans) for some in (down, level, up)]
    assert covered[0] < covered[1] < covered[2]


def test_no_texts_and_no_types(knowing: Tagger) -> None:
    assert knowing.tag([], TYPES) == []
    assert knowing.tag(["", " \n"], TYPES) == [[], []]
    assert knowing.logits("aspirin", []).shape == (2, 1)
    assert [group.shape for group in knowing.word_logits(knowing.preparer([]).prepare(["aspirin"]))] in ([], [(1, 1)])


def test_a_head_that_is_written_is_read_again_to_the_precision_of_its_format(tmp_path: Path) -> None:
    head = random_head()
    head.write(tmp_path / GLOSSARY_HEAD)
    read = GlossaryHead.read(tmp_path / GLOSSARY_HEAD, SIZE)
    for name in ("query", "gloss", "scale", "scale_bias"):
        assert getattr(read, name).dtype == np.float32
        np.testing.assert_array_equal(getattr(read, name), getattr(head, name).astype(np.float16))
    first = (tmp_path / GLOSSARY_HEAD).read_bytes()
    read.write(tmp_path / GLOSSARY_HEAD)
    assert (tmp_path / GLOSSARY_HEAD).read_bytes() == first


def test_a_very_steep_head_is_finite() -> None:
    vectors = np.eye(SIZE, dtype=np.float32)
    with np.errstate(all="raise"):
        found = random_head(factor=60).logits(vectors, random_head().project(vectors))
    assert np.isfinite(found).all()


def test_the_head_of_another_model_is_refused(knowing_folder: Path, with_head: Callable) -> None:
    random_head().write(knowing_folder / "other.safetensors")
    with pytest.raises(CheckpointError, match=r"the head of a glossary for another model; expected vectors of 9"):
        GlossaryHead.read(knowing_folder / "other.safetensors", SIZE + 1)
    wide = GlossaryHead(*(np.zeros(shape, np.float32) for shape in [(4, 9), (4, 9), (2, 9), (2,)]))
    with pytest.raises(CheckpointError, match="for another model"):
        with_head(wide)


@pytest.mark.parametrize("part", ["query", "gloss", "scale", "scale_bias"])
def test_a_head_with_a_part_of_another_shape_is_refused(tmp_path: Path, part: str) -> None:
    dataclasses.replace(random_head(), **{part: np.zeros(3, np.float32)}).write(tmp_path / GLOSSARY_HEAD)
    with pytest.raises(CheckpointError):
        GlossaryHead.read(tmp_path / GLOSSARY_HEAD, SIZE)


def test_a_damaged_head_is_named(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    path = tmp_path / GLOSSARY_HEAD
    with pytest.raises(CheckpointError, match=r"glossary\.safetensors: not the head of a glossary"):
        GlossaryHead.read(path, SIZE)
    random_head().write(path)
    whole = path.read_bytes()
    for content in (b"", b"text", whole[:-1], whole[: len(whole) // 2], b"\xff" + whole[1:]):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match=r"glossary\.safetensors: not the head of a glossary"):
            GlossaryHead.read(path, SIZE)
    for parts, error in ((["query"], "KeyError"), (["query", "vectors"], "TypeError")):
        save_file({name: np.zeros((4, SIZE)) for name in parts}, path)
        with pytest.raises(CheckpointError, match=rf"not the head of a glossary \({error}\)"):
            GlossaryHead.read(path, SIZE)
