"""IOB files become sentences whose spans slice their text, as seqeval reads the tags."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from formats.annotating import ORIGIN, rows_of
from formats.reading import documents, read_all, rejected
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities

from openbioner_batch.errors import UsageError
from openbioner_batch.formats import get_format, get_writer
from openbioner_batch.formats.iob import chunks, make_sentence, read_iob
from openbioner_batch.records import Span

TAGS = st.lists(
    st.sampled_from(["O", "B-x", "I-x", "E-x", "S-x", "B-y", "I-y", "E-y", "S-y", "B-a-b", "I-a-b"]), max_size=12
)
TOKENS = st.text(st.characters(exclude_characters="\t\n\r", exclude_categories=["Cs"]), min_size=1, max_size=8)


@given(TAGS)
def test_chunks_are_seqevals(tags: list[str]) -> None:
    theirs = [(first, last + 1, kind) for kind, first, last in get_entities(tags)]
    assert chunks(tags) == theirs


@given(st.data())
def test_spans_slice_their_text_and_cover_their_tokens(data: st.DataObject) -> None:
    tags = data.draw(TAGS)
    tokens = data.draw(st.lists(TOKENS, min_size=len(tags), max_size=len(tags)))
    sentence = make_sentence(tokens, tags)
    assert len(sentence.spans) == len(chunks(tags))
    for span, (first, after, kind) in zip(sentence.spans, chunks(tags), strict=True):
        assert sentence.text[span.start : span.end] == span.text == " ".join(tokens[first:after])
        assert span.type == kind


@given(sentences=st.lists(st.lists(TOKENS, min_size=1, max_size=5), max_size=4), ending=st.sampled_from(["\n", "\r\n"]))
def test_a_file_gives_back_its_sentences(
    tmp_path_factory: pytest.TempPathFactory, sentences: list[list[str]], ending: str
) -> None:
    # A line of blanks ends a sentence, and this token names no word.
    sentences = [["-" if token.strip() == "" or token == "-DOCSTART-" else token for token in s] for s in sentences]
    path = tmp_path_factory.mktemp("iob") / "corpus.tsv"
    blocks = ["".join(f"{token}\tB-x{ending}" for token in tokens) for tokens in sentences]
    path.write_bytes(ending.join(blocks).encode())
    assert [list(sentence.tokens) for sentence in read_iob(path)] == sentences


def test_a_gzipped_file_with_columns_between_and_document_marks(tmp_path: Path) -> None:
    path = tmp_path / "corpus.tsv.gz"
    path.write_bytes(gzip.compress(b"-DOCSTART-\tX\tO\n\nAspirin\tNN\tI-drug\nhelps\tVB\tO\n\n\n.\t.\tO\n"))
    first, second = read_iob(path)
    assert first.text == "Aspirin helps"
    assert [(span.start, span.end, span.type, span.score) for span in first.spans] == [(0, 7, "drug", 1.0)]
    assert second.text == "."
    assert second.spans == ()
    assert (first.document, second.document) == (1, 1)


def test_columns_may_be_parted_by_blanks_and_documents_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "corpus.conll"
    path.write_text("-DOCSTART- -X- O\n\nAspirin NN S-drug\n\n-DOCSTART- -X- O\n\nlung NN B-site\ncancer NN E-site\n")
    first, second = read_iob(path)
    assert [(span.text, span.type) for span in (*first.spans, *second.spans)] == [
        ("Aspirin", "drug"),
        ("lung cancer", "site"),
    ]
    assert (first.document, second.document) == (1, 2)


def test_what_is_written_is_iob2_to_the_letter() -> None:
    text = "Zinc iron. Lead (II) helps.\n"
    spans = (Span(0, 4, "trace metal", 0.5, "Zinc"), Span(5, 9, "trace metal", 0.5, "iron"))
    spans += (Span(11, 20, "x", 0.5, "Lead (II)"),)
    assert get_writer("iob").write(rows_of([(text, spans), ("", ())], ["a b", "2"]), ORIGIN).decode() == (
        "-DOCSTART-\ta_b\t-X-\tO\n\n"
        "Zinc\t0\t4\tB-trace_metal\niron\t5\t9\tB-trace_metal\n.\t9\t10\tO\n\n"
        "Lead\t11\t15\tB-x\n(\t16\t17\tI-x\nII\t17\t19\tI-x\n)\t19\t20\tI-x\n"
        "helps\t21\t26\tO\n.\t26\t27\tO\n\n"
        "-DOCSTART-\t2\t-X-\tO\n\n\n"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"word\tO\nsecret\n", "line 2: expected token<TAB>tag"),
        (b"word\tO\n\tO\n", "line 2: expected token<TAB>tag"),
        (b"secret\tX-y\n", "line 1: the last column is neither"),
        (b"secret\xff\tO\n", "line 1: not valid UTF-8 at byte 6"),
    ],
)
def test_a_malformed_line_is_named_but_not_quoted(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "corpus.tsv"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=message) as caught:
        list(read_iob(path))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "bad", [b"-DOCSTART-\t\xff\n\nlead\tO\n\n", b"-DOCSTART-\t1\n\n\xff\tO\nlead\tO\n\nlead\tO\n\n"]
)
def test_a_line_that_cannot_be_read_costs_its_own_document(tmp_path: Path, bad: bytes) -> None:
    whole = [b"-DOCSTART-\t%d\n\nZinc\tO\n\nIron\tO\n\n" % number for number in (0, 2)]
    (tmp_path / "a.iob").write_bytes(bad.join(whole))
    found = read_all(get_format("iob"), [tmp_path])
    assert [(one.id, one.text) for one in documents(found)] == [("0", "Zinc\nIron"), ("2", "Zinc\nIron")]
    assert [number for number, _ in rejected(found)] == [1]


@pytest.mark.parametrize("name", ["nowhere.tsv", "nowhere.tsv.gz"])
def test_a_missing_file_is_the_users_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        list(read_iob(tmp_path / name))


def test_a_file_that_is_not_gzip_is_the_users_error(tmp_path: Path) -> None:
    path = tmp_path / "corpus.tsv.gz"
    path.write_bytes(b"word\tO\n")
    with pytest.raises(UsageError, match="cannot read"):
        list(read_iob(path))


def test_the_benchmark_corpora_are_read_whole(shared: Path) -> None:
    path = shared / "corpora/benchmarks/NCBI-disease/test.tsv.gz"
    sentences = list(read_iob(path))
    assert len(sentences) == 940
    assert sum(len(sentence.spans) for sentence in sentences) == 960
