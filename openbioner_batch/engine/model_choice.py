"""Chooses among the package's models where a request names none."""

from __future__ import annotations

import dataclasses
from typing import TypeVar

from openbioner_batch.catalog import find_types, load_catalog
from openbioner_batch.engine.request import Say
from openbioner_batch.engine.settings import AUTO_MODEL, AnnotateSettings
from openbioner_batch.model.location import BUNDLED, BUNDLED_OPEN, resolve_checkpoint
from openbioner_batch.model.reading import architecture_note

SHOWN = 5
"""Types that a message names."""
_Settings = TypeVar("_Settings", bound=AnnotateSettings)


def say_architecture(model: str, say: Say) -> None:
    """Report what a user should know about a model's architecture, if anything.

    Raises:
        CheckpointError: the model cannot be read.
    """
    if note := architecture_note(resolve_checkpoint(model)):
        say(f"note: {note}")


def choose_model(settings: _Settings, say: Say) -> _Settings:
    """The request with a model in the place of "auto".

    `bundled` is for types of the catalog: it knows its trained types and hardly reads a description. Where a type is
    the user's own, the whole run takes `bundled-open`, which was trained to read descriptions.

    Raises:
        UsageError: a type, set or file that does not exist.
    """
    if settings.model != AUTO_MODEL:
        return settings
    known = [kind for types in load_catalog().sets for kind in types.types]
    types = find_types(settings.types) if settings.types else ()
    own = [kind.name for kind in types if kind not in known]
    if not own:
        return dataclasses.replace(settings, model=BUNDLED)
    named = ", ".join(own[:SHOWN]) + (f" and {len(own) - SHOWN} more" if len(own) > SHOWN else "")
    say(f"model {BUNDLED_OPEN}, which reads descriptions: {named} are not of the catalog; --model takes another")
    return dataclasses.replace(settings, model=BUNDLED_OPEN)
