"""The Ray that a run starts for itself."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import psutil
import pytest
import ray

from openbioner_batch.engine import cluster
from openbioner_batch.engine.cluster import usable_cores


def test_an_idle_worker_waits_for_the_next_shard(ray_here: None) -> None:
    @ray.remote(num_cpus=0.9)  # Ray keeps one idle worker for each CPU that nobody holds
    class Holder:
        def ready(self) -> None: ...

    @ray.remote(num_cpus=0.01)
    def worker() -> int:
        return os.getpid()

    holders = [Holder.remote() for _ in range(usable_cores())]  # type: ignore[attr-defined]
    ray.get([holder.ready.remote() for holder in holders])
    before = ray.get(worker.remote())

    time.sleep(3)  # by default Ray ends it after one second

    assert psutil.pid_exists(before)


TOKENS = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_AUTH_MODE")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in TOKENS:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_ray_writes_its_own_token_where_it_can(home: Path) -> None:
    home.mkdir()
    for _ in range(2):  # the folder is there, the second time
        cluster._provide_token()
        assert not os.environ.get("RAY_AUTH_TOKEN")
    assert list((home / ".ray").iterdir()) == []


def test_a_home_that_cannot_be_written_to_gets_a_token_of_its_own(home: Path) -> None:
    home.write_text("no folder")
    cluster._provide_token()
    first = os.environ.pop("RAY_AUTH_TOKEN")
    cluster._provide_token()
    assert re.fullmatch("[0-9a-f]{64}", first)
    assert os.environ["RAY_AUTH_TOKEN"] != first


@pytest.mark.parametrize(
    "given", [{"RAY_AUTH_TOKEN": "t"}, {"RAY_AUTH_TOKEN_PATH": "/t"}, {"RAY_AUTH_MODE": "disabled"}]
)
def test_a_users_own_way_to_know_each_other_stays(
    home: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str]
) -> None:
    home.write_text("no folder")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    cluster._provide_token()
    assert {name: os.environ[name] for name in TOKENS if name in os.environ} == given


def test_workers_get_the_package_unless_a_job_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import openbioner_batch

    monkeypatch.delenv("RAY_JOB_CONFIG_JSON_ENV_VAR", raising=False)
    assert cluster._runtime_env() == {"py_modules": [str(Path(openbioner_batch.__file__).parent)]}
    monkeypatch.setenv("RAY_JOB_CONFIG_JSON_ENV_VAR", "{}")
    assert cluster._runtime_env() is None


def test_why_ray_is_not_there_is_one_line() -> None:
    found = cluster._connection_error(None, OSError("No space\n left"))
    assert found.startswith("Ray cannot be started on this machine: No space left; the variable RAY_TMPDIR")
    found = cluster._connection_error("ray://head:1", ValueError("x" * 1000))
    assert found == f"the Ray cluster at ray://head:1 cannot be joined: {'x' * 300}"
