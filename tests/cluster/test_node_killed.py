"""Jobs on a cluster of several nodes, from and to an S3 server, lose a node in the middle and end all the same."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from clusters import LocalCluster, job_folder, local_cluster
from processes import ROOT, Program, wait_until
from support import S3Server
from tiny import tiny_checkpoint

SAMPLE = ROOT / "openbioner_batch" / "data" / "sample_clinical.jsonl"
FILES, NOTES_IN_A_FILE, SHARD = 12, 60, 10
KILL_AFTER = 8
"""Shards, of 72: some are done, and all stages are at work."""
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def cluster(s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    with local_cluster(tmp_path_factory.mktemp("home")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return job_folder(tmp_path_factory.mktemp("package") / "work")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def bucket(s3: S3Server) -> str:
    """A bucket with the invented notes, many times over."""
    url, files = s3.bucket(), fsspec.filesystem("s3", **s3.storage_options)
    notes = [json.loads(line) for line in SAMPLE.read_text("utf-8").splitlines()]
    for number in range(FILES):
        chosen = [notes[(number + n) % len(notes)] | {"note_id": f"{number}-{n}"} for n in range(NOTES_IN_A_FILE)]
        files.pipe(f"{url}/notes/{number}.jsonl", "".join(f"{json.dumps(note)}\n" for note in chosen).encode())
    return url


def contents(url: str) -> dict[str, bytes]:
    """What a run has written for others to use, by name."""
    files = fsspec.filesystem("s3", use_listings_cache=False)
    root = url.removeprefix("s3://") + "/"
    found = {path.removeprefix(root): path for path in files.find(root)}
    return {name: files.cat(path) for name, path in found.items() if not name.startswith(("_run/", "report.json"))}


def undisturbed(*arguments: str) -> None:
    """The same on this machine alone."""
    command = [sys.executable, "-m", "openbioner_batch.cli.main", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr


def survives_a_node(cluster: LocalCluster, package: Path, name: str, ledger: str, arguments: list[str]) -> str:
    """Submit a job, kill a node on which the model is at work, and give the log of the job, which must succeed."""
    nodes = [cluster.add_node() for _ in range(3 - cluster.alive())]
    files = fsspec.filesystem("s3", use_listings_cache=False)
    code, log = cluster.submit(
        *(sys.executable, f"jobs/{name}.py", *arguments),
        folder=package,
        options=("--submission-id", name, "--no-wait"),
    )
    assert code == 0, log

    def done() -> int:
        return len(files.find(ledger)) if files.exists(ledger) else 0

    def at_work() -> list[Program]:
        return [node for node in nodes if node.descendants("TagShards")]

    total = FILES * NOTES_IN_A_FILE // SHARD
    ended = {"SUCCEEDED", "FAILED", "STOPPED"}
    wait_until(lambda: (done() >= KILL_AFTER and at_work()) or cluster.job(name)["status"] in ended, 600, "no shards")
    assert cluster.job(name)["status"] == "RUNNING", cluster.log(name)
    before = done()
    at_work()[0].end()
    print(f"{name}: node killed after {before} of {total} shards")
    assert before < total / 2, "the node was killed too late to matter"
    status = cluster.wait(name, 900)
    assert status == "SUCCEEDED", cluster.log(name)
    return cluster.log(name)


def test_annotate_outlives_a_node(cluster: LocalCluster, package: Path, model: Path, bucket: str) -> None:
    arguments = [f"{bucket}/notes/", "--model", str(model), "--types", "disease,drug", "--devices", "cpu"]
    arguments += ["--shard-documents", str(SHARD)]

    log = survives_a_node(
        cluster, package, "annotate", f"{bucket}/spans/data", [*arguments, "--output", f"{bucket}/spans/"]
    )

    assert f"{FILES * NOTES_IN_A_FILE:,}" in log
    undisturbed("annotate", *arguments, "--output", f"{bucket}/alone/")
    assert contents(f"{bucket}/spans") == contents(f"{bucket}/alone")


def test_deidentify_outlives_a_node(
    cluster: LocalCluster, package: Path, model: Path, bucket: str, tmp_path: Path
) -> None:
    key = tmp_path / "deid.key"
    key.write_text(secrets.token_hex(32))
    os.chmod(key, 0o600)
    arguments = [f"{bucket}/notes/", "--model", str(model), "--types", "patient_name", "--devices", "cpu"]
    arguments += ["--policy", "surrogate", "--key-file", str(key), "--patient-field", "patient_id"]
    arguments += ["--known-fields", "name,birth_date,mrn", "--shard-documents", str(SHARD)]

    log = survives_a_node(
        cluster, package, "deidentify", f"{bucket}/shared/audit", [*arguments, "--output", f"{bucket}/shared/"]
    )

    assert "Kallio" not in log
    undisturbed("deidentify", *arguments, "--output", f"{bucket}/alone/")
    assert contents(f"{bucket}/shared") == contents(f"{bucket}/alone")
