"""What the measurements share: the work that is counted, the tools that are talked to, the texts."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openbioner_batch.errors import OpenBioNERError, UsageError
from openbioner_batch.model import ModelConfig, Prepared
from openbioner_batch.model.config import LateSettings
from openbioner_batch.model.prepared import DescribedType

CONFIG = ModelConfig(vocabulary=100, hidden=8, layers=3, heads=2, intermediate=20)


def prepared(windows: list[list[int]], descriptions: list[int]) -> Prepared:
    """One document of these windows, a word beginning at every second token."""
    bounds = np.cumsum([0, *map(len, windows)])
    words = np.arange(0, bounds[-1], 2)
    return Prepared(
        texts=("x",),
        groups=(tuple(DescribedType(str(n), (7,) * length) for n, length in enumerate(descriptions)),),
        token_ids=np.array([token for window in windows for token in window], np.int32),
        window_bounds=bounds,
        document_windows=np.array([len(windows)], np.int32),
        document_tokens=np.array([bounds[-1]]),
        document_words=np.array([0, len(words)]),
        word_tokens=words,
        word_offsets=np.zeros((len(words), 2), np.int32),
        word_breaks=np.zeros(len(words), np.bool_),
    )


def product(rows: int, inner: int, columns: int) -> int:
    return 2 * rows * inner * columns


def layer(queries: int, keys: int, hidden: int, inner: int) -> int:
    """Operations of one layer, product by product."""
    projections = (
        product(queries, hidden, hidden) + 2 * product(keys, hidden, hidden) + product(queries, hidden, hidden)
    )
    attention = product(queries, hidden, keys) + product(queries, keys, hidden)
    return projections + attention + product(queries, hidden, inner) + product(queries, inner, hidden)


@settings(max_examples=20)
@given(st.lists(st.integers(2, 9), min_size=1, max_size=4), st.lists(st.integers(1, 5), min_size=1, max_size=3))
def test_operations_are_those_of_the_products_one_by_one(lengths: list[int], descriptions: list[int]) -> None:
    from common.matrix import work_of

    windows = [[number * 10 + place for place in range(length)] for number, length in enumerate(lengths)]
    whole = least = tokens = start = 0
    for length in lengths:
        words = len(range(start + start % 2, start + length, 2))
        start += length
        passes = [1 + length, *(1 + length + 2 + described for described in descriptions)]
        for place, total in enumerate(passes):
            tokens += total
            whole += 3 * layer(total, total, 8, 20)
            least += 2 * layer(total, total, 8, 20) + layer(words, total, 8, 20)
            if place:  # the first layer's projections of the text and its attention to itself
                least -= product(1 + length, 8, 3 * 8) + 2 * product(1 + length, 8, 1 + length)
    work = work_of(prepared(windows, descriptions), CONFIG)
    assert (work.pairs, work.tokens) == (len(lengths) * len(descriptions), tokens)
    assert (work.model_operations, work.least_operations) == (whole, least)


def ffn(rows: int) -> int:
    """What follows attention: its output's projection, and the feed-forward part."""
    return product(rows, 8, 8) + product(rows, 8, 20) + product(rows, 20, 8)


def attention(queries: int, keys: int) -> int:
    return 2 * product(queries, 8, keys)


@pytest.mark.parametrize("separate", [1, 2, 3])
def test_separate_layers_count_once_for_a_text_and_once_for_a_description(separate: int) -> None:
    from common.matrix import work_of

    windows, described = [[1, 2, 3, 4], [5, 6]], [3, 5]  # words: 2 and 1
    config = replace(CONFIG, separate_layers=separate, late=LateSettings(4))
    texts, words, tails = [5, 3], [2, 1], [length + 2 for length in described]
    least = sum(layer(tokens, tokens, 8, 20) for tokens in (*texts, *tails)) * min(separate, 2)
    if separate == 3:
        least += sum(layer(read, tokens, 8, 20) for read, tokens in zip(words, texts, strict=True))
        least += sum(layer(tail, tail, 8, 20) for tail in tails)  # all states of a description are in its mean
        least += product(3, 8, 4) + product(2, 8, 4) + product(3, 4, 2)
    if separate == 2:  # the last layer joins
        least += sum(product(tail, 8, 16) for tail in tails)
        for read, tokens in zip(words, texts, strict=True):
            least += product(tokens, 8, 16) + product(read, 8, 8) + attention(read, tokens) + ffn(read)
            least += sum(attention(read, tail) + ffn(read) for tail in tails)
    if separate == 1:  # the last two join
        least += sum(product(tail, 8, 24) for tail in tails)
        for read, tokens in zip(words, texts, strict=True):
            least += product(tokens, 8, 24) + attention(tokens, tokens) + ffn(tokens) + layer(read, tokens, 8, 20)
            for tail in tails:
                both = tokens + tail
                least += attention(tokens, tail) + attention(tail, both) + ffn(both) + layer(read, both, 8, 20)
    assert work_of(prepared(windows, described), config).least_operations == least


def test_a_window_that_comes_again_needs_no_work() -> None:
    from common.matrix import work_of

    once, twice = (work_of(prepared([[1, 2, 3, 4]] * times, [3]), CONFIG) for times in (1, 2))
    assert (once.tokens, once.least_operations) == (twice.tokens, twice.least_operations)
    assert (once.pairs, twice.pairs) == (1, 2)


def test_the_matrix_rate_is_some_operations_per_second() -> None:
    from common.matrix import matrix_rate

    assert matrix_rate(CONFIG, "float32", "cpu") > 1e6


def test_texts_come_in_an_order_that_is_always_the_same(notes: Path) -> None:
    from common.texts import read_texts, shuffled_texts

    texts = shuffled_texts(str(notes))
    assert texts == shuffled_texts(str(notes)) != read_texts((str(notes),))
    assert sorted(texts) == sorted(read_texts((str(notes),)))


def test_twenty_types_have_descriptions_of_their_own() -> None:
    from common.models import TYPES, first_types

    assert len({kind.description for kind in first_types(len(TYPES))}) == len(TYPES) == 20
    assert first_types(5) == first_types(20)[:5]
    assert len({kind.name for kind in first_types(64)}) == 64
    with pytest.raises(UsageError, match="9999 types: expected 1 to "):
        first_types(9999)


def test_a_tool_that_ends_tells_its_last_error(tmp_path: Path) -> None:
    from common.tools import Tool

    with pytest.raises(OpenBioNERError, match=r"ours ended with exit code 1: .*no-such-checkpoint"):
        Tool(
            "ours",
            Path(sys.executable),
            "own_tagger.py",
            {"checkpoint": "/no-such-checkpoint", "dtype": "float32", "types": []},
        )


def test_a_tools_answer_holds_time_and_sorted_spans(checkpoint: Path) -> None:
    from common.tools import Tool

    request = {"checkpoint": str(checkpoint), "dtype": "float32", "types": [["drug", "a drug that is given"]]}
    tool = Tool("ours", Path(sys.executable), "own_tagger.py", request)
    answer = tool.find(["aspirin was given", ""], {"words": "basic", "count": 1})
    tool.close()
    assert tool.about["dtype"] == "float32"
    assert answer.seconds > 0
    assert len(answer.spans) == 2
    assert all(spans == sorted(spans) for spans in answer.spans)
