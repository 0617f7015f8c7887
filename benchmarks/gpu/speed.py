"""How fast tagging is on a device, what of its time is computing, and what it launches and copies."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product
from typing import Any

import torch
from common.matrix import matrix_rate, work_of
from common.models import first_types

from gpu.checks import Case, Finding
from gpu.models import automatic_dtype, config_of, random_model, release, tagger_of, texts
from openbioner_batch.model import Prepared, Tagger
from openbioner_batch.training.flops import peak_flops

_SAMPLE = 48
"""Abstracts of the first measurement, which says how many the others take."""
_MOST = 20_000


def cases(device: str, variants: Sequence[str], types: Sequence[int], seconds: float) -> Iterator[Case]:
    """Every variant with every number of types, each for so many seconds; then some of them compiled."""
    for variant, count in product(variants, types):
        yield Case(f"{variant} {count} types", partial(throughput, variant, count, device, seconds))
    for variant in ("tiny", "small"):
        if variant in variants and device != "cpu":
            yield Case(f"{variant} 5 types, compiled", partial(throughput, variant, 5, device, seconds, True))


def throughput(variant: str, types: int, device: str, seconds: float, compiled: bool = False) -> Finding:
    """Text tokens per second of whole tagging, and of its parts; with `compiled` as by `--compile`."""
    kinds = first_types(types)
    config = config_of(variant)
    tagger = tagger_of(random_model(config), device, automatic_dtype(device), compiled=compiled)
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
