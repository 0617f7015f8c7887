"""`openbioner-batch evaluate` as a Ray job, with the same arguments.

    ray job submit --working-dir . -- python jobs/evaluate.py --corpus BENCHMARKS --model CHECKPOINT --json

It runs on the node that the job starts on: `--entrypoint-num-gpus 1` gives it a GPU. Corpus and model must be there.
"""

from __future__ import annotations

import sys

from openbioner_batch.cli.main import main

if __name__ == "__main__":
    main(["evaluate", *sys.argv[1:]], prog_name="jobs/evaluate.py")
