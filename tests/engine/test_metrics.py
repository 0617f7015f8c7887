"""What Prometheus finds at a node's endpoint after a run, scraped from the Ray of the tests."""

from __future__ import annotations

import re
import sys
import urllib.request
from collections import Counter
from pathlib import Path

from processes import wait_until
from scorers import NameScorerFactory

from openbioner_batch.engine.metrics import run_id
from openbioner_batch.engine.store import Store

from .conftest import Annotate, Corpus


def scraped(output: str) -> Counter[str]:
    """The sums of a run's metrics over processes, by name and by the tag that distinguishes their kinds."""
    import ray

    (node,) = [node for node in ray.nodes() if node["Alive"]]
    with urllib.request.urlopen(f"http://{node['NodeManagerAddress']}:{node['MetricsExportPort']}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    sums: Counter[str] = Counter()
    for line in lines:
        found = re.fullmatch(r"ray_openbioner_(\w+)\{(.*)\} (\S+)", line)
        if found and f'run="{run_id(output)}"' in found[2]:
            kind = re.search(r'(?:type|stage)="([^"]+)"', found[2])
            sums[found[1] + (f"/{kind[1]}" if kind else "")] += float(found[3])
    return sums


def test_a_run_is_counted_where_prometheus_looks(run: Annotate, corpus: Corpus, tmp_path: Path) -> None:
    path = corpus("a.jsonl", ["Anna met Bob.", "nobody came", "RAISES", "Carl slept."])

    run(path, NameScorerFactory("prénom [x]"), shard_documents=2, max_quarantined="100%")

    expected = {"documents_total": 3, "quarantined_total": 1, "tokens_total": 7}
    expected |= {"spans_total/" + r"pr\\xe9nom [x]": 3}  # tags are ASCII, and Prometheus doubles backslashes
    expected |= {f"shard_seconds_count/{stage}": 2 for stage in ("read", "tag", "write")}
    expected |= {"input_done_ratio": 1}
    output = Store(str(tmp_path / "out")).url
    # Each process reports at its own time: what the driver counts may be seen later than what the actors do.
    wait_until(lambda: expected.items() <= scraped(output).items(), 60, "the endpoint does not show the counts")


def test_a_process_without_ray_loads_none_to_count() -> None:
    import subprocess

    program = (
        "import sys; from openbioner_batch.engine.metrics import count_shard\n"
        "count_shard('/runs/a', 'tag', 1.0, pairs=3); sys.exit('ray' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
