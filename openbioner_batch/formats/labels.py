"""The names of inputs in messages: their own, or labels such as "input 3" where file names must stay private."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

UNNAMED = "an input"
"""The name of a file without a label where names are private."""

_blocks: list[Mapping[str, str]] = []
"""The labels of the active blocks of `private_names`, the innermost last."""


def label_of(name: str) -> str:
    """The name for messages of a user's file, folder or pattern, or of one found there.

    Every message about an input uses it, so that names need not be removed from messages afterwards.
    """
    if not _blocks:
        return name
    return next((labels[name] for labels in reversed(_blocks) if name in labels), UNNAMED)


def error_text(error: BaseException) -> str:
    """The message of an exception from reading an input, in a line; only its class where names are private."""
    if not _blocks:
        return " ".join(str(error).split())
    reason = getattr(error, "strerror", None) if isinstance(error, OSError) else None
    return f"{type(error).__name__}: {reason}" if reason else type(error).__name__


@contextmanager
def private_names(labels: Mapping[str, str]) -> Iterator[None]:
    """Within the block, this process names files only by these labels (name -> label).

    Blocks may nest: the labels of the outer ones stay valid. They apply to all threads.
    """
    block = dict(labels)
    _blocks.append(block)
    try:
        yield
    finally:
        # by identity, since generators may leave their blocks in any order
        del _blocks[next(place for place, one in enumerate(_blocks) if one is block)]
