"""Reading entity types from YAML: the package's own sets and users' files, in one layout.

    set: mine                     # optional; else the file's name
    summary: One line on the set  # optional
    groups:                       # optional; types of one group compete for a span
      core: [disease, drug]
    types:
      disease:
        aliases: [disorder]       # optional
        source: Where from        # optional
        descriptions:             # or `description: ...`, one text for every view
          definition: ...
          examples: ...
          contextual: ...
      drug: One text that serves as every view

A file that is only a mapping of names to such types, without `types:` above them, is read too, and so is a list of
types that carry their `name` as a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NoReturn

import yaml

from openbioner_batch.catalog.base import Catalog, CatalogType, TypeSet, normalise
from openbioner_batch.catalog.views import VIEWS
from openbioner_batch.errors import UsageError
from openbioner_batch.records import MOST_TYPES_IN_A_GROUP

SETS = ("biomedical", "clinical", "phi", "noun_phrases")
"""The package's own sets, in the order in which a bare name is looked up."""

_FILE_KEYS = ("set", "summary", "groups", "types")
_TYPE_KEYS = ("description", "descriptions", "aliases", "source")


@cache
def load_catalog() -> Catalog:
    """The types that the package carries."""
    folder = resources.files("openbioner_batch.catalog")
    return Catalog(tuple(parse_types((folder / f"{name}.yaml").read_bytes(), f"{name}.yaml") for name in SETS))


