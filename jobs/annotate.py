"""`openbioner-batch annotate` as a Ray job, with the same arguments.

    ray job submit --working-dir . -- python jobs/annotate.py INPUT... --output URI --types T

The job joins the cluster that runs it. Inputs, output and model must be reachable from every node.
"""

from __future__ import annotations

import os
import sys

from openbioner_batch.cli.main import main

if __name__ == "__main__":
    os.environ.setdefault("RAY_ADDRESS", "auto")
    main(["annotate", *sys.argv[1:]], prog_name="jobs/annotate.py")
