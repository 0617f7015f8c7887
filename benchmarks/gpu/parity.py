"""Whether a GPU finds what the CPU finds in float32: all variants and number formats, any batch and length, no room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, partial
from itertools import product

import numpy as np
import torch
from common.models import first_types

from gpu.checks import Case, Finding
from gpu.models import config_of, random_model, release, tagger_of, texts
from openbioner_batch.catalog import load_catalog
from openbioner_batch.model import Tagger
from openbioner_batch.records import EntityType

TOLERANCE = {"float32": 1e-3, "float16": 0.03, "bfloat16": 0.15}
"""Root mean square of the differences between logits, as a share of their standard deviation over texts and types."""
LEAST_SHARED = {"float32": 0.995, "float16": 0.95, "bfloat16": 0.9}
"""Spans of a trained model that both find, as a share of those that one of them finds."""
BUNDLED = ("bundled", "bundled-open", "bundled-phi")


def cases(device: str, dtypes: Sequence[str], variants: Sequence[str], quick: bool) -> Iterator[Case]:
    """All checks of parity."""
    count = 2 if quick else 12
    for variant, dtype in product(variants, dtypes):
        yield Case(f"{variant} {dtype}", partial(variant_parity, variant, None, device, dtype, count))
    for dtype in dtypes:
        yield Case(f"tiny-2-of-4 {dtype}", partial(variant_parity, "tiny", 2, device, dtype, count))
    for name, dtype in product(BUNDLED[:1] if quick else BUNDLED, dtypes):
        yield Case(f"{name} {dtype}", partial(span_parity, name, device, dtype, 4 if quick else 60))
    for variant, dtype in product(variants[:1] if quick else ("tiny", "tiny-split", "tiny-late"), dtypes):
        yield Case(f"batch {variant} {dtype}", partial(batch_invariance, variant, device, dtype, 4 if quick else 40))
    for dtype in dtypes:
        yield Case(f"long {dtype}", partial(long_documents, device, dtype, 60 if quick else 1500))
    for variant in ("tiny", "tiny-split", "tiny-late"):
        yield Case(f"memory {variant}", partial(want_of_memory, variant, device, 300))


@cache
def kinds() -> tuple[EntityType, ...]:
    """Five types of the catalog."""
    return tuple(first_types(5))


def logits_of(tagger: Tagger, of: Sequence[str]) -> np.ndarray:
    """[words, columns] raw logits of all words, of each group (types that do not compete are one each) side by side."""
    return np.concatenate(list(tagger.word_logits(tagger.preparer([list(kinds())]).prepare(of))), axis=1)


@cache
def _reference(variant: str, separate: int | None, count: int) -> np.ndarray:
    model = random_model(config_of(variant, separate))
    return logits_of(tagger_of(model, "cpu", "float32"), texts(count))


def difference(found: np.ndarray, expected: np.ndarray) -> float:
    """Root mean square of the differences as a share of the standard deviation within columns."""
    if not np.isfinite(found).all():
        return float("inf")
    return float(np.sqrt(((found - expected) ** 2).mean()) / expected.std(0).mean())


def variant_parity(variant: str, separate: int | None, device: str, dtype: str, count: int) -> Finding:
    """Random weights of a shape: logits against float32 on the CPU."""
    expected = _reference(variant, separate, count)
    found = logits_of(tagger_of(random_model(config_of(variant, separate)), device, dtype), texts(count))
    release()
    rms = difference(found, expected)
    return {"ok": rms <= TOLERANCE[dtype], "rms": rms, "largest": float(np.abs(found - expected).max())}


@cache
def _spans(name: str, device: str, dtype: str, count: int) -> frozenset[tuple[int, int, int, str]]:
    tagger = Tagger.from_pretrained(name, device, dtype)
    groups: list[list[EntityType]] = (
        [list(kinds())] if name != "bundled-phi" else [[load_catalog().lookup("person_name").describe("definition")]]
    )
    found = tagger.tag(texts(count, seed=3), groups)
    release()
    return frozenset((n, s.start, s.end, s.type) for n, spans in enumerate(found) for s in spans)


def span_parity(name: str, device: str, dtype: str, count: int) -> Finding:
    """A trained model: spans against those of float32 on the CPU."""
    expected, found = _spans(name, "cpu", "float32", count), _spans(name, device, dtype, count)
    shared = len(expected & found) / max(1, len(expected | found))
    return {"ok": bool(expected) and shared >= LEAST_SHARED[dtype], "spans": len(expected), "shared": shared}


def batch_invariance(variant: str, device: str, dtype: str, count: int) -> Finding:
    """A text alone, and the same among others of unlike lengths."""
    tagger = tagger_of(random_model(config_of(variant)), device, dtype)
    among, first = logits_of(tagger, texts(count)), logits_of(tagger, texts(1))
    rms = difference(among[: len(first)], first)
    same = bool((among[: len(first)] == first).all())
    return {"ok": rms <= TOLERANCE[dtype] / 2, "rms": rms, "same_bits": same}


def long_documents(device: str, dtype: str, sentences: int) -> Finding:
    """One document of many windows among short ones."""
    of = [*texts(1, (sentences, sentences)), *texts(3)]
    found = []
    for where, how in (("cpu", "float32"), (device, dtype)):
        tagged = Tagger.from_pretrained("bundled", where, how).annotate(of, [list(kinds())])
        found.append({(n, s.start, s.end, s.type) for n, one in enumerate(tagged) for s in one.spans})
    release()
    shared = len(found[0] & found[1]) / max(1, len(found[0] | found[1]))
    return {"ok": shared >= LEAST_SHARED[dtype], "windows": tagged[0].windows, "shared": shared}


def want_of_memory(variant: str, device: str, count: int) -> Finding:
    """A batch that does not fit is halved until it does, and finds the same."""
    if not device.startswith("cuda"):
        return {"not_run": "needs a GPU, whose memory can be limited"}
    tagger = tagger_of(random_model(config_of(variant)), device, "float32", 8192)
    of = texts(count, seed=9)
    expected = logits_of(tagger, of)
    release()
    tagger.token_budget = 1 << 30
    total = torch.cuda.get_device_properties(device).total_memory
    ooms = torch.cuda.memory_stats(device).get("num_ooms", 0)
    try:
        torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved(device) + (192 << 20)) / total)
        found = logits_of(tagger, of)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
        release()
    halvings = int(torch.cuda.memory_stats(device).get("num_ooms", 0) - ooms)
    rms = difference(found, expected)
    return {"ok": halvings > 0 and rms <= TOLERANCE["float32"], "refusals": halvings, "rms": rms}
