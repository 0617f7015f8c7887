"""Entity types in plain language: the package's own sets, users' YAML files, and what a selection means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openbioner_batch.catalog.views import VIEWS
from openbioner_batch.on_demand import from_modules

if TYPE_CHECKING:
    from openbioner_batch.catalog.base import Catalog, CatalogType, TypeSet
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

_HOMES = {
    **dict.fromkeys(("Catalog", "CatalogType", "TypeSet"), "base"),
    **dict.fromkeys(("load_catalog", "read_type_file"), "loader"),
    **dict.fromkeys(("find_types", "resolve_types"), "resolve"),
}
"""Names of this room and the modules that have them, imported on demand: options need the views alone."""

__getattr__ = from_modules(__name__, _HOMES)
