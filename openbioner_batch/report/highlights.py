"""Annotated documents on a terminal: spans in colour, or in brackets where there is no colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.console import Console
from rich.table import Table
from rich.text import Text

from openbioner_batch.records import Span
from openbioner_batch.report.documents import AnnotatedDocument, said_of

COLOURS = ("cyan", "yellow", "green", "magenta", "red", "blue", "bright_cyan", "bright_yellow", "bright_green", "white")
ASSERTION_STYLES = {
    "negated": "strike",
    "uncertain": "italic",
    "hypothetical": "italic",
    "historical": "underline",
    "family": "overline",
}
_ANY_WIDTH = 10_000
"""Width where the output is not a terminal: a table there is as wide as its cells."""
CONTEXT = 200
"""Characters kept on each side of a span; text between these is left out."""
ELLIPSIS = " […] "

# a record's text must not control the terminal; each character becomes exactly one other, so that offsets hold
_VISIBLE = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "\u2421"}
_VISIBLE |= dict.fromkeys([*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)], "\ufffd")
_VISIBLE |= {ord("\n"): "\n", ord("\r"): " ", ord("\t"): " "}


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of a document's text, with its spans at offsets into the piece."""

    text: str
    spans: tuple[Span, ...]


def visible(text: str) -> str:
    """A text of the same length without control characters: an escape is shown as its symbol."""
    return text.translate(_VISIBLE)


def excerpts(text: str, spans: Sequence[Span], context: int = CONTEXT) -> list[Excerpt]:
    """The pieces of a text around its spans, in order; a text with its spans close together is one piece.

    Args:
        text: the document's text.
        spans: its spans.
        context: characters kept before and after each span.
    """
    pieces: list[tuple[int, int, list[Span]]] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        start, end = max(0, span.start - context), min(len(text), span.end + context)
        if pieces and start <= pieces[-1][1]:
            before, after, inside = pieces[-1]
            pieces[-1] = before, max(after, end), [*inside, span]
        else:
            pieces.append((start, end, [span]))
    return [
        Excerpt(
            text[start:end],
            tuple(replace(span, start=span.start - start, end=span.end - start) for span in inside),
        )
        for start, end, inside in pieces
    ]


def bracketed(text: str, spans: Sequence[Span]) -> str:
    """A text with each span written as `[aspirin|drug]`; a span inside another is a bracket inside a bracket.

    What is said of it follows its type: `[fever|symptom HP:0001945: negated; section plan]`.
    """
    marks: list[tuple[int, int, int, str]] = []
    for order, span in enumerate(sorted(spans, key=lambda span: (span.start, -span.end))):
        marks.append((span.start, 1, order, "["))
        said = f": {visible(said_of(span))}" if said_of(span) else ""
        concept = f" {visible(span.concept.id)}" if span.concept else ""
        # At one place ends come first, inner before outer.
        marks.append((span.end, 0, -order, f"|{span.type}{concept}{said}]"))
    pieces, position = [], 0
    for offset, _, _, mark in sorted(marks):
        pieces += [text[position:offset], mark]
        position = offset
    return "".join([*pieces, text[position:]])


def show_documents(documents: Sequence[AnnotatedDocument], console: Console) -> None:
    """Print documents with their spans in place, or as a table where their text is not available.

    >>> from openbioner_batch.console import plain_console
    >>> span = Span(3, 8, "symptom", 0.9, "fever")
    >>> show_documents([AnnotatedDocument("1", (span,), "No fever.")], plain_console())
    1 (1 span)
    No [fever|symptom].
    <BLANKLINE>
    """
    coloured = console.color_system is not None and not console.no_color  # a dumb terminal has no colours
    wrapped = not console.is_terminal  # one document, or span of a table, a line for what reads a pipe
    if wrapped:
        console.width = _ANY_WIDTH
    types = sorted({span.type for document in documents for span in document.spans})
    styles = {kind: f"bold black on {COLOURS[index % len(COLOURS)]}" for index, kind in enumerate(types)}
    if coloured and any(document.text is not None for document in documents):
        legend = [Text.assemble((f" {kind} ", style)) for kind, style in styles.items()]
        said = {
            word for document in documents for span in document.spans if span.assertion for word in span.assertion.words
        }
        legend += [Text(f" {word} ", style) for word, style in ASSERTION_STYLES.items() if word in said]
        console.print(Text(" ").join(legend), end="\n\n")
    for document in documents:
        count = len(document.spans)
        heading = f"{visible(document.id)} ({count} span{'s' if count != 1 else ''})"
        console.print(Text(heading, style="bold"), soft_wrap=wrapped)
        if document.text is None:
            console.print(_table(document.spans))
        else:
            shown = _highlighted(document.text, document.spans, styles if coloured else None)
            console.print(shown, soft_wrap=wrapped)
        console.print()


def _highlighted(text: str, spans: Sequence[Span], styles: dict[str, str] | None) -> Text:
    pieces = excerpts(visible(text), spans)
    shown = Text(ELLIPSIS.lstrip() if spans and min(span.start for span in spans) > CONTEXT else "")
    for number, piece in enumerate(pieces):
        if number:
            shown.append(ELLIPSIS)
        if styles is None:
            shown.append(bracketed(piece.text, piece.spans))
        else:
            shown.append(_coloured(piece, styles))
    if spans and max(span.end for span in spans) + CONTEXT < len(text):
        shown.append(ELLIPSIS.rstrip())
    return shown


def _coloured(piece: Excerpt, styles: dict[str, str]) -> Text:
    """A piece with its spans in colour; behind each, faintly, what a colour cannot tell: its concept and section."""
    told = [(span.end, _told(span)) for span in sorted(piece.spans, key=lambda span: (span.end, -span.start))]
    shown, position = Text(), 0
    for place, words in told:
        shown.append(piece.text[position:place]).append(words, "dim")
        position = place
    shown.append(piece.text[position:])
    for span in piece.spans:
        start = span.start + sum(len(words) for place, words in told if place <= span.start)
        end = span.end + sum(len(words) for place, words in told if place < span.end)
        shown.stylize(styles[span.type], start, end)
        for word in span.assertion.words if span.assertion else ():
            shown.stylize(ASSERTION_STYLES[word], start, end)
    return shown


def _told(span: Span) -> str:
    parts = (span.concept.id if span.concept else "", f"section {span.section}" if span.section else "")
    said = "; ".join(part for part in parts if part)
    return visible(f" ({said})") if said else ""


def _table(spans: Sequence[Span]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("start", "end", "score"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("type", no_wrap=True)
    more = {
        "assertion": [", ".join(span.assertion.words) if span.assertion else "" for span in spans],
        "section": [visible(span.section or "") for span in spans],
        "concept": [visible(f"{span.concept.id} {span.concept.name}") if span.concept else "" for span in spans],
    }
    more = {title: values for title, values in more.items() if any(values)}
    for title in more:
        table.add_column(title, overflow="fold")  # broken at words where the terminal is narrow
    table.add_column("text", overflow="fold")
    for span, *said in zip(spans, *more.values(), strict=True):
        place = (str(span.start), str(span.end), f"{span.score:.2f}", span.type)
        table.add_row(*place, *map(Text, said), Text(visible(span.text)))
    return table
