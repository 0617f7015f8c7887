"""Entity types in plain language: the package's own sets, users' YAML files, and what a selection means."""

from openbioner_batch.catalog.base import VIEWS, Catalog, CatalogType, TypeSet
from openbioner_batch.catalog.loader import load_catalog, read_type_file
from openbioner_batch.catalog.resolve import find_types, resolve_types

__all__ = [
    "VIEWS",
    "Catalog",
    "CatalogType",
    "TypeSet",
    "find_types",
    "load_catalog",
    "read_type_file",
    "resolve_types",
]
