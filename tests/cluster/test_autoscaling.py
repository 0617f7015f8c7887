"""A job that requests more GPUs than there are makes Ray's autoscaler bring nodes, and runs on them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import ray
import yaml
from clusters import local_cluster
from outputs import rows
from processes import ROOT, wait_until
from support import free_port

from openbioner_batch.engine.cluster import Resources
from openbioner_batch.engine.run import workforce_for
from openbioner_batch.errors import UsageError

DRIVER = ROOT / "tests" / "drive_gpus.py"


def test_actors_beyond_the_gpus_are_refused_on_a_machine_and_awaited_on_a_cluster() -> None:
    with pytest.raises(UsageError, match="1 GPUs have room for 1"):
        workforce_for(4, True, Resources(cpus=8, gpus=1, nodes=1))
    workforce = workforce_for(4, True, Resources(cpus=8, gpus=1, nodes=2, may_grow=True))
    assert (workforce.actors, workforce.actor_gpus) == (4, 1)
    assert workforce.readers == 16  # for the cores of four such nodes


def test_actors_may_share_a_gpu() -> None:
    workforce = workforce_for(None, True, Resources(cpus=32, gpus=2, nodes=1), actors_per_gpu=4)
    assert (workforce.actors, workforce.actor_gpus, workforce.readers) == (8, 0.25, 8)
    with pytest.raises(UsageError, match="2 GPUs have room for 8; --actors-per-gpu"):
        workforce_for(9, True, Resources(cpus=32, gpus=2, nodes=1), actors_per_gpu=4)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_an_autoscaler_brings_the_gpus_that_a_job_asks_for(tmp_path: Path) -> None:
    """Nodes are real raylets of Ray's provider for one machine; their GPUs are numbers, and the scorer needs none."""
    worker = {"resources": {"CPU": 1, "GPU": 1}, "node_config": {}, "min_workers": 0, "max_workers": 2}
    head = {"resources": {"CPU": 2}, "node_config": {}, "max_workers": 0}
    port = free_port()
    address = f"{ray.util.get_node_ip_address()}:{port}"
    provider = {"type": "fake_multinode", "gcs_address": address, "launch_multiple": True}
    config = {
        "cluster_name": "test",
        "max_workers": 2,
        "idle_timeout_minutes": 1,
        "provider": {**provider, "disable_node_updaters": True, "disable_launch_config_check": True},
        "available_node_types": {"ray.head.default": head, "gpu": worker},
        "head_node_type": "ray.head.default",
        "auth": {},
        "file_mounts": {},
        "cluster_synced_files": [],
        "worker_setup_commands": [],
        "worker_start_ray_commands": [],
    }
    (tmp_path / "scaling.yaml").write_text(yaml.safe_dump(config))
    lines = [json.dumps({"id": str(n), "text": f"Anna met Bob {n} times."}) for n in range(100)]
    (tmp_path / "notes.jsonl").write_text("\n".join(lines))
    (tmp_path / "home").mkdir()
    options = [f"--autoscaling-config={tmp_path / 'scaling.yaml'}"]
    with local_cluster(tmp_path / "home", 2, {"RAY_FAKE_CLUSTER": "1"}, options, port) as cluster:
        assert cluster.alive() == 1
        command = [sys.executable, str(DRIVER), str(tmp_path / "notes.jsonl"), str(tmp_path / "out"), "2"]
        code, log = cluster.submit(*command, options=("--submission-id", "scaled", "--no-wait"))
        assert code == 0, log
        ended = ("FAILED", "SUCCEEDED")
        wait_until(lambda: cluster.alive() == 3 or cluster.job("scaled")["status"] in ended, 300, "no nodes come")
        assert cluster.wait("scaled") == "SUCCEEDED", cluster.log("scaled")
    assert [row["document_id"] for row in rows(tmp_path / "out")] == [str(n) for n in range(100)]
