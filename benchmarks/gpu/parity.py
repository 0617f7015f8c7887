"""Whether a GPU finds what the CPU finds in float32: all variants and number formats, any batch and length, no room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, partial
from itertools import product

import numpy as np
from common.models import first_types

from gpu.checks import Case, Finding
from gpu.devices import limited_memory, on
from gpu.models import config_of, random_model, release, tagger_of, texts
from openbioner_batch.catalog import load_catalog
from openbioner_batch.model import Tagger
from openbioner_batch.records import EntityType

DTYPES = ("float32", "bfloat16", "float16")
TOLERANCE = {"float32": 1e-3, "float16": 0.03, "bfloat16": 0.15}
"""Root mean square of the differences between logits, as a share of their standard deviation over texts and types."""
LEAST_SHARED = {"float32": 0.995, "float16": 0.95, "bfloat16": 0.9}
"""Spans of a trained model that both find, as a share of those that one of them finds."""
BUNDLED = ("bundled", "bundled-open", "bundled-phi")
MINIATURES = ("tiny", "tiny-split", "tiny-late")
"""A type is a pass, or the last layer's, or a dot product. Their heads have 26 numbers, which no kernel takes as they
are."""
SEPARATED = {"tiny-2-of-4": 2}
"""Layers of tiny that are separate, beside none, all but one and all of them (`MINIATURES`)."""
_SPARE_BYTES, _REHEARSED_ROWS = 192 << 20, 512
"""Room for a batch where memory is limited: of a GPU, of the rehearsal."""
_Place = tuple[int, int, int, str]
"""Of a span: its text's number, start, end, type."""


def cases(device: str, dtypes: Sequence[str], variants: Sequence[str], quick: bool) -> Iterator[Case]:
    """All checks of parity on a device, which may be the rehearsal."""
    count = 1 if quick else 12
    for variant, dtype in product(variants, dtypes):
        yield Case(f"{variant} {dtype}", partial(variant_parity, variant, None, device, dtype, count))
    for (name, separate), dtype in product(SEPARATED.items(), dtypes):
        yield Case(f"{name} {dtype}", partial(variant_parity, "tiny", separate, device, dtype, count))
    for name, dtype in product(BUNDLED[:1] if quick else BUNDLED, dtypes[:2] if quick else dtypes):
        yield Case(f"{name} {dtype}", partial(span_parity, name, device, dtype, 2 if quick else 60))
    for variant, dtype in product(variants[-1:] if quick else MINIATURES, dtypes):
        yield Case(f"batch {variant} {dtype}", partial(batch_invariance, variant, device, dtype, 3 if quick else 40))
    for dtype in dtypes[1:2] if quick else dtypes:
        yield Case(f"long {dtype}", partial(long_documents, device, dtype, 60 if quick else 1500))
    for variant in MINIATURES:
        yield Case(f"memory {variant}", partial(want_of_memory, variant, device, 8 if quick else 300))


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
    with on(device) as where:
        found = logits_of(tagger_of(random_model(config_of(variant, separate)), where, dtype), texts(count))
    release()
    rms = difference(found, expected)
    return {"ok": rms <= TOLERANCE[dtype], "rms": rms, "largest": float(np.abs(found - expected).max())}


def _spans(name: str, device: str, dtype: str, of: Sequence[str]) -> tuple[frozenset[_Place], list[int]]:
    """What a trained model finds, and how many windows each text took."""
    groups: list[list[EntityType]] = (
        [list(kinds())] if name != "bundled-phi" else [[load_catalog().lookup("person_name").describe("definition")]]
    )
    with on(device) as where:
        tagged = Tagger.from_pretrained(name, where, dtype).annotate(of, groups)
    release()
    places = frozenset((n, s.start, s.end, s.type) for n, one in enumerate(tagged) for s in one.spans)
    return places, [one.windows for one in tagged]


@cache
def _expected_spans(name: str, of: tuple[str, ...]) -> frozenset[_Place]:
    return _spans(name, "cpu", "float32", of)[0]


def span_parity(name: str, device: str, dtype: str, count: int) -> Finding:
    """A trained model: spans against those of float32 on the CPU."""
    return _compare_spans(name, device, dtype, texts(count, seed=3))


def long_documents(device: str, dtype: str, sentences: int) -> Finding:
    """One document of many windows among short ones."""
    return _compare_spans("bundled", device, dtype, [*texts(1, (sentences, sentences)), *texts(3)])


def _compare_spans(name: str, device: str, dtype: str, of: Sequence[str]) -> Finding:
    expected = _expected_spans(name, tuple(of))
    found, windows = _spans(name, device, dtype, of)
    shared = len(expected & found) / max(1, len(expected | found))
    ok = bool(expected) and shared >= LEAST_SHARED[dtype]
    return {"ok": ok, "spans": len(expected), "shared": shared, "most_windows": max(windows)}


def batch_invariance(variant: str, device: str, dtype: str, count: int) -> Finding:
    """A text alone, and the same among others of unlike lengths."""
    with on(device) as where:
        tagger = tagger_of(random_model(config_of(variant)), where, dtype)
        among, first = logits_of(tagger, texts(count)), logits_of(tagger, texts(1))
    rms = difference(among[: len(first)], first)
    same = bool((among[: len(first)] == first).all())
    return {"ok": rms <= TOLERANCE[dtype] / 2, "rms": rms, "same_bits": same}


def want_of_memory(variant: str, device: str, count: int) -> Finding:
    """A batch that does not fit is halved until it does, and finds the same."""
    of = texts(count, seed=9)
    with on(device) as where:
        tagger = tagger_of(random_model(config_of(variant)), where, "float32", 8192)
        expected = logits_of(tagger, of)
        release()
        tagger.token_budget = 1 << 30
        with limited_memory(device, _SPARE_BYTES, _REHEARSED_ROWS) as limit:
            found = logits_of(tagger, of)
        release()
    rms = difference(found, expected)
    return {"ok": limit.refusals > 0 and rms <= TOLERANCE["float32"], "refusals": limit.refusals, "rms": rms}