def read_type_file(path: str | Path) -> TypeSet:
    """The types of a user's YAML file.

    Raises:
        UsageError: the file is missing, or breaks the layout; names the file and the key.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the type file {str(path)!r}: {error.strerror or error}") from None
    return parse_types(content, str(path))


def parse_types(content: bytes, file: str) -> TypeSet:
    """The types that `content` declares in YAML.

    Args:
        content: the YAML, in UTF-8.
        file: what errors call it; its stem is the set's name unless the YAML gives one.

    Raises:
        UsageError: something is not as the layout says; names the file and the key.
    """
    return _Reader(file).type_set(load_yaml(content, file))


class _UniqueKeyLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML as it is, except that a key given twice is an error: plain YAML would drop the first one silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.MarkedYAMLError(problem=f"{key.value!r} is given twice", problem_mark=key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def load_yaml(content: bytes, file: str) -> Any:
    """The value of a YAML file in UTF-8 in which no key is given twice.

    Raises:
        UsageError: the content is not UTF-8 or YAML, or gives a key twice; names `file` and the line.
    """
    try:
        return yaml.load(content.decode("utf-8-sig"), Loader=_UniqueKeyLoader)
    except UnicodeDecodeError:
        raise UsageError(f"{file}: not UTF-8 text; save the file as UTF-8") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        advice = "; put texts that hold ': ' or ' #' in quotes" if isinstance(error, yaml.scanner.ScannerError) else ""
        raise UsageError(f"{file}: not valid YAML{where}: {error.problem}{advice}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise UsageError(f"{file}: not valid YAML: {str(error).splitlines()[0]}") from None


class _Reader:
    """Turns plain YAML values into types; every complaint names the file and the key."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.above = "types."
        """What stands above a type's name in the file."""

    def fail(self, key: str, expected: str) -> NoReturn:
        where = " ".join(key.split())
        raise UsageError(f"{self.file}: {where}: {expected}" if where else f"{self.file}: {expected}")

    def type_set(self, value: Any) -> TypeSet:
        if isinstance(value, list):
            value = {"types": value}
        if isinstance(value, dict) and isinstance(value.get("types"), list):
            value = {**value, "types": self.by_name(value["types"])}
        if not isinstance(value, dict) or not value:
            self.fail("", "expected entity types as `name: description` lines, or under `types:`")
        if not isinstance(value.get("types"), dict):
            # No mapping under `types`: the whole file is one, and its other keys are names of types.
            if "types" in value and not isinstance(value["types"], str):
                self.fail("types", "expected a mapping of names to descriptions")
            value = {"types": value}
            self.above = ""
        self.known_keys("", value, _FILE_KEYS)
        name = self.text("set", value.get("set", Path(self.file).stem))
        types = tuple(self.entity_type(key, body, name) for key, body in value["types"].items())
        if not types:
            self.fail("types", "expected at least one type")
        by_name = self.unique_names(types)
        groups = self.groups(value.get("groups") or {}, by_name)
        return TypeSet(name, self.text("summary", value.get("summary", name)), types, groups)

    def by_name(self, items: list[Any]) -> dict[Any, dict[str, Any]]:
        named: dict[Any, dict[str, Any]] = {}
        for place, item in enumerate(items):
            if not isinstance(item, dict) or not isinstance(item.get("name"), str):
                self.fail(f"types[{place}]", "expected a mapping with `name` and `description`")
            if item["name"] in named:
                self.fail(f"types[{place}]", f"{item['name']!r} is given twice")
            named[item["name"]] = {key: body for key, body in item.items() if key != "name"}
        return named

    def entity_type(self, name: Any, body: Any, set_name: str) -> CatalogType:
        key = f"{self.above}{name}"
        if not isinstance(name, str) or not name.strip():
            self.fail(key, f"expected a name in text, got {name!r}; put it in quotes")
        if isinstance(body, str):
            body = {"description": body}
        if not isinstance(body, dict):
            self.fail(key, "expected a description, or a mapping with `descriptions`")
        self.known_keys(key, body, _TYPE_KEYS)
        source = body.get("source")
        return CatalogType(
            name=" ".join(name.split()),
            aliases=self.names(f"{key}.aliases", body.get("aliases") or []),
            descriptions=self.descriptions(key, body),
            source=None if source is None else self.text(f"{key}.source", source),
            set=set_name,
        )

    def descriptions(self, key: str, body: dict[str, Any]) -> dict[str, str]:
        if ("description" in body) == ("descriptions" in body):
            self.fail(key, "expected either `description`, one text, or `descriptions`, a mapping of views to texts")
        given = body.get("descriptions", body.get("description"))
        key = f"{key}.{'descriptions' if 'descriptions' in body else 'description'}"
        if not isinstance(given, dict):
            return dict.fromkeys(VIEWS, self.text(key, given))
        self.known_keys(key, given, VIEWS)
        if not given:
            self.fail(key, f"expected at least one of {', '.join(VIEWS)}")
        return {view: self.text(f"{key}.{view}", given[view]) for view in VIEWS if view in given}

    def groups(self, value: Any, by_name: Mapping[str, CatalogType]) -> dict[str, tuple[CatalogType, ...]]:
        if not isinstance(value, dict):
            self.fail("groups", "expected a mapping of group names to lists of type names")
        groups: dict[str, tuple[CatalogType, ...]] = {}
        placed: dict[str, str] = {}
        for group, members in value.items():
            key = f"groups.{group}"
            names = self.names(key, members)
            if len(names) > MOST_TYPES_IN_A_GROUP:
                self.fail(key, f"{len(names)} types; at most {MOST_TYPES_IN_A_GROUP} can compete, split the group")
            for name in names:
                if normalise(name) not in by_name:
                    self.fail(
                        key, f"{name!r} is not among the file's types: {', '.join(t.name for t in by_name.values())}"
                    )
                other = placed.setdefault(normalise(name), key)
                if other != key:
                    self.fail(key, f"{name!r} is in {other} already; a type belongs to one group")
            groups[str(group)] = tuple(by_name[normalise(name)] for name in names)
        return groups

    def unique_names(self, types: tuple[CatalogType, ...]) -> dict[str, CatalogType]:
        owners: dict[str, str] = {}
        for type in types:
            for name in (type.name, *type.aliases):
                other = owners.setdefault(normalise(name), type.name)
                if other != type.name:
                    self.fail(f"{self.above}{type.name}", f"the name or alias {name!r} belongs to {other} already")
        return {normalise(type.name): type for type in types}

    def known_keys(self, key: str, value: dict[Any, Any], known: tuple[str, ...]) -> None:
        for given in value:
            if given not in known:
                self.fail(f"{key}.{given}".lstrip("."), f"unknown key; expected one of {', '.join(known)}")

    def names(self, key: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list):
            self.fail(key, "expected a list of names")
        names = tuple(self.text(f"{key}[{place}]", item) for place, item in enumerate(value))
        if len({normalise(name) for name in names}) < len(names):
            self.fail(key, "a name is listed twice")
        return names

    def text(self, key: str, value: Any) -> str:
        if not isinstance(value, str):
            self.fail(key, f"expected a text that is not empty, got {type(value).__name__}; put it in quotes")
        if not value.strip():
            self.fail(key, "expected a text that is not empty")
        return " ".join(value.split())
