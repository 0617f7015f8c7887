"""A Ray cluster of several nodes on this machine, real raylets for tests to kill: `from clusters import ...`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from processes import ROOT, Program, wait_until
from support import free_port

RAY = ["-m", "ray.scripts.scripts"]
OBJECT_STORE_BYTES = 256 << 20
PATIENCE_S = 300
"""A dashboard takes a minute to start on a busy machine."""


class LocalCluster:
    """A head node with a dashboard, and workers as they are added; all behind one token, in a home of its own.

    A node is the `Program` of its `ray start`: `node.end()` kills its raylet, its workers and its agents at once, as a
    machine that loses power does, and `node.descendants("ray::")` lists its worker processes by title.

    Args:
        home: an empty folder, the HOME of every process.
        cpus: of the head.
        environment: further variables for every node, and so for its jobs.
        options: further ones of `ray start --head`.
        port: of the head; None for any.
    """

    def __init__(
        self,
        home: Path,
        cpus: int = 1,
        environment: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
        port: int | None = None,
    ) -> None:
        self.address = f"127.0.0.1:{port or free_port()}"
        self.dashboard = f"http://127.0.0.1:{free_port()}"
        self._folder = Path(tempfile.mkdtemp(prefix="ob-", dir="/tmp"))  # short: it holds sockets
        self.environment = {
            "HOME": str(home),
            "RAY_TMPDIR": str(self._folder),
            "RAY_AUTH_MODE": "token",
            "RAY_API_SERVER_ADDRESS": self.dashboard,
            "RAY_USAGE_STATS_ENABLED": "0",
            **(environment or {}),
        }
        self.nodes: list[Program] = []
        self._ray("get-auth-token", "--generate")
        self._token = (home / ".ray" / "auth_token").read_text().strip()
        port, dashboard_port = (address.rpartition(":")[2] for address in (self.address, self.dashboard))
        head = ["--head", f"--port={port}", "--dashboard-host=127.0.0.1", f"--dashboard-port={dashboard_port}"]
        head.append(f"--ray-client-server-port={free_port()}")
        try:
            self.head = self._start(cpus, *head, *options)
            wait_until(self._answers, PATIENCE_S, "the dashboard does not start")
            # An agent on the head is what starts jobs, and it is the last to come up.
            wait_until(lambda: self.submit("true")[0] == 0, PATIENCE_S, "the cluster takes no jobs")
        except BaseException:
            self.end()
            raise

    def add_node(self, cpus: int = 1, *options: str) -> Program:
        """Start a worker node, and wait until the head knows it.

        Args:
            cpus: of the node.
            options: further ones of `ray start`.
        """
        before = self._alive()
        node = self._start(cpus, f"--address={self.address}", *options)
        # Not by their number, since one that was killed may be found dead meanwhile.
        wait_until(lambda: self._alive() - before, PATIENCE_S, "the node does not join")
        return node

    def alive(self) -> int:
        """The nodes that the head takes for alive. It takes a killed one for alive for some 20 seconds."""
        return len(self._alive())

    def _alive(self) -> set[str]:
        nodes = self.get("/api/v0/nodes?detail=false")["data"]["result"]["result"]
        return {node["node_id"] for node in nodes if node["state"] == "ALIVE"}

    def submit(self, *command: str, folder: Path | None = None, options: tuple[str, ...] = ()) -> tuple[int, str]:
        """Exit code and output of `ray job submit`, which shows the job's log and waits for its end.

        Args:
            command: what the job runs.
            folder: its working directory, shipped to the cluster.
            options: further ones of `ray job submit`, such as --submission-id and --no-wait.
        """
        where = ["--working-dir", str(folder)] if folder else []
        return self._ray("job", "submit", *where, *options, "--", *command)

    def job(self, name: str) -> dict[str, Any]:
        """What the dashboard says of a job: `status`, `message`, `driver_exit_code` and more."""
        return self.get(f"/api/jobs/{name}")

    def log(self, name: str) -> str:
        """What a job has printed."""
        return str(self.get(f"/api/jobs/{name}/logs")["logs"])

    def stop(self, name: str) -> None:
        """Have a job stopped, as `ray job stop` does."""
        code, log = self._ray("job", "stop", name)
        assert code == 0, log

    def wait(self, name: str, seconds: float = 600) -> str:
        """The status of a job that has ended.

        Raises:
            TimeoutError: it has not ended in time.
        """
        ended = {"SUCCEEDED", "FAILED", "STOPPED"}
        wait_until(lambda: self.job(name)["status"] in ended, seconds, f"job {name} does not end")
        return str(self.job(name)["status"])

    def get(self, path: str) -> dict[str, Any]:
        """An answer of the dashboard."""
        request = urllib.request.Request(self.dashboard + path, headers={"Authorization": f"Bearer {self._token}"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def end(self) -> None:
        """Kill all nodes, and remove what they leave behind."""
        for node in self.nodes:
            node.end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        with suppress(OSError):
            return bool(self.get("/api/version"))
        return False

    def _start(self, cpus: int, *options: str) -> Program:
        number = len(self.nodes)
        ports = ("metrics-export", "dashboard-agent-listen", "dashboard-agent-grpc", "runtime-env-agent")
        arguments = [
            *(*RAY, "start", "--block", f"--num-cpus={cpus}", f"--temp-dir={self._folder}/{number}"),
            *(f"--object-store-memory={OBJECT_STORE_BYTES}", *(f"--{name}-port={free_port()}" for name in ports)),
            *options,
        ]
        self.nodes.append(Program(arguments, self.environment))
        return self.nodes[-1]

    def _ray(self, *arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, *RAY, *arguments],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            cwd="/",
        )
        return done.returncode, done.stdout + done.stderr


@contextmanager
def local_cluster(
    home: Path,
    cpus: int = 1,
    environment: Mapping[str, str] | None = None,
    options: Sequence[str] = (),
    port: int | None = None,
) -> Iterator[LocalCluster]:
    """A cluster for the time of a block."""
    cluster = LocalCluster(home, cpus, environment, options, port)
    try:
        yield cluster
    finally:
        cluster.end()


def job_folder(folder: Path, models: bool = False) -> Path:
    """A working directory as a user submits it: the package and the scripts, with or without the bundled models."""
    left_out = shutil.ignore_patterns("__pycache__", *([] if models else ["bundled*"]))
    shutil.copytree(ROOT / "openbioner_batch", folder / "openbioner_batch", ignore=left_out)
    shutil.copytree(ROOT / "jobs", folder / "jobs")
    return folder
