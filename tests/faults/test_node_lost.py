"""A node of the Ray that the tests share is lost under a run: the short form of what `test_cluster.py` does."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from clusters import OBJECT_STORE_BYTES, RAY
from processes import Program, wait_until
from scorers import NameScorerFactory
from support import free_port

from .conftest import Annotate
from .driving import SHARD, assert_accounted, results, shards

PORTS = ("metrics-export", "dashboard-agent-listen", "dashboard-agent-grpc", "runtime-env-agent")


@pytest.fixture
def node(ray_here: None) -> Iterator[Program]:
    """A second node of the shared Ray, with a processor; `end()` is what a machine without power is to the others."""
    import ray

    address = ray.get_runtime_context().gcs_address
    ports = [f"--{name}-port={free_port()}" for name in PORTS]
    memory = f"--object-store-memory={OBJECT_STORE_BYTES}"
    before = len(alive())
    program = Program([*RAY, "start", "--block", f"--address={address}", "--num-cpus=1", memory, *ports])
    try:
        wait_until(lambda: len(alive()) > before or program.process.poll() is not None, what="the node does not join")
        assert program.process.poll() is None, program.finish()[1]
        yield program
    finally:
        program.end()
        wait_until(lambda: len(alive()) == before, 120, "the node is still taken for alive")


def alive() -> list[str]:
    """The nodes that the head takes for alive."""
    import ray

    return [node["NodeID"] for node in ray.nodes() if node["Alive"]]


def end_at_work(node: Program, output: Path, over: Event) -> int:
    """End the node when a model is at work on it and shards are committed; how many those are."""
    wait_until(
        lambda: over.is_set() or (shards(output) > 2 and node.descendants("TagShards")),
        what="nothing is tagged on the node",
    )
    assert not over.is_set(), "the run ended before a model was at work on the node"
    node.end()
    return shards(output)


@pytest.mark.timeout(900)
def test_a_node_is_lost_and_the_run_ends_with_the_bytes_of_one_that_lost_none(
    run: Annotate, run_here: Annotate, inputs: Path, node: Program, tmp_path: Path
) -> None:
    more = {"shard_documents": SHARD, "max_quarantined": "100%"}
    over = Event()
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(end_at_work, node, tmp_path / "out", over)
        run(inputs, NameScorerFactory(seconds=0.05), actors=2, **more)
        over.set()
    assert 2 < ended.result(timeout=1) < 32, "it was ended too late to matter"
    assert_accounted(tmp_path / "out")

    run_here(inputs, output=str(tmp_path / "undisturbed"), **more)
    assert results(tmp_path / "out") == results(tmp_path / "undisturbed")
