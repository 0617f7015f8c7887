"""The vocabulary tables of the OMOP Common Data Model, as Athena gives them or as Parquet."""

from __future__ import annotations

from collections.abc import Iterator

from openbioner_batch.concepts.readers.table import rows
from openbioner_batch.concepts.source import bare_name, beside
from openbioner_batch.concepts.vocabulary import Concept, Name, NameKind, OpenedVocabulary, RowFilter, VocabularyReader

_SUFFIXES = (".csv", ".tsv", ".parquet")
_CONCEPT = ("concept_id", "concept_name", "standard_concept", "invalid_reason", "domain_id", "vocabulary_id")
_MAPS_TO, _IS_A = "Maps to", "Is a"


class Omop(VocabularyReader):
    """Standard concepts by `concept_id`, with the names of the others that map to them (`Maps to`) and synonyms.

    Concepts that are not standard and map to none are left out, as NOTE_NLP could not name them. `--only` takes
    `domain_id`, `vocabulary_id` and the like, of the concept that a name comes from or, for the domain, maps to.
    """

    name = "omop"
    columns = ("domain_id", "vocabulary_id")

    def claims(self, path: str, head: bytes) -> bool:
        return bare_name(path) in _named("concept")

    def files(self, path: str) -> list[str]:
        more = [*_named("concept_synonym"), *_named("concept_relationship"), *_named("vocabulary")]
        return [path, *beside(path, more)]

    def read(self, path: str, only: RowFilter) -> OpenedVocabulary:
        return OpenedVocabulary(_version(self.files(path)), _concepts(path, self.files(path), only))


def _named(table: str) -> tuple[str, ...]:
    return tuple(f"{table}{suffix}" for suffix in _SUFFIXES)


def _found(files: list[str], table: str) -> list[str]:
    return [path for path in files if bare_name(path) in _named(table)][:1]


def _version(files: list[str]) -> str | None:
    """That of the whole release, which the vocabulary called None has."""
    for path in _found(files, "vocabulary"):
        for row in rows(path, ("vocabulary_id", "vocabulary_version"), ("vocabulary_id",)):
            if row["vocabulary_id"] in ("None", None):
                return str(row.get("vocabulary_version") or "") or None
    return None


def _concepts(path: str, files: list[str], only: RowFilter) -> Iterator[Concept]:
    standard: dict[int, str] = {}
    others: dict[int, str] = {}
    for row in rows(path, _CONCEPT, ("concept_id", "concept_name", "standard_concept")):
        if all(str(row.get(column)) in values for column, values in only.items()):
            is_valid = not row.get("invalid_reason")
            known = standard if row["standard_concept"] == "S" and is_valid else others
            known[int(row["concept_id"])] = str(row["concept_name"])
    maps, parents = _relations(files, standard, others)
    names: dict[int, list[Name]] = {id: [Name(name, NameKind.PREFERRED)] for id, name in standard.items()}
    for id, targets in maps.items():
        for target in targets:
            names[target].append(Name(others[id]))
    for table in _found(files, "concept_synonym"):
        for row in rows(table, ("concept_id", "concept_synonym_name"), ("concept_id", "concept_synonym_name")):
            id, text = int(row["concept_id"]), row["concept_synonym_name"]
            for target in [id] if id in names else maps.get(id, ()):
                if text:
                    names[target].append(Name(str(text)))
    for id, found in names.items():
        yield Concept(str(id), tuple(found), tuple(parents.get(id, ())))


def _relations(
    files: list[str], standard: dict[int, str], others: dict[int, str]
) -> tuple[dict[int, list[int]], dict[int, list[str]]]:
    """For concepts that are not standard those that they map to, for standard ones their parents."""
    maps: dict[int, list[int]] = {}
    parents: dict[int, list[str]] = {}
    columns = ("concept_id_1", "concept_id_2", "relationship_id", "invalid_reason")
    for table in _found(files, "concept_relationship"):
        for row in rows(table, columns, columns[:3]):
            if row["relationship_id"] not in (_MAPS_TO, _IS_A) or row.get("invalid_reason"):
                continue
            first, second = int(row["concept_id_1"]), int(row["concept_id_2"])
            if row["relationship_id"] == _IS_A and first in standard and second in standard:
                parents.setdefault(first, []).append(str(second))
            elif row["relationship_id"] == _MAPS_TO and first in others and second in standard:
                maps.setdefault(first, []).append(second)
    return maps, parents
