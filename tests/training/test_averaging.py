"""The mean of two checkpoints has weights between theirs, and the shape and tokenizer of the first."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from glossaries import late_checkpoint, with_glossary

from openbioner_batch.errors import UsageError
from openbioner_batch.model.checkpoint import load_model, save_checkpoint
from openbioner_batch.model.encoder import initialize
from openbioner_batch.model.location import GLOSSARY_FILES
from openbioner_batch.training.averaging import average_checkpoints
from openbioner_batch.training.nearness import TypeFacts
from openbioner_batch.training.trained_types import read_trained_types, write_trained_types


@pytest.fixture
def other(checkpoint: Path, tmp_path: Path) -> Path:
    model = load_model(checkpoint)
    initialize(model, 99)
    save_checkpoint(model, tmp_path / "other", checkpoint)
    return tmp_path / "other"


def test_weights_lie_between_those_of_both(checkpoint: Path, other: Path, tmp_path: Path) -> None:
    average_checkpoints(checkpoint, other, tmp_path / "mean", 0.25)

    first, second, mean = (load_model(folder).state_dict() for folder in (checkpoint, other, tmp_path / "mean"))
    assert mean.keys() == first.keys()
    for name, part in mean.items():
        torch.testing.assert_close(part, 0.75 * first[name] + 0.25 * second[name], atol=1e-3, rtol=1e-3)
    assert (tmp_path / "mean" / "vocab.txt").read_bytes() == (checkpoint / "vocab.txt").read_bytes()


def test_the_mean_lists_the_types_of_both_if_both_list_theirs(checkpoint: Path, other: Path, tmp_path: Path) -> None:
    first = tmp_path / "first"
    save_checkpoint(load_model(checkpoint), first, checkpoint)
    write_trained_types(first, [TypeFacts("drug", ("A medicine.",), frozenset({1}))])
    average_checkpoints(first, other, tmp_path / "unknown")
    assert read_trained_types(tmp_path / "unknown") is None

    write_trained_types(other, [TypeFacts("bone"), TypeFacts("drug", ("A remedy.",), frozenset({2}))])
    average_checkpoints(first, other, tmp_path / "mean")
    assert read_trained_types(tmp_path / "mean") == [
        *(TypeFacts("bone"), TypeFacts("drug", ("A medicine.", "A remedy."), frozenset({1, 2})))
    ]


def test_the_mean_has_no_glossary_as_no_head_was_fitted_to_it(tmp_path: Path) -> None:
    first = with_glossary(late_checkpoint(tmp_path / "tiny"), tmp_path / "first")
    average_checkpoints(first, first, tmp_path / "mean")
    assert not {*GLOSSARY_FILES} & {path.name for path in (tmp_path / "mean").iterdir()}
    assert (tmp_path / "mean" / "vocab.txt").is_file()


def test_what_has_no_mean_is_refused(checkpoint: Path, other: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="differ in the shape of"):
        average_checkpoints(checkpoint, "bundled", tmp_path / "mean")
    with pytest.raises(UsageError, match="--weight is 2: give a number from 0 to 1"):
        average_checkpoints(checkpoint, other, tmp_path / "mean", 2)
    with pytest.raises(UsageError, match="exists: give a new folder"):
        average_checkpoints(checkpoint, other, other)
