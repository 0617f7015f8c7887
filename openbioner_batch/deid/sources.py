"""Names inputs by number: a file's name may be a patient's, so no output, message or log has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from openbioner_batch.engine.plan import Plan
from openbioner_batch.engine.shards import Shard
from openbioner_batch.errors import OpenBioNERError, RunFailedError
from openbioner_batch.formats.base import InputFile
from openbioner_batch.formats.fields import position_id
from openbioner_batch.formats.labels import error_text, private_names
from openbioner_batch.records import Parsed


def first_numbers(plan: Plan) -> tuple[int, ...]:
    """For each split of a plan the number of its first file, in the order in which files were planned, from 0.

    A split's further files, if any, have the next numbers: they belong to no other split.
    """
    numbers: dict[str, int] = {}
    firsts = []
    for planned in plan.splits:
        for file in planned.split.files:
            numbers.setdefault(file.uri, len(numbers))
        firsts.append(numbers[planned.split.files[0].uri])
    return tuple(firsts)


def numbered(files: Iterable[InputFile], first: int = 0) -> dict[str, int]:
    """Number of each file, by its URI."""
    return {file.uri: number for number, file in enumerate(files, first)}


def by_number(shard: Shard, numbers: Mapping[str, int]) -> None:
    """Exchange the names of files in a shard for their numbers, also where a position serves as a document's id."""
    shard.documents = [_document(parsed, numbers[parsed.source]) for parsed in shard.documents]
    shard.rejected = [replace(one, source=str(numbers[one.source])) for one in shard.rejected]


def _document(parsed: Parsed, number: int) -> Parsed:
    document = parsed.document
    if document.id == position_id(InputFile(parsed.source, 0, ""), parsed.record):
        document = replace(document, id=f"{number}:{parsed.record}")
    return Parsed(str(number), parsed.record, document)


@contextmanager
def by_labels(labels: Mapping[str, str]) -> Iterator[None]:
    """Within the block, messages name files by these labels (name -> label), and errors lose their cause.

    A cause, such as a file system's own exception, may name a file.

    Raises:
        RunFailedError: the file system refuses; names no file.
    """
    with private_names(labels):
        try:
            yield
        except OpenBioNERError as error:
            raise type(error)(str(error)) from None
        except OSError as error:
            raise RunFailedError(f"a file cannot be read or written ({error_text(error)})") from None


def labels_of(numbers: Mapping[str, int]) -> dict[str, str]:
    """The labels of numbered files in messages."""
    return {uri: f"input {number}" for uri, number in numbers.items()}
