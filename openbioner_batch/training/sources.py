"""Finds training data in a folder: the row groups of passages, and the descriptions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from openbioner_batch.errors import UsageError
from openbioner_batch.formats.base import InputFile
from openbioner_batch.formats.listing import list_inputs
from openbioner_batch.formats.storage import for_each, open_stored
from openbioner_batch.training.passages import AnnotatedPassage, passage_from_row

PASSAGES, DESCRIPTIONS = "passages", "descriptions"
RowGroup = tuple[str, int]
"""URI of a Parquet file and the index of a row group in it."""


def passage_groups(folder: str) -> list[RowGroup]:
    """The row groups of `folder/passages/*.parquet`, in the order of the files' names.

    Empty where it holds only descriptions.

    Raises:
        UsageError: the folder holds neither passages nor descriptions, or a file has other columns.
    """
    from openbioner_batch.training.silver.schema import PASSAGE_SCHEMA

    files = _files(folder, PASSAGES, DESCRIPTIONS)
    found: list[RowGroup] = []
    for file, metadata in zip(files, for_each(files, _footer), strict=True):
        schema = metadata.schema.to_arrow_schema()
        missing = [name for name in PASSAGE_SCHEMA.names if name not in schema.names]
        if missing:
            raise UsageError(f"{file.uri}: no column {missing[0]!r}; expected {', '.join(PASSAGE_SCHEMA.names)}")
        found += [(file.uri, index) for index in range(metadata.num_row_groups)]
    return found


def read_passages(group: RowGroup) -> list[AnnotatedPassage]:
    """The passages of a row group, in order."""
    import pyarrow.parquet as pq

    from openbioner_batch.training.silver.schema import PASSAGE_SCHEMA

    (file,) = list_inputs([group[0]])
    with open_stored(file) as stream:
        table = pq.ParquetFile(stream).read_row_group(group[1], columns=PASSAGE_SCHEMA.names)
    return [passage_from_row(row) for row in table.to_pylist()]


def read_descriptions(folder: str) -> Iterator[tuple[str, str, str]]:
    """The (type, view, description) rows of `folder/descriptions/*.parquet`; empty where it holds only passages.

    Raises:
        UsageError: the folder holds neither passages nor descriptions.
    """
    import pyarrow.parquet as pq

    from openbioner_batch.training.silver.schema import DESCRIPTION_SCHEMA

    for file in _files(folder, DESCRIPTIONS, PASSAGES):
        with open_stored(file) as stream:
            table = pq.ParquetFile(stream).read(DESCRIPTION_SCHEMA.names)
        for row in table.to_pylist():
            yield row["entity_type"], row["view"], row["description"]


def _footer(file):  # type: ignore[no-untyped-def]
    import pyarrow.parquet as pq

    with open_stored(file, ahead=False) as stream:
        return pq.ParquetFile(stream).metadata


def _files(folder: str, name: str, other: str) -> list[InputFile]:
    """The Parquet files of one part of a source, which may be missing if the other part is there."""
    wanted, beside = (f"{folder.rstrip('/')}/{part}" for part in (name, other))
    try:
        return list_inputs([wanted], (".parquet",))
    except UsageError as missing:
        with suppress(UsageError):
            list_inputs([beside], (".parquet",))
            return []
        raise missing from None
