"""Processes and nodes of a cluster die under a run, for real: actors, drivers, nodes, the head with its job."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from clusters import LocalCluster, local_cluster
from processes import wait_until

from .conftest import Drive
from .driving import DRIVE, SHARD, assert_accounted, results, shards, succeed
from .random_kills import Hunt

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """A head and two workers."""
    with local_cluster(tmp_path_factory.mktemp("home")) as cluster:
        for _ in range(2):
            cluster.add_node()
        yield cluster


def test_an_actor_and_a_node_die_and_the_same_driver_ends_the_run(
    inputs: Path, start: Drive, undisturbed: dict[str, bytes], cluster: LocalCluster, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    program = start(inputs, output, 0.1, cluster.address, cluster.environment)
    wait_until(lambda: shards(output) > 1)
    actor = next(pid for node in cluster.nodes for pid in node.descendants("TagShards"))
    os.kill(actor, signal.SIGKILL)
    done = shards(output)
    wait_until(lambda: shards(output) > done)

    node = next(node for node in cluster.nodes[1:] if node.descendants("TagShards"))
    node.end()
    cluster.nodes.remove(node)
    assert shards(output) < 32, "it was killed too late to matter"
    succeed(program)
    assert results(output) == undisturbed
    assert_accounted(output)
    cluster.add_node()


def test_any_process_may_die_at_any_moment(cluster: LocalCluster, tmp_path: Path) -> None:
    """A few kills of the script that makes many; node kills are above."""
    hunt = Hunt(cluster, tmp_path, seed=3)
    while len(hunt.kills) < 6:
        hunt.step()
    hunt.verify()


def test_the_head_dies_with_the_job_that_was_submitted(
    inputs: Path, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    """With the head go the driver and the cluster's memory: the same job on a new cluster resumes."""
    output = tmp_path / "out"
    command = (sys.executable, str(DRIVE), str(inputs), str(output))
    for name in ("lost", "new"):
        home = tmp_path / name
        home.mkdir()
        with local_cluster(home) as cluster:
            cluster.add_node()
            if name == "lost":
                cluster.submit(*command, "0.1", str(SHARD), "auto", options=("--no-wait",))
                wait_until(lambda: shards(output) > 3)
                cluster.head.end()
                assert 3 < shards(output) < 32
            else:
                code, log = cluster.submit(*command, "0", str(SHARD), "auto")
                assert code == 0, log
                assert "resuming the run" in log
    assert results(output) == undisturbed
    assert_accounted(output)


def test_a_driver_beside_the_cluster_ends_when_the_head_is_gone(
    inputs: Path, start: Drive, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    output = tmp_path / "out"
    with local_cluster(home) as cluster:
        program = start(inputs, output, 0.1, cluster.address, cluster.environment)
        wait_until(lambda: shards(output) > 3)
        cluster.head.end()
        code, printed = program.finish(300)
    assert code != 0, printed
    succeed(start(inputs, output))
    assert results(output) == undisturbed
    assert_accounted(output)
