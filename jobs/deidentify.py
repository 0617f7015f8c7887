"""`openbioner-batch deidentify` as a Ray job, with the same arguments.

    ray job submit --working-dir . -- python jobs/deidentify.py INPUT... --output URI --policy P

The job joins the cluster that runs it. Inputs, output, model and key must be reachable from every node.
"""

from __future__ import annotations

import os
import sys

from openbioner_batch.cli.main import main

if __name__ == "__main__":
    os.environ.setdefault("RAY_ADDRESS", "auto")
    main(["deidentify", *sys.argv[1:]], prog_name="jobs/deidentify.py")
