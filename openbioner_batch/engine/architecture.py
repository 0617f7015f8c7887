"""What a run says of its model's architecture."""

from __future__ import annotations

from openbioner_batch.engine.request import Say
from openbioner_batch.model.location import resolve_checkpoint
from openbioner_batch.model.reading import architecture_note


def say_architecture(model: str, say: Say) -> None:
    """Report what a user should know about a model's architecture, if anything.

    Raises:
        CheckpointError: the model cannot be read.
    """
    if note := architecture_note(resolve_checkpoint(model)):
        say(f"note: {note}")
