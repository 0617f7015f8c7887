"""`jobs/silver.py` and `jobs/pretrain.py` on a real local cluster: from raw notes to a model that tags others."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from clusters import LocalCluster, job_folder, local_cluster
from llm_server import LlmServer, Settings
from outputs import rows
from processes import ROOT, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
pytest.importorskip("deepspeed", reason="the train extra is not installed")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    with local_cluster(tmp_path_factory.mktemp("home"), cpus=4) as cluster:
        yield cluster


def make_silver(cluster: LocalCluster, package: Path, folder: Path) -> Path:
    """Notes annotated and their types described by a server, as jobs."""
    text = "Note {0}: {0} mg of aspirin was given for diabetes and fever; the heart was well."
    lines = [json.dumps({"id": number, "text": text.format(number)}) for number in range(60)]
    (folder / "raw.jsonl").write_text("\n".join(lines))
    server = LlmServer(Settings(modes=("good", "fenced", "limited")))
    Thread(target=server.serve_forever, daemon=True).start()
    silver = folder / "silver"
    llm = ["--endpoint", server.url, "--model", "test-model"]
    for requested in (["annotate", str(folder / "raw.jsonl"), "--output", str(silver)], ["describe", str(silver)]):
        code, log = cluster.submit(sys.executable, "jobs/silver.py", *requested, *llm, folder=package)
        assert code == 0, log
    server.shutdown()
    return silver


def test_a_stopped_job_submitted_again_ends_with_a_checkpoint_that_annotate_loads(
    cluster: LocalCluster, tmp_path: Path
) -> None:
    package = job_folder(tmp_path / "work", models=True)  # its vocabulary is the bundled one
    run, silver = tmp_path / "run", make_silver(cluster, package, tmp_path)
    command = [sys.executable, "jobs/pretrain.py", "--config", "smoke", "--output", str(run)]
    command += ["--set", f"sources.0.path={silver}"]

    code, log = cluster.submit(*command, folder=package, options=("--submission-id", "first", "--no-wait"))
    assert code == 0, log
    # When the second is begun, the first is sure to be on Ray Train's books.
    names = (run / "checkpoints").glob
    wait_until(
        lambda: any(int(re.findall(r"\d+", path.name)[0]) > 10 for path in names("step-*")), 900, "no checkpoint"
    )
    cluster.stop("first")
    assert not (run / "model").exists(), "the job ended before it was stopped"

    code, log = cluster.submit(*command, folder=package)
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
