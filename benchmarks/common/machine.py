"""What a measurement ran on."""

from __future__ import annotations

import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from openbioner_batch import __version__
from openbioner_batch.engine.cluster import usable_cores

VERSIONS = ("torch", "ray", "pyarrow", "tokenizers", "numpy")


def machine() -> dict[str, Any]:
    """Processor, cores, system and versions."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "cpu": names[0] if names else platform.processor(),
        "cores": usable_cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {"openbioner_batch": __version__, **_versions()},
    }


def _versions() -> dict[str, str]:
    """Of those packages that are installed: a bare machine with a GPU lacks some."""
    found = {}
    for name in VERSIONS:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def device_name(device: str) -> str:
    """A torch device as its maker calls it."""
    import torch

    return torch.cuda.get_device_name(device) if device.startswith("cuda") else device


def peak_memory_mib(process: int | str = "self") -> int:
    """The most memory that a process has had resident, in MiB. Linux only: it is read from /proc."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) // 1024
