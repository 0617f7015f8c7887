"""Lines and blocks of them are the same however a file is read: in which pieces, and in which splits."""

from __future__ import annotations

import io
import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.formats import byte_lines
from openbioner_batch.formats.base import InputFile, Split
from openbioner_batch.formats.byte_lines import lines_with_offsets, split_lines
from openbioner_batch.formats.gold import gold_span
from openbioner_batch.formats.lines import LineGroup, UnreadableLine, blocks, decoded_lines

BYTES = st.lists(st.sampled_from([b"\n", b"\r", b"a", b"bc", "é".encode()]), max_size=16).map(b"".join)
CUTS = st.lists(st.integers(0, 24), max_size=5)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    return [data[start:end] for start, end in pairwise(places)]


def lines_by_definition(data: bytes) -> list[tuple[int, bytes]]:
    """By the definition: what stands before each line feed, and what follows the last."""
    starts = [0, *(match.end() for match in re.finditer(b"\n", data))]
    found = list(zip(starts, data.split(b"\n"), strict=True))
    return found if found[-1][1] else found[:-1]


@given(BYTES, CUTS, st.integers(0, 9))
def test_lines_do_not_depend_on_the_pieces_in_which_they_are_read(data: bytes, cuts: list[int], offset: int) -> None:
    expected = [(offset + start, line) for start, line in lines_by_definition(data)]

    assert list(lines_with_offsets(pieces(data, cuts), offset)) == expected


@given(BYTES, CUTS, st.integers(0, 4))
def test_a_line_over_the_limit_is_a_reason_and_the_others_are_read(data: bytes, cuts: list[int], limit: int) -> None:
    found = dict(lines_with_offsets(pieces(data, cuts), 0, limit))

    assert list(found) == [start for start, _ in lines_by_definition(data)]
    for start, line in lines_by_definition(data):
        assert found[start] == line if len(line) <= limit else isinstance(found[start], str)


@given(BYTES, CUTS)
def test_every_line_is_in_the_split_in_which_it_begins(data: bytes, cuts: list[int]) -> None:
    file = InputFile("a", len(data), "")
    bounds = [0, *(len(piece) for piece in pieces(data, cuts))]
    stops = [sum(bounds[: place + 1]) for place in range(len(bounds))]
    for start, stop in pairwise(stops):
        expected = [(at, line) for at, line in lines_by_definition(data) if start <= at < stop]

        assert list(split_lines(io.BytesIO(data), Split((file,), start, stop))) == expected


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@given(text=st.lists(st.sampled_from(["\n", "\r", "\r\n", "a", "é", "\u2028", "\x85"]), max_size=12).map("".join))
def test_every_line_end_counts_once_wherever_a_read_ends(
    tmp_path_factory: pytest.TempPathFactory, size: int, text: str
) -> None:
    path = tmp_path_factory.mktemp("x") / "a.txt"
    path.write_bytes(text.encode())
    expected = re.split("\r\n|\r|\n", text)
    if not expected[-1]:
        expected.pop()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(byte_lines, "_READ_BYTES", size)
        found = list(decoded_lines(InputFile(str(path), path.stat().st_size, "")))

    assert found == list(enumerate(expected, 1))


def test_a_line_that_cannot_be_read_is_a_reason_and_a_mark_at_the_beginning_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffa\n".encode() + b"\xff\n" + "\ufeffb".encode())

    (first, second, third) = decoded_lines(InputFile(str(path), path.stat().st_size, ""))

    assert (first, third) == ((1, "a"), (3, "\ufeffb"))
    assert isinstance(second[1], UnreadableLine)
    assert second[1].reason.startswith("line 2: ")


def test_only_a_first_line_shows_that_a_file_is_utf_16(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for content, hints in (("Käse\n".encode("utf-16"), [True, False]), (b"a\n\xff\xfea\0\n", [False])):
        path.write_bytes(content)
        found = decoded_lines(InputFile(str(path), len(content), ""))
        reasons = [line.reason for _, line in found if isinstance(line, UnreadableLine)]
        assert ["--encoding utf-16" in reason for reason in reasons] == hints[: len(reasons)]
        assert reasons


def numbered(*lines: str | None) -> list[tuple[int, str | UnreadableLine]]:
    return [
        (number, UnreadableLine(f"line {number}: bad") if line is None else line)
        for number, line in enumerate(lines, 1)
    ]


def begins(before: object, line: str) -> bool:
    return line.startswith("#")


def test_blocks_end_at_blank_lines_and_where_others_begin() -> None:
    lines = numbered("", "a", "b", " ", "", "#c", "d", "#e", "")

    assert [group.lines for group in blocks(lines, begins)] == [
        [(2, "a"), (3, "b")],
        [(6, "#c"), (7, "d")],
        [(8, "#e")],
    ]
    assert [group.lines for group in blocks(lines, begins, blank_ends=False)] == [
        [(2, "a"), (3, "b"), (4, " "), (5, "")],
        [(6, "#c"), (7, "d")],
        [(8, "#e"), (9, "")],
    ]


def test_a_line_that_cannot_be_read_spoils_its_block_alone_and_the_first_reason_stays() -> None:
    first, second, third = blocks(numbered("a", "", None, "b", None, "", "c"), begins)

    assert (first.problem, second.problem, third.problem) == (None, "line 3: bad", None)
    assert (first.read(), third.read()) == ([(1, "a")], [(7, "c")])
    with pytest.raises(ValueError, match=r"^line 3: bad$"):
        second.read()
    assert [group.problem for group in blocks(numbered(None), begins)] == ["line 1: bad"]


def test_a_block_over_the_limit_keeps_its_first_line_and_the_next_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = numbered("#aa", "bbb", "c", "d", "#eee", "fff")

    first, second = blocks(lines, begins, limit=6)

    assert (first.lines, first.problem) == ([(1, "#aa")], "a document of more than 6 characters")
    assert second == LineGroup([(5, "#eee")], "a document of more than 6 characters")
    assert [group.problem for group in blocks(lines, begins, limit=8)] == [None, None]
    monkeypatch.setattr("openbioner_batch.formats.lines.MOST_LINES", 3)
    assert [group.problem for group in blocks(lines, begins)] == ["a document of more than 3 lines", None]


@pytest.mark.parametrize(
    ("start", "end", "mention", "fits"),
    [
        (0, 4, None, True),
        (5, 9, "bcd ", True),
        (0, 10, "a  c bcd e", True),
        (0, 4, "a \n c", True),
        (0, 4, "a c", True),
        (0, 4, "A c", False),
        (2, 2, None, False),
        (3, 2, None, False),
        (-1, 2, None, False),
        (0, 11, None, False),
        (0, 10, None, True),
    ],
)
def test_a_gold_span_lies_in_the_text_and_is_what_the_corpus_says(
    start: int, end: int, mention: str | None, fits: bool
) -> None:
    text = "a\t\nc bcd\te"
    if fits:
        span = gold_span(text, start, end, "drug", mention)
        assert (span.start, span.end, span.type, span.score, span.text) == (start, end, "drug", 1, text[start:end])
    else:
        with pytest.raises(ValueError, match=rf"^\[{start}, {end}\) ") as error:
            gold_span(text, start, end, "drug", mention)
        assert "bcd" not in str(error.value)
