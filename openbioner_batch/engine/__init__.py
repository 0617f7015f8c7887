"""Plans a run, streams shards through Ray or this process, commits them, and accounts for every record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openbioner_batch.on_demand import from_modules

if TYPE_CHECKING:
    from openbioner_batch.engine.export.settings import ExportSettings
    from openbioner_batch.engine.link_run import link
    from openbioner_batch.engine.run import annotate
    from openbioner_batch.engine.settings import AnnotateSettings, LinkSettings
    from openbioner_batch.engine.status import run_status
    from openbioner_batch.engine.summary import Summary

__all__ = [
    "AnnotateSettings",
    "ExportSettings",
    "LinkSettings",
    "Summary",
    "annotate",
    "link",
    "run_status",
]

_HOMES = {
    "AnnotateSettings": "settings",
    "ExportSettings": "export.settings",
    "LinkSettings": "settings",
    "Summary": "summary",
    "annotate": "run",
    "link": "link_run",
    "run_status": "status",
}

__getattr__ = from_modules(__name__, _HOMES)
