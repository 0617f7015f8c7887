"""Whether the GPU path is right, and how fast: for the few minutes that a bare machine with a GPU is available.

    python benchmarks/gpu_check.py --json gpu.json
    python benchmarks/gpu_check.py --quick --json cpu.json   # the smallest form, on a CPU where there is no GPU

On a CPU, parity is a rehearsal: batches go the ways of a GPU, with its attention kernel emulated (`gpu/devices.py`).

Needs torch, tokenizers, safetensors, numpy, fsspec, click and PyYAML alone; weights are random or the package's,
texts made up. First parity with float32 on the CPU, then speed, then steps of training. Each part has its time: what
it does not reach is listed as not run, so that the whole takes less than 8 minutes. Every finding is written as soon
as it is there. The exit code is 1 if a check failed or ended with an error.
"""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path

import click
from common.machine import device_name, machine
from common.results import comma_list, json_option
from gpu import parity, processes, speed, training
from gpu.checks import CheckReport
from gpu.devices import REHEARSAL

from openbioner_batch.errors import UsageError
from openbioner_batch.model import VARIANTS
from openbioner_batch.model.device import resolve_device

PARTS = ("parity", "speed", "processes", "training")
SECONDS = {"parity": 170.0, "speed": 160.0, "processes": 60.0, "training": 70.0}
"""Of each part; a case that has begun is finished."""


@click.command()
@click.option("--variants", default=",".join(VARIANTS), show_default=True)
@click.option("--parts", default=",".join(PARTS), show_default=True)
@click.option("--devices", type=click.Choice(["auto", "cpu", "gpu"]), default="auto", show_default=True)
@click.option("--quick", is_flag=True, help="The fewest of everything: does it work at all.")
@json_option
def main(variants: str, parts: str, devices: str, quick: bool, json_path: Path | None) -> None:
    """Check and measure this machine's GPU."""
    try:
        device = resolve_device(devices)
    except UsageError as error:
        raise click.ClickException(str(error)) from None
    on_gpu = device != "cpu"
    names = comma_list(variants)
    if unknown := [name for name in names if name not in VARIANTS] or [p for p in comma_list(parts) if p not in PARTS]:
        raise click.UsageError(f"{unknown[0]!r}: expected some of {', '.join((*VARIANTS, *PARTS))}")
    began = time.monotonic()
    report = CheckReport({"card": device_name(device), "quick": quick, "ran_on": machine()}, json_path)
    if quick:
        names = [name for name in names if name.startswith("tiny")]
    for part in comma_list(parts):
        if part == "parity":
            cases = parity.cases(device if on_gpu else REHEARSAL, parity.DTYPES, names, quick)
        elif part == "speed":
            cases = speed.cases(device, names, (2,) if quick else (1, 5, 20), 0.1 if quick else 1.5)
        elif part == "processes":
            some = [name for name in ("tiny", "base", "tiny-late") if name in names][: 1 if quick else 3]
            cases = processes.cases(device, some, (2,) if quick else (1, 4), 0.1 if quick else 4.0)
        else:
            cases = training.cases(device, names, ("bfloat16", "float16") if on_gpu else ("bfloat16",), quick)
        report.run(part, cases, math.inf if quick else SECONDS[part])
    report.about["seconds"] = round(time.monotonic() - began, 1)
    report.write()
    for failed in report.failed:
        click.echo(f"FAILED {failed}", err=True)
    sys.exit(1 if report.failed else 0)


if __name__ == "__main__":
    main()
