"""Starting Ray on this machine, or joining a cluster."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from openbioner_batch.errors import OpenBioNERError, RunFailedError, UsageError

OBJECT_STORE_BYTES = 2 << 30
"""Enough for the shards under way on one machine; Ray's 30 % of the memory only lets readers run further ahead."""

ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # Ray prints each death of a worker at length on stdout; a run says it in a line
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    # Ray ends workers that idle for a second while actors hold the CPUs, and a new one for the next commit takes a core
    # for more than a second. There are few, and they wait.
    "RAY_idle_worker_killing_time_threshold_ms": "3600000",
}
"""Read by Ray when it is imported; what a user has set stands."""


@dataclass(frozen=True, slots=True)
class Resources:
    """What Ray has to give, and whether on more than one machine."""

    cpus: int
    gpus: int
    nodes: int
    may_grow: bool = False
    """Whether it is a cluster, to which an autoscaler may add nodes."""


def usable_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def ray_connection(address: str | None, spill_dir: str | None = None) -> Iterator[Resources]:
    """Ray for the time of a run; one that the caller has already started is used and left alone.

    Args:
        address: a cluster to join; None starts Ray on this machine, for this process alone.
        spill_dir: where the Ray that is started here puts what its memory cannot hold; None for its session's folder.

    Raises:
        RunFailedError: the cluster cannot be reached.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import ray

    _quiet_logs()
    if ray.is_initialized():
        yield resources_now(address)
        return
    try:
        with _native_stderr_muted():
            _connect(address, spill_dir)
    except OpenBioNERError:
        raise
    except Exception as error:  # Ray raises plain ones too, such as for a node that starts too slowly
        place = f"at {address}" if address else "on this machine"
        raise RunFailedError(f"Ray cannot be had {place}: {' '.join(str(error).split())[:300]}") from error
    try:
        yield resources_now(address)
    finally:
        ray.shutdown()


def _connect(address: str | None, spill_dir: str | None) -> None:
    import ray

    if address is None:
        ray.init(
            address="local",  # the default would join any cluster that runs here
            include_dashboard=False,
            num_cpus=usable_cores(),
            object_store_memory=OBJECT_STORE_BYTES,
            log_to_driver=False,
            logging_level=logging.ERROR,
            object_spilling_directory=spill_dir,
        )
        return
    if address == "local":
        raise UsageError("--ray-address local: leave the flag out to run on this machine")
    ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, runtime_env=_runtime_env())


@contextmanager
def _native_stderr_muted() -> Iterator[None]:
    """While it starts, Ray's C++ part writes about its log level to descriptor 2, past `sys.stderr`."""
    sys.stderr.flush()
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)


def hide_command_line(title: str) -> None:
    """Show `title` in place of this process's command line, which Ray notes in logs and tables.

    It names the inputs, and those may be named after patients.
    """
    from ray._raylet import setproctitle  # type: ignore[attr-defined]  # of the compiled module

    setproctitle(title)


def _runtime_env() -> dict[str, list[object]] | None:
    """This package for the workers; a job brings its own working directory, which must not be replaced."""
    if "RAY_JOB_CONFIG_JSON_ENV_VAR" in os.environ:
        return None
    import openbioner_batch

    return {"py_modules": [openbioner_batch]}


def _quiet_logs() -> None:
    """Leave Ray Data's log to its files: what a user must know comes as an exception of ours."""
    import ray.data  # noqa: F401 - sets up the handlers

    # Actors and tasks outnumber the splits of a small input, which only its author can know to be harmless.
    for amount in ("minimum number of concurrent actors", "maximum number of concurrent tasks"):
        warnings.filterwarnings("ignore", f"The {amount}", UserWarning)
    for handler in logging.getLogger("ray.data").handlers:
        if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
            handler.setLevel(logging.CRITICAL)


def resources_now(address: str | None) -> Resources:
    """What the Ray that is connected, by this address, has at the moment."""
    import ray

    found = ray.cluster_resources()
    nodes = [node for node in ray.nodes() if node["Alive"]]
    return Resources(int(found.get("CPU", 1)), int(found.get("GPU", 0)), len(nodes), address is not None)
