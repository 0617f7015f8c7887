"""Headers of sections, from YAML.

sections:
  family_history:                        # the kind, which is what the column `section` says
    headers: [family history, fhx, ...]
    sets: [family]                       # optional: flags of every mention in it
ignore: [...]                            # in files of users: headers to disable
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from openbioner_batch.assertion.yaml_values import YamlFile
from openbioner_batch.records import ASSERTIONS

_FILE_KEYS = ("sections", "ignore")
_SECTION_KEYS = ("headers", "sets")
_NO_WORD = re.compile(r"[\W_]+")
_ASIDE = re.compile(r"\([^()]*\)")
_WHOSE = re.compile(r"\A(?:his|her|their|the|patient s|patients?|pt s|pts?) (?=.)")
_NUMBERING = re.compile(r"(?:\d+|[ivx]+)[.)]\s+")


@dataclass(frozen=True, slots=True)
class Headers:
    """Known headers as `normalise_header` gives them, and what each kind of section sets."""

    kinds: tuple[tuple[str, str], ...]
    """Header and kind."""
    sets: tuple[tuple[str, tuple[str, ...]], ...]
    """Kind and flags, of those that set some."""

    @property
    def digest(self) -> str:
        """A digest of their content, independent of the files' layout."""
        return hashlib.sha256(json.dumps([self.kinds, self.sets]).encode()).hexdigest()


def normalise_header(header: str) -> str:
    """A header without case, marks, numbering and asides: "2. Her Past Hx (per wife):" is "her past hx"."""
    bare = _ASIDE.sub(" ", header.lower().replace("&", " and ")).lstrip(" \t#*-•")
    return " ".join(_NO_WORD.sub(" ", _NUMBERING.sub("", bare, count=1)).split())


def kind_of_header(header: str, kinds: Mapping[str, str]) -> str | None:
    """The kind of a normalised header, with or without whose it is: "her past hx" is "past hx" too."""
    return kinds.get(header) or kinds.get(_WHOSE.sub("", header, count=1))


def load_headers(files: Sequence[str] = ()) -> Headers:
    """The package's headers and those of users' files, which come after: the last kind given to a header counts.

    Raises:
        UsageError: a file cannot be read or is not as the layout says; names the file and the key.
    """
    own = _own_headers()
    kinds, sets = dict(own.kinds), dict(own.sets)
    for path in files:
        _add(YamlFile.of_user(path), kinds, sets)
    return Headers(tuple(sorted(kinds.items())), tuple(sorted(sets.items())))


@cache
def _own_headers() -> Headers:
    kinds: dict[str, str] = {}
    sets: dict[str, tuple[str, ...]] = {}
    _add(YamlFile.of_package("sections.yaml"), kinds, sets)
    return Headers(tuple(sorted(kinds.items())), tuple(sorted(sets.items())))


def _add(file: YamlFile, kinds: dict[str, str], sets: dict[str, tuple[str, ...]]) -> None:
    value = file.only(file.value, _FILE_KEYS, "")
    sections = value.get("sections") or {}
    if not isinstance(sections, dict):
        file.fail("sections", "expected a mapping of kinds to their headers")
    for kind, said in sections.items():
        where = f"sections.{kind}"
        if not isinstance(kind, str) or not kind.strip():
            file.fail("sections", f"{kind!r} is not text: put it in quotes")
        file.only(said, _SECTION_KEYS, where)
        headers = file.texts(said.get("headers"), f"{where}, headers")
        for header in headers:
            if not normalise_header(header):
                file.fail(where, f"{header!r} has no word")
            kinds[normalise_header(header)] = kind
        if "sets" in said:
            sets[kind] = file.texts(said["sets"], f"{where}, sets", ASSERTIONS)
    for header in file.texts(value.get("ignore"), "ignore"):
        kinds.pop(normalise_header(header), None)
