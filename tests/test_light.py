"""What a machine with torch, tokenizers, safetensors, numpy, click and fsspec alone can do: tag, and train."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import torch
import yaml

from openbioner_batch.cli.pretrain import command as pretrain

ABSENT = ("ray", "pyarrow", "rich", "zstandard", "pandas", "s3fs", "huggingface_hub", "lxml", "deepspeed", "matplotlib")
# Python takes a module that is None for one that is not there, and so does `find_spec`.
PREAMBLE = f"import sys\nsys.modules.update(dict.fromkeys({ABSENT!r}))\n"


ROOT = Path(__file__).parents[1]


def run_without(code: str, *arguments: object) -> str:
    """What a program prints where the packages in `ABSENT` cannot be imported."""
    command = [sys.executable, "-c", PREAMBLE + code, *map(str, arguments)]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stderr or done.stdout
    return done.stdout


def test_they_are_absent() -> None:
    code = "try:\n    import pyarrow\nexcept ModuleNotFoundError as error:\n    print(error.name)\n"
    assert run_without(code).strip() == "pyarrow"


def test_a_tagger_needs_none_of_them(checkpoint: Path) -> None:
    code = """
import json
from openbioner_batch.catalog import resolve_types
from openbioner_batch.model import EntityType, Tagger
from openbioner_batch.model.config import WindowSettings

text = "Patients with asthma were given aspirin."
bundled = Tagger.from_pretrained("bundled", "cpu", "float32")
found = bundled.tag([text], resolve_types("disease,drug"))[0]
tiny = Tagger.from_pretrained(sys.argv[1], "cpu", "float32")
kinds = [EntityType("drug", "a drug")]
print(json.dumps([[s.text for s in found], tiny.annotate([text * 9], kinds)[0].windows]))
"""
    spans, windows = json.loads(run_without(code, checkpoint))
    assert {"asthma", "aspirin"} <= set(spans)
    assert windows > 1


def test_a_prepared_run_needs_none_of_them(checkpoint: Path, tmp_path: Path) -> None:
    sys.path.insert(0, str(Path(__file__).parent / "training"))
    from runs_of_training import config_file

    config = config_file(tmp_path, "run", checkpoint, schedule={"steps": 4}, parallel={"threads": 1}, log_every=2)
    stored = tmp_path / "prepared.npz"
    pretrain(["--config", str(config), "--prepare", str(stored)], standalone_mode=False)
    code = f"""
from openbioner_batch.cli.main import main
options = ["--config", {str(config)!r}, "--executor", "in-process", "--prepared", {str(stored)!r}]
main(["pretrain", *options], standalone_mode=False)
"""
    run_without(code)
    model = tmp_path / "run" / "model"
    assert {path.name for path in model.iterdir()} >= {"model.safetensors", "config.json", "README.md"}
    assert json.loads((tmp_path / "run" / "result.json").read_text())["steps"] == 4
    assert yaml.safe_load(config.read_text())["schedule"] == {"steps": 4}


def test_what_is_missing_is_said_with_the_way_out(checkpoint: Path, tmp_path: Path) -> None:
    sys.path.insert(0, str(Path(__file__).parent / "training"))
    from runs_of_training import config_file

    config = config_file(tmp_path, "run", checkpoint, parallel={"threads": 1})
    code = f"""
from openbioner_batch.cli.pretrain import command
from openbioner_batch.errors import UsageError
for options in (["--executor", "in-process"], []):
    try:
        command(["--config", {str(config)!r}, *options], standalone_mode=False)
    except UsageError as error:
        print(error)
"""
    in_process, on_ray = run_without(code).splitlines()
    assert in_process.endswith("pretrain --prepare elsewhere, and give it with --prepared")
    assert on_ray.endswith("with --executor in-process")


def test_the_tests_for_gpus_need_pytest_and_hypothesis_alone() -> None:
    code = """
sys.modules.update(dict.fromkeys(("xdist", "pytest_timeout", "moto", "duckdb")))
import pytest
sys.exit(pytest.main(["-m", "gpu", "tests/model", "--collect-only", "-q", "-p", "no:cacheprovider"]))
"""
    collected = run_without(code)
    for case in (
        "base-float16",
        "tiny-2-of-4-bfloat16",
        "batch-tiny-split-float32",
        "long-float16",
        "memory-tiny-late",
    ):
        assert f"tests/model/test_gpu.py::test_a_gpu_finds_what_a_cpu_finds[gpu-{case}]" in collected


def test_the_check_of_gpus_needs_none_of_them(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    code = """
import runpy
sys.path.insert(0, "benchmarks")
sys.argv = ["gpu_check.py", "--quick", "--devices", "cpu", "--variants", "tiny-late", *sys.argv[1:]]
runpy.run_path("benchmarks/gpu_check.py", run_name="__main__")
"""
    run_without(code, "--json", path)
    report = json.loads(path.read_text())
    assert (report["card"], report["failed"]) == ("cpu", [])
    assert report["ran_on"]["versions"]["torch"] == torch.__version__
    assert sum(case.get("ok", False) for case in report["parity"]) >= 8
    (case,) = report["speed"]
    assert case["case"] == "tiny-late 2 types"
    assert case["text_tokens_per_second"] <= case["scoring_alone"]
    assert 0 < case["preparing_share"] < 1
    assert case["batches"] >= 1
    (together,) = report["processes"]
    assert together["case"] == "tiny-late 2 processes"
    assert 0 < together["least"] <= together["most"] < together["text_tokens_per_second"]
    (step,) = report["training"]
    assert step["ok"]
    assert step["losses"][-1] <= step["losses"][0]
