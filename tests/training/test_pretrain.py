"""Whole runs of training, with real worker processes: killed ones end as one that was left alone."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parent))

from processes import Program, wait_until
from runs_of_training import assert_same_training, config_file, curve, separate_run
from support import S3Server

from openbioner_batch.model.checkpoint import load_model
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.model.location import TRAINED_TYPES
from openbioner_batch.training.run import pretrain
from openbioner_batch.training.settings_file import load_settings
from openbioner_batch.training.trained_types import read_trained_types


def finish(config: Path) -> None:
    """The whole of a run, or the rest of it, on the Ray of this process."""
    pretrain(load_settings(str(config)), io.StringIO())


def has_checkpoint(run: Path, step: int) -> bool:
    found = (run / "checkpoints").glob("step-*")
    return any(int(path.name.removeprefix("step-")) >= step for path in found)


@contextmanager
def started(config: Path) -> Iterator[Program]:
    """The command in a process of its own, which is killed in the end."""
    program = Program(["-m", "openbioner_batch.cli.main", "pretrain", "--config", str(config)])
    try:
        yield program
    finally:
        program.end()


def kill_worker(program: Program, run: Path) -> None:
    """Kill one of its workers after the first checkpoint."""
    wait_until(lambda: has_checkpoint(run, 10) or program.process.poll() is not None, what="no checkpoint")
    workers = program.descendants("RayTrainWorker")
    assert workers, program.finish()[1]
    os.kill(workers[-1], signal.SIGKILL)


def killed_run(config: Path, run: Path) -> None:
    """Kill a worker, and the driver after a later checkpoint; start again, to the end."""
    with started(config) as program:
        kill_worker(program, run)
        wait_until(lambda: has_checkpoint(run, 30) or program.process.poll() is not None, what="no later checkpoint")
        assert program.process.poll() is None, program.finish()[1]
    assert not (run / "model").exists()
    finish(config)


def workers_of_training() -> set[int]:
    """Process ids of the workers of training on the Ray that this process has started."""
    found = set()
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if any("RayTrainWorker" in part for part in process.cmdline()):
                found.add(process.pid)
    return found


def replace_worker(run: Path) -> None:
    """Kill the worker of a run after its first checkpoint, and see that another comes."""
    wait_until(lambda: has_checkpoint(run, 10), what="no checkpoint")
    before = workers_of_training()
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    assert before
    wait_until(lambda: workers_of_training() - before, what="no other worker")


@pytest.mark.timeout(900)
def test_a_run_whose_worker_was_killed_ends_as_one_in_one_process_that_was_left_alone(
    ray_here: None, checkpoint: Path, tmp_path: Path
) -> None:
    """So Ray's curve is that of one process, too. The slow tests kill one worker of several."""
    alone = {"workers": 1, "threads": 1}
    batch = {"pass_tokens": 400, "accumulation": 4}
    with ThreadPoolExecutor(1) as pool:
        replaced = pool.submit(replace_worker, tmp_path / "killed")
        finish(config_file(tmp_path, "killed", checkpoint, parallel=alone, batch=batch))
        replaced.result(timeout=1)
    finish(config_file(tmp_path, "whole", checkpoint, executor="in-process", parallel=alone, batch=batch))

    assert_same_training(tmp_path / "killed", tmp_path / "whole")
    losses = [values["loss"] for values in curve(tmp_path / "whole").values()]
    assert losses[-1] < 0.9 * losses[0]
    assert json.loads((tmp_path / "killed" / "result.json").read_text())["f1"] > 0
    kept = list((tmp_path / "killed" / "checkpoints").glob("step-*"))
    assert 1 <= len(kept) <= 2


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_run_whose_driver_was_killed_too_ends_likewise(ray_here: None, checkpoint: Path, tmp_path: Path) -> None:
    killed_run(config_file(tmp_path, "killed", checkpoint), tmp_path / "killed")
    finish(config_file(tmp_path, "whole", checkpoint))

    assert_same_training(tmp_path / "killed", tmp_path / "whole")


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "parallel",
    [
        {"workers": 2, "zero_stage": 1, "dtype": "float32"},
        {"workers": 2, "zero_stage": 1, "dtype": "bfloat16"},
        {"workers": 2, "zero_stage": 2, "dtype": "bfloat16"},
    ],
    ids=["ZeRO 1 in float32", "ZeRO 1 in bfloat16", "ZeRO 2 in bfloat16"],
)
def test_the_same_with_deepspeed(ray_here: None, checkpoint: Path, tmp_path: Path, parallel: dict[str, object]) -> None:
    pytest.importorskip("deepspeed", reason="the train extra is not installed")
    finish(config_file(tmp_path, "whole", checkpoint, parallel=parallel))
    killed_run(config_file(tmp_path, "killed", checkpoint, parallel=parallel), tmp_path / "killed")
    assert_same_training(tmp_path / "killed", tmp_path / "whole")


