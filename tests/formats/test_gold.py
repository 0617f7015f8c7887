"""Readers of documents with gold spans: PubTator, brat and JSONL."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.errors import UsageError
from openbioner_batch.formats.brat import read_brat
from openbioner_batch.formats.gold import GoldDocument
from openbioner_batch.formats.gold_jsonl import read_gold_jsonl
from openbioner_batch.formats.pubtator import read_pubtator

PUBTATOR = """101|t|Zinc for colds
101|a|Zinc (α-form) shortened colds. No fever.
101\t0\t4\tZinc\tChemical\tMESH:D1
101\t9\t14\tcolds\tDisease\tMESH:D2
101\t15\t19\tZinc\tChemical\tMESH:D1
101\t39,51\t44,56\tcolds ... fever\tDisease\t-
101\tCID\tMESH:D1\tMESH:D2

102|t|Nothing here.
102|a|
"""
TEXT = "Mild fever\nand chills. No nausea or\nvomiting 😀 was seen.\n"
ANN = (
    "T1\tSign 5 10\tfever\n"
    "T2\tSign 15 21\tchills\n"
    "R1\tCause Arg1:T1 Arg2:T2\n"
    "T3\tSign 26 32;36 44\tnausea vomiting\n"
    "T4\tNegated 23 35;36 44\tNo nausea or vomiting\n"
    "T5\tFace 45 46\t😀\n"
    "#1\tAnnotatorNotes T1\tsure\n"
)


def found(documents: Iterator[GoldDocument]) -> dict[str, list[tuple[str, str]]]:
    seen = {}
    for document in documents:
        assert all(document.text[span.start : span.end] == span.text for span in document.spans)
        seen[document.id] = [(span.text, span.type) for span in document.spans]
    return seen


@pytest.mark.parametrize("packed", [False, True])
def test_pubtator_counts_over_title_and_abstract(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / ("corpus.PubTator.gz" if packed else "corpus.pubtator")
    path.write_bytes(gzip.compress(PUBTATOR.encode()) if packed else PUBTATOR.encode())
    assert found(read_pubtator(path)) == {
        "101": [("Zinc", "Chemical"), ("colds", "Disease"), ("Zinc", "Chemical")],
        "102": [],
    }
    first, second = read_pubtator(path)
    assert first.text.startswith("Zinc for colds\nZinc (α-form)")
    assert (first.discontinuous, second.discontinuous) == (1, 0)


def test_pubtator_documents_need_no_blank_line_between_them(tmp_path: Path) -> None:
    path = tmp_path / "corpus.pubtator"
    path.write_text(PUBTATOR.replace("\n\n", "\n"))
    assert list(found(read_pubtator(path))) == ["101", "102"]


def test_brat_joins_what_a_line_break_cut_and_counts_what_is_discontinuous(tmp_path: Path) -> None:
    folder = tmp_path / "notes" / "deeper"
    folder.mkdir(parents=True)
    (folder / "b.txt").write_text(TEXT)
    (folder / "b.ann").write_text(ANN)
    (tmp_path / "notes" / "a.txt").write_text("Fine.")
    (tmp_path / "notes" / "a.ann").write_text("")
    assert found(read_brat(tmp_path / "notes")) == {
        "a": [],
        "deeper/b": [("fever", "Sign"), ("chills", "Sign"), ("No nausea or\nvomiting", "Negated"), ("😀", "Face")],
    }
    assert [document.discontinuous for document in read_brat(folder / "b.ann")] == [1]


def test_brat_offsets_count_carriage_returns(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"one\r\ntwo")
    (tmp_path / "a.ann").write_text("T1\tNumber 5 8\ttwo\n")
    assert found(read_brat(tmp_path / "a.ann")) == {"a": [("two", "Number")]}


def test_jsonl_takes_lists_and_objects(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl.gz"
    lines = [
        {"id": "x", "text": "é aspirin", "spans": [[2, 9, "drug"], [0, 1, "letter"]]},
        {"text": "p53", "spans": [{"start": 0, "end": 3, "type": "gene"}, {"start": 0, "end": 1, "label": "letter"}]},
    ]
    path.write_bytes(gzip.compress("\n\n".join(map(json.dumps, lines)).encode()))
    assert found(read_gold_jsonl(path)) == {
        "x": [("aspirin", "drug"), ("é", "letter")],
        "3": [("p53", "gene"), ("p", "letter")],
    }


@pytest.mark.parametrize("indent", [None, 2])
def test_json_may_be_an_array_or_go_on_over_lines(tmp_path: Path, indent: int | None) -> None:
    path = tmp_path / "corpus.json.gz"
    documents = [{"id": str(number), "text": "p53", "spans": [[0, 3, "gene"]]} for number in range(2)]
    for content in (json.dumps(documents, indent=indent), "\n".join(json.dumps(one, indent=2) for one in documents)):
        path.write_bytes(gzip.compress(content.encode()))
        assert found(read_gold_jsonl(path)) == {"0": [("p53", "gene")], "1": [("p53", "gene")]}
    path.write_bytes(gzip.compress(content.replace("0,", '"0",').encode()))
    with pytest.raises(UsageError, match="value 1: a span's offsets are not whole numbers"):
        list(read_gold_jsonl(path))


def test_packed_brat_files_are_pairs_whatever_their_letters(tmp_path: Path) -> None:
    packed = gzip.compress
    files = {"a.txt.gz": packed(b"Zinc"), "a.ann.gz": packed(b"T1\tdrug 0 4\tZinc\n"), "B.TXT": b"Iron", "B.ANN": b""}
    files |= {"c.txt": b"Lead", "c.ann.gz": packed(b"")}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    assert found(read_brat(tmp_path)) == {"a": [("Zinc", "drug")], "B": [], "c": []}
    assert found(read_brat(tmp_path / "a.ann.gz")) == {"a": [("Zinc", "drug")]}
    (tmp_path / "a.txt.gz").write_bytes(files["a.txt.gz"][:-9])
    with pytest.raises(UsageError, match=r"cannot read .*a\.txt\.gz: the \.gz stream"):
        list(read_brat(tmp_path))


@given(text=st.text(min_size=1, max_size=30), data=st.data())
def test_any_span_of_any_text_comes_back_from_jsonl(
    tmp_path_factory: pytest.TempPathFactory, text: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    path = tmp_path_factory.mktemp("jsonl") / "corpus.jsonl"
    path.write_text(json.dumps({"id": "a", "text": text, "spans": [[start, end, "x"]]}))
    (document,) = read_gold_jsonl(path)
    assert document.text == text
    assert [(span.start, span.end, span.text) for span in document.spans] == [(start, end, text[start:end])]


@pytest.mark.parametrize(
    ("read", "content", "message"),
    [
        (read_pubtator, "1\t0\t4\tsecret\tX\n", r"line 1: expected ID\|t\|title"),
        (read_pubtator, "1|t|secret\n1\t0\t60\tsecret\tX\n", "line 2: .*does not lie in a text of 6"),
        (read_pubtator, "1|t|secret\n1\t0\t3\tsecret\tX\n", "line 2: .*is not the mention"),
        (read_pubtator, "1|t|secret\n1\t0\t6\tsecret\n", "line 2: expected ID<TAB>start"),
        (read_pubtator, "1|t|secret\n1\t0\t6\n", "line 2: expected ID<TAB>start"),
        (read_pubtator, "1|t|secret\n1\t0\t6\tsecret\t\n", "line 2: the fifth column is empty"),
        (read_pubtator, "1|t|secret\n2\t0\t6\tsecret\tX\n", "line 2: the line belongs to another document"),
        (read_gold_jsonl, '{"id": "secret"\n', "line 1: not JSON"),
        (read_gold_jsonl, '{"text": "secret"}\n', 'line 1: expected an object with "text"'),
        (read_gold_jsonl, '["secret"]\n', 'line 1: expected an object with "text"'),
        (read_gold_jsonl, '{"text": ["secret"], "spans": []}\n', 'line 1: expected an object with "text"'),
        (read_gold_jsonl, '{"text": "secret", "spans": [[0, 7, "X"]]}\n', "line 1: .*does not lie in"),
        (read_gold_jsonl, '{"text": "secret", "spans": [[0, "6", "X"]]}\n', "line 1: .*not whole numbers"),
        (read_gold_jsonl, '{"text": "secret", "spans": ["secret"]}\n', "line 1: a span is neither"),
        (read_gold_jsonl, "[" * 100_000 + "\n", "line 1: not JSON"),
        (read_gold_jsonl, '{"text": "secret\\ud800", "spans": []}\n', "line 1: the text holds a lone surrogate"),
        (read_pubtator, "1|t|secret\n1\t-1\t5\tsecret\tX\n", "line 2: expected ID<TAB>start"),
        (read_brat, "T1\tX 0 60\tsecret\n", "line 1: .*does not lie in"),
        (read_brat, "T1\tX 0 3\tsecret\n", "line 1: .*is not the mention"),
        (read_brat, "T1\tX zero\tsecret\n", "line 1: expected ID<TAB>type start end"),
    ],
)
def test_a_malformed_line_is_named_but_not_quoted(
    tmp_path: Path, read: Callable[[Path], Iterator[GoldDocument]], content: str, message: str
) -> None:
    path = tmp_path / "corpus.ann"
    path.write_text(content)
    path.with_suffix(".txt").write_text("secret")
    with pytest.raises(UsageError, match=message) as caught:
        list(read(path))
    assert "secret" not in str(caught.value)
    assert "corpus.ann" in str(caught.value)


def test_what_is_not_there_is_the_users_error(tmp_path: Path) -> None:
    (tmp_path / "a.ann").write_text("")
    for read, path in [
        (read_pubtator, tmp_path / "none"),
        (read_gold_jsonl, tmp_path / "none"),
        (read_brat, tmp_path / "a.ann"),
    ]:
        with pytest.raises(UsageError, match="cannot read"):
            list(read(path))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"holds no \.ann files"):
        list(read_brat(tmp_path / "empty"))


def test_the_pubtator_benchmarks_are_read_whole(shared: Path) -> None:
    folder = shared / "corpora/benchmarks/pubtator"
    counts = {
        path.name: (len(documents), sum(len(document.spans) for document in documents))
        for path in sorted(folder.glob("*.gz"))
        if (documents := list(read_pubtator(path)))
    }
    assert counts == {"BC5CDR_Test.PubTator.gz": (500, 9796), "NCBIdisease_Test.PubTator.gz": (100, 960)}
