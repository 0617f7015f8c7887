"""Checks the values of rules and headers in YAML; errors name the file and the key."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, NoReturn

from openbioner_batch.catalog.loader import load_yaml
from openbioner_batch.errors import UsageError


class YamlFile:
    """A YAML file of the package or of a user."""

    def __init__(self, name: str, content: bytes) -> None:
        self.name = name
        self.value: Any = load_yaml(content, name)
        if not isinstance(self.value, dict):
            self.fail("", "expected a mapping")

    @classmethod
    def of_user(cls, path: str) -> YamlFile:
        """Raises UsageError where it cannot be read."""
        try:
            return cls(path, Path(path).read_bytes())
        except (OSError, ValueError) as error:  # a path with a NUL is a ValueError
            reason = getattr(error, "strerror", None) or error
            raise UsageError(f"cannot read the YAML file {path!r}: {reason}") from None

    @classmethod
    def of_package(cls, name: str) -> YamlFile:
        """A file of this room."""
        return cls(name, (resources.files("openbioner_batch.assertion") / name).read_bytes())

    def fail(self, key: str, expected: str) -> NoReturn:
        """Raise a UsageError that names the file, the key and what was expected."""
        where = " ".join(key.split())
        raise UsageError(f"{self.name}: {where}: {expected}" if where else f"{self.name}: {expected}")

    def only(self, value: Any, keys: Sequence[str], where: str) -> dict[str, Any]:
        """A mapping with only these keys."""
        if not isinstance(value, dict):
            self.fail(where, f"expected a mapping with {', '.join(keys)}")
        if unknown := [key for key in value if key not in keys]:
            self.fail(where, f"unknown key {unknown[0]!r}: the keys are {', '.join(keys)}")
        return value

    def items(self, value: Any, where: str) -> list[Any]:
        """A list; an absent one is empty."""
        if value is None:
            return []
        if not isinstance(value, list):
            self.fail(where, "expected a list")
        return value

    def texts(self, value: Any, where: str, among: Collection[str] = ()) -> tuple[str, ...]:
        """A list of texts that are not blank, each one of `among` if that is given."""
        for item in self.items(value, where):
            if isinstance(item, bool):
                self.fail(where, f"{str(item).lower()} is not text: YAML reads no and yes so, put them in quotes")
            if not isinstance(item, str) or not item.strip():
                self.fail(where, f"{item!r} is not text: put numbers and the like in quotes")
            if among and item not in among:
                self.fail(where, f"{item!r} is none of {', '.join(among)}")
        return tuple(value or ())

    def number(self, value: Any, where: str) -> int | None:
        """A whole number from 1, or None."""
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 1):
            return value
        self.fail(where, f"{value!r} is no whole number from 1 up")

    def choice(self, value: Any, among: Sequence[str], where: str) -> str:
        """One of several words."""
        if value not in among:
            self.fail(where, f"{value!r} is none of {', '.join(among)}")
        return str(value)

    def truth(self, value: Any, where: str) -> bool:
        """A value that must be true or false."""
        if not isinstance(value, bool):
            self.fail(where, f"{value!r} is neither true nor false")
        return value
