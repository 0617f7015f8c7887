"""Our logits and spans against those of the public reference implementation, recorded at batch size 1."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from openbioner_batch.model import EntityType, Tagger

CHECKPOINTS = ("zshot-3layer", "zshot-2layer-uncased")


@pytest.fixture(scope="module", params=CHECKPOINTS)
def reference(request: pytest.FixtureRequest, shared: Path) -> tuple[Tagger, list[EntityType], list[dict]]:
    folder = shared / "reference" / "zshot" / request.param
    recorded = json.loads((folder / "cases.json").read_text("utf-8"))
    types = [EntityType(kind["name"], kind["description"]) for kind in recorded["types"]]
    return Tagger.from_pretrained(folder, device="cpu", dtype="float32"), types, recorded["cases"]


def test_every_logit_is_the_references(reference: tuple[Tagger, list[EntityType], list[dict]]) -> None:
    tagger, types, cases = reference
    assert cases
    for case in cases:
        ours = tagger.logits(case["text"], types)
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, np.array(case["logits"]), atol=1e-4, rtol=0)


def test_spans_of_whitespace_words_are_the_references(reference: tuple[Tagger, list[EntityType], list[dict]]) -> None:
    tagger, types, cases = reference
    found = tagger.tag([case["text"] for case in cases], types, words="whitespace")
    for case, spans in zip(cases, found, strict=True):
        expected = case["spans"]
        assert [(s.start, s.end, s.type) for s in spans] == [(s["start"], s["end"], s["type"]) for s in expected]
        assert [s.score for s in spans] == pytest.approx([s["score"] for s in expected], abs=1e-4)
        assert all(case["text"][s.start : s.end] == s.text for s in spans)


def test_a_text_is_tagged_alike_alone_in_any_batch_and_in_any_order(
    reference: tuple[Tagger, list[EntityType], list[dict]],
) -> None:
    tagger, types, cases = reference
    texts = [case["text"] for case in cases]
    # Joined texts span several windows, so that windows of unlike length share batches.
    texts += [" ".join(texts[:20]), " ".join(texts)]
    together = tagger.tag(texts, types)
    backwards = tagger.tag(texts[::-1], types)[::-1]
    alone = [tagger.tag([text], types)[0] for text in texts]
    for first, second, third in zip(together, backwards, alone, strict=True):
        for other in (second, third):
            assert [(s.start, s.end, s.type, s.text) for s in first] == [
                (s.start, s.end, s.type, s.text) for s in other
            ]
            assert [s.score for s in first] == pytest.approx([s.score for s in other], abs=1e-5)
