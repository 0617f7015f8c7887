"""How fast tagging is on a device, what of its time is computing, and what it launches and copies."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product
from typing import Any

import torch
from common.matrix import matrix_rate, work_of
from common.models import first_types

from gpu.checks import Case, Finding
from gpu.models import config_of, random_model, release, tagger_of, texts
from openbioner_batch.model import Prepared, Tagger
from openbioner_batch.model.fusing import SWITCH
from openbioner_batch.training.flops import peak_flops

_SAMPLE = 48
"""Abstracts of the first measurement, which says how many the others take."""
_MOST = 20_000


def cases(device: str, variants: Sequence[str], types: Sequence[int], seconds: float) -> Iterator[Case]:
    """Every variant with every number of types, each for so many seconds; then some processes at once."""
    for variant, count in product(variants, types):
        yield Case(f"{variant} {count} types", partial(throughput, variant, count, device, seconds))
    for variant in ("tiny", "small"):
        if variant in variants and device != "cpu":
            yield Case(f"{variant} 5 types, compiled", partial(compiled, variant, 5, device, seconds))


def process_cases(device: str, variants: Sequence[str], processes: Sequence[int], seconds: float) -> Iterator[Case]:
    """Several processes on one device, five types."""
    for variant, count in product(variants, processes):
        yield Case(f"{variant} {count} processes", partial(at_once, variant, count, device, seconds))


def throughput(variant: str, types: int, device: str, seconds: float) -> Finding:
    """Text tokens per second of whole tagging, and of its parts."""
    kinds = first_types(types)
    config = config_of(variant)
    tagger = tagger_of(random_model(config), device, _dtype(device))
    preparer = tagger.preparer(kinds)
    of = texts(_SAMPLE)
    for _ in range(2):  # the first call meets new shapes
        tagger.score(preparer.prepare(of))
    began = time.perf_counter()
    tagger.score(preparer.prepare(of))
    of = texts(min(_MOST, max(2, round(_SAMPLE * seconds / (time.perf_counter() - began)))), seed=1)
    began = time.perf_counter()
    prepared = preparer.prepare(of)
    preparing = time.perf_counter() - began
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    began = time.perf_counter()
    tagger.score(prepared)
    scoring = time.perf_counter() - began
    tokens = int(prepared.document_tokens.sum())
    work = work_of(prepared, config)
    rate = matrix_rate(config, tagger.dtype, device)
    peak = peak_flops(torch.device(device), "bfloat16" if tagger.dtype == "bfloat16" else "float32")
    found: Finding = {
        "text_tokens_per_second": tokens / (preparing + scoring),
        "scoring_alone": tokens / scoring,
        "documents": len(of),
        "preparing_share": preparing / (preparing + scoring),
        "mfu": work.model_operations / scoring / peak if peak else None,
        "of_matrix_rate": work.least_operations / scoring / rate,
        "dtype": tagger.dtype,
        "peak_memory_mib": torch.cuda.max_memory_allocated() >> 20 if torch.cuda.is_available() else None,
    }
    found.update(profile(tagger, preparer.prepare(of[: max(2, min(len(of), 2000))])))
    release()
    return found


def compiled(variant: str, types: int, device: str, seconds: float) -> Finding:
    """As `throughput`, with sums and norms fused by torch's compiler."""
    os.environ[SWITCH] = "1"
    try:
        return throughput(variant, types, device, seconds)
    finally:
        del os.environ[SWITCH]


def profile(tagger: Tagger, prepared: Prepared) -> dict[str, Any]:
    """Launches a batch, and which share of the time the device computes and copies."""
    from torch.profiler import ProfilerActivity
    from torch.profiler import profile as profiled

    on_gpu = tagger.device.startswith("cuda")
    kind, calls = type(tagger.encoder), 0
    own = kind.__call__

    def counted(*given: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        return own(*given, **named)

    kind.__call__ = counted  # type: ignore[method-assign]
    activities = [ProfilerActivity.CUDA] if on_gpu else [ProfilerActivity.CPU]
    try:
        began = time.perf_counter()
        with profiled(activities=activities) as run:
            tagger.score(prepared)
        took = time.perf_counter() - began
    finally:
        kind.__call__ = own  # type: ignore[method-assign]
    batches = max(1, calls)
    events = run.events() or []
    if not on_gpu:
        return {"batches": batches, "operators_a_batch": len(events) / batches}
    on_device = [event for event in events if event.device_type.name == "CUDA"]
    copies = [event for event in on_device if "emcpy" in event.name or "emset" in event.name]
    busy = sum(event.time_range.elapsed_us() for event in on_device) / 1e6
    return {
        "batches": batches,
        "launches_a_batch": (len(on_device) - len(copies)) / batches,
        "copies_a_batch": len(copies) / batches,
        "copying_share": sum(event.time_range.elapsed_us() for event in copies) / 1e6 / took,
        "device_busy_share": busy / took,
    }


def _dtype(device: str) -> str:
    from openbioner_batch.model import resolve_dtype

    return resolve_dtype("auto", device)


def at_once(variant: str, processes: int, device: str, seconds: float) -> Finding:
    """Text tokens per second of some processes that tag on one device at the same time."""
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(processes), context.Queue()
    group = [
        context.Process(target=_tag_for, args=(variant, device, seconds, barrier, results), daemon=True)
        for _ in range(processes)
    ]
    for process in group:
        process.start()
    try:
        rates = [results.get(timeout=60 + 3 * seconds) for _ in group]
    finally:
        for process in group:
            process.join(10)
            if process.is_alive():
                process.kill()
    return {"text_tokens_per_second": sum(rates), "least": min(rates), "most": max(rates)}


def _tag_for(variant: str, device: str, seconds: float, barrier: Any, results: Any) -> None:
    tagger = tagger_of(random_model(config_of(variant)), device, _dtype(device))
    preparer, of = tagger.preparer(first_types(5)), texts(2 if device == "cpu" else 400)
    tokens = sum(tagged.tokens for tagged in tagger.score(preparer.prepare(of)))
    barrier.wait(60)
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        tagger.score(preparer.prepare(of))
        done += tokens
    results.put(done / (time.perf_counter() - began))
