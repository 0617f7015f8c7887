"""The kernels of bfloat16 on CPUs say what torch says, on any number of threads, and tagging goes without them too."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from model.test_inference import layouts
from torch import Tensor
from torch.nn import functional as F

from openbioner_batch.model import Tagger, attention, first_layer, native
from openbioner_batch.model.layout import Layout, SequenceGroup
from openbioner_batch.model.native.compiling import openmp
from openbioner_batch.records import EntityType

kernels = pytest.mark.skipif(native.load() is None, reason="no AVX512-BF16 on this CPU, or no C compiler")
SIZES = (2, 8, 26, 32, 34, 64)


def heads_of(tokens: int, heads: int, size: int, seed: int, spread: float = 1.0) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values as a projection leaves them: side by side."""
    generator = torch.Generator().manual_seed(seed)
    projected = torch.randn(tokens, 3, heads, size, generator=generator)
    projected[:, 0] *= spread * attention.LOG2_E / size**0.5
    query, key, value = projected.bfloat16().unbind(1)
    return query, key, value


def groups_of(shapes: list[tuple[int, int, int]]) -> tuple[SequenceGroup, ...]:
    found, start, read = [], 0, 0
    for sequences, length, reads in shapes:
        found.append(SequenceGroup(0, 0, start, sequences, length, length, read, reads))
        start += sequences * length
        read += sequences * reads
    return tuple(found)


def layout_of(groups: tuple[SequenceGroup, ...]) -> Layout:
    none = np.zeros(0, np.int64)
    return Layout(none, none, none, none, none, none, groups)


@st.composite
def shapes(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    lengths = draw(st.lists(st.integers(1, 150), min_size=1, max_size=4))
    return [(draw(st.integers(1, 3)), length, draw(st.integers(1, length))) for length in lengths]


@kernels
@settings(max_examples=60, deadline=None)
@given(shapes(), st.sampled_from(SIZES), st.integers(1, 3), st.booleans(), st.integers(0, 99))
def test_attention_of_any_lengths_and_head_sizes(
    shapes: list[tuple[int, int, int]], size: int, heads: int, reads_only: bool, seed: int
) -> None:
    groups = groups_of(shapes)
    query, key, value = heads_of(sum(s.sequences * s.length for s in groups), heads, size, seed)
    if reads_only:
        query = query[: sum(s.sequences * s.reads for s in groups)]
    found = native.attend(query, key, value, layout_of(groups), reads_only)
    expected = attention.attend_with_torch(query.float(), key.float(), value.float(), groups, reads_only)
    # Weights and the result are rounded to 8 bits each.
    torch.testing.assert_close(found.float(), expected, atol=0.02, rtol=0.01)


@kernels
@pytest.mark.parametrize("size", [6, 26, 48])
def test_what_the_first_layer_shares(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for layout, _ in layouts(budget=150):
        distinct = heads_of(len(layout.ids), 2, size, seed=size)
        found = first_layer.attend_sharing(*distinct, layout)
        monkeypatch.setenv(native.SWITCH, "0")
        expected = first_layer.attend_sharing(*(part.float() for part in distinct), layout)
        monkeypatch.delenv(native.SWITCH)
        real = slice(layout.tokens)
        torch.testing.assert_close(found[real].float(), expected[real], atol=0.02, rtol=0.01)


@kernels
def test_threads_change_nothing() -> None:
    query, key, value = heads_of(600, 12, 26, seed=1)
    layout = layout_of(groups_of([(2, 200, 10), (4, 50, 7)]))
    hidden, added = torch.randn(600, 100), torch.randn(600, 100).bfloat16()
    threads = torch.get_num_threads()
    results = []
    try:
        for count in (1, 2, 5):
            torch.set_num_threads(count)
            normed = hidden.clone()
            rounded = native.add_norm(normed, added, torch.ones(100), torch.zeros(100), 1e-12)
            results.append((native.attend(query, key, value, layout, False), normed, rounded))
    finally:
        torch.set_num_threads(threads)
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other, strict=True))


SECOND_OPENMP = """
import ctypes, sys, torch
ctypes.CDLL(sys.argv[1])
from openbioner_batch.model.native.compiling import openmp
torch.set_num_threads(7)
print(openmp().omp_get_max_threads())
"""


