"""Training starts from encoders of other shapes, and what it writes tags as it trained."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

from encoders import FAMILIES
from runs_of_training import config_file
from safetensors.torch import load_file
from samples import DESCRIPTIONS, synthetic_passage

from openbioner_batch.errors import CheckpointError, UsageError
from openbioner_batch.model import EntityType, Tagger
from openbioner_batch.model.checkpoint import save_checkpoint
from openbioner_batch.model.reading import load_tokenizer
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.settings import build
from openbioner_batch.training.engines import make_engine
from openbioner_batch.training.export import export_checkpoint
from openbioner_batch.training.objective import TaggingObjective
from openbioner_batch.training.packing import pack_questions
from openbioner_batch.training.pieces import tokenize_passages
from openbioner_batch.training.run import pretrain
from openbioner_batch.training.sampling import Question
from openbioner_batch.training.separate import SharedObjective
from openbioner_batch.training.settings import PretrainSettings
from openbioner_batch.training.settings_file import load_settings
from openbioner_batch.training.shared import as_shared, pack_shared
from openbioner_batch.training.start import model_config, starting_model

KINDS = list(DESCRIPTIONS)


def settings(start: dict[str, Any], recipe: dict[str, Any] | None = None) -> PretrainSettings:
    raw = {
        "output": "r",
        "sources": [{"path": "p"}],
        "start": {"text_tokens": 190, "description_tokens": 50, **start},
        "recipe": {"head_dropout": 0.0, **(recipe or {})},
        "schedule": {"steps": 9, "encoder_rate": 1e-3, "head_rate": 1e-2},
        "batch": {"accumulation": 1},
    }
    return build(PretrainSettings, raw)


def questions(tokenizer: Tokenizer) -> list[Question]:
    """Passages with all types queried, as in training."""
    found = []
    for piece in tokenize_passages([synthetic_passage(number) for number in range(4)], tokenizer, 190):
        targets = np.zeros(len(piece.word_starts), np.int64)
        for low, high, kind in piece.mentions:
            targets[low:high] = 1 + KINDS.index(kind)
        descriptions = tuple(tuple(tokenizer.ids(DESCRIPTIONS[kind])) for kind in KINDS)
        found.append(Question(piece.token_ids, piece.word_starts, descriptions, targets, len(piece.mentions)))
    return found


@pytest.mark.parametrize("separate", [0, "all"], ids=["cross", "late"])
@pytest.mark.parametrize("family", FAMILIES)
def test_steps_lower_the_loss_and_the_checkpoint_says_what_was_trained(
    encoders: dict[str, Path], family: str, separate: int | str, tmp_path: Path
) -> None:
    wanted = settings({"encoder": str(encoders[family]), "separate_layers": separate})
    model = starting_model(wanted)
    tokenizer = load_tokenizer(encoders[family])
    queried = questions(tokenizer)
    assert sum(question.entities for question in queried) > 4
    if separate:
        module: Any = SharedObjective(model, wanted.recipe)
        batch: Any = pack_shared(*as_shared(queried, [one.token_ids for one in queried], 0), tokenizer, model.config)
    else:
        module, batch = TaggingObjective(model, 1.0), pack_questions(queried, tokenizer)
    engine = make_engine(module, wanted, torch.device("cpu"))
    losses = []
    for _ in range(9):
        losses.append(float(engine.accumulate(batch)))
        engine.step(1.0)
    assert losses[-1] < 0.8 * losses[0]
    assert all(part.isfinite().all() for part in model.parameters())

    engine.save(tmp_path)
    export_checkpoint(tmp_path, tmp_path / "model", model.config, encoders[family], torch.float32)
    save_checkpoint(model, tmp_path / "whole", encoders[family])
    stored, expected = (load_file(tmp_path / name / "model.safetensors") for name in ("model", "whole"))
    assert stored.keys() == expected.keys()
    assert all(torch.equal(part, expected[name]) for name, part in stored.items())
    assert (tmp_path / "model" / "config.json").read_text() == (tmp_path / "whole" / "config.json").read_text()
    tagger = Tagger.from_pretrained(tmp_path / "model", "cpu", "float32")
    types = [[EntityType(kind, text) for kind, text in DESCRIPTIONS.items()]]
    module.eval()
    with torch.no_grad():
        if separate:
            evidence, _, background = module.type_scores(batch)
            trained = torch.cat([background[:, None], evidence], 1)
        else:
            trained = module.logits(batch)
    pieces = tagger.preparer(types, "pieces").prepare([synthetic_passage(number).text for number in range(4)])
    assert len(trained) == len(pieces.word_tokens)
    (logits,) = tagger.word_logits(pieces)
    np.testing.assert_allclose(logits, trained.numpy(), atol=1e-4)

    again = starting_model(settings({"checkpoint": str(tmp_path / "model")}))
    for name, part in again.state_dict().items():
        torch.testing.assert_close(part, model.state_dict()[name], rtol=0, atol=0)


def test_a_trained_cross_encoder_becomes_late_interaction_with_its_encoder(
    encoders: dict[str, Path], tmp_path: Path
) -> None:
    cross = starting_model(settings({"encoder": str(encoders["roberta"])}))
    save_checkpoint(cross, tmp_path, encoders["roberta"])
    late = starting_model(settings({"checkpoint": str(tmp_path), "separate_layers": "all"}))
    for name, part in cross.state_dict().items():
        if name.startswith("backbone."):
            for side in ("text", "description"):
                torch.testing.assert_close(late.state_dict()[f"{side}.{name}"], part, rtol=0, atol=0)
    other = {"description_encoder": str(encoders["electra"]), "separate_layers": "all"}
    unlike = settings({"encoder": str(encoders["roberta"]), **other})
    with pytest.raises(CheckpointError, match=r"description_encoder\..* has shape"):
        starting_model(unlike)


@pytest.mark.parametrize(
    ("start", "recipe", "error", "match"),
    [
        ({"separate_layers": 1}, {}, CheckpointError, r"separate_layers is 1; .* 0 .* all 2 .*: only BERT's layers"),
        ({}, {"objective": "masked-language"}, UsageError, "masked-language trains BERT's encoders"),
    ],
)
def test_what_other_encoders_cannot_do_is_said_in_a_line(
    encoders: dict[str, Path], start: dict[str, Any], recipe: dict[str, Any], error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match) as caught:
        model_config(settings({"encoder": str(encoders["roberta"]), **start}, recipe))
    assert "\n" not in str(caught.value)


def test_variants_have_berts_vocabulary_and_heads_are_not_made_up(encoders: dict[str, Path]) -> None:
    with pytest.raises(UsageError, match=r"start.vocabulary .* is not BERT's"):
        model_config(settings({"variant": "tiny", "vocabulary": str(encoders["modernbert"])}))
    with pytest.raises(CheckpointError, match="a plain roberta encoder"):
        starting_model(settings({"checkpoint": str(encoders["roberta"])}))


@pytest.mark.parametrize(("family", "separate"), [("modernbert", 0), ("deberta-v2", "all")])
def test_a_whole_run_starts_from_such_an_encoder_and_says_that_it_is_slower(
    encoders: dict[str, Path], family: str, separate: int | str, tmp_path: Path
) -> None:
    start = {
        "encoder": str(encoders[family]),
        "separate_layers": separate,
        "text_tokens": 120,
        "description_tokens": 60,
    }
    parts = {
        "schedule": {"steps": 2},
        "batch": {"pass_tokens": 600},
        "executor": "in-process",
        "parallel": {"workers": 1, "threads": 1},
        "validation": {},
    }
    config = config_file(tmp_path, "run", encoders[family], start=start, **parts)
    stream = io.StringIO()
    pretrain(load_settings(str(config)), stream)
    assert f"note: the model's encoder is of type {family}, which transformers runs: slower" in stream.getvalue()
    tagger = Tagger.from_pretrained(tmp_path / "run" / "model", "cpu", "float32")
    assert tagger.windows.text_tokens == 120
    assert len(tagger.tag(["No sign of fever."], [EntityType("disease", DESCRIPTIONS["disease"])])) == 1
    assert "zshot" in (tmp_path / "run" / "model" / "README.md").read_text()
