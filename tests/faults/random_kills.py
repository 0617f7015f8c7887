"""Kill processes of runs on a cluster at random, again and again: nothing may be lost, doubled or different.

    cd tests && python -m faults.random_kills --kills 50 --seed 7 --json kills.json

Three nodes of Ray on this machine, with a run always under way. Killed are its driver, the actors that tag, the
processes that read and write, and whole nodes, each at a random moment after the run has got on since the last time. A
run that is through is compared, byte for byte, with one that nothing happened to, and the next begins.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

from clusters import LocalCluster, local_cluster
from processes import Program, wait_until

from .driving import assert_accounted, corpus_files, drive, results, shards, succeed

NAMES = "abcdefgh"
WEIGHTS = {"actor": 8, "reader or writer": 5, "driver": 4, "node": 3}
SECONDS_PER_DOCUMENT = 0.05
LONGEST_PAUSE = 2.0
PATIENCE_S = 300


class Hunt:
    """Runs and what kills them.

    Args:
        cluster: with worker nodes.
        folder: for inputs and outputs.
        seed: decides what is killed, and when.
    """

    def __init__(self, cluster: LocalCluster, folder: Path, seed: int) -> None:
        self.cluster = cluster
        self.kills: list[dict[str, Any]] = []
        self.verified = 0
        self._random = Random(seed)
        self._folder = folder
        self._inputs = folder / "in"
        self._inputs.mkdir()
        for name, data in corpus_files(NAMES).items():
            (self._inputs / name).write_bytes(data)
        succeed(self._drive(folder / "undisturbed", 0.0), PATIENCE_S)
        self._expected = results(folder / "undisturbed")
        self._begin()

    def step(self) -> None:
        """Kill one to three processes or nodes, or, where the run is through, verify it and begin another."""
        before = shards(self._output)
        wait_until(lambda: shards(self._output) > before or self._has_ended(), PATIENCE_S, "the run gets no further")
        time.sleep(self._random.random() * LONGEST_PAUSE)
        kinds = self._random.choices(list(WEIGHTS), list(WEIGHTS.values()), k=self._random.choice((1, 2, 3)))
        killed = []
        # Ray itself takes a while to recover from a driver or a node.
        for kind in [kind for n, kind in enumerate(kinds) if kind not in kinds[:n] or kind not in ("driver", "node")]:
            if self._has_ended():
                self.verify()
                self._begin()
                break
            if self._kill(kind):
                killed.append((kind, shards(self._output), time.monotonic()))
                time.sleep(self._random.random() * LONGEST_PAUSE / 4)
        before = shards(self._output)
        wait_until(lambda: shards(self._output) > before or self._has_ended(), PATIENCE_S, f"no recovery: {killed}")
        for kind, done, at in killed:
            seconds = round(time.monotonic() - at, 1)
            self.kills.append({"killed": kind, "shards_before": done, "next_commit_after_s": seconds})
            print(len(self.kills), self.kills[-1], flush=True)

    def verify(self) -> None:
        """Wait for the end of the run and compare its output."""
        succeed(self._program, PATIENCE_S)
        assert results(self._output) == self._expected, "the output is that of a run that nothing happened to"
        assert_accounted(self._output, len(NAMES))
        self.verified += 1

    def _kill(self, kind: str) -> bool:
        if kind == "driver":
            self._program.process.kill()
            self._program.finish()
            self._program = self._drive(self._output, SECONDS_PER_DOCUMENT)
            return True
        if kind == "node":
            node = self._random.choice(self.cluster.nodes[1:])
            node.end()
            self.cluster.nodes.remove(node)
            self.cluster.add_node()
            return True
        found = [pid for node in self.cluster.nodes for pid in node.descendants("ray::Map")]
        actors = {pid for node in self.cluster.nodes for pid in node.descendants("TagShards")}
        victims = sorted(actors if kind == "actor" else set(found) - actors)
        if victims:
            with suppress(ProcessLookupError):
                os.kill(self._random.choice(victims), signal.SIGKILL)
                return True
        return False

    def _begin(self) -> None:
        self._output = self._folder / f"out-{self.verified}"
        self._program = self._drive(self._output, SECONDS_PER_DOCUMENT)

    def _drive(self, output: Path, seconds: float) -> Program:
        return drive(self._inputs, output, seconds, self.cluster.address, self.cluster.environment)

    def _has_ended(self) -> bool:
        return self._program.process.poll() is not None

    def report(self) -> dict[str, Any]:
        """What was killed, and how long it took until the next shard was committed."""
        waits: dict[str, list[float]] = {}
        for kill in self.kills:
            waits.setdefault(kill["killed"], []).append(kill["next_commit_after_s"])
        return {
            "kills": len(self.kills),
            "by_kind": dict(Counter(kill["killed"] for kill in self.kills)),
            "seconds_to_next_commit": {
                kind: {"median": statistics.median(found), "most": max(found)} for kind, found in waits.items()
            },
            "runs_verified": self.verified,
            "documents_in_a_run": len(NAMES) * 151,
            "each": self.kills,
        }


def main() -> None:
    """Ends in an error where a run fails or differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--minutes", type=float, default=120, help="kill nothing after these")
    parser.add_argument("--json", type=Path, help="where to put the report")
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="openbioner-kills-") as name:
        home = Path(name) / "home"
        home.mkdir()
        with local_cluster(home) as cluster:
            for _ in range(2):
                cluster.add_node()
            hunt = Hunt(cluster, Path(name), options.seed)
            while len(hunt.kills) < options.kills and time.monotonic() - began < 60 * options.minutes:
                hunt.step()
            hunt.verify()
    found = {"seed": options.seed, "seconds": round(time.monotonic() - began), **hunt.report()}
    print(json.dumps({name: value for name, value in found.items() if name != "each"}, indent=1))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
