"""`jobs/annotate.py` on a real local cluster: `ray start`, `ray job submit`, its logs and its exit code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from outputs import rows
from processes import ROOT, Program, wait_until
from tiny import tiny_checkpoint

DASHBOARD = 28265
RAY = [sys.executable, "-m", "ray.scripts.scripts"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]  # a cluster with its dashboard takes a minute to start


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A head node with token authentication and a home of its own; gives the environment of its clients."""
    home = tmp_path_factory.mktemp("home")
    environment = {
        "HOME": str(home),
        "RAY_AUTH_MODE": "token",
        "RAY_API_SERVER_ADDRESS": f"http://127.0.0.1:{DASHBOARD}",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    token = [*RAY, "get-auth-token", "--generate"]
    subprocess.run(token, env={**os.environ, **environment}, check=True, capture_output=True)
    head = Program(
        [
            *RAY[1:],
            *("start", "--head", "--block", "--num-cpus=2", "--port=26379"),
            *("--dashboard-host=127.0.0.1", f"--dashboard-port={DASHBOARD}", f"--temp-dir=/tmp/ob-{os.getpid()}"),
        ],
        environment,
    )
    try:
        wait_until(lambda: submit(environment, "true")[0] == 0, 300, "the cluster takes no jobs")
        yield environment
    finally:
        head.end()
        shutil.rmtree(f"/tmp/ob-{os.getpid()}", ignore_errors=True)


def submit(environment: dict[str, str], *command: str, folder: Path | None = None) -> tuple[int, str]:
    """Exit code and output of `ray job submit`."""
    where = ["--working-dir", str(folder)] if folder else []
    done = subprocess.run(
        [*RAY, "job", "submit", *where, "--", *command],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_job_tags_on_the_cluster_and_a_mistake_fails_it(cluster: dict[str, str], tmp_path: Path) -> None:
    package = tmp_path / "work"
    shutil.copytree(ROOT / "openbioner_batch", package / "openbioner_batch", ignore=shutil.ignore_patterns("bundled"))
    shutil.copytree(ROOT / "jobs", package / "jobs")
    lines = [json.dumps({"id": str(n), "text": f"Note {n}: aspirin for the knee."}) for n in range(50)]
    (tmp_path / "notes.jsonl").write_text("\n".join(lines))
    (tmp_path / "types.yaml").write_text("drug: a substance that is given\n")
    command = [
        *(sys.executable, "jobs/annotate.py", str(tmp_path / "notes.jsonl"), "--output", str(tmp_path / "out")),
        *("--model", str(tiny_checkpoint(tmp_path / "tiny")), "--devices", "cpu", "--shard-documents", "20"),
    ]

    code, log = submit(cluster, *command, "--types", str(tmp_path / "types.yaml"), folder=package)

    assert code == 0, log
    assert "documents tagged" in log
    assert [row["document_id"] for row in rows(tmp_path / "out")] == [str(n) for n in range(50)]

    code, log = submit(cluster, *command, "--types", "unheard-of", folder=package)

    assert code == 1  # what Ray's client makes of any failure
    assert "error: " in log
    assert "unheard-of" in log
    assert "failed with exit code 2" in log
