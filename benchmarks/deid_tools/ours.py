"""This project's finder, as a tool of `deid_peers.py`: patterns alone, or with a model (MODEL of the environment)."""

from __future__ import annotations

import json
import os
import sys
import time

from openbioner_batch.evaluation.deid_finder import identifier_finder


def main() -> None:
    """Answer each line of texts with findings and the seconds they took."""
    find = identifier_finder(os.environ.get("OPENBIONER_DEID_MODEL") or None)
    find(["Warm up, John."])
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        start, began = time.process_time(), time.perf_counter()
        findings = [[[one.start, one.end, one.type] for one in found] for found in find(json.loads(line))]
        used = {"cpu_seconds": time.process_time() - start, "seconds": time.perf_counter() - began}
        print(json.dumps({"findings": findings, **used}), flush=True)


if __name__ == "__main__":
    main()
