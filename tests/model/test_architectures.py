"""Encoders that `transformers` runs: the adapter says what they say, and saves what it has loaded."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from encoders import AWKWARD, FAMILIES, SENTENCES
from glossaries import with_glossary
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openbioner_batch.errors import CheckpointError
from openbioner_batch.model import EntityType, Tagger, WindowSettings, checkpoint_digest, save_checkpoint
from openbioner_batch.model.architectures import ARCHITECTURES, by_model_type
from openbioner_batch.model.architectures.automodel import AutoModelArchitecture
from openbioner_batch.model.architectures.automodel.shape import FAMILIES as SUPPORTED
from openbioner_batch.model.checkpoint import load_backbone, load_model
from openbioner_batch.model.glossary import Glossary, GlossaryEntry
from openbioner_batch.model.glossary_files import GlossaryChoice
from openbioner_batch.model.models import Model
from openbioner_batch.model.reading import architecture_note, read_config
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.model.variants import count_parameters

TYPES = [EntityType("drug", "A drug that was given."), EntityType("disease", "A sign of cancer.")]
WINDOWS = WindowSettings(text_tokens=70, description_tokens=40, overlap_tokens=10)


def model_on(directory: Path, layers: int, seed: int = 3) -> Model:
    config = dataclasses.replace(read_config(directory), windows=WINDOWS, encoder_dropout=0.0, head_dropout=0.0)
    late = dataclasses.replace(config.late, projection=8, competing=True) if layers else config.late
    model = load_backbone(directory, dataclasses.replace(config, separate_layers=layers, late=late), seed).eval()
    for name, part in model.named_parameters():
        if name.split(".")[0] in ("evidence", "against", "background"):
            torch.nn.init.normal_(part, std=0.5, generator=torch.Generator().manual_seed(len(name)))
        if name == "evidence.bias":
            part.data += 6.0
    return model


def tagger_on(directory: Path, late: bool, folder: Path) -> Tagger:
    """A tagger on a saved and loaded model, in float32."""
    model = model_on(directory, read_config(directory).layers if late else 0)
    save_checkpoint(model, folder, tokenizer_from=directory)
    return Tagger.from_pretrained(folder, device="cpu", dtype="float32")


def test_every_family_that_is_registered_is_tested() -> None:
    assert set(FAMILIES) == set(SUPPORTED)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_cross_encoder_says_what_plain_transformers_and_the_heads_say(
    encoders: dict[str, Path], family: str, tmp_path: Path
) -> None:
    from transformers import AutoModel, AutoTokenizer

    tagger = tagger_on(encoders[family], late=False, folder=tmp_path)
    plain, tokenizer = (
        AutoModel.from_pretrained(encoders[family]).eval(),
        AutoTokenizer.from_pretrained(encoders[family]),
    )
    stored = load_model(tmp_path)
    text = SENTENCES[0]

    def states(*parts: str) -> torch.Tensor:
        inputs = tokenizer(*parts, return_tensors="pt", return_token_type_ids=family == "electra")
        with torch.no_grad():
            return plain(**inputs).last_hidden_state[0]

    def said(head: str, of: torch.Tensor) -> np.ndarray:
        with torch.no_grad():
            return getattr(stored, head)(of)[:, 0].numpy()

    tokens = len(tokenizer.tokenize(text))
    alone, pairs = states(text)[: 1 + tokens], [states(text, kind.description)[: 1 + tokens] for kind in TYPES]
    none = np.max([said("background", alone), *(said("against", pair) for pair in pairs)], 0)
    expected = np.stack([none, *(said("evidence", pair) for pair in pairs)], 1)
    found = tagger.logits(text, TYPES)
    assert np.abs(found).max() > 0.1
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_late_interaction_says_what_plain_transformers_and_the_heads_say(
    encoders: dict[str, Path], family: str, tmp_path: Path
) -> None:
    from transformers import AutoModel

    tagger = tagger_on(encoders[family], late=True, folder=tmp_path)
    plain, model = AutoModel.from_pretrained(encoders[family]).eval(), load_model(tmp_path)
    text = SENTENCES[1]

    def states(words: str) -> torch.Tensor:
        ids = [tagger.tokenizer.cls, *tagger.tokenizer.ids(words), tagger.tokenizer.sep]
        with torch.no_grad():
            return plain(torch.tensor([ids])).last_hidden_state[0]

    def unit(of: torch.Tensor, projection: str) -> torch.Tensor:
        return torch.nn.functional.normalize(of @ getattr(model, projection).weight.T, dim=-1)

    with torch.no_grad():
        of_text = states(text)[:-1]
        descriptions = torch.stack([plain_mean(plain, tagger.tokenizer, kind.description) for kind in TYPES])
        cosines = unit(of_text, "text_projection") @ unit(descriptions, "description_projection").T
        expected = torch.cat([model.background(of_text), model.log_scale.exp() * cosines + model.bias], 1)
    np.testing.assert_allclose(tagger.logits(text, TYPES), expected.numpy(), atol=1e-5)


def plain_mean(plain: torch.nn.Module, tokenizer: Tokenizer, words: str) -> torch.Tensor:
    ids = [tokenizer.cls, *tokenizer.ids(words), tokenizer.sep]
    return plain(torch.tensor([ids])).last_hidden_state[0].mean(0)


@pytest.mark.parametrize("late", [False, True], ids=["cross", "late"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_text_is_tagged_alike_whatever_it_is_batched_with(
    encoders: dict[str, Path], family: str, late: bool, tmp_path: Path
) -> None:
    tagger = tagger_on(encoders[family], late, tmp_path)
    texts = [SENTENCES[0], "", "Fever.", " ".join(SENTENCES * 3), "\n ", SENTENCES[0]]
    together = tagger.annotate(texts, TYPES)
    assert together[3].windows > 1
    assert together[5].repeated == together[5].windows == 1
    assert sum(len(tagged.spans) for tagged in together)
    tagger.token_budget = 64
    for text, tagged in zip(texts, together, strict=True):
        (alone,) = tagger.annotate([text], TYPES)
        assert [(s.start, s.end, s.type) for s in alone.spans] == [(s.start, s.end, s.type) for s in tagged.spans]
        np.testing.assert_allclose([s.score for s in alone.spans], [s.score for s in tagged.spans], atol=1e-5)


@pytest.mark.parametrize("family", ["roberta", "deberta-v2"])
def test_a_batch_that_does_not_fit_in_memory_is_computed_in_halves(
    encoders: dict[str, Path], family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tagger = tagger_on(encoders[family], False, tmp_path)
    texts = list(SENTENCES)
    expected = tagger.tag(texts, TYPES)
    whole = tagger.encoder._model.forward  # type: ignore[union-attr]

    def small(token_ids: torch.Tensor, segments: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        if len(token_ids) > 2:
            raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 1 bytes.")
        return whole(token_ids, segments, lengths)

    monkeypatch.setattr(tagger.encoder._model, "forward", small)  # type: ignore[union-attr]
    found = tagger.tag(texts, TYPES)
    assert [[(s.start, s.end, s.type) for s in spans] for spans in found] == [
        [(s.start, s.end, s.type) for s in spans] for spans in expected
    ]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_saved_model_is_loaded_again_and_bfloat16_is_near_it(
    encoders: dict[str, Path], family: str, tmp_path: Path
) -> None:
    for layers in (0, read_config(encoders[family]).layers):
        model, folder = model_on(encoders[family], layers), tmp_path / str(layers)
        save_checkpoint(model, folder, tokenizer_from=encoders[family])
        again = load_model(folder)
        assert again.config == model.config
        assert count_parameters(model.config) == sum(part.numel() for part in model.parameters())
        assert all(torch.equal(part, again.state_dict()[name]) for name, part in model.state_dict().items())
        save_checkpoint(again, tmp_path / f"{layers} again", tokenizer_from=folder)
        assert checkpoint_digest(tmp_path / f"{layers} again") == checkpoint_digest(folder)
        exact, rough = (
            Tagger.from_pretrained(folder, "cpu", dtype).logits(SENTENCES[0], TYPES)
            for dtype in ("float32", "bfloat16")
        )
        assert np.abs(exact - rough).max() < 0.1 * np.abs(exact).max()


@pytest.mark.parametrize("family", FAMILIES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(text=AWKWARD, words=st.sampled_from(["basic", "whitespace", "pieces"]))
def test_spans_slice_back(taggers: dict[str, Tagger], family: str, text: str, words: str) -> None:
    for document, spans in zip([text, "no fever"], taggers[family].tag([text, "no fever"], TYPES, words), strict=True):
        for span in spans:
            assert document[span.start : span.end] == span.text
            assert 0 <= span.start < span.end <= len(document)
        assert all(a.end <= b.start for a, b in itertools.pairwise(spans))


@pytest.fixture(scope="session")
def taggers(encoders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tagger]:
    return {name: tagger_on(directory, False, tmp_path_factory.mktemp("model")) for name, directory in encoders.items()}


def test_what_old_berts_added_changes_no_digest_but_goes_with_a_checkpoint(checkpoint: Path, tmp_path: Path) -> None:
    model = load_model(checkpoint)
    save_checkpoint(model, tmp_path / "a", checkpoint)
    before = checkpoint_digest(tmp_path / "a")
    (tmp_path / "a" / "added_tokens.json").write_text("{}")
    assert checkpoint_digest(tmp_path / "a") == before
    save_checkpoint(model, tmp_path / "b", tmp_path / "a")
    assert (tmp_path / "b" / "added_tokens.json").is_file()


def test_the_note_says_that_it_is_slower(encoders: dict[str, Path], checkpoint: Path) -> None:
    assert "type modernbert, which transformers runs: slower" in (architecture_note(encoders["modernbert"]) or "")
    assert architecture_note(checkpoint) is None
    assert isinstance(by_model_type({"model_type": "roberta"}, ""), AutoModelArchitecture)
    assert len({name for one in ARCHITECTURES for name in one.model_types}) == sum(
        len(one.model_types) for one in ARCHITECTURES
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_a_mark_that_is_a_word_of_its_own_is_in_one_span(taggers: dict[str, Tagger], family: str) -> None:
    for text in ("aaaaaaaaaaaa,\u0301", "fever\u0301 \u0301a"):
        (spans,) = taggers[family].tag([text], TYPES, "basic")
        assert all(a.end <= b.start for a, b in itertools.pairwise(spans))


def test_a_glossary_that_the_encoder_does_not_read_is_refused_in_one_line(
    encoders: dict[str, Path], tmp_path: Path
) -> None:
    tagger_on(encoders["electra"], True, tmp_path / "late")
    folder = with_glossary(tmp_path / "late", tmp_path / "known", "aspirin")
    with pytest.raises(CheckpointError, match="known: it has a glossary, which late interaction on BERT's layers") as e:
        Tagger.from_pretrained(folder, "cpu", "float32")
    assert len(str(e.value).splitlines()) == 1
    without = Tagger.from_pretrained(folder, "cpu", "float32", glossary=GlossaryChoice.of("none"))
    plain = Tagger.from_pretrained(tmp_path / "late", "cpu", "float32")
    assert without.tag(SENTENCES, TYPES) == plain.tag(SENTENCES, TYPES)
    entries = Glossary([GlossaryEntry(("aspirin",), ("a drug",))])
    with pytest.raises(CheckpointError, match="it has a glossary"):
        Tagger(load_model(folder), plain.tokenizer, folder, "cpu", "float32", glossary=entries)
