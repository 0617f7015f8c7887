"""Policies: how identifiers of each type are replaced. A few are presets, others are read from YAML.

    policy: mine                    # optional; else the file's name
    summary: One line on it         # optional
    date_order: month-first         # or day-first: how 03/04/2021 is read where it could be either
    reference_date: 2026-12-31      # optional; the day as of which an age counts as over 89
    default: tag                    # what happens to types that are not listed
    types:
      patient_name: surrogate
      zip_code: generalise

The actions are those of `actions.registry`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from openbioner_batch.deid.actions import ACTIONS
from openbioner_batch.deid.dates import ORDERS, check_order
from openbioner_batch.deid.families import FAMILIES
from openbioner_batch.deid.keys import public_fingerprint
from openbioner_batch.errors import UsageError

PRESETS = ("safe-harbor", "limited-dataset", "tags", "redact", "surrogate")
"""The policies in the package."""
_KEYS = ("policy", "summary", "date_order", "reference_date", "default", "types")


@dataclass(frozen=True)
class Policy:
    """What happens to each type of identifier.

    >>> policy = Policy("mine", {"city": "keep", "personal_date": "shift"}, default="redact")
    >>> policy.action("phone_number"), policy.needs_key
    ('redact', True)
    """

    name: str
    """Its name in reports."""
    actions: Mapping[str, str]
    """Type of the PHI catalog to action."""
    default: str = "tag"
    """Action for all other types, including those that the catalog does not know."""
    date_order: str = ORDERS[0]
    """How 03/04/2021 is read: one of `dates.ORDERS`; dates with a single reading keep it."""
    reference_date: date = date(2026, 12, 31)
    """The day as of which ages over 89 count, unless a note is dated later. A run should state its own day."""
    summary: str = field(default="", compare=False)
    """A description in one line."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "actions", MappingProxyType(dict(self.actions)))
        check_order(self.date_order, f"policy {self.name}: date_order")
        _check_action(self.name, "default", self.default)
        if ACTIONS[self.default].families is not None:
            raise UsageError(f"policy {self.name}: default is {self.default!r}, which does not suit every type")
        for type, action in self.actions.items():
            if type not in FAMILIES:
                raise UsageError(
                    f"policy {self.name}: unknown type {type!r}: the types are {', '.join(sorted(FAMILIES))}"
                )
            _check_action(self.name, type, action)
            if not ACTIONS[action].suits(type):
                suited = [type for type in FAMILIES if ACTIONS[action].suits(type)]
                raise UsageError(f"policy {self.name}: {action!r} does not suit {type}: it is for {', '.join(suited)}")

    def __reduce__(self) -> tuple[Any, ...]:
        # A mapping proxy cannot be pickled, and policies travel to workers.
        rest = (self.default, self.date_order, self.reference_date, self.summary)
        return Policy, (self.name, dict(self.actions), *rest)

    def action(self, type: str) -> str:
        """The action for identifiers of `type`."""
        return self.actions.get(type, self.default)

    def keeps(self, type: str) -> bool:
        """Whether identifiers of `type` are kept in the text on purpose."""
        return ACTIONS[self.action(type)].keeps

    @property
    def needs_key(self) -> bool:
        """Whether any action is keyed."""
        return any(ACTIONS[name].keyed for name in self._used)

    @property
    def _used(self) -> list[str]:
        return sorted({self.default, *self.actions.values()})

    @cached_property
    def fingerprint(self) -> str:
        """Changes with what the output depends on: actions, how dates are read, and the lists that actions use."""
        content = {
            "actions": dict(sorted(self.actions.items())),
            "default": self.default,
            "dates": [self.date_order, self.reference_date.isoformat()],
            "lists": {name: ACTIONS[name].depends_on() for name in self._used},
        }
        return public_fingerprint(json.dumps(content, sort_keys=True).encode())


def load_policy(name: str | Path, reference_date: date | None = None) -> Policy:
    """A preset by its name, or the policy of a YAML file.

    >>> policy = load_policy("safe-harbor")
    >>> policy.action("birth_date"), policy.action("patient_name"), policy.needs_key
    ('generalise', 'tag', False)

    Args:
        name: one of `PRESETS`, or a path that ends in .yaml or .yml.
        reference_date: the run's own day, in place of the policy's `reference_date`.

    Raises:
        UsageError: the policy does not exist or is not valid; lists what is valid.
    """
    if str(name) in PRESETS:
        content = (resources.files("openbioner_batch.deid") / "policies" / f"{name}.yaml").read_bytes()
    elif str(name).endswith((".yaml", ".yml")):
        try:
            content = Path(name).read_bytes()
        except OSError as error:
            raise UsageError(f"the policy file {name} cannot be read: {error.strerror}") from None
    else:
        raise UsageError(f"unknown policy {str(name)!r}: give {', '.join(PRESETS)}, or a file that ends in .yaml")
    policy = _parse(content, Path(name).stem)
    return replace(policy, reference_date=reference_date) if reference_date else policy


def _parse(content: bytes, name: str) -> Policy:
    try:
        found = yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"policy {name} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(found, dict) or not isinstance(found.get("types", {}), dict):
        raise UsageError(f"policy {name} must be a mapping with the keys {', '.join(_KEYS)}")
    if unknown := sorted(str(key) for key in found.keys() - set(_KEYS)):
        raise UsageError(f"policy {name}: unknown key {unknown[0]!r}: the keys are {', '.join(_KEYS)}")
    day = found.get("reference_date", Policy.reference_date)
    if not isinstance(day, date) or isinstance(day, datetime):
        raise UsageError(f"policy {name}: reference_date is {day!r}: give a day such as 2026-12-31")
    return Policy(
        name=str(found.get("policy", name)),
        actions={str(type): action for type, action in found.get("types", {}).items()},
        default=found.get("default", "tag"),
        date_order=found.get("date_order", ORDERS[0]),
        reference_date=day,
        summary=str(found.get("summary", "")),
    )


def _check_action(policy: str, key: str, action: object) -> None:
    if not isinstance(action, str) or action not in ACTIONS:
        raise UsageError(f"policy {policy}: {key} is {action!r}: the actions are {', '.join(ACTIONS)}")
