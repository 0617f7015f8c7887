"""The same results on a GPU: run with `pytest -m gpu` where there is one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from openbioner_batch.catalog import resolve_types
from openbioner_batch.model import Tagger
from openbioner_batch.model.location import BUNDLED

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU here"),
]
TEXTS = [f"In {n} mice with colitis, infliximab lowered Tnf in the colon. " * (1 + n % 40) for n in range(60)]


def test_float32_logits_on_the_gpu_are_those_on_the_cpu() -> None:
    types = [kind for group in resolve_types("disease,drug,gene") for kind in group]
    gpu, cpu = (Tagger.from_pretrained(BUNDLED, device, "float32") for device in ("gpu", "cpu"))
    np.testing.assert_allclose(gpu.logits(TEXTS[0], types), cpu.logits(TEXTS[0], types), atol=1e-4)


def test_bfloat16_on_the_gpu_finds_nearly_the_spans_of_float32_on_the_cpu() -> None:
    types = resolve_types("disease,drug,gene")
    found = []
    for device, dtype in (("gpu", "auto"), ("cpu", "float32")):
        tagged = Tagger.from_pretrained(BUNDLED, device, dtype).tag(TEXTS, types)
        found.append({(n, s.start, s.end, s.type) for n, spans in enumerate(tagged) for s in spans})
    assert len(found[0] & found[1]) > 0.95 * len(found[0] | found[1])
