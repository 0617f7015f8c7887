"""`openbioner-batch silver` as a Ray job, with the same arguments.

    ray job submit --working-dir . -- python jobs/silver.py annotate INPUT... --output URI --endpoint URL --model NAME

The job joins the cluster that runs it. Inputs, output and the endpoint must be reachable from every node, and the key
must be there too: in the environment of the workers, or in a file at the same path.
"""

from __future__ import annotations

import os
import sys

from openbioner_batch.cli.main import main

if __name__ == "__main__":
    os.environ.setdefault("RAY_ADDRESS", "auto")
    main(["silver", *sys.argv[1:]], prog_name="jobs/silver.py")