def test_late_interaction_is_trained_with_a_teacher_and_becomes_a_checkpoint(checkpoint: Path, tmp_path: Path) -> None:
    one = {"executor": "in-process", "parallel": {"workers": 1, "threads": 1}, "batch": {"pass_tokens": 300}}
    config = separate_run(tmp_path, "late", checkpoint, "all", **one)
    finish(config)
    values = list(curve(tmp_path / "late").values())
    assert values[-1]["loss"] < 0.8 * values[0]["loss"]
    assert "f1" in values[-1]
    model = load_model(tmp_path / "late" / "model")
    assert isinstance(model, LateEncoder)
    assert not model.config.late.competing
    card = (tmp_path / "late" / "model" / "README.md").read_text()
    listed = read_trained_types(tmp_path / "late" / "model")
    assert listed is not None
    assert {kind.name for kind in listed} == {"drug", "disease", "gene"}
    assert f"{sum(p.numel() for p in model.parameters()):,} parameters" in card
    assert "(zshot) cannot run it" in card


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("zero", [0, 2], ids=["plain", "ZeRO 2 in bfloat16"])
@pytest.mark.parametrize("separate", [1, "all"], ids=["split", "late"])
def test_separate_layers_resume_to_the_same_curve(
    ray_here: None, checkpoint: Path, tmp_path: Path, separate: int | str, zero: int
) -> None:
    if zero:
        pytest.importorskip("deepspeed", reason="the train extra is not installed")
    parts = {"parallel": {"workers": 2, "zero_stage": zero, "dtype": "bfloat16" if zero else "float32"}}
    finish(separate_run(tmp_path, "whole", checkpoint, separate, **parts))
    killed_run(separate_run(tmp_path, "killed", checkpoint, separate, **parts), tmp_path / "killed")
    assert_same_training(tmp_path / "killed", tmp_path / "whole")
    losses = [values["loss"] for values in curve(tmp_path / "whole").values()]
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_deepspeed_and_plain_torch_train_alike(ray_here: None, checkpoint: Path, tmp_path: Path) -> None:
    """Gradients of an even split of batches: one worker's passes, accumulated, are two workers' passes averaged."""
    pytest.importorskip("deepspeed", reason="the train extra is not installed")
    steps = {"schedule": {"steps": 10, "encoder_rate": 1e-3, "head_rate": 1e-2}, "log_every": 1}
    still = {"recipe": {"types_per_pass": [1, 3], "head_dropout": 0.0}, "validation": {}}
    curves = {}
    for name, parallel, accumulation in (
        ("plain, one", {"workers": 1}, 4),
        ("plain, two", {"workers": 2}, 2),
        ("zero 2, two", {"workers": 2, "zero_stage": 2}, 2),
    ):
        batch = {"pass_tokens": 400, "accumulation": accumulation}
        config = config_file(tmp_path, name, checkpoint, parallel=parallel, batch=batch, **steps, **still)
        raw = yaml.safe_load(config.read_text())
        raw["start"]["encoder_dropout"] = 0.0
        config.write_text(yaml.safe_dump(raw))
        finish(config)
        curves[name] = [values["loss"] for values in curve(tmp_path / name).values()]
    assert curves["plain, two"] == pytest.approx(curves["plain, one"], rel=1e-3)
    assert curves["zero 2, two"] == pytest.approx(curves["plain, one"], rel=1e-3)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_run_in_an_object_store_goes_on_and_puts_its_model_there(
    ray_here: None, s3: S3Server, checkpoint: Path, tmp_path: Path
) -> None:
    import fsspec

    storage = f"{s3.bucket()}/run"
    config = str(config_file(tmp_path, "run", checkpoint))
    for steps in (10, 20):
        changes = [f"output={storage}", f"schedule.steps={steps}", "schedule.kind=constant", "parallel.workers=1"]
        facts = pretrain(load_settings(config, changes), io.StringIO())
        assert facts["steps"] == steps
    with fsspec.open(f"{storage}/metrics.jsonl", "rt") as lines:
        assert [json.loads(line)["step"] for line in lines] == [5, 10, 15, 20]
    files = fsspec.filesystem("s3").ls(f"{storage}/model", detail=False)
    assert {name.rpartition("/")[2] for name in files} >= {
        "model.safetensors",
        "config.json",
        "README.md",
        TRAINED_TYPES,
    }


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_each_stage_starts_from_the_one_before(ray_here: None, checkpoint: Path, tmp_path: Path) -> None:
    """Stage 0 learns the language, stage 1 adds heads to its encoder, stage 2 keeps the heads of stage 1."""
    texts = {"text_tokens": 40, "description_tokens": 20}
    schedule = {"steps": 20, "encoder_rate": 1e-3, "head_rate": 1e-2}
    one = {"parallel": {"workers": 1}, "validation": {}, "schedule": schedule}
    stages: dict[str, dict[str, object]] = {
        "language": {"start": {"encoder": str(checkpoint), **texts}, "recipe": {"objective": "masked-language"}},
        "broad": {"start": {"encoder": str(tmp_path / "language" / "model"), **texts}},
        "refined": {"start": {"checkpoint": str(tmp_path / "broad" / "model"), **texts}},
    }
    curves = {}
    for name, parts in stages.items():
        finish(config_file(tmp_path, name, checkpoint, **one, **parts))
        curves[name] = [values["loss"] for values in curve(tmp_path / name).values()]
    assert curves["language"][-1] < curves["language"][0]
    assert curves["refined"][0] < 0.9 * curves["broad"][0]


