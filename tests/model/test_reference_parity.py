"""Our logits and spans against those of the public reference implementation (zshot), recorded at batch size 1.

What is committed beside this file proves it anywhere: for four texts of the project's own, each with two or five types,
the logits and spans that zshot gave for two random checkpoints in the published format, which `weights.py` draws anew.
So it covers the names of tensors, the segments, the three heads, the competition of types and the spans, in a cased and
an uncased checkpoint. It takes the descriptions as pieces of the vocabulary, not as words. Only the shared folder has
the checkpoints and descriptions themselves, and sentences of real abstracts, of up to 103 pieces, read with the whole
vocabulary; no published checkpoint is in either.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from model.reference.weights import write_checkpoint

from openbioner_batch.model import EntityType, Tagger

CHECKPOINTS = ("zshot-3layer", "zshot-2layer-uncased")
Reference = tuple[Tagger, list[EntityType], list[dict]]


@pytest.fixture(
    scope="module", params=[(kind, name) for kind in ("committed", "shared") for name in CHECKPOINTS], ids="-".join
)
def reference(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Reference:
    kind, name = request.param
    if kind == "committed":
        recorded = json.loads((Path(__file__).parent / "reference" / f"{name}.json").read_text("utf-8"))
        folder = write_checkpoint(recorded, tmp_path_factory.mktemp(name))
        descriptions = [" ".join(f"x{piece}" for piece in kind["pieces"]) for kind in recorded["types"]]
    else:
        folder = request.getfixturevalue("shared") / "reference" / "zshot" / name
        recorded = json.loads((folder / "cases.json").read_text("utf-8"))
        descriptions = [kind["description"] for kind in recorded["types"]]
    types = [EntityType(kind["name"], text) for kind, text in zip(recorded["types"], descriptions, strict=True)]
    return Tagger.from_pretrained(folder, device="cpu", dtype="float32"), types, recorded["cases"]


def test_every_logit_is_the_references(reference: Reference) -> None:
    tagger, types, cases = reference
    assert cases
    for case in cases:
        ours = tagger.logits(case["text"], types)
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, np.array(case["logits"]), atol=1e-4, rtol=0)


def test_spans_of_whitespace_words_are_the_references(reference: Reference) -> None:
    tagger, types, cases = reference
    found = tagger.tag([case["text"] for case in cases], types, words="whitespace")
    for case, spans in zip(cases, found, strict=True):
        expected = case["spans"]
        assert [(s.start, s.end, s.type) for s in spans] == [(s["start"], s["end"], s["type"]) for s in expected]
        assert [s.score for s in spans] == pytest.approx([s["score"] for s in expected], abs=1e-4)
        assert all(case["text"][s.start : s.end] == s.text for s in spans)


def test_a_text_is_tagged_alike_alone_in_any_batch_and_in_any_order(
    reference: Reference,
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
