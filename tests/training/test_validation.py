"""F1 while training: the whole gold scores 1, and files of labels and folders of passages are both queried."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from samples import write_silver

from openbioner_batch.errors import UsageError
from openbioner_batch.model import Tagger
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.settings import build
from openbioner_batch.training.packing import TaggingBatch
from openbioner_batch.training.sampling import IGNORED
from openbioner_batch.training.settings import PretrainSettings
from openbioner_batch.training.validation import count_spans, f1, read_validation, validation_batches


def settings(**validation: object) -> PretrainSettings:
    start = {"encoder": "e", "text_tokens": 100, "description_tokens": 50}
    raw = {"output": "r", "start": start, "sources": [{"path": "p"}], "validation": validation}
    return build(PretrainSettings, raw)


def batches_of(wanted: PretrainSettings, tokenizer: Tokenizer) -> list[TaggingBatch]:
    """The questions for a cross-encoder, no description but the data's own and the catalog's."""
    return [
        b for b in validation_batches(wanted, read_validation(wanted, {}), tokenizer) if isinstance(b, TaggingBatch)
    ]


def test_the_gold_itself_scores_one_and_a_slip_less(tagger: Tagger, tmp_path: Path) -> None:
    batches = batches_of(settings(silver=str(write_silver(tmp_path / "s"))), tagger.tokenizer)
    assert sum(len(batch.question_words) - 1 for batch in batches) == 120
    counts = np.array([count_spans(batch, batch.targets) for batch in batches]).sum(0)
    assert f1(*counts) == 1.0
    assert counts[0] > 120
    for batch in batches:
        longer = batch.targets.copy()
        entity = np.flatnonzero(longer > 0)[0]
        longer[entity - 1] = longer[entity]
        gold, predicted, correct = count_spans(batch, longer)
        assert (predicted, correct) in {(gold, gold - 1), (gold - 1, gold - 2), (gold - 1, gold - 1)}
        assert correct < gold
        unsure = np.where(longer > 0, IGNORED, 0)
        assert count_spans(batch, unsure)[2] == 0


def test_a_file_of_labels_asks_the_catalogs_types(tagger: Tagger, tmp_path: Path) -> None:
    (tmp_path / "dev.tsv").write_text("aspirin\tB-Chemical\nin\tO\nlung\tB-Disease\ncancer\tI-Disease\n\nno\tO\n")
    iob = [{"path": str(tmp_path / "dev.tsv"), "types": "Chemical=chemical,Disease=disease"}]
    (batch,) = batches_of(settings(iob=iob), tagger.tokenizer)
    assert count_spans(batch, batch.targets) == (2, 2, 2)
    assert batch.types == 2
    iob[0]["types"] = "Chemical=chemical"
    with pytest.raises(UsageError, match="label without a type: Disease"):
        batches_of(settings(iob=iob), tagger.tokenizer)
