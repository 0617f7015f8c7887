"""The actions themselves, made from their registrations."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from openbioner_batch.deid.actions.base import Action
from openbioner_batch.deid.actions.registry import REGISTERED


def _action(place: str) -> Action:
    module, _, kind = place.partition(":")
    return cast("Action", getattr(import_module(f"openbioner_batch.deid.actions.{module}"), kind)())


ACTIONS = {name: _action(found.place) for name, found in REGISTERED.items()}
"""Every action by the name that policies give it."""
