"""What training keeps becomes the published format: equal to saving the model whole."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from glossaries import late_checkpoint, with_glossary
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from openbioner_batch.model import Tagger
from openbioner_batch.model.checkpoint import load_encoder, load_model, save_checkpoint
from openbioner_batch.model.location import GLOSSARY_FILES
from openbioner_batch.training.engines import MODEL_FILE, TAG
from openbioner_batch.training.export import StoredTensor, _slices, export_checkpoint
from openbioner_batch.training.objective import TaggingObjective


def zero_files(module: TaggingObjective, folder: Path, workers: int) -> None:
    """What DeepSpeed's ZeRO 1 and 2 write: bf16 weights whole, fp32 ones flat, padded and cut over the workers."""
    (folder / TAG).mkdir()
    named = dict(module.named_parameters())
    groups = [[n for n in named if ".layers." in n], [n for n in named if ".layers." not in n and "pooler" not in n]]
    shapes = [{name: named[name].shape for name in group} for group in groups]
    states = {"module": {n: p.detach().bfloat16() for n, p in named.items()}, "param_shapes": shapes}
    torch.save(states, folder / TAG / "mp_rank_00_model_states.pt")
    flats = [torch.cat([named[name].detach().flatten() for name in group]) for group in groups]
    flats = [torch.nn.functional.pad(flat, (0, -len(flat) % (2 * workers))) for flat in flats]
    for rank in range(workers):
        parts = [flat.chunk(workers)[rank].clone() for flat in flats]
        state = {"optimizer_state_dict": {"single_partition_of_fp32_groups": parts}}
        torch.save(state, folder / TAG / f"bf16_zero_pp_rank_{rank}_mp_rank_00_optim_states.pt")


@pytest.mark.parametrize("workers", [0, 1, 2, 11], ids=["plain", "zero, 1", "zero, 2", "zero, 11"])
def test_an_exported_checkpoint_is_the_trained_model(checkpoint: Path, tmp_path: Path, workers: int) -> None:
    model = load_encoder(checkpoint)
    module = TaggingObjective(model, 1.0)
    if workers:
        model.pooler.to(torch.bfloat16).float()  # kept in bf16 alone: it is not trained
        for parameter in model.pooler.parameters():
            parameter.data = parameter.data.bfloat16().float()
        zero_files(module, tmp_path, workers)
    else:
        torch.save(module.state_dict(), tmp_path / MODEL_FILE)
    export_checkpoint(tmp_path, tmp_path / "out", model.config, checkpoint, torch.float32)
    save_checkpoint(model, tmp_path / "expected", checkpoint)
    found, expected = (load_file(tmp_path / name / "model.safetensors") for name in ("out", "expected"))
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name], tensor, rtol=0, atol=0)
    for name in ("config.json", "vocab.txt", "tokenizer_config.json"):
        assert (tmp_path / "out" / name).read_text() == (tmp_path / "expected" / name).read_text()
    assert Tagger.from_pretrained(tmp_path / "out", device="cpu").encoder.config == model.config


def test_a_glossary_stays_with_the_weights_that_training_began_with(tmp_path: Path) -> None:
    start = with_glossary(late_checkpoint(tmp_path / "tiny"), tmp_path / "start")
    model = load_model(start)
    torch.save({f"encoder.{name}": part for name, part in model.state_dict().items()}, tmp_path / MODEL_FILE)
    export_checkpoint(tmp_path, tmp_path / "out", model.config, start, torch.float32)
    assert not {*GLOSSARY_FILES} & {path.name for path in (tmp_path / "out").iterdir()}
    assert Tagger.from_pretrained(tmp_path / "out", device="cpu").glossary is None


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_other_formats_are_as_saved_whole(checkpoint: Path, tmp_path: Path, dtype: torch.dtype) -> None:
    model = load_encoder(checkpoint)
    torch.save(TaggingObjective(model, 1.0).state_dict(), tmp_path / MODEL_FILE)
    export_checkpoint(tmp_path, tmp_path / "out", model.config, checkpoint, dtype)
    save_checkpoint(model, tmp_path / "expected", checkpoint, dtype)
    found, expected = (load_file(tmp_path / name / "model.safetensors") for name in ("out", "expected"))
    for name, tensor in expected.items():
        assert found[name].dtype == dtype
        torch.testing.assert_close(found[name], tensor, rtol=0, atol=0)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=5), st.data())
def test_a_tensor_across_partitions_is_found_whole(sizes: list[int], data: st.DataObject) -> None:
    whole = torch.arange(sum(sizes))
    start = data.draw(st.integers(0, len(whole)))
    stop = data.draw(st.integers(start, len(whole)))
    found = StoredTensor((stop - start,), tuple(_slices(whole.split(sizes), start, stop)))
    if stop > start:
        assert found.read().tolist() == list(range(start, stop))
    else:
        assert found.slices == ()
