"""OBO files, by the fastobo library."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from openbioner_batch.concepts.source import bare_name, first_bytes, unpacked_file
from openbioner_batch.concepts.vocabulary import Concept, Name, NameKind, OpenedVocabulary, RowFilter, VocabularyReader
from openbioner_batch.errors import UsageError


class Obo(VocabularyReader):
    """Terms with their names, synonyms and `is_a`."""

    name = "obo"

    def claims(self, path: str, head: bytes) -> bool:
        return bare_name(path).endswith(".obo") or head.startswith(b"format-version:")

    def read(self, path: str, only: RowFilter) -> OpenedVocabulary:
        return OpenedVocabulary(_version(path), _concepts(path))


def _version(path: str) -> str | None:
    found = re.search(rb"^data-version:[ \t]*(.+?)[ \t\r]*$", first_bytes(path), re.MULTILINE)
    return found[1].decode("utf-8", "replace") if found else None


def _concepts(path: str) -> Iterator[Concept]:
    import fastobo

    # By name, since its threads and a Python file wait for each other when a reader is dropped half-way.
    with unpacked_file(path) as plain:
        try:
            for frame in fastobo.iter(plain, ordered=True):
                if isinstance(frame, fastobo.term.TermFrame) and (found := _concept(frame)) is not None:
                    yield found
        except (SyntaxError, ValueError) as error:
            raise _damaged(path, error) from None


def _concept(frame: Any) -> Concept | None:
    preferred, names, parents, definition, disjoint = None, [], [], None, []
    for clause in frame:
        tag = clause.raw_tag()
        if tag == "name":
            preferred = Name(clause.name, NameKind.PREFERRED)
        elif tag == "synonym":
            synonym = clause.synonym
            kind = NameKind.EXACT if synonym.scope == "EXACT" else NameKind.RELATED
            about = str(synonym.type).lower() if synonym.type is not None else ""
            names.append(Name(synonym.desc, kind, "abbreviation" in about or "acronym" in about))
        elif tag == "is_a":
            parents.append(str(clause.term))
        elif tag == "def":
            definition = str(clause.definition)
        elif tag == "disjoint_from":
            disjoint.append(str(clause.term))
        elif tag == "is_obsolete" and clause.obsolete:
            return None
    if preferred is None:
        return None
    return Concept(str(frame.id), (preferred, *names), tuple(parents), definition, tuple(disjoint))


def _damaged(path: str, error: Exception) -> UsageError:
    line = f" at line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
    return UsageError(f"{path} is no valid OBO{line}: {error.msg if isinstance(error, SyntaxError) else error}")
