"""Reads lines of a text file, and blocks of them, for formats whose documents are a few lines each."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from openbioner_batch.formats.base import InputFile
from openbioner_batch.formats.byte_lines import lines_with_offsets, pieces_of
from openbioner_batch.formats.encoding import not_decoded
from openbioner_batch.formats.storage import LARGEST_RECORD, open_text

NumberedLine = tuple[int, str]
MOST_LINES = 1_000_000
"""The most lines of a block, since even a short line takes some 200 bytes in Python."""


class MalformedLineError(ValueError):
    """A line that breaks the rules of its format; the message does not quote it."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(f"line {number}: {reason}")


@dataclass(slots=True)
class UnreadableLine:
    """Takes the place of a line that cannot be read."""

    reason: str
    shape: str = ""
    """The line with marks for invalid bytes, since it may begin a document; empty where it is unknown."""


@dataclass(slots=True)
class LineGroup:
    """Consecutive lines with their numbers; `problem` is why they are incomplete, if they are."""

    lines: list[NumberedLine] = field(default_factory=list)
    problem: str | None = None

    def read(self) -> list[NumberedLine]:
        """The lines.

        Raises:
            ValueError: a line could not be read, or the block has too many.
        """
        if self.problem is not None:
            raise ValueError(self.problem)
        return self.lines


def decoded_lines(file: InputFile, encoding: str | None = None) -> Iterator[tuple[int, str | UnreadableLine]]:
    """The lines of a file, plain or packed, from 1 and without their ends, in bounded memory.

    LF, CRLF and CR end a line: a text may hold U+0085 or U+2028.
    """
    with open_text(file, encoding) as stream:
        for number, (_, line) in enumerate(lines_with_offsets(_with_line_feeds(pieces_of(stream))), start=1):
            if isinstance(line, str):
                yield number, UnreadableLine(line)
                continue
            content = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            try:
                yield number, content.decode()
            except UnicodeDecodeError as error:
                reason = not_decoded(error, line if number == 1 else b"", encoding)
                yield number, UnreadableLine(f"line {number}: {reason}", content.decode(errors="replace"))


def _with_line_feeds(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes with LF instead of CRLF and CR."""
    is_open = False
    for piece in filter(None, pieces):
        rest = piece[1:] if is_open and piece.startswith(b"\n") else piece
        is_open = piece.endswith(b"\r")
        yield rest.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def blocks(
    lines: Iterable[tuple[int, str | UnreadableLine]],
    begins: Callable[[list[NumberedLine], str], bool],
    blank_ends: bool = True,
    limit: int = LARGEST_RECORD,
) -> Iterator[LineGroup]:
    """Lines up to the next that begins a block, or up to the next blank one.

    Args:
        lines: numbered lines.
        begins: whether a line begins a new block, given the lines of the block before it.
        blank_ends: whether a blank line ends a block; otherwise it is one of its lines.
        limit: the most characters of a block; a longer one is dropped, as is one of over `MOST_LINES`.
    """
    block = LineGroup()
    size = count = 0
    for number, found in lines:
        line, problem = (found.shape, found.reason) if isinstance(found, UnreadableLine) else (found, None)
        if problem and not line:
            block.problem = block.problem or problem
            continue
        is_blank = not line.strip()
        if (blank_ends and is_blank) or begins(block.lines, line):
            if block.lines or block.problem:
                yield block
            block, size, count = LineGroup(), 0, 0
        block.problem = block.problem or problem
        if not is_blank or (block.lines and not blank_ends):
            size, count = size + len(line), count + 1
            if size > limit or count > MOST_LINES:
                most = f"{limit} characters" if size > limit else f"{MOST_LINES} lines"
                block.problem = block.problem or f"a document of more than {most}"
                block.lines = block.lines[:1]
            else:
                block.lines.append((number, line))
    if block.lines or block.problem:
        yield block
