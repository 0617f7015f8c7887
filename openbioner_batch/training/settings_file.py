"""From a YAML file and `key=value` changes to checked settings."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml

from openbioner_batch.errors import UsageError
from openbioner_batch.training.settings import PretrainSettings

CONFIGS = Path(__file__).with_name("configs")
_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
_Settings = TypeVar("_Settings")


def load_settings(config: str, changes: Sequence[str] = ()) -> PretrainSettings:
    """The settings of a configuration file with changes laid over it.

    Args:
        config: a YAML file, or the name of one that the package carries (such as "smoke").
        changes: `key=value`; keys of sections and items of lists are joined by dots (`sources.0.path=silver`), values
            are read as YAML.

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
    return build(PretrainSettings, raw)


def read_yaml(config: str) -> dict[str, Any]:
    """The mapping in a configuration file or in one of the package's own.

    Raises:
        UsageError: it cannot be read or is no mapping.
    """
    path = Path(config)
    carried = CONFIGS / f"{config}.yaml"
    if not path.is_file() and "/" not in config and carried.is_file():
        path = carried
    try:
        found = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        names = ", ".join(sorted(file.stem for file in CONFIGS.glob("*.yaml")))
        raise UsageError(f"--config {config} cannot be read ({error}); give a YAML file or one of {names}") from None
    except yaml.YAMLError as error:
        raise UsageError(f"--config {config} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(found, dict):
        raise UsageError(f"--config {config} must hold a mapping of keys to values, such as `seed: 42`")
    return found


def build(kind: type[_Settings], raw: Mapping[str, Any], where: str = "") -> _Settings:
    """A settings dataclass from plain values, each checked for its type.

    Raises:
        UsageError: a key is unknown or missing, or a value has another type; the message names the key.
    """
    hints = typing.get_type_hints(kind)
    fields = {one.name: one for one in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if unknown := [str(key) for key in raw if key not in fields]:
        raise UsageError(f"unknown key {where}{unknown[0]}: the keys{_in(where)} are {', '.join(fields)}")
    for name, one in fields.items():
        absent = one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
        if absent and name not in raw:
            raise UsageError(f"key {where}{name} is missing")
    return kind(**{name: _value(hints[name], value, f"{where}{name}") for name, value in raw.items()})


def as_plain(settings: Any) -> dict[str, Any]:
    """Settings as JSON's own types."""
    import json

    found: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(settings)))
    return found


def _in(where: str) -> str:
    return f" of {where.rstrip('.')}" if where else ""


def _value(kind: Any, value: Any, name: str) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        plain = [one for one in arguments if one is not type(None)]
        if float in plain and isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        return _value(
            next((one for one in plain if isinstance(one, type) and isinstance(value, one)), plain[0]), value, name
        )
    if dataclasses.is_dataclass(kind):
        if not isinstance(value, Mapping):
            keys = ", ".join(one.name for one in dataclasses.fields(kind))
            raise UsageError(f"{name} is {value!r}: give a mapping with the keys {keys}")
        return build(typing.cast(type, kind), value, f"{name}.")
    if origin is tuple:
        return _tuple(arguments, value, name)
    if origin is dict:
        if not isinstance(value, Mapping):
            raise UsageError(f"{name} is {value!r}: give a mapping of names to numbers")
        return {str(key): _value(arguments[1], one, f"{name}.{key}") for key, one in value.items()}
    if kind is float and isinstance(value, str):
        value = _number(value)  # YAML reads 2e-5 as text
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise UsageError(f"{name} is {value!r}: give {_NAMES[kind]}")
    return value


def _tuple(arguments: tuple[Any, ...], value: Any, name: str) -> tuple[Any, ...]:
    if isinstance(value, str) and arguments[0] is str:
        value = [part.strip() for part in value.split(",")]
    if not isinstance(value, list | tuple):
        raise UsageError(f"{name} is {value!r}: give a list")
    if arguments[-1] is not Ellipsis and len(value) != len(arguments):
        raise UsageError(f"{name} is {list(value)!r}: give {len(arguments)} values")
    kinds = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else arguments
    return tuple(
        _value(kind, one, f"{name}.{place}") for place, (kind, one) in enumerate(zip(kinds, value, strict=True))
    )


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _put(raw: Any, parts: Sequence[str], value: Any, key: str) -> None:
    head, *rest = parts
    if isinstance(raw, list):
        if not head.isdecimal() or int(head) > len(raw):
            raise UsageError(f"--set {key}: {head!r} is no item of a list of {len(raw)}")
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
