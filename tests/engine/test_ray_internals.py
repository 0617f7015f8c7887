"""What is used of Ray beyond its public interface is there, as it was read, in one file alone."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
import ray

from openbioner_batch.engine import ray_internals
from openbioner_batch.engine.executors.backpressure import ConsumerBackpressure
from openbioner_batch.engine.ray_internals import BLOCK_STATS, VERSION, Internal
from openbioner_batch.errors import RunFailedError
from openbioner_batch.training.pacing import Pacing

ROOT = Path(__file__).parents[2]
INTERNALS = {name: found for name, found in vars(ray_internals).items() if isinstance(found, Internal)}


def test_the_release_is_the_one_that_is_pinned() -> None:
    assert f'"ray[data,default]=={VERSION}.*"' in (ROOT / "pyproject.toml").read_text()
    assert ray.__version__.startswith(f"{VERSION}."), f"internals were read in Ray {VERSION}: read them again"


@pytest.mark.parametrize("name", INTERNALS)
def test_each_is_there(name: str) -> None:
    INTERNALS[name].get()


@pytest.mark.parametrize("found", [Internal("ray.data._internal.gone", "x"), Internal("ray.data", "NoSuchThing")])
def test_one_that_is_gone_is_named_with_the_way_out(found: Internal) -> None:
    with pytest.raises(RunFailedError, match=rf"Ray {re.escape(ray.__version__)} has no {found.module}.{found.name}"):
        found.get()


def test_no_other_file_imports_internals() -> None:
    pattern = re.compile(r"ray(\.\w+)*\._\w+|ray\.core\.generated")
    files = [file for file in (ROOT / "openbioner_batch").rglob("*.py") if pattern.search(file.read_text("utf-8"))]
    assert [file.name for file in files] == ["ray_internals.py"]


def test_classes_that_ray_data_calls_have_what_it_calls() -> None:
    policy = Internal("ray.data._internal.execution.backpressure_policy.backpressure_policy", "BackpressurePolicy")
    state = Internal("ray.data._internal.execution.streaming_executor_state", "OpState")
    callback = Internal("ray.data._internal.execution.execution_callback", "ExecutionCallback")
    for method in ("can_add_input", "max_task_output_bytes_to_read"):
        ours, theirs = (inspect.signature(getattr(kind, method)) for kind in (ConsumerBackpressure, policy.get()))
        assert len(ours.parameters) == len(theirs.parameters)
    assert callable(state.get().total_enqueued_output_blocks)
    assert {name for name in vars(callback.get()) if not name.startswith("_")} <= set(vars(Pacing))


def test_what_is_made_to_be_forgotten_is_where_stages_keep_it() -> None:
    stage = Internal("ray.data._internal.execution.operators.map_operator", "MapOperator").get()
    assert f"self.{BLOCK_STATS}.extend(" in inspect.getsource(stage)
    executor = Internal("ray.data._internal.execution.streaming_executor", "StreamingExecutor").get()
    source = inspect.getsource(executor)
    assert source.index("self._topology = build_streaming_topology(") < source.index("before_execution_starts(self)")
