"""Settings from plain values: those of flags, of a configuration file, or of a run that an earlier release began."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import MISSING
from pathlib import Path
from typing import Any, Self, TypeVar

from openbioner_batch.errors import UsageError
from openbioner_batch.options import Option, fields_of, option_of, renamed, shown_name

_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
_PLAIN = Option("")
Settings = TypeVar("Settings")


class Request:
    """The base class of every command's settings."""

    @classmethod
    def build(cls, values: Mapping[str, Any]) -> Self:
        """Settings of this class from flags or a configuration file, as the function `build` makes them."""
        return build(cls, values)


def build(kind: type[Settings], values: Mapping[str, Any], where: str = "") -> Settings:
    """Settings from flags or a configuration file, each value checked for its type.

    Args:
        kind: a settings class.
        values: by field. Text stands for a number too, and text with commas for a list.
        where: a prefix of field names in errors, for nested settings.

    Raises:
        UsageError: a key is unknown, a value has another type, or a required one is missing; the message names it.
    """
    fields, hints = fields_of(kind), typing.get_type_hints(kind)
    check_keys(values, [kind], where)
    for name, one in fields.items():
        if one.default is MISSING and one.default_factory is MISSING and name not in values:
            raise UsageError(f"{'' if option_of(one) and not where else 'key '}{shown_name(one, where)} is missing")
    found = {}
    for name, value in values.items():
        declared = option_of(fields[name]) or _PLAIN
        if declared.joined and isinstance(value, list):
            value = ",".join(map(str, value))
        value = declared.tidy(value) if declared.tidy else value
        if isinstance(value, str | bool) and value in declared.values_were:
            now = declared.values_were[value]
            raise UsageError(f"{shown_name(fields[name], where)} is {value!r}, which is now spelled {now!r}")
        found[name] = _value(hints[name], value, shown_name(fields[name], where), declared.repeated)
    return kind(**found)


def check_keys(values: Mapping[str, Any], kinds: Iterable[type], where: str = "") -> None:
    """Check that every key is a field of one of the settings classes.

    Raises:
        UsageError: a key is none of these, or a former name; the message gives the valid names.
    """
    fields = {name: one for kind in kinds for name, one in fields_of(kind).items()}
    former = _former_names(fields)
    inner = {f"{key}.{name}" for key, section in values.items() if isinstance(section, Mapping) for name in section}
    for key in sorted({*map(str, values), *inner} & former.keys()):
        name = former[key]
        raise UsageError(renamed(f"{where}{key}", f"{where}{name}", option_of(fields[name]) or _PLAIN))
    for key in sorted(map(str, values)):
        if key not in fields:
            name, of = (f"{where}{key}", f" of {where.rstrip('.')}") if where else (repr(key), "")
            raise UsageError(f"unknown key {name}: the keys{of} are {', '.join(fields)}")


def with_current_names(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values that an earlier release kept, with keys and values in their current spelling."""
    fields, hints = fields_of(kind), typing.get_type_hints(kind)
    found: dict[str, Any] = {key: dict(value) if isinstance(value, Mapping) else value for key, value in values.items()}
    for old, name in _former_names(fields).items():
        section, _, key = old.rpartition(".")
        holder = found.get(section) if section else found
        if isinstance(holder, dict) and key in holder:
            found[name] = holder.pop(key)
    for key in found.keys() & fields.keys():
        declared = option_of(fields[key])
        if dataclasses.is_dataclass(hints[key]) and isinstance(found[key], Mapping):
            found[key] = with_current_names(typing.cast(type, hints[key]), found[key])
        elif declared and isinstance(found[key], str | bool):
            found[key] = declared.values_were.get(found[key], found[key])
    return found


def read_options_file(path: str) -> dict[str, Any]:
    """The mapping in a YAML configuration file, its keys with underscores.

    Raises:
        UsageError: the file cannot be read or is not a mapping.
    """
    import yaml

    try:
        found = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--config {path} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise UsageError(f"--config {path} is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(found, dict):
        raise UsageError(f"--config {path} must hold a mapping of flags to values, such as `limit: 100`")
    return {str(key).replace("-", "_"): value for key, value in found.items()}


def _former_names(fields: Mapping[str, dataclasses.Field[Any]]) -> dict[str, str]:
    return {old: name for name, one in fields.items() if (declared := option_of(one)) for old in declared.was}


def _value(kind: Any, value: Any, name: str, repeated: bool = False) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        return _value(_member([one for one in arguments if one is not type(None)], value), value, name)
    if dataclasses.is_dataclass(kind):
        if not isinstance(value, Mapping):
            keys = ", ".join(one.name for one in dataclasses.fields(kind))
            raise UsageError(f"{name} is {value!r}: give a mapping with the keys {keys}")
        return build(typing.cast(type, kind), value, f"{name}.")
    if origin is tuple:
        return _tuple(arguments, value, name, repeated)
    if origin is dict:
        if not isinstance(value, Mapping):
            raise UsageError(f"{name} is {value!r}: give a mapping of names to numbers")
        return {str(key): _value(arguments[1], one, f"{name}.{key}") for key, one in value.items()}
    return _plain(kind, value, name)


def _member(kinds: list[Any], value: Any) -> Any:
    """Chooses the type of a union for a value."""
    if float in kinds and isinstance(value, int | float) and not isinstance(value, bool):
        return float
    return next((one for one in kinds if isinstance(one, type) and isinstance(value, one)), kinds[0])


def _plain(kind: type, value: Any, name: str) -> Any:
    if kind in (int, float) and isinstance(value, str):  # a flag's value; and YAML reads 2e-5 as text
        value = _number(kind, value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise UsageError(f"{name} is {value!r}: give {_NAMES[kind]}")
    return value


def _number(kind: Any, text: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        return text


def _tuple(arguments: tuple[Any, ...], value: Any, name: str, repeated: bool) -> tuple[Any, ...]:
    if arguments[0] is str:
        value = ([value] if repeated else value.split(",")) if isinstance(value, str) else value
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            raise UsageError(f"{name} is {value!r}: give a list of strings")
        return tuple(one.strip() for one in value)
    if not isinstance(value, list | tuple):
        raise UsageError(f"{name} is {value!r}: give a list")
    if arguments[-1] is not Ellipsis and len(value) != len(arguments):
        raise UsageError(f"{name} is {list(value)!r}: give {len(arguments)} values")
    kinds = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else arguments
    return tuple(
        _value(kind, one, f"{name}.{place}") for place, (kind, one) in enumerate(zip(kinds, value, strict=True))
    )
