"""Prints for people: users' strings come out unchanged, and trouble with the terminal does not stop a run."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


def plain_console(stream: IO[str] | None = None, width: int | None = None) -> Console:
    """The console of every table and line of this program.

    Names of types, paths and reasons are the user's: rich would read `[x]` in them as markup and `:pill:` as a picture.

    Args:
        stream: where to print; None for standard output.
        width: in characters; None for the terminal's.
    """
    from rich.console import Console

    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


@contextmanager
def live(view: Callable[[], RenderableType], stream: TextIO, per_second: float = 4) -> Iterator[None]:
    """Show a view on a terminal for as long as the block runs; a failing terminal does not stop the block."""
    from rich.live import Live

    def safe_view() -> RenderableType:
        try:
            return view()
        except Exception:
            return ""

    shown = Live(console=plain_console(stream), get_renderable=safe_view, refresh_per_second=per_second, transient=True)
    with suppress(Exception):
        shown.start()
    try:
        yield
    finally:
        with suppress(Exception):
            shown.stop()


def duration(seconds: float) -> str:
    """Seconds as h:mm:ss."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


@contextmanager
def printing() -> Iterator[None]:
    """Print the result of a finished run: a closed pipe (`| head`) or a full disk does not make it fail."""
    try:
        yield
        sys.stdout.flush()
    except (OSError, ValueError, SystemExit):  # rich turns a broken pipe into the last one
        _to_nowhere()


def _to_nowhere() -> None:
    """Drop what is buffered for standard output, so that Python does not fail on it at exit."""
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


def make_streams_lenient() -> None:
    """Make standard output and error accept any string, and open them where the caller has closed them."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - for as long as the process lives
        elif isinstance(stream, io.TextIOWrapper):
            # a file's name may contain bytes that are not UTF-8; a terminal may support only ASCII
            stream.reconfigure(errors="backslashreplace")
