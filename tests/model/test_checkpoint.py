"""Checkpoints in the published format: what we write is what we read, and what other readers expect."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from knowing import constant_head
from safetensors.torch import load_file, save_file

from openbioner_batch.errors import CheckpointError, UsageError
from openbioner_batch.model import VARIANTS, EntityType, Tagger, WindowSettings, checkpoint_digest, resolve_checkpoint
from openbioner_batch.model.checkpoint import build_model, load_encoder, published_names, save_checkpoint
from openbioner_batch.model.glossary import GlossaryEntry
from openbioner_batch.model.glossary_files import write_glossary
from openbioner_batch.model.location import GLOSSARY_HEAD
from openbioner_batch.model.reading import load_tokenizer


@pytest.mark.parametrize("name", ["zshot-3layer", "zshot-2layer-uncased"])
def test_a_saved_checkpoint_has_the_references_tensors_and_settings(name: str, shared: Path, tmp_path: Path) -> None:
    source = shared / "reference" / "zshot" / name
    save_checkpoint(load_encoder(source), tmp_path / "copy", tokenizer_from=source)
    ours, theirs = load_file(tmp_path / "copy" / "model.safetensors"), load_file(source / "model.safetensors")
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)
    config, expected = (json.loads((folder / "config.json").read_text()) for folder in (tmp_path / "copy", source))
    ignored = {"transformers_version", "use_cache", "classifier_dropout", "openbioner_batch"}
    assert {k: v for k, v in config.items() if k not in ignored} == {
        k: v for k, v in expected.items() if k not in ignored
    }


def test_transformers_own_bert_computes_the_same_hidden_states(checkpoint: Path) -> None:
    from transformers import BertModel

    theirs = BertModel.from_pretrained(checkpoint, attn_implementation="eager").eval()
    ours = load_encoder(checkpoint)
    ids = torch.arange(5, 25)[None]
    segments = (torch.arange(20) > 9).long()[None]
    with torch.inference_mode():
        expected = theirs(input_ids=ids, token_type_ids=segments).last_hidden_state
        torch.testing.assert_close(ours(ids, segments, torch.tensor([20])), expected, atol=1e-5, rtol=0)


def test_float16_and_a_pickle_of_tensors_load_too(checkpoint: Path, tmp_path: Path, types: list[EntityType]) -> None:
    text = "aspirin was given in lung cancer"
    expected = Tagger.from_pretrained(checkpoint, "cpu", "float32").logits(text, types)
    half = tmp_path / "half"
    save_checkpoint(load_encoder(checkpoint), half, tokenizer_from=checkpoint, dtype=torch.float16)
    assert os.path.getsize(half / "model.safetensors") < 0.6 * os.path.getsize(checkpoint / "model.safetensors")
    np.testing.assert_allclose(Tagger.from_pretrained(half, "cpu", "float32").logits(text, types), expected, atol=0.05)
    pickled = shutil.copytree(checkpoint, tmp_path / "pickled")
    torch.save(load_file(pickled / "model.safetensors"), pickled / "pytorch_model.bin")
    (pickled / "model.safetensors").unlink()
    np.testing.assert_array_equal(Tagger.from_pretrained(pickled, "cpu", "float32").logits(text, types), expected)


def test_norms_may_be_called_gamma_and_beta(checkpoint: Path, tmp_path: Path) -> None:
    """As google-bert/bert-base-uncased has them."""
    expected = load_encoder(checkpoint).state_dict()
    stored = load_file(checkpoint / "model.safetensors")
    old = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor
        for name, tensor in stored.items()
    }
    assert old.keys() != stored.keys()
    for name, write in (
        ("model.safetensors", lambda path: save_file(old, path)),
        ("pytorch_model.bin", lambda path: torch.save(old, path)),
    ):
        folder = shutil.copytree(checkpoint, tmp_path / name)
        (folder / "model.safetensors").unlink()
        write(folder / name)
        found = load_encoder(folder).state_dict()
        assert all(torch.equal(found[key], tensor) for key, tensor in expected.items())


@pytest.mark.parametrize(
    ("files", "lowercase"),
    [
        ({}, True),
        ({"vocab.txt": "Aspirin"}, False),
        ({"tokenizer_config.json": '{"model_max_length": 512}'}, True),
        ({"tokenizer_config.json": '{"do_lower_case": false}'}, False),
        ({"vocab.txt": "Aspirin", "tokenizer_config.json": '{"do_lower_case": true}'}, True),
    ],
)
def test_a_vocabulary_tells_whether_case_matters_where_no_file_does(
    files: dict[str, str], lowercase: bool, checkpoint: Path, tmp_path: Path
) -> None:
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[unused0]", "aspirin", "##a"]
    extra = [files["vocab.txt"]] if "vocab.txt" in files else []
    (tmp_path / "vocab.txt").write_text("\n".join([*pieces, *extra]) + "\n")
    if settings := files.get("tokenizer_config.json"):
        (tmp_path / "tokenizer_config.json").write_text(settings)
    tokenizer = load_tokenizer(tmp_path)
    found = [pieces.index("aspirin")] if lowercase else [pieces.index("[UNK]")]
    assert tokenizer.ids("ASPIRIN") == found


@pytest.mark.parametrize("separate", [0, 1])
def test_a_model_of_one_segment_reads_texts_and_descriptions_in_it(
    separate: int, checkpoint: Path, tmp_path: Path, types: list[EntityType]
) -> None:
    """Training's forward pass, inference, and a model of two equal segments agree."""
    two = load_encoder(checkpoint)
    two.segment_embedding.weight.data[1] = two.segment_embedding.weight.data[0]
    save_checkpoint(two, tmp_path / "two", tokenizer_from=checkpoint)
    folder = shutil.copytree(tmp_path / "two", tmp_path / "one")
    stored = load_file(folder / "model.safetensors")
    name = "bert.embeddings.token_type_embeddings.weight"
    save_file({**stored, name: stored[name][:1].clone()}, folder / "model.safetensors")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "type_vocab_size": 1}))
    texts = ["aspirin was given in lung cancer", "no sign of fever"]
    found, expected = (
        Tagger.from_pretrained(tmp_path / name, "cpu", "float32", separate_layers=separate or None).tag(texts, types)
        for name in ("one", "two")
    )
    assert found == expected
    ids, segments, lengths = torch.arange(5, 25)[None], (torch.arange(20) > 9).long()[None], torch.tensor([20])
    with torch.inference_mode():
        one = load_encoder(folder).eval()
        torch.testing.assert_close(one(ids, segments, lengths), two.eval()(ids, segments, lengths))
        assert torch.isfinite(one.read_alone(ids, lengths, 2, segment=1)).all()


