"""A run in a process of its own, for tests to kill: INPUT OUTPUT SECONDS_PER_DOCUMENT SHARD_DOCUMENTS."""

from __future__ import annotations

import sys

from scorers import NameScorerFactory

from openbioner_batch.engine.run import annotate
from openbioner_batch.engine.settings import AnnotateSettings

if __name__ == "__main__":
    inputs, output, seconds, shard = sys.argv[1:]
    settings = AnnotateSettings((inputs,), output, "name", shard_documents=int(shard), max_quarantined="100%")
    annotate(settings, NameScorerFactory(seconds=float(seconds)))
