"""Formats by name, each imported on first use, and the listing and opening of input files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

from openbioner_batch.errors import UsageError
from openbioner_batch.formats.labels import label_of
from openbioner_batch.formats.registry import FORMATS, SUFFIXES, WRITERS
from openbioner_batch.on_demand import from_modules

if TYPE_CHECKING:
    from openbioner_batch.formats.base import Format, InputFile, ReadOptions, Split
    from openbioner_batch.formats.listing import OnSkip, list_inputs
    from openbioner_batch.formats.storage import open_input
    from openbioner_batch.formats.writing import Writer

__all__ = [
    "FORMATS",
    "WRITERS",
    "Format",
    "InputFile",
    "ReadOptions",
    "Split",
    "Writer",
    "detect_format",
    "find_inputs",
    "get_format",
    "get_writer",
    "list_inputs",
    "open_input",
    "rewritable_formats",
]

_ELSEWHERE = {
    **dict.fromkeys(("Format", "InputFile", "ReadOptions", "Split"), "base"),
    "list_inputs": "listing",
    "open_input": "storage",
    "Writer": "writing",
}
"""Names of this room and the modules that have them, imported on demand: help needs the registry alone."""

__getattr__ = from_modules(__name__, _ELSEWHERE)


def get_writer(name: str) -> Writer:
    """The writer of that name.

    >>> type(get_writer("pubtator")).__name__
    'PubTatorWriter'

    Raises:
        UsageError: the writer does not exist, or the package that it needs is not installed.
    """
    if name not in WRITERS:
        raise UsageError(f"--to {name}: no such format; there are: {', '.join(WRITERS)}")
    found = WRITERS[name]
    if found.needs is not None and find_spec(found.needs) is None:
        raise UsageError(
            f"--to {name} needs the package {found.needs}, which is not installed: "
            f"pip install 'openbioner-batch[{found.needs}]'"
        )
    return cast("Writer", _class_at(found.place)())


def get_format(name: str) -> Format:
    """The format of that name.

    >>> get_format("PubMed").suffixes
    ('.xml',)

    Raises:
        UsageError: no format has that name.
    """
    found = FORMATS.get(name.strip().lower().replace("_", "-"))
    if found is None:
        raise UsageError(f"--format {name}: no such format; there are: {', '.join(FORMATS)}")
    return cast("Format", _class_at(found.place)())


def _class_at(place: str) -> Any:
    module, _, kind = place.partition(":")
    return getattr(import_module(f"openbioner_batch.formats.{module}"), kind)


def rewritable_formats() -> list[str]:
    """The names of the formats whose records can be written back with new texts.

    >>> rewritable_formats()
    ['jsonl', 'parquet', 'csv', 'tsv', 'text', 'fhir']
    """
    return [name for name, found in FORMATS.items() if found.rewritable]


def detect_format(files: Sequence[InputFile]) -> Format:
    """The format of all files, by their suffixes.

    >>> from openbioner_batch.formats import InputFile
    >>> detect_format([InputFile("notes/a.jsonl", 100, ""), InputFile("notes/b.jsonl.gz", 40, "")]).name
    'jsonl'

    Raises:
        UsageError: a suffix is unknown, or they belong to several formats.
    """
    from openbioner_batch.formats.storage import suffix_of

    by_suffix = {suffix: name for name, suffixes in SUFFIXES.items() for suffix in suffixes}
    counts: Counter[str] = Counter()
    for file in files:
        suffix = suffix_of(file.uri)
        if suffix not in by_suffix:
            known = ", ".join(by_suffix)
            raise UsageError(
                f"{label_of(file.uri)}: the suffix belongs to no known format ({known}); say which with --format"
            )
        counts[by_suffix[suffix]] += 1
    if len(counts) != 1:
        found = ", ".join(f"{count} {name}" for name, count in counts.items()) or "no files"
        raise UsageError(f"the inputs are of one format in a run, but these are: {found}. Choose with --format.")
    return get_format(next(iter(counts)))


def find_inputs(
    patterns: Sequence[str],
    format_name: str | None = None,
    on_skip: OnSkip = lambda path, what: None,
    listed: Callable[[Sequence[InputFile]], None] = lambda files: None,
) -> tuple[Format, list[InputFile]]:
    """The files that `patterns` match and their format, detected where none is named; see `list_inputs`.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> folder = TemporaryDirectory()
    >>> for name in ("b.jsonl.gz", "a.jsonl", "_run.jsonl", "notes.docx"):
    ...     Path(folder.name, name).touch()
    >>> format, files = find_inputs([folder.name])
    >>> format.name, [Path(file.uri).name for file in files]
    ('jsonl', ['a.jsonl', 'b.jsonl.gz'])

    Args:
        patterns: as for `list_inputs`.
        format_name: one of `FORMATS`.
        on_skip: called with what is skipped.
        listed: is given the files as soon as they are listed.

    Raises:
        UsageError: no file is found, or no single format fits.
    """
    from openbioner_batch.formats.listing import list_inputs

    if format_name is not None:
        chosen = get_format(format_name)
        files = list_inputs(patterns, chosen.suffixes, on_skip)
        listed(files)
        return chosen, files
    files = list_inputs(patterns, on_skip=on_skip)
    listed(files)
    return detect_format(files), files
