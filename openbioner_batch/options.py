"""Fields of settings that are options: of a command, keys of its --config file, and arguments in Python.

A field declares its flag, help and checks with `option`. Common options of several commands are a class, a group, from
which their settings inherit.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field
from typing import Any

from openbioner_batch.errors import UsageError

_ABOUT = "option"


@dataclass(frozen=True, slots=True)
class Option:
    """What a field declares besides its name, type and default."""

    help: str
    """One or two sentences; the default is added to them in brackets."""
    metavar: str | None = None
    """The placeholder of a value in the help; None derives it from the type."""
    default: str | None = None
    """The help's words for a default with a special meaning, such as "guessed" for None."""
    choices: tuple[Any, ...] = ()
    """The allowed values."""
    least: float | None = None
    """The smallest number."""
    most: float | None = None
    """The largest number."""
    above: float | None = None
    """A bound that a number must exceed."""
    flag: str | None = None
    """The flag, where it is not the field's name; without dashes it is an argument."""
    joined: bool = False
    """Of text that lists names with commas: the flag may be given again, and a file may hold a list."""
    repeated: bool = False
    """Of a list: the flag is given again for each item, and a value with commas is one item."""
    variable: str | None = None
    """The environment variable that is read where the flag is not given."""
    tidy: Callable[[Any], Any] | None = None
    """Converts other spellings of a value to the field's."""
    was: tuple[str, ...] = ()
    """Names that the field once had, `section.key` where it was one of a section; the error for them gives the present
    one."""
    values_were: Mapping[str | bool, str] = field(default_factory=dict)
    """Values that were once spelled otherwise, and how they are now; true and false of what was once a switch."""


def option(default: Any = MISSING, /, **fields: Any) -> Any:
    """A field that is an option.

    Args:
        default: of the field; without it a value is required.
        fields: those of `Option`.
    """
    return field(default=default, metadata={_ABOUT: Option(**fields)})


def option_of(one: dataclasses.Field[Any]) -> Option | None:
    """What a field declares; None where it is not an option."""
    found: Option | None = one.metadata.get(_ABOUT)
    return found


def fields_of(kind: type) -> dict[str, dataclasses.Field[Any]]:
    """The fields of a settings class: positional ones, its own, and those of its groups in the order of its bases."""
    fields = {one.name: one for one in dataclasses.fields(kind)}
    places = {name: kind.__mro__.index(group_of(kind, one)) if one.kw_only else -1 for name, one in fields.items()}
    return dict(sorted(fields.items(), key=lambda pair: places[pair[0]]))


def group_of(kind: type, one: dataclasses.Field[Any]) -> type:
    """The group that a field of a settings class belongs to; the class itself where it is positional, or its own."""
    homes = [home for home in kind.__mro__ if one.name in vars(home).get("__annotations__", {})]
    return homes[-1] if one.kw_only else kind


def type_as_written(one: dataclasses.Field[Any]) -> str:
    """The type of a field as written, without None: "int", "tuple[str, ...]"."""
    return str(one.type).removesuffix(" | None")


def flag(name: str, declared: Option | None = None) -> str:
    """A field as the flag that sets it."""
    return (declared and declared.flag) or f"--{name.replace('_', '-')}"


def renamed(old: str, now: str, declared: Option) -> str:
    """The error for a name that a field once had: both names, and what became of a switch."""
    values = [
        f"{new} for {str(value).lower()}" for value, new in declared.values_were.items() if value in (True, False)
    ]
    return f"{old} is now called {now}" + (f": {', '.join(values)}" if values else "")


def shown_default(one: dataclasses.Field[Any]) -> str | None:
    """The help's words for a field's default; None where it shows none."""
    declared = option_of(one)
    if declared and declared.default is not None:
        return declared.default
    value = one.default
    if value is MISSING or value is None or value in ("", ()) or isinstance(value, bool):
        return None
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def shown_name(one: dataclasses.Field[Any], where: str = "") -> str:
    """A field as errors name it: its flag, or the key of settings within others, which begins with `where`."""
    declared = option_of(one)
    return flag(one.name, declared) if declared and not where else f"{where}{one.name}"


def check_options(settings: Any, where: str = "") -> None:
    """Check that the values are among the choices and within the bounds that their fields name.

    Raises:
        UsageError: a value is not; names it and what was expected.
    """
    for one in dataclasses.fields(settings):
        declared, value = option_of(one), getattr(settings, one.name)
        if declared is None or value is None:
            continue
        if declared.choices and value not in declared.choices:
            raise UsageError(
                f"{shown_name(one, where)} is {value!r}: give one of {', '.join(map(str, declared.choices))}"
            )
        if not _is_within(value, declared):
            kind = "a number" if type_as_written(one) == "float" else "a whole number"
            raise UsageError(f"{shown_name(one, where)} is {value:g}: give {kind} {_bounds(declared)}")


def _is_within(value: Any, declared: Option) -> bool:
    if declared.least is None and declared.most is None and declared.above is None:
        return True
    return (
        math.isfinite(value)
        and (declared.least is None or value >= declared.least)
        and (declared.most is None or value <= declared.most)
        and (declared.above is None or value > declared.above)
    )


def _bounds(declared: Option) -> str:
    if declared.above is not None:
        return f"above {declared.above:g}" + (f", up to {declared.most:g}" if declared.most is not None else "")
    return f"from {declared.least:g} " + (f"to {declared.most:g}" if declared.most is not None else "up")