def test_another_run_in_the_same_folder_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    from openbioner_batch.engine.store import Store
    from openbioner_batch.errors import UsageError
    from openbioner_batch.training.run import SETTINGS, check_earlier
    from openbioner_batch.training.settings_file import as_plain

    config = str(config_file(tmp_path, "run", checkpoint))
    settings = load_settings(config)
    store = Store(settings.output)
    assert not check_earlier(store, settings)
    store.put(SETTINGS, json.dumps(as_plain(settings)).encode())
    assert check_earlier(store, load_settings(config, ["schedule.steps=70", "parallel.threads=1"]))
    kept = as_plain(settings)
    parallel = {"in_process": False, "use_gpu": False, "precision": "fp32"}
    parallel |= {key: kept["parallel"][key] for key in ("workers", "zero_stage", "threads", "max_failures")}
    former = {"storage": kept.pop("output"), "stored": kept.pop("output_dtype"), **kept, "parallel": parallel}
    del former["executor"]
    store.put(SETTINGS, json.dumps(former).encode())  # as an earlier release spelled it
    assert check_earlier(store, settings)
    with pytest.raises(UsageError, match=r'holds a run whose parallel is .*"workers": 2.*, not .*"workers": 3'):
        check_earlier(store, load_settings(config, ["parallel.workers=3"]))
