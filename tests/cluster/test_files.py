"""The files that clusters are started with, checked by the schema or the client of the tool that reads each."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from cluster.kuberay import RAY_CLUSTER, RAY_JOB
from processes import ROOT

from openbioner_batch.cli.main import main
from openbioner_batch.engine import metrics

CLUSTER = ROOT / "cluster"
FILES = sorted(path for path in CLUSTER.iterdir() if path.is_file())
SECRETS = {"RAY_AUTH_TOKEN": "a", "OPENBIONER_DEID_KEY": "b"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
RAY_VERSION = re.findall(r"^ray==(\S+)$", (ROOT / ".ci" / "constraints.txt").read_text(), re.MULTILINE)[0]


def load(name: str) -> Any:
    return yaml.safe_load((CLUSTER / name).read_text())


def scripts(text: str) -> list[list[str]]:
    """The commands in a text that run a script of jobs/, each cut at the script's name."""
    joined = re.sub(r"\\\n\s*|\n(?=\s+--)", " ", text)
    return [shlex.split(found) for found in re.findall(r"jobs/\w+\.py[^\n`'\"]*", joined)]


@pytest.mark.parametrize("name", ["aws.yaml", "gcp.yaml"])
def test_rays_launcher_takes_its_files(name: str) -> None:
    from ray.autoscaler._private.util import prepare_config, validate_config

    config = prepare_config(load(name))
    validate_config(config)
    worker = config["available_node_types"]["gpu_worker"]
    assert worker["resources"]["GPU"] == 1
    assert worker["min_workers"] == 0
    assert worker["max_workers"] == config["max_workers"] > 1
    assert set(config["auth"]) == {"ssh_user"}, "a key of one's own has no place in the file"


@pytest.mark.parametrize(("name", "schema"), [("kuberay-cluster.yaml", RAY_CLUSTER), ("kuberay-job.yaml", RAY_JOB)])
def test_kuberay_knows_every_field(name: str, schema: dict[str, Any]) -> None:
    found = load(name)
    jsonschema.validate(found, schema)
    spec = found["spec"].get("rayClusterSpec", found["spec"])
    assert spec["rayVersion"] == RAY_VERSION
    assert spec["authOptions"] == {"mode": "token"}
    assert spec["headGroupSpec"]["serviceType"] == "ClusterIP"
    spec["headGroupSpec"]["serviceTyp"] = "ClusterIP"
    with pytest.raises(jsonschema.ValidationError, match="serviceTyp"):
        jsonschema.validate(found, schema)


def started_with(text: str) -> Iterator[str]:
    for command in re.findall(r"ray start ([^\n&]*)", text):
        yield from re.findall(r"--[a-z-]+", command)


def test_ray_start_knows_every_option() -> None:
    from ray.scripts.scripts import start

    known = {option for parameter in start.params for option in parameter.opts}
    used = {option for file in FILES for option in started_with(file.read_text().replace("\\\n", " "))}
    for name in ("kuberay-cluster.yaml", "kuberay-job.yaml"):
        spec = load(name)["spec"]
        spec = spec.get("rayClusterSpec", spec)
        groups = [spec["headGroupSpec"], *spec["workerGroupSpecs"]]
        used |= {f"--{option}" for group in groups for option in group["rayStartParams"]}
    assert used - known == set()
    assert {"--head", "--block", "--num-cpus", "--metrics-export-port"} <= used


def test_every_job_that_is_named_exists_and_takes_its_flags() -> None:
    import click

    found = [command for file in FILES for command in scripts(file.read_text())]
    assert len(found) > 3
    for script, *arguments in found:
        assert (ROOT / script).is_file(), script
        command = main.get_command(click.Context(main), Path(script).stem)
        assert command is not None
        options = {option for parameter in command.params for option in parameter.opts}
        flags = {argument for argument in arguments if argument.startswith("--")}
        assert flags <= options or isinstance(command, click.Group), (script, flags - options)


