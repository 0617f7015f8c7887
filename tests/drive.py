"""A run in a process of its own, for tests to kill.

INPUT OUTPUT SECONDS_PER_DOCUMENT SHARD_DOCUMENTS [EXECUTOR [RAY_ADDRESS]]
"""

from __future__ import annotations

import sys

from scorers import NameScorerFactory

from openbioner_batch.engine.run import annotate
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.errors import OpenBioNERError

if __name__ == "__main__":
    inputs, output, seconds, shard, *where = sys.argv[1:]
    settings = AnnotateSettings(
        *((inputs,), output, "name"),
        shard_documents=int(shard),
        max_quarantined="100%",
        executor=where[0] if where else "ray",
        ray_address=where[1] if len(where) > 1 else None,
    )
    try:
        annotate(settings, NameScorerFactory(seconds=float(seconds)))
    except OpenBioNERError as error:
        sys.exit(f"error: {error}")
