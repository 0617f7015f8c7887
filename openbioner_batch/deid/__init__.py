"""De-identification: finds identifiers, replaces them consistently, and records each in an audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openbioner_batch.on_demand import from_modules

if TYPE_CHECKING:
    from openbioner_batch.deid.deidentifier import Deidentified, Deidentifier
    from openbioner_batch.deid.keys import generate_key
    from openbioner_batch.deid.policy import Policy, load_policy
    from openbioner_batch.deid.run import deidentify
    from openbioner_batch.deid.settings import DeidentifySettings

__all__ = [
    "Deidentified",
    "Deidentifier",
    "DeidentifySettings",
    "Policy",
    "deidentify",
    "generate_key",
    "load_policy",
]

_HOMES = {
    "Deidentified": "deidentifier",
    "Deidentifier": "deidentifier",
    "DeidentifySettings": "settings",
    "Policy": "policy",
    "deidentify": "run",
    "generate_key": "keys",
    "load_policy": "policy",
}

__getattr__ = from_modules(__name__, _HOMES)
