"""What messages call an input: its name, or a label such as "input 3" where the names of files must stay private."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

UNNAMED = "an input"
"""What a file without a label is called where names are private."""

_blocks: list[Mapping[str, str]] = []
"""The labels of the blocks of `private_names` that are under way, the last one's last."""


def label_of(name: str) -> str:
    """What a message calls a file, folder or pattern that a user gave, or one that was found there.

    Every message that is about an input is built with it, so that no name has to be sought in messages afterwards.
    """
    if not _blocks:
        return name
    return next((labels[name] for labels in reversed(_blocks) if name in labels), UNNAMED)


def error_text(error: BaseException) -> str:
    """What an exception that reading an input has raised says, in a line; its kind alone where names are private."""
    if not _blocks:
        return " ".join(str(error).split())
    reason = getattr(error, "strerror", None) if isinstance(error, OSError) else None
    return f"{type(error).__name__}: {reason}" if reason else type(error).__name__


@contextmanager
def private_names(labels: Mapping[str, str]) -> Iterator[None]:
    """Within the block, this process names files by these labels alone (name -> label).

    Blocks may nest: the labels of the outer ones stay. They go for all threads.
    """
    block = dict(labels)
    _blocks.append(block)
    try:
        yield
    finally:
        # By identity: generators may leave their blocks in any order.
        del _blocks[next(place for place, one in enumerate(_blocks) if one is block)]
