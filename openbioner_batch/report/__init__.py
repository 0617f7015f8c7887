"""Reports for people on finished and running runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openbioner_batch.on_demand import from_modules

if TYPE_CHECKING:
    from openbioner_batch.report.agreement import compare_runs
    from openbioner_batch.report.documents import read_annotated
    from openbioner_batch.report.highlights import show_documents
    from openbioner_batch.report.run_report import write_report

__all__ = [
    "compare_runs",
    "read_annotated",
    "show_documents",
    "write_report",
]

_HOMES = {
    "compare_runs": "agreement",
    "read_annotated": "documents",
    "show_documents": "highlights",
    "write_report": "run_report",
}

__getattr__ = from_modules(__name__, _HOMES)
