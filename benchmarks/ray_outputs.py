"""What the driver's process holds of every task of plain Ray, and of every output of one long task.

    python benchmarks/ray_outputs.py 6000

This project is not in it: a process starts Ray, takes outputs of 2 kB and drops each at once, as a run does with the
shards that Ray Data hands to it. The memory is what glibc's allocator has handed out and not got back, over all
threads (`malloc_info`), which is where Ray's compiled part keeps its records. Linux with glibc only.
"""

from __future__ import annotations

import ctypes
import gc
import itertools
import os
import re
from collections.abc import Iterator
from time import perf_counter, sleep
from typing import Any

import click
from common.machine import machine
from common.results import json_option, show_table, write_json

from openbioner_batch.engine.cluster import ENVIRONMENT

WARM_UP = 500
"""Outputs before the first look: Ray's buffers fill, and its threads get their part of the allocator."""
STEPS = 5
SETTLE_SECONDS = 5
"""After the last output, for Ray to let go of what it no longer needs."""
OUTPUT = b"x" * 2000


def held() -> int:
    """Bytes that the C allocator has given out to this process."""
    gc.collect()
    libc = ctypes.CDLL("libc.so.6")
    libc.open_memstream.restype = ctypes.c_void_p
    text, size = ctypes.c_char_p(), ctypes.c_size_t()
    stream = ctypes.c_void_p(libc.open_memstream(ctypes.byref(text), ctypes.byref(size)))
    libc.malloc_info(0, stream)
    libc.fclose(stream)
    report = (text.value or b"").decode()
    libc.free(text)
    over_all = report[report.rindex("</heap>") :]
    free = sum(map(int, re.findall(r'<total type="(?:fast|rest)" count="\d+" size="(\d+)"', over_all)))
    mapped = re.search(r'<total type="mmap" count="\d+" size="(\d+)"', over_all)
    system = re.search(r'<system type="current" size="(\d+)"', over_all)
    assert system
    return int(system[1]) - free + (int(mapped[1]) if mapped else 0)


def outputs_of_one_task(count: int) -> Iterator[None]:
    """One task that makes all outputs, as the one that reads a split makes its shards."""
    import ray

    @ray.remote(num_cpus=0.1, max_retries=20)
    def make(count: int) -> Iterator[bytes]:
        for _ in range(count):
            yield OUTPUT

    references: Any = make.options(num_returns="streaming").remote(count)
    for reference in references:
        del reference
        yield


def outputs_of_tasks(count: int) -> Iterator[None]:
    """A task for each output, as a commit is one for each shard."""
    import ray

    @ray.remote(num_cpus=0.1, max_retries=20)
    def make() -> Iterator[bytes]:
        yield OUTPUT

    yield from _one_by_one(make, count)


def outputs_of_an_actor(count: int) -> Iterator[None]:
    """A call of one actor for each output, as tagging is one for each shard."""
    import ray

    class Maker:
        def make(self) -> Iterator[bytes]:
            yield OUTPUT

    actor: Any = ray.remote(num_cpus=0.1, max_restarts=-1, max_task_retries=-1)(Maker)
    yield from _one_by_one(actor.remote().make, count)


def _one_by_one(make: Any, count: int) -> Iterator[None]:
    for _ in range(count):
        for reference in make.options(num_returns="streaming").remote():
            del reference
        yield


CASES = {"one task": outputs_of_one_task, "tasks": outputs_of_tasks, "calls of an actor": outputs_of_an_actor}


def measure(name: str, count: int) -> dict[str, Any]:
    """What is held more for each output after the warm-up, step by step, and in all once the last one is dropped."""
    step = max(1, count // STEPS)
    looks: list[int] = []
    began = perf_counter()
    for number, _ in enumerate(CASES[name](WARM_UP + step * STEPS), 1):
        if number >= WARM_UP and (number - WARM_UP) % step == 0:
            looks.append(held())
    seconds = perf_counter() - began
    sleep(SETTLE_SECONDS)
    return {
        "outputs": step * STEPS,
        "bytes_each_by_step": [(after - before) / step for before, after in itertools.pairwise(looks)],
        "bytes_each": (looks[-1] - looks[0]) / (step * STEPS),
        "bytes_each_afterwards": (held() - looks[0]) / (step * STEPS),
        "seconds": seconds,
    }


@click.command()
@click.argument("outputs", type=click.IntRange(min=1), default=6000)
@click.option("--quick", is_flag=True, help="Fifty outputs: does it work at all.")
@json_option
def main(outputs: int, quick: bool, json_path: Any) -> None:
    """Take OUTPUTS outputs (after a warm-up) in each way."""
    os.environ.update(ENVIRONMENT)
    import ray

    ray.init(address="local", include_dashboard=False, log_to_driver=False, object_store_memory=200 << 20)
    try:
        cases = {name: measure(name, 50 if quick else outputs) for name in CASES}
    finally:
        ray.shutdown()
    write_json(json_path, {"cases": cases, "ran_on": machine()})
    rows = [
        (name, f"{case['outputs']:,}", f"{case['bytes_each']:,.0f}", f"{case['bytes_each_afterwards']:,.0f}")
        for name, case in cases.items()
    ]
    show_table(("outputs of", "n", "bytes held of each", "after the last"), rows)


if __name__ == "__main__":
    main()
