"""The checkpoint that the package carries: small, documented, and it plainly works."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

import openbioner_batch
from openbioner_batch.catalog import resolve_types
from openbioner_batch.model import Tagger, resolve_checkpoint
from openbioner_batch.model.location import BUNDLED

TEXT = (
    "Eleven patients with rheumatoid arthritis were given methotrexate for 12 weeks. "
    "Two developed hepatotoxicity, and one a rash after the second dose of infliximab. "
    "In mice lacking Tnfrsf1a the swelling of the joints was milder."
)


@pytest.fixture(scope="module")
def bundled() -> Tagger:
    return Tagger.from_pretrained(BUNDLED, device="cpu", dtype="float32")


def test_it_finds_diseases_drugs_genes_and_species_in_a_text_it_has_not_seen(bundled: Tagger) -> None:
    (spans,) = bundled.tag([TEXT], resolve_types("disease,drug,gene,species"))
    found = {(span.text, span.type) for span in spans}
    assert {
        ("rheumatoid arthritis", "disease"),
        ("hepatotoxicity", "disease"),
        ("methotrexate", "drug"),
        ("infliximab", "drug"),
        ("Tnfrsf1a", "gene"),
        ("mice", "species"),
    } <= found


def test_bfloat16_and_float32_agree_on_nearly_all_spans(bundled: Tagger) -> None:
    types = resolve_types("disease,drug,gene,species")
    reduced = Tagger.from_pretrained(BUNDLED, device="cpu", dtype="bfloat16")
    sample = Path(openbioner_batch.__file__).parent / "data" / "sample_pubmed.xml"
    texts = re.findall(r"<AbstractText[^>]*>([^<]{200,})<", sample.read_text("utf-8"))[:12]
    exact, near = (
        {(n, s.start, s.end, s.type) for n, spans in enumerate(tagger.tag(texts, types)) for s in spans}
        for tagger in (bundled, reduced)
    )
    assert len(exact) > 30
    assert len(exact & near) >= 0.9 * len(exact | near)


def test_it_is_small_and_says_where_it_comes_from() -> None:
    folder = resolve_checkpoint(BUNDLED)
    assert os.path.getsize(folder / "model.safetensors") < 50e6
    card = (folder / "README.md").read_text("utf-8")
    for heading in ("Training", "Data, licences and attribution", "Accuracy", "Limits"):
        assert f"## {heading}" in card


def test_every_type_of_the_catalog_fits_its_description_budget(bundled: Tagger) -> None:
    for view in ("definition", "examples", "contextual"):
        bundled.preparer(resolve_types("biomedical,clinical,phi", view))
