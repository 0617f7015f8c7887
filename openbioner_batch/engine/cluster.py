"""Starting Ray on this machine, or joining a cluster."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from openbioner_batch.engine.address import check_address
from openbioner_batch.engine.allocator import limit_arenas
from openbioner_batch.engine.ray_internals import CORE_WORKER, SET_SIGTERM_HANDLER, SET_TITLE
from openbioner_batch.engine.resources import Resources
from openbioner_batch.errors import RunFailedError

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
        UsageError: no Ray cluster answers at the address.
        RunFailedError: the cluster cannot be reached, or Ray cannot be started.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    limit_arenas()
    import ray

    _quiet_logs()
    if ray.is_initialized():
        yield resources_now(address)
        return
    if address is not None:
        check_address(address)
    try:
        with _native_stderr_muted(), _sigterm_kept():
            _connect(address, spill_dir)
    except Exception as error:  # Ray raises plain exceptions too, such as for a node that starts too slowly
        raise RunFailedError(_connection_error(address, error)) from error
    try:
        yield resources_now(address)
    finally:
        ray.shutdown()


def _connect(address: str | None, spill_dir: str | None) -> None:
    import ray

    if address is None:
        _provide_token()
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


@contextmanager
def _sigterm_kept() -> Iterator[None]:
    """Keep this process's own handling of SIGTERM, which Ray takes over as it starts.

    Its Python part exits with 15 then; its C++ part, installed while it connects, prints a stack and aborts. In between
    the signal is held back, but from no process that Ray starts: those are ended by it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours = signal.getsignal(signal.SIGTERM)
    compiled, utils = CORE_WORKER.owner(), SET_SIGTERM_HANDLER.owner()
    connects, takes = compiled.CoreWorker, utils.set_sigterm_handler

    def connect(*arguments: Any, **more: Any) -> Any:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        try:
            return connects(*arguments, **more)
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_DFL if ours is None else ours)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    compiled.CoreWorker = connect
    utils.set_sigterm_handler = lambda handler: None
    try:
        yield
    finally:
        compiled.CoreWorker, utils.set_sigterm_handler = connects, takes


def _provide_token() -> None:
    """Give Ray the token by which its processes know each other, where it cannot write one to the user's home."""
    has_token = any(os.environ.get(name) for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"))
    if has_token or os.environ.get("RAY_AUTH_MODE", "token") != "token":
        return
    folder = os.path.join(os.path.expanduser("~"), ".ray")
    if os.access(os.path.join(folder, "auth_token"), os.R_OK):
        return
    try:
        os.makedirs(folder, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)


def _connection_error(address: str | None, error: Exception) -> str:
    """Why Ray is not available, and the remedy where it is known."""
    place = f"the Ray cluster at {address} cannot be joined" if address else "Ray cannot be started on this machine"
    remedy = "; the variable RAY_TMPDIR names another folder for its files" if isinstance(error, OSError) else ""
    return f"{place}: {' '.join(str(error).split())[:300]}{remedy}"


def hide_command_line(title: str) -> None:
    """Show `title` in place of this process's command line, which Ray notes in logs and tables.

    It names the inputs, and those may be named after patients.
    """
    SET_TITLE.get()(title)


def _runtime_env() -> dict[str, list[object]] | None:
    """This package for the workers; a job brings its own working directory, which must not be replaced."""
    if "RAY_JOB_CONFIG_JSON_ENV_VAR" in os.environ:
        return None
    return {"py_modules": [str(Path(__file__).parents[1])]}


def _quiet_logs() -> None:
    """Send Ray Data's log to its files alone: users read our own exceptions instead."""
    import ray.data  # noqa: F401 - sets up the handlers

    # Actors and tasks outnumber the splits of a small input, which is harmless, but its warning does not say so.
    for amount in ("minimum number of concurrent actors", "maximum number of concurrent tasks"):
        warnings.filterwarnings("ignore", f"The {amount}", UserWarning)
    # there is no other way to set `max_retries` yet, and Ray is pinned to a version that takes it
    warnings.filterwarnings("ignore", "`ray_remote_args` is deprecated")
    for handler in logging.getLogger("ray.data").handlers:
        if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
            handler.setLevel(logging.CRITICAL)


def resources_now(address: str | None) -> Resources:
    """The resources that the Ray at this address, which is connected, has at the moment."""
    import ray

    found = ray.cluster_resources()
    nodes = [node for node in ray.nodes() if node["Alive"]]
    return Resources(int(found.get("CPU", 1)), int(found.get("GPU", 0)), len(nodes), address is not None)
