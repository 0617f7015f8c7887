"""`jobs/pretrain.py` on a real local cluster: two workers with DeepSpeed, stopped, submitted again, and used."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from outputs import rows
from processes import ROOT, Program, wait_until

sys.path.insert(0, str(ROOT / "tests" / "training"))

from samples import write_silver

DASHBOARD = 28266
RAY = [sys.executable, "-m", "ray.scripts.scripts"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
pytest.importorskip("deepspeed", reason="the train extra is not installed")


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
    folder = f"/tmp/obp-{os.getpid()}"
    head = Program(
        [
            *RAY[1:],
            *("start", "--head", "--block", "--num-cpus=4", "--port=26380"),
            *("--dashboard-host=127.0.0.1", f"--dashboard-port={DASHBOARD}", f"--temp-dir={folder}"),
        ],
        environment,
    )
    try:
        wait_until(lambda: ray_job(environment, "list")[0] == 0, 600, "the cluster takes no jobs")
        yield environment
    finally:
        head.end()
        shutil.rmtree(folder, ignore_errors=True)


def ray_job(environment: dict[str, str], *arguments: str) -> tuple[int, str]:
    """Exit code and output of `ray job ...`."""
    done = subprocess.run(
        [*RAY, "job", *arguments], env={**os.environ, **environment}, capture_output=True, text=True, cwd="/"
    )
    return done.returncode, done.stdout + done.stderr


def test_a_stopped_job_submitted_again_ends_with_a_checkpoint_that_annotate_loads(
    cluster: dict[str, str], tmp_path: Path
) -> None:
    package = tmp_path / "work"
    shutil.copytree(ROOT / "openbioner_batch", package / "openbioner_batch")
    shutil.copytree(ROOT / "jobs", package / "jobs")
    run, silver = tmp_path / "run", write_silver(tmp_path / "silver")
    submit = [
        *("submit", "--working-dir", str(package), "--submission-id"),
        *("{}", "--", sys.executable, "jobs/pretrain.py", "--config", "smoke", "--storage", str(run)),
        *("--set", f"sources.0.path={silver}"),
    ]

    def submitted(name: str, *more: str) -> tuple[int, str]:
        arguments = [part.replace("{}", name) for part in submit]
        return ray_job(cluster, *arguments[:1], *more, *arguments[1:])

    code, log = submitted("first", "--no-wait")
    assert code == 0, log
    # When the second is begun, the first is sure to be on Ray Train's books.
    names = (run / "checkpoints").glob
    wait_until(
        lambda: any(int(re.findall(r"\d+", path.name)[0]) > 10 for path in names("step-*")), 900, "no checkpoint"
    )
    ray_job(cluster, "stop", "first")
    assert not (run / "model").exists(), "the job ended before it was stopped"

    code, log = submitted("second")
    assert code == 0, log
    assert "finished: " in log
    first_line = next(line for line in log.splitlines() if line.startswith("step "))
    assert not first_line.startswith("step 5/"), "it began anew"
    steps = [json.loads(line)["step"] for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert steps == list(range(5, 41, 5))
    assert (run / "curves.png").read_bytes().startswith(b"\x89PNG")

    lines = [json.dumps({"id": str(n), "text": f"Note {n}: aspirin was given."}) for n in range(3)]
    (tmp_path / "notes.jsonl").write_text("\n".join(lines))
    (tmp_path / "types.yaml").write_text("drug: a drug that was given\n")
    annotate = [sys.executable, "-m", "openbioner_batch.cli.main", "annotate", str(tmp_path / "notes.jsonl")]
    flags = ["--types", str(tmp_path / "types.yaml"), "--model", str(run / "model"), "--output", str(tmp_path / "out")]
    done = subprocess.run([*annotate, *flags, "--devices", "cpu"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert len(rows(tmp_path / "out")) == 3
