"""`openbioner-batch pretrain` as a Ray job, with the same arguments.

    ray job submit --working-dir . -- python jobs/pretrain.py --config base --output s3://bucket/base

The job joins the cluster that runs it. Sources, start and storage must be reachable from every node.
"""

from __future__ import annotations

import os
import sys

from openbioner_batch.cli.main import main

if __name__ == "__main__":
    os.environ.setdefault("RAY_ADDRESS", "auto")
    main(["pretrain", *sys.argv[1:]], prog_name="jobs/pretrain.py")
