"""Reads settings from a YAML file and `key=value` changes, and checks them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from openbioner_batch.errors import UsageError
from openbioner_batch.settings import build, read_options_file
from openbioner_batch.training.settings import PretrainSettings

CONFIGS = Path(__file__).with_name("configs")


def load_settings(config: str, changes: Sequence[str] = (), flags: Mapping[str, str] | None = None) -> PretrainSettings:
    """The settings of a configuration file with changes applied.

    >>> settings = load_settings("smoke", ["sources.0.path=silver", "schedule.steps=20"], {"output": "runs/smoke"})
    >>> settings.sources[0].path, settings.schedule.steps, settings.output
    ('silver', 20, 'runs/smoke')

    Args:
        config: a YAML file, or the name of one in the package (such as "smoke").
        changes: `key=value`; keys of sections and items of lists are joined by dots (`sources.0.path=silver`), values
            are read as YAML.
        flags: values of single keys, which win over both.

    Raises:
        UsageError: the file cannot be read; a key is unknown, missing or of another type.
    """
    raw = read_yaml(config)
    for change in changes:
        key, equals, value = change.partition("=")
        if not (key and equals):
            raise UsageError(f"--set {change!r}: expected key=value, such as schedule.steps=100")
        try:
            _put(raw, key.split("."), yaml.safe_load(value), key)
        except yaml.YAMLError as error:
            raise UsageError(f"--set {key}: the value is not YAML: {' '.join(str(error).split())}") from None
    return build(PretrainSettings, {**raw, **(flags or {})})


def read_yaml(config: str) -> dict[str, Any]:
    """The mapping in a configuration file or in one of the package's own.

    Raises:
        UsageError: the file cannot be read or is not a mapping.
    """
    path = Path(config)
    carried = CONFIGS / f"{config}.yaml"
    if path.exists() or "/" in config or not carried.is_file():
        carried = path
    if not carried.exists():
        names = ", ".join(sorted(file.stem for file in CONFIGS.glob("*.yaml")))
        raise UsageError(f"--config {config} does not exist; give a YAML file or one of {names}")
    return read_options_file(str(carried))


def as_plain(settings: Any) -> dict[str, Any]:
    """Settings as types of JSON."""
    import json

    found: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(settings)))
    return found


def _put(raw: Any, parts: Sequence[str], value: Any, key: str) -> None:
    head, *rest = parts
    if isinstance(raw, list):
        if not head.isdecimal() or int(head) > len(raw):
            raise UsageError(f"--set {key}: {head!r} is not an item of a list of {len(raw)}")
        place = int(head)
        if place == len(raw):
            raw.append({})
        if rest:
            _put(raw[place], rest, value, key)
        else:
            raw[place] = value
        return
    if not isinstance(raw, dict):
        above = key.removesuffix("." + ".".join(parts))
        raise UsageError(f"--set {key}: {above} is {raw!r}, which has no keys")
    if not rest:
        raw[head] = value
        return
    if raw.get(head) is None:
        raw[head] = [] if rest[0].isdecimal() else {}
    _put(raw[head], rest, value, key)