def test_no_segment_at_all_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(checkpoint, tmp_path / "none")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "type_vocab_size": 0}))
    with pytest.raises(CheckpointError, match="type_vocab_size is 0"):
        load_encoder(folder)


class _RunsOnLoad:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("must-not-exist",)


def test_a_pickle_with_code_in_it_is_refused(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    evil = shutil.copytree(checkpoint, tmp_path / "evil")
    (evil / "model.safetensors").unlink()
    torch.save({"weights": _RunsOnLoad()}, evil / "pytorch_model.bin", pickle_module=pickle)
    with pytest.raises(CheckpointError, match="convert it to safetensors"):
        load_encoder(evil)
    assert not (tmp_path / "must-not-exist").exists()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda d: (d / "model.safetensors").unlink(), "no weights; expected model.safetensors or pytorch_model.bin"),
        (lambda d: (d / "config.json").unlink(), "config.json: cannot be read"),
        (lambda d: (d / "config.json").write_text("{"), "not JSON"),
        (lambda d: (d / "config.json").write_text("{}"), "no vocab_size"),
        (lambda d: (d / "model.safetensors").write_bytes(b"\0" * 100), "unreadable weights"),
        (lambda d: _edit(d, model_type="t5"), "'t5'; expected an encoder: bert"),
        (lambda d: _edit(d, hidden_act="swish"), "'swish'; expected one of gelu"),
        (lambda d: _edit(d, num_hidden_layers=3), "'bert.encoder.layer.2.* is missing"),
        (lambda d: _edit(d, intermediate_size=65), r"has shape .* config.json says"),
    ],
)
def test_a_broken_checkpoint_says_what_is_wrong(damage, message: str, checkpoint: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    broken = shutil.copytree(checkpoint, tmp_path / "broken")
    damage(broken)
    with pytest.raises(CheckpointError, match=message):
        load_encoder(broken)


def _edit(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_a_name_that_is_no_checkpoint_says_what_was_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        CheckpointError, match="expected 'bundled', 'bundled-phi', 'bundled-open', a checkpoint directory, or a hub id"
    ):
        resolve_checkpoint("no/such/folder")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(CheckpointError, match="the hub did not give it"):
        resolve_checkpoint("nobody/nothing")


def test_the_digest_follows_weights_and_configuration(checkpoint: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(checkpoint, tmp_path / "copy")
    assert checkpoint_digest(copy) == checkpoint_digest(checkpoint)
    _edit(copy, layer_norm_eps=1e-6)
    assert checkpoint_digest(copy) != checkpoint_digest(checkpoint)


def test_the_digest_follows_the_glossary_and_its_head(checkpoint: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(checkpoint, tmp_path / "copy")
    digests = [checkpoint_digest(copy)]
    for gloss in ("a drug", "a disease"):
        write_glossary([GlossaryEntry(("aspirin",), (gloss,))], copy)
        digests.append(checkpoint_digest(copy))
    for logit in (0, 1):
        constant_head(logit).write(copy / GLOSSARY_HEAD)
        digests.append(checkpoint_digest(copy))
    assert len(set(digests)) == 5
    write_glossary([GlossaryEntry(("aspirin",), ("a disease",))], copy)
    assert checkpoint_digest(copy) == digests[-1]


def test_variants_state_their_true_sizes() -> None:
    sizes = {name: one.parameters for name, one in VARIANTS.items() if not one.config.separate_layers}
    assert list(sizes.values()) == sorted(sizes.values())
    for name, low, high in (
        ("tiny", 13e6, 16e6),
        ("small", 25e6, 56e6),
        ("compact", 62e6, 68e6),
        ("base", 105e6, 112e6),
    ):
        assert low < sizes[name] < high
    for variant in VARIANTS.values():
        with torch.device("meta"):
            model = build_model(variant.config)
        assert sum(parameter.numel() for parameter in model.parameters()) == variant.parameters
        assert set(published_names(variant.config)) == set(model.state_dict())
    for name, size in sizes.items():
        assert VARIANTS[f"{name}-split"].parameters == size
        assert 1.9 < VARIANTS[f"{name}-late"].parameters / size < 2.1
        assert VARIANTS[f"{name}-split"].config.separate_layers == VARIANTS[name].config.layers - 1


def test_too_long_a_description_or_window_is_an_error(checkpoint: Path, tagger: Tagger) -> None:
    long = EntityType("drug", "a drug " * 30)
    with pytest.raises(UsageError, match="'drug': its description takes 150 tokens; the budget is 20"):
        tagger.tag(["x"], [long])
    with pytest.raises(UsageError, match="its description is empty"):
        tagger.tag(["x"], [EntityType("drug", " ")])
    with pytest.raises(UsageError, match="the model has 128 positions"):
        Tagger.from_pretrained(checkpoint, "cpu", windows=WindowSettings(text_tokens=100, description_tokens=40))
    with pytest.raises(UsageError, match="logits are for one window of 40"):
        tagger.logits("fever " * 41, [EntityType("drug", "a drug")])


def test_unknown_devices_and_formats_list_the_known(checkpoint: Path) -> None:
    with pytest.raises(UsageError, match="'tpu': expected auto, cpu, gpu"):
        Tagger.from_pretrained(checkpoint, device="tpu")
    with pytest.raises(UsageError, match="'int8': expected auto, float32"):
        Tagger.from_pretrained(checkpoint, device="cpu", dtype="int8")
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="sees no GPU here; use cpu or auto"):
            Tagger.from_pretrained(checkpoint, device="gpu")
