"""The exceptions a user meets. Each message names what came, what was expected and the way out."""

from __future__ import annotations


class OpenBioNERError(Exception):
    """A failure that a user can act on: shown as one line, without a traceback."""

    exit_code = 1


class UsageError(OpenBioNERError):
    """The request itself is wrong: an option, a type name, an input that does not exist."""

    exit_code = 2


class CheckpointError(OpenBioNERError):
    """A model directory or hub id cannot be read as a checkpoint in the published format."""

    exit_code = 2


class PlanMismatchError(OpenBioNERError):
    """The output folder belongs to a run with another model, other types, settings or inputs."""

    exit_code = 2


class RunFailedError(OpenBioNERError):
    """A run stopped before its end; what it committed stays and the same command resumes it."""


class TooManyQuarantinedError(RunFailedError):
    """More records were set aside than the run allows."""


def is_out_of_memory(error: Exception) -> bool:
    """Whether an allocation failed: Python and torch for GPUs have classes for it, torch for CPUs and oneDNN words."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return any(words in str(error) for words in ("not enough memory", "can't allocate memory", "could not create a"))
