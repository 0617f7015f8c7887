"""Has additions fill the spans of a shard, and finds the documents on which they fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from openbioner_batch.engine.additions import Addition
from openbioner_batch.engine.tables import rows_at
from openbioner_batch.errors import OpenBioNERError
from openbioner_batch.records import Span

Failed = Callable[[Exception, bool], None]
"""Told what an addition raised, and whether on one document alone; may end the process or the run."""
_OF_NO_DOCUMENT = (OpenBioNERError, OSError, ImportError)
"""What a document cannot cause: a vocabulary that is gone, a disk that fails, a package that is missing."""


def add_surviving(
    additions: Sequence[Addition],
    documents: pa.Table,
    spans: Sequence[Sequence[Span]],
    failed: Failed = lambda error, is_alone: None,
) -> list[Sequence[Span] | str]:
    """The spans of each document with all fields filled, or why it is quarantined: an addition fails on it.

    The documents are done together. Where that raises, each is tried alone, and then the good ones are done together
    again: what they get does not depend on the document that failed.

    Args:
        additions: in order.
        documents: as `Addition.add` takes them.
        spans: the model's, of each document.
        failed: told of each exception.

    Raises:
        OpenBioNERError, OSError, ImportError: an addition fails for a cause that is no document's.
    """
    if len(spans) != 1:
        try:
            return [*_added(additions, documents, spans)]
        except _OF_NO_DOCUMENT:
            raise
        except Exception as error:
            failed(error, False)
    # Not in the handler: an exception holds on to the memory of all calls that it came through.
    alone = [_added_alone(additions, rows_at(documents, [place]), here, failed) for place, here in enumerate(spans)]
    good = [place for place, outcome in enumerate(alone) if not isinstance(outcome, str)]
    if len(good) < 2:
        return alone
    try:
        together = _added(additions, rows_at(documents, good), [spans[place] for place in good])
    except _OF_NO_DOCUMENT:
        raise
    except Exception as error:
        failed(error, False)
        return alone  # they fail only together: keep what each got alone
    merged = list(alone)
    for place, found in zip(good, together, strict=True):
        merged[place] = found
    return merged


def _added(
    additions: Sequence[Addition], documents: pa.Table, spans: Sequence[Sequence[Span]]
) -> Sequence[Sequence[Span]]:
    for addition in additions:
        found = addition.add(documents, spans)
        spans = [here for here, _ in zip(found, spans, strict=True)]  # none may be lost
    return spans


def _added_alone(
    additions: Sequence[Addition], document: pa.Table, spans: Sequence[Span], failed: Failed
) -> Sequence[Span] | str:
    for addition in additions:
        try:
            (spans,) = addition.add(document, [spans])
        except _OF_NO_DOCUMENT:
            raise
        except Exception as error:  # its message could quote the document
            failed(error, True)
            return f"{addition.name} failed: {type(error).__name__}"
    return spans
