"""Turns settings into what a run needs, so that a mistake is found before anything starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from openbioner_batch.engine.allocator import limit_arenas
from openbioner_batch.engine.names import PLAN, REPORT, RESULTS
from openbioner_batch.engine.option_groups import QuarantineLimit
from openbioner_batch.engine.shards import SHARD_BYTES, SHARD_RECORDS
from openbioner_batch.engine.standard_input import NAME, copy_standard_input
from openbioner_batch.engine.store import Store
from openbioner_batch.errors import RunFailedError, UsageError
from openbioner_batch.formats import find_inputs
from openbioner_batch.formats.base import READING, Format, InputFile, ReadOptions
from openbioner_batch.formats.labels import error_text, label_of

Say = Callable[[str], None]
GPU_SHARD, CPU_SHARD = 1000, 200
"""The most documents in a shard by default: small enough that progress shows and little is done twice."""


class RunSettings(Protocol):
    """What a request for any kind of run says."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Files, folders, globs or URLs."""

    @property
    def output(self) -> str:
        """Folder of the run."""

    @property
    def format(self) -> str | None:
        """Of the inputs; None guesses."""

    @property
    def id_field(self) -> str | None:
        """Column or key of the id; None guesses."""

    @property
    def text_field(self) -> str | None:
        """Column or key of the text; None guesses."""

    @property
    def title_field(self) -> str | None:
        """Column or key of a title that stands before the text."""

    @property
    def encoding(self) -> str | None:
        """Of text files; None is UTF-8."""

    @property
    def delimiter(self) -> str | None:
        """Between the columns of a table; None is the format's."""

    @property
    def quoting(self) -> str | None:
        """How a table quotes its fields; None is the format's way."""

    @property
    def keep_fields(self) -> tuple[str, ...]:
        """Columns or keys that are carried over."""

    @property
    def include_text(self) -> bool:
        """Whether texts are written too."""

    @property
    def limit(self) -> int | None:
        """The most documents that are read."""

    @property
    def shard_documents(self) -> int | None:
        """The most documents of a shard; None goes by the device."""

    @property
    def max_quarantined(self) -> str:
        """How many records, or which share of them, may be set aside, as it was given."""

    @property
    def quarantine_limit(self) -> QuarantineLimit:
        """The same, read."""

    @property
    def overwrite(self) -> bool:
        """Whether an earlier run in the folder is deleted first."""

    @property
    def actors(self) -> int | None:
        """Processes that hold the model; None goes by the machine."""

    @property
    def executor(self) -> str:
        """One of `EXECUTORS`."""

    @property
    def ray_address(self) -> str | None:
        """Of a cluster; None is this machine."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of a run as they are now, and how they are read."""

    files: tuple[InputFile, ...]
    format: Format
    options: ReadOptions
    kept: Any
    """Arrow schema of the kept columns."""


def resolve_inputs(
    settings: RunSettings, say: Say, listed: Callable[[Sequence[InputFile]], None] = lambda files: None
) -> Inputs:
    """List the inputs, and determine their format and fields; guesses are reported.

    Args:
        settings: the request.
        say: called with guesses and with what is skipped.
        listed: is given the files as soon as they are listed.

    Raises:
        UsageError: no file matches, or no format or field can be determined.
        RunFailedError: an input cannot be read.
    """
    limit_arenas()  # not only once Ray starts: threads that read many files, or a ledger, could use nine before
    try:
        return _resolve_inputs(settings, say, listed)
    except OSError as error:
        raise RunFailedError(f"the input cannot be read: {error_text(error)}") from error


def _resolve_inputs(settings: RunSettings, say: Say, listed: Callable[[Sequence[InputFile]], None]) -> Inputs:
    def skipped(path: str, what: str) -> None:
        say(f"skipped: {label_of(path)} is {what}")

    requested = ReadOptions(**{field: getattr(settings, field) for field in READING}, keep_fields=settings.keep_fields)
    on_cluster = settings.ray_address is not None
    patterns = copy_standard_input(
        settings.inputs, settings.output, settings.format, requested, settings.limit, on_cluster
    )
    reader, files = find_inputs(patterns, settings.format, skipped, listed)
    if settings.format is None:
        say(f"format: {reader.name}, by the names of {len(files):,} files")
    options = reader.resolve(files, requested)
    for field in ("text_field", "id_field", "delimiter"):
        if getattr(requested, field) is None and (guess := getattr(options, field)) is not None:
            say(f"--{field.replace('_', '-')}: {guess if guess.isprintable() else repr(guess)} (guessed)")
    for remark in reader.remarks(files, options):
        say(remark)
    return Inputs(tuple(files), reader, options, reader.kept_schema(files, options))


def check_output(settings: RunSettings, store: Store, files: tuple[InputFile, ...]) -> None:
    """Refuse a folder in which inputs and output would mix, or that holds something other than a run.

    Raises:
        UsageError: the folder holds something else; names it and the folder.
    """
    for file in files:
        if store.contains(file.uri):
            raise UsageError(
                f"the input {label_of(file.uri)} is inside --output {store.url}: give an output folder of its own"
            )
    for pattern in settings.inputs:
        if pattern != NAME and "*" not in pattern and Store(pattern).contains(store.url):
            raise UsageError(
                f"--output {store.url} is inside the input {label_of(pattern)}: give a folder outside of it"
            )
    if not store.exists(PLAN) and (names := [name for name in store.names() if not name.startswith("_run/")]):
        raise UsageError(
            f"--output {store.url} holds {names[0]} and no run of this program, "
            "so it is neither resumed nor overwritten: give another folder"
        )


def overwrite(store: Store) -> None:
    """Remove the run in a folder and nothing else; its plan last, so that a removal cut short can be repeated."""
    private = store.is_private
    for folder in RESULTS:
        store.remove_folder(folder)
    store.remove([REPORT])
    store.remove([f"_run/{name}" for name in store.names("_run") if f"_run/{name}" != PLAN])
    store.remove([PLAN])
    store.remove_folder("_run")
    if private:
        store.make_private()


def fingerprint(settings: RunSettings, inputs: Inputs, pipeline: dict[str, Any]) -> dict[str, Any]:
    """Everything that the output's bytes depend on, apart from the inputs; `pipeline` is the pipeline's part."""
    documents = settings.shard_documents or (GPU_SHARD if pipeline.get("device") == "cuda" else CPU_SHARD)
    return {
        **pipeline,
        "format": inputs.format.name,
        **inputs.options.fingerprint(),
        "keep fields": [f"{field.name}: {field.type}" for field in inputs.kept],
        "include text": settings.include_text,
        "limit": settings.limit,
        "shard": {"documents": documents, "bytes": SHARD_BYTES, "records": SHARD_RECORDS},
    }
