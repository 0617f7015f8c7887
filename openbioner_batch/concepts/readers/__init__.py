"""The readers of vocabularies, one registration each."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import cast

from openbioner_batch.concepts.source import first_bytes
from openbioner_batch.concepts.vocabulary import VocabularyReader
from openbioner_batch.errors import UsageError


@dataclass(frozen=True, slots=True)
class ReaderRegistration:
    """What is known of a reader before it is imported."""

    place: str
    """Module and class below `openbioner_batch.concepts.readers`."""
    document: str
    """What its files are, for help."""
    needs: str | None = None
    """A package of the extra `concepts` that it needs."""


READERS = {
    "obo": ReaderRegistration("obo:Obo", "OBO: HPO, MONDO, UBERON, CL, ChEBI, GO", "fastobo"),
    "obo-graph": ReaderRegistration("obo_graph:OboGraph", "OBO-graph JSON of the same"),
    "cellxgene": ReaderRegistration("cellxgene:CellxGene", "JSON of the wheel cellxgene-ontology-guide"),
    "mesh": ReaderRegistration("mesh:Mesh", "MeSH XML: descriptors (desc2026.xml) or supplementary records"),
    "omop": ReaderRegistration("omop:Omop", "OMOP: CONCEPT, with CONCEPT_SYNONYM and CONCEPT_RELATIONSHIP beside it"),
    "umls": ReaderRegistration("umls:Umls", "UMLS RRF: MRCONSO.RRF, with MRREL.RRF beside it for parents"),
    "wordnet": ReaderRegistration("wordnet:WordNet", "WordNet: data.noun, with index.noun beside it"),
    "taxonomy": ReaderRegistration("taxonomy:Taxonomy", "YAML of your own: classes with descriptions and members"),
    "table": ReaderRegistration("table:Table", "CSV, TSV or Parquet with columns id, name, synonyms, parents"),
}
"""By the name that `--format` takes; the first that claims a file reads it."""


def get_reader(name: str) -> VocabularyReader:
    """The reader of that name.

    Raises:
        UsageError: no reader has that name, or the package that it needs is not installed.
    """
    found = READERS.get(name)
    if found is None:
        raise UsageError(f"--format {name}: no such vocabulary format; there are: {', '.join(READERS)}")
    if found.needs is not None and find_spec(found.needs) is None:
        raise UsageError(
            f"vocabularies in {name} need the package {found.needs}, which is not installed: "
            "pip install 'openbioner-batch[concepts]'"
        )
    module, _, kind = found.place.partition(":")
    return cast("VocabularyReader", getattr(import_module(f"{__name__}.{module}"), kind)())


def format_of(path: str) -> str | None:
    """The name of the format that claims a file, by its name and how it begins; None where none does.

    Raises:
        UsageError: the file cannot be read.
    """
    head = first_bytes(path)
    for name, found in READERS.items():
        module, _, kind = found.place.partition(":")
        if getattr(import_module(f"{__name__}.{module}"), kind)().claims(path, head):
            return name
    return None


def detect_reader(path: str) -> VocabularyReader:
    """The reader that claims a file, by its name and how it begins.

    Raises:
        UsageError: none does, or the file cannot be read.
    """
    if (name := format_of(path)) is not None:
        return get_reader(name)
    kinds = "; ".join(f"{name} ({found.document})" for name, found in READERS.items())
    raise UsageError(f"{path} is no vocabulary of a known format; say which with --format: {kinds}")
