"""`jobs/annotate.py` on a real local cluster: `ray start`, `ray job submit`, its logs and its exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from clusters import LocalCluster, job_folder, local_cluster
from outputs import rows
from tiny import tiny_checkpoint

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]  # a cluster with its dashboard takes a minute to start


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    with local_cluster(tmp_path_factory.mktemp("home"), cpus=2) as cluster:
        yield cluster


def test_a_job_tags_on_the_cluster_and_a_mistake_fails_it(cluster: LocalCluster, tmp_path: Path) -> None:
    package = job_folder(tmp_path / "work")
    lines = [json.dumps({"id": str(n), "text": f"Note {n}: aspirin for the knee."}) for n in range(50)]
    (tmp_path / "notes.jsonl").write_text("\n".join(lines))
    (tmp_path / "types.yaml").write_text("drug: a substance that is given\n")
    command = [
        *(sys.executable, "jobs/annotate.py", str(tmp_path / "notes.jsonl"), "--output", str(tmp_path / "out")),
        *("--model", str(tiny_checkpoint(tmp_path / "tiny")), "--devices", "cpu", "--shard-documents", "20"),
    ]

    code, log = cluster.submit(*command, "--types", str(tmp_path / "types.yaml"), folder=package)

    assert code == 0, log
    assert "documents tagged" in log
    assert [row["document_id"] for row in rows(tmp_path / "out")] == [str(n) for n in range(50)]

    code, log = cluster.submit(*command, "--types", "unheard-of", folder=package)

    assert code == 1  # what Ray's client makes of any failure
    assert "error: " in log
    assert "unheard-of" in log
    assert "failed with exit code 2" in log
