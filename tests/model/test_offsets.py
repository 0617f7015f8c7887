"""Whatever the text, spans slice back to themselves, and no word escapes judgement."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openbioner_batch.model import EntityType, Prepared, Tagger
from openbioner_batch.model.checkpoint import load_encoder
from openbioner_batch.model.sentences import sentence_starts

AWKWARD = st.text(
    st.one_of(
        st.sampled_from("abc XYZ.,?!()[]-'\"\t\r\n\0 é́̈ßİΩµ αβ\u200b\u00a0\u2028‑中文字😀👩‍👧🇮🇹ﬁ"),
        st.characters(codec="utf-8"),
    ),
    max_size=300,
)


@given(AWKWARD, st.sampled_from(["basic", "whitespace"]))
@example("[SEP] [CLS] [MASK] [PAD] [UNK]", "basic")
@example("e\u0301 a\u0308\u0308", "basic")
@example("aspirin\r\naspirin\0fever", "basic")
def test_offsets_slice_back_and_every_token_is_in_an_interior(
    tagger: Tagger, types: list[EntityType], text: str, words: str
) -> None:
    prepared = tagger.preparer(types, words).prepare([text, "no fever", text])
    _check_words(prepared)
    for document, spans in zip(prepared.texts, tagger.tag(list(prepared.texts), types, words), strict=True):
        for span in spans:
            assert document[span.start : span.end] == span.text
            assert 0 <= span.start < span.end <= len(document)
            assert 0 < span.score <= 1
        assert all(a.end <= b.start for a, b in itertools.pairwise(spans))


def _check_words(prepared: Prepared) -> None:
    # The first token of every word stands in a window of its own document.
    windows = np.searchsorted(prepared.window_bounds, prepared.word_tokens, "right") - 1
    owners = np.repeat(np.arange(len(prepared.texts)), prepared.document_windows)[windows]
    documents = np.repeat(np.arange(len(prepared.texts)), np.diff(prepared.document_words))
    assert (owners == documents).all()
    assert (np.diff(prepared.word_tokens) > 0).all()
    for document, (start, end) in zip(documents, prepared.word_offsets, strict=True):
        assert 0 <= start < end <= len(prepared.texts[document])


@given(AWKWARD)
def test_words_are_all_tokens_the_tokenizer_sees(tagger: Tagger, types: list[EntityType], text: str) -> None:
    pieces, basic = (tagger.preparer(types, words).prepare([text]) for words in ("pieces", "basic"))
    (encoding,) = tagger.tokenizer.encode([text])
    assert pieces.document_tokens.tolist() == basic.document_tokens.tolist() == [len(encoding.ids)]
    assert len(pieces.word_tokens) == len(set(encoding.word_ids))
    # Basic words are runs of pieces: "5-FU" and "1/2" are one.
    assert set(basic.word_tokens.tolist()) <= set(pieces.word_tokens.tolist())
    covered = [{at for start, end in one.word_offsets.tolist() for at in range(start, end)} for one in (basic, pieces)]
    assert covered[0] == covered[1]


@given(AWKWARD)
def test_sentences_are_the_whole_text_and_break_after_white_space(text: str) -> None:
    starts = sentence_starts(text)
    assert starts[0] == 0
    assert starts == sorted(set(starts))
    assert all(text[start - 1].isspace() for start in starts[1:])


def test_special_tokens_in_a_text_are_ordinary_text(tagger: Tagger) -> None:
    ids = tagger.tokenizer.ids("a [SEP] b [MASK] [CLS]")
    assert not {tagger.tokenizer.sep, tagger.tokenizer.mask, tagger.tokenizer.cls} & set(ids)


def test_a_span_keeps_the_accent_on_its_last_letter(checkpoint: Path, tagger: Tagger) -> None:
    everything = [EntityType("any", "the patient")]
    text = "cafe\u0301"
    model = load_encoder(checkpoint)
    model.evidence.bias.data += 100.0
    (spans,) = Tagger(model, tagger.tokenizer, checkpoint, "cpu", "float32").tag([text], everything)
    assert [span.text for span in spans] == [text]


@pytest.mark.parametrize(
    "text",
    ["fever " * 170_000, "x" * 1_000_000, ". " * 60_000, "\n" * 1_000_000, "a.b" * 40_000, "e\u0301" * 200_000],
    ids=["words", "one word", "stops", "lines", "no spaces", "marks"],
)
def test_preparing_a_very_long_document_takes_linear_time(tagger: Tagger, types: list[EntityType], text: str) -> None:
    began = time.monotonic()
    prepared = tagger.preparer(types).prepare([text])
    assert time.monotonic() - began < 20
    assert int(prepared.document_windows[0]) >= len(prepared.word_tokens) // 40
    assert int(prepared.document_tokens[0]) <= len(prepared.token_ids)


def test_a_megabyte_is_covered_to_its_end(tagger: Tagger) -> None:
    one = [EntityType("drug", "a drug")]
    text = "no sign of fever. " * 56_000 + "aspirin"
    prepared = tagger.preparer(one).prepare([text])
    assert len(text) > 1_000_000
    assert prepared.word_offsets[-1].tolist() == [len(text) - 7, len(text)]