def test_dashboards_are_reached_from_this_machine_only() -> None:
    for name in ("aws.yaml", "gcp.yaml"):
        assert "--dashboard-host=127.0.0.1" in load(name)["head_start_ray_commands"][1]
    assert "--include-dashboard=false" in (CLUSTER / "slurm.sh").read_text()
    ports = [port for service in load("compose.yaml")["services"].values() for port in service.get("ports", [])]
    assert len(ports) == 3
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_no_file_holds_a_secret() -> None:
    services = load("compose.yaml")["services"]
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            if re.search("TOKEN|SECRET|PASSWORD|_KEY$", name):
                assert value.startswith("${"), f"{name} stands in compose.yaml"
    shapes = r"AKIA[0-9A-Z]{12}|PRIVATE KEY|ghp_\w{20}|[0-9a-f]{32}|aws_secret_access_key\s*[:=]\s*[A-Za-z0-9/+]{20}"
    for file in FILES:
        assert not re.search(shapes, file.read_text()), file.name


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"\\\n", " ", (CLUSTER / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def test_the_image_is_built_from_what_there_is_and_what_is_pinned() -> None:
    found = instructions()
    arguments = dict(value.split("=") for name, value in found if name == "ARG")
    minimum = PROJECT["requires-python"].removeprefix(">=")
    assert tuple(map(int, arguments["PYTHON"].split("."))) >= tuple(map(int, minimum.split(".")))
    assert set(arguments["EXTRAS"].split(",")) <= set(PROJECT["optional-dependencies"])
    stages = [value.split(" AS ")[1] for name, value in found if name == "FROM" and " AS " in value]
    assert stages == ["cpu", "cuda"]
    installs = [value for name, value in found if name == "RUN" and "pip install" in value]
    assert len(installs) == 1
    assert "-c .ci/constraints.txt" in installs[0]
    assert [value for name, value in found if name == "USER"] == ["ray"]
    assert ("ENV", "RAY_AUTH_MODE=token RAY_USAGE_STATS_ENABLED=0 PYTHONUNBUFFERED=1") in found
    assert ("ENV", "RAY_idle_worker_killing_time_threshold_ms=3600000") in found


def test_the_images_context_holds_what_it_copies_and_no_more() -> None:
    lines = (CLUSTER / "Dockerfile.dockerignore").read_text().splitlines()
    kept = [line[1:] for line in lines if line.startswith("!")]
    assert "*" in lines
    copied = [source for name, value in instructions() if name == "COPY" for source in value.split()[:-1]]
    assert sorted(copied) == sorted(kept)
    assert all((ROOT / source).exists() for source in copied)
    ready = set(PROJECT["license-files"]) | {PROJECT["readme"]}
    assert ready <= set(copied), "the build of the package reads these"


def test_compose_takes_its_file() -> None:
    command = compose()
    done = subprocess.run(
        [*command, "-f", str(CLUSTER / "compose.yaml"), "--profile", "watch", "config", "--format", "json"],
        env={**os.environ, **SECRETS},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    services = json.loads(done.stdout)["services"]
    assert set(services) == {"bucket", "grafana", "head", "prometheus", "s3", "worker"}
    without = {name: value for name, value in os.environ.items() if name not in SECRETS}
    done = subprocess.run(
        [*command, "-f", str(CLUSTER / "compose.yaml"), "config"], env=without, capture_output=True, text=True
    )
    assert not done.stdout, "it starts without a token"
    assert "export RAY_AUTH_TOKEN" in done.stderr


def compose() -> list[str]:
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]):
            done = subprocess.run([*command, "version", "--short"], capture_output=True, text=True)
            if done.returncode == 0 and done.stdout.strip().lstrip("v")[:2] not in ("", "1."):
                return command
    pytest.skip("Docker Compose 2 is not installed")


def test_the_script_for_slurm_is_sound() -> None:
    script = str(CLUSTER / "slurm.sh")
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
    usage = subprocess.run(["bash", script], capture_output=True, text=True)
    assert usage.returncode == 2
    assert usage.stderr.startswith("usage: sbatch ")


def test_shellcheck_finds_nothing() -> None:
    if not shutil.which("shellcheck"):
        pytest.skip("shellcheck is not installed")
    subprocess.run(["shellcheck", str(CLUSTER / "slurm.sh")], check=True)


def test_the_dashboard_shows_metrics_that_there_are() -> None:
    dashboard = json.loads((CLUSTER / "grafana.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    requested = {name for expression in expressions for name in re.findall(r"ray_openbioner_\w+", expression)}
    histogram = {f"ray_openbioner_shard_seconds_{part}" for part in ("bucket", "sum", "count")}
    counters = {f"ray_openbioner_{name}_total" for name in metrics.COUNTERS}
    assert requested <= counters | histogram | {"ray_openbioner_input_done_ratio"}
    assert counters <= requested | {"ray_openbioner_windows_total"}
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]


def test_every_file_says_what_to_edit_at_its_top() -> None:
    for file in FILES:
        if not fnmatch(file.name, "*.md") and not file.name.endswith((".json", ".dockerignore")):
            assert "What to edit" in "\n".join(file.read_text().splitlines()[:12]), file.name
