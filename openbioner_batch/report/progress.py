"""Shows the progress of an evaluation on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from openbioner_batch.console import plain_console


@contextmanager
def corpus_progress() -> Iterator[Callable[[str, int, int], None]]:
    """A function to be called with (corpus, texts done, texts in all).

    It shows a bar for each corpus on a terminal, else a line at the end of each.
    """
    console = plain_console(sys.stderr)
    if not console.is_terminal:

        def say(name: str, done: int, total: int) -> None:
            if done == total:
                console.print(f"{name}: {total} texts done", soft_wrap=True)

        yield say
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        bar_of: dict[str, object] = {}

        def move(name: str, done: int, total: int) -> None:
            if name not in bar_of:
                bar_of[name] = bars.add_task(name, total=total)
            bars.update(bar_of[name], completed=done)  # type: ignore[arg-type]

        yield move