@pytest.mark.skipif(openmp() is None, reason="torch runs on no OpenMP with GNU's calls")
def test_threads_are_torchs_own_where_another_openmp_is_loaded(tmp_path: Path) -> None:
    with open("/proc/self/maps", encoding="utf-8") as maps:
        torchs = next((line.split()[-1] for line in maps if "libgomp" in line), None)
    if torchs is None:
        pytest.skip("no GNU OpenMP, of which there could be two")
    another = shutil.copy(torchs, tmp_path / "libgomp-of-another-package.so.1")
    command = [sys.executable, "-c", SECOND_OPENMP, str(another)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "2"}
    )
    assert done.stdout.strip() == "7"


@kernels
@pytest.mark.parametrize("score", [130.0, 1000.0, float("inf"), float("nan"), -130.0])
def test_scores_beyond_floats_come_out_as_nan_and_only_they(score: float) -> None:
    query, key, value = (torch.full((20, 1, 8), 1.0).bfloat16() for _ in range(3))
    query[3] = score / 8
    context = native.attend(query, key, value, layout_of(groups_of([(1, 20, 20)])), False)
    rows = torch.isfinite(context).all(1)
    assert not rows[3]
    assert rows.sum() == 19


@kernels
@pytest.mark.parametrize("width", [16, 100, 312])
def test_norms_of_sums(width: int) -> None:
    hidden, weight, bias = torch.randn(33, width) * 3 + 1, torch.randn(width), torch.randn(width)
    added = torch.randn(33, width).bfloat16()
    expected = F.layer_norm((hidden + added).double(), (width,), weight.double(), bias.double(), 1e-12)
    rounded = native.add_norm(hidden, added, weight, bias, 1e-12)
    torch.testing.assert_close(hidden.double(), expected, atol=1e-5, rtol=1e-5)
    assert torch.equal(rounded, hidden.bfloat16())


@pytest.fixture
def unbuilt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache, and a folder that is all of PATH."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    native.load.cache_clear()
    yield tmp_path
    native.load.cache_clear()


@kernels
def test_it_is_compiled_once_and_kept_for_its_owner(
    unbuilt: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(unbuilt / "cache"))
    with caplog.at_level(logging.WARNING):
        assert native.load() is not None
    (kept,) = (unbuilt / "cache" / "openbioner_batch").iterdir()
    assert kept.parent.stat().st_mode & 0o077 == 0
    written = kept.stat().st_mtime_ns
    native.load.cache_clear()
    monkeypatch.setenv("PATH", "")
    assert native.load() is not None
    assert kept.stat().st_mtime_ns == written
    assert not caplog.records


@kernels
def test_a_cache_that_others_may_write_to_is_not_used(unbuilt: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = unbuilt / "cache" / "openbioner_batch"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    with caplog.at_level(logging.WARNING):  # other tests leave levels of their own
        assert native.load() is None
    assert "could be written to by another user" in caplog.text


@kernels
@pytest.mark.parametrize(
    ("compiler", "reason"),
    [(None, "no C compiler (cc, gcc or clang) on the path"), ("echo 'no such thing' >&2; exit 1", "no such thing")],
)
def test_without_it_torch_does_the_same(
    compiler: str | None, reason: str, unbuilt: Path, caplog: pytest.LogCaptureFixture
) -> None:
    texts, types = ["Aspirin and ibuprofen were given for fever."], [EntityType("drug", "A medicine.")]
    if compiler is not None:
        (unbuilt / "bin" / "cc").write_text(f"#!/bin/sh\n{compiler}\n")
        (unbuilt / "bin" / "cc").chmod(0o755)
    with caplog.at_level(logging.WARNING):
        tagger = Tagger.from_pretrained("bundled", "cpu", "bfloat16")
        spans = tagger.tag(texts, types)
    (warning,) = (record.getMessage() for record in caplog.records)
    assert reason in warning
    assert warning.startswith("bfloat16 runs without its kernels, more slowly: ")
    assert not list((unbuilt / "cache").rglob("*.so"))
    expected = Tagger.from_pretrained("bundled", "cpu", "float32").tag(texts, types)
    assert [[(s.start, s.end) for s in found] for found in spans] == [[(s.start, s.end) for s in e] for e in expected]
