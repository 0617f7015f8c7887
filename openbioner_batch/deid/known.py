"""Known values: what a record's columns say about its patient and others, to find in its note."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from openbioner_batch.deid.families import FAMILIES
from openbioner_batch.deid.placeholders import PLACEHOLDER, why_ignored
from openbioner_batch.deid.recognizers.context import labels
from openbioner_batch.errors import UsageError

_ROLE_OF_FIELD = labels("fields")
ROLES = tuple(dict.fromkeys(_ROLE_OF_FIELD.values()))
"""The types of the PHI catalog that a field may hold. `labels.yaml` lists the field names of each."""

_MANY = re.compile(r"\s*[;|\n]\s*")
_WHOLE_FLOAT = re.compile(r"(\d+)\.0*")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+?\d{1,2}")
_TIMELESS = frozenset({"date", "age", "name"})
"""Families whose values are never numbers that tools have made decimal."""


@dataclass(frozen=True, slots=True)
class KnownValue:
    """A value and its type."""

    type: str
    """A type of the PHI catalog."""
    value: str


@dataclass(frozen=True, slots=True)
class KnownIdentifiers:
    """The values to find in the notes of one record; hashable, so that what is prepared from it can be cached."""

    values: tuple[KnownValue, ...]
    ignored: tuple[tuple[str, int], ...] = ()
    """How many values are not searched for, by the reason: one of `placeholders.REASONS`."""

    @classmethod
    def of(cls, values: Iterable[KnownValue]) -> KnownIdentifiers:
        """From values as records hold them: those that would match everywhere are left out and counted."""
        kept: dict[KnownValue, None] = {}
        ignored: Counter[str] = Counter()
        for one in values:
            if (reason := why_ignored(one.type, one.value)) is None:
                kept[one] = None
            else:
                ignored[reason] += 1
        return cls(tuple(kept), tuple(sorted(ignored.items())))

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any], roles: Mapping[str, str] | None = None) -> KnownIdentifiers:
        """From a record's columns; lists and values separated by ";" or "|" count each.

        First and last names of one person given in columns of their own are put together as well. Numbers, dates
        and booleans are taken as their text, "12345.0" as 12345. Words such as "unknown" and numbers of fewer than four
        digits are ignored.

        Args:
            fields: column -> value.
            roles: column -> type of the PHI catalog, for columns whose type `role_of` does not know or gets wrong;
                with roles given, the other columns are still guessed.

        Raises:
            UsageError: a column has no role that can be guessed, or a role is not a type of the PHI catalog.
        """
        values = []
        for field, value in fields.items():
            role = (roles or {}).get(field) or role_of(field)
            if role not in FAMILIES:
                raise UsageError(_no_type(role))
            values += [KnownValue(role, _without_decimals(role, text)) for text in _texts(value)]
        values += _joined_names(fields, roles or {})
        return cls.of(values)

    @staticmethod
    def parse_fields(names: tuple[str, ...]) -> dict[str, str]:
        """Field -> role, from "name", "dob" or "contact2=relative_name" as a user writes them.

        Raises:
            UsageError: a field has no role that can be guessed, or a role is not a type of the PHI catalog.
        """
        roles = {}
        for name in names:
            field, sign, role = name.partition("=")
            roles[field.strip()] = role.strip() if sign else role_of(field.strip())
            if roles[field.strip()] not in FAMILIES:
                raise UsageError(_no_type(roles[field.strip()]))
        return roles


def _no_type(role: str) -> str:
    return f"--known-fields: {role!r} is not a type of the PHI catalog: give one of {', '.join(ROLES)}"


def role_of(field: str) -> str:
    """The type of the PHI catalog that a column's name stands for: case, "-", "_" and blanks are ignored.

    Raises:
        UsageError: the name is not in `labels.yaml`.
    """
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", field.strip())
    name = re.sub(r"[\s.\-]+", "_", name).lower().strip("_")
    for guess in (name, name.removeprefix("patient_"), name.rstrip("0123456789").rstrip("_"), name.replace("_", "")):
        if (role := _ROLE_OF_FIELD.get(guess)) is not None:
            return role
        if guess in ROLES:
            return guess
    raise UsageError(
        f"--known-fields: no type is known for the field {field!r}: say what it holds, such as {field}=patient_name "
        f"({', '.join(ROLES)})"
    )


def _texts(value: Any) -> list[str]:
    """The texts in a column's value."""
    if value is None or isinstance(value, bool):
        return []
    if isinstance(value, list | tuple | set):
        return [text for item in value for text in _texts(item)]
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    parts = (part.strip() for part in _MANY.split(str(value)))
    return [part for part in parts if part]


def _without_decimals(type: str, value: str) -> str:
    """A number as it was before a tool made it decimal: "12345.0" and "1.2345E+04" are 12345."""
    if FAMILIES[type] in _TIMELESS:
        return value
    if whole := _WHOLE_FLOAT.fullmatch(value):
        return whole[1]
    if _SCIENTIFIC.fullmatch(value) and (number := Decimal(value)) == number.to_integral_value():
        return str(int(number))
    return value


_NAME_PART = re.compile(r"(?P<who>\w*?)_?(?P<part>first|given|middle|last|family|sur)_?name")
_PLACES = {"first": "1", "given": "1", "middle": "2"}
"""Where a part stands in a whole name; others come last."""


def _joined_names(fields: Mapping[str, Any], roles: Mapping[str, str]) -> list[KnownValue]:
    """Full names from columns such as first_name and last_name, for each prefix that they share, and from objects."""
    people: dict[str, dict[str, str]] = {}
    found: list[KnownValue] = []
    for field, value in fields.items():
        role = roles.get(field) or role_of(field)
        if FAMILIES.get(role) != "name":
            continue
        found += [KnownValue(role, name) for name in _names_within(value)]
        match = _NAME_PART.fullmatch(_plain(field))
        texts = _texts(value)
        if match and len(texts) == 1 and why_ignored(role_of("name"), texts[0]) != PLACEHOLDER:
            people.setdefault(match["who"], {"role": role})[_PLACES.get(match["part"], "3")] = texts[0]
    return found + [KnownValue(parts["role"], name) for parts in people.values() if (name := _whole_name(parts))]


def _plain(field: str) -> str:
    """A column's name in small letters, its words joined by underscores."""
    return re.sub(r"[\s.\-]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", field)).lower()


def _names_within(value: Any) -> list[str]:
    """The full names in objects such as {"given": ["Ann"], "family": "Lee"}, alone or in a list."""
    if isinstance(value, list | tuple):
        return [name for item in value for name in _names_within(item)]
    if not isinstance(value, Mapping):
        return []
    parts: dict[str, str] = {}
    for key, item in value.items():
        match = _NAME_PART.fullmatch(f"{_plain(str(key)).removesuffix('name').strip('_')}_name")
        if match and not match["who"] and (texts := _texts(item)):
            parts[_PLACES.get(match["part"], "3")] = " ".join(texts)
    return [name] if (name := _whole_name(parts)) else []


def _whole_name(parts: Mapping[str, str]) -> str | None:
    """Given name, middle name and surname in one; None where the first or the last is missing."""
    return " ".join(parts[place] for place in "123" if place in parts) if "1" in parts and "3" in parts else None
