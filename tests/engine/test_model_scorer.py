"""The model of a run as its plan and its workers know it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import ray
from processes import Program

from openbioner_batch.engine import model_scorer
from openbioner_batch.engine.model_scorer import ModelScorerFactory
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.errors import UsageError


@pytest.fixture
def values(checkpoint: Path, tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "own.yaml").write_text("drug: a drug\n")
    return {"inputs": ("in",), "output": "out", "types": str(tmp_path / "own.yaml"), "model": str(checkpoint)}


def factory_of(values: dict[str, Any], on_cluster: bool = False, **more: Any) -> ModelScorerFactory:
    return ModelScorerFactory.from_settings(AnnotateSettings.build(values | more), on_cluster, stop)


class WaitError(Exception):
    """Ends a wait as soon as it is said."""


def stop(line: str) -> None:
    raise WaitError(line)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_scorer, "SILENCE_S", 0.1)


@pytest.mark.usefixtures("ray_here")
@pytest.mark.parametrize(("devices", "dtype"), [("cpu", "float32"), ("cpu", "bfloat16"), ("auto", "auto")])
def test_workers_that_are_like_the_driver_find_what_it_finds(values: dict[str, Any], devices: str, dtype: str) -> None:
    here, there = (factory_of(values, on_cluster, devices=devices, dtype=dtype) for on_cluster in (False, True))
    assert here == there


@pytest.mark.usefixtures("ray_here")
def test_what_a_worker_cannot_do_is_said_as_on_this_machine(values: dict[str, Any]) -> None:
    for on_cluster in (False, True):
        with pytest.raises(UsageError) as caught:
            factory_of(values, on_cluster, devices="cpu", dtype="float16")
        assert str(caught.value) == "dtype 'float16' is for GPUs; on a CPU use float32, bfloat16 or auto"


@pytest.mark.usefixtures("ray_here", "at_once")
def test_a_wait_for_a_gpu_is_said(values: dict[str, Any]) -> None:
    if ray.cluster_resources().get("GPU"):
        pytest.skip("there is a GPU")
    with pytest.raises(WaitError, match=r"^waiting for a GPU: the cluster has 0, none of them free; --devices cpu"):
        factory_of(values, on_cluster=True, devices="gpu")


FINDS = """
import ray
from openbioner_batch.engine.model_scorer import _resolve_on_worker
from openbioner_batch.errors import UsageError

ray.init("local", num_cpus=1, num_gpus=1, include_dashboard=False, log_to_driver=False)
print(*_resolve_on_worker("cpu", "float32", print))
for devices in ("auto", "gpu"):
    try:
        print(_resolve_on_worker(devices, "float32", print))
    except UsageError as error:
        print(error)
"""


@pytest.mark.slow
@pytest.mark.usefixtures("ray_here")  # in the process of the shared Ray: two that start at once may wait too long
def test_a_cluster_with_gpus_takes_them_unless_it_is_told_not_to() -> None:
    program = Program(["-c", FINDS])
    try:
        code, output = program.finish()
        assert code == 0, output
        assert "waiting" not in output
        on_cpu, *on_gpu = output.splitlines()[-3:]
        assert on_cpu.startswith("cpu float32 ")
        assert [line.startswith(("device 'cuda'", "('cuda'")) for line in on_gpu] == [True, True], output
    finally:
        program.end()


def test_a_model_in_a_folder_is_found_from_any_other(
    values: dict[str, Any], checkpoint: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "model").symlink_to(checkpoint)
    for given, home in (("model", ""), ("~/model", str(tmp_path))):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("HOME", home or str(tmp_path / "elsewhere"))
        factory = factory_of(values, model=given, devices="cpu")
        monkeypatch.chdir("/")
        monkeypatch.setenv("HOME", "/")
        assert factory.preparer().prepare(["fever"])


def test_the_users_budget_is_taken_and_the_machines_where_there_is_none(values: dict[str, Any]) -> None:
    own, plain = (factory_of(values, devices="cpu", **more) for more in ({"token_budget": 777}, {}))
    assert (own.fingerprint()["token budget"], own.scorer().token_budget) == (777, 777)
    assert plain.fingerprint()["token budget"] == plain.scorer().token_budget > 777


def test_windows_of_the_users_size_are_those_of_readers_and_actors(values: dict[str, Any]) -> None:
    text = "no sign of lung cancer in mice , fever was given . " * 4
    windows = {}
    for tokens in (12, 24):
        factory = factory_of(values, devices="cpu", text_tokens=tokens)
        scorer = factory.scorer()
        assert scorer.windows.text_tokens == tokens
        (tagged,) = scorer.score(factory.preparer().prepare([text]))
        windows[tokens] = tagged.windows
    assert windows[12] > windows[24] > 1


def test_workers_nest_spans_where_the_user_asks_for_it(values: dict[str, Any]) -> None:
    assert [factory_of(values, devices="cpu", nested=nested).scorer().nested for nested in (False, True)] == [
        False,
        True,
    ]


def test_workers_keep_the_spans_that_a_threshold_of_the_user_leaves(values: dict[str, Any]) -> None:
    text = "no sign of lung cancer in mice , fever was given ."
    scores = {}
    for threshold in (None, 0.6):
        factory = factory_of(values, devices="cpu", threshold=threshold)
        (tagged,) = factory.scorer().score(factory.preparer().prepare([text]))
        scores[threshold] = [span.score for span in tagged.spans]
    assert min(scores[None]) < 0.6
    assert scores[0.6] == [score for score in scores[None] if score >= 0.6]
