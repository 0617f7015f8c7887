"""Averages two checkpoints of one training history, often better than either (Wortsman et al. 2022, "Model soups").

python -m openbioner_batch.training.averaging RUN2/model RUN/model --output MEAN
"""

from __future__ import annotations

from pathlib import Path

import click
import torch
from torch import Tensor

from openbioner_batch.errors import OpenBioNERError, UsageError
from openbioner_batch.model.checkpoint import load_model, save_checkpoint
from openbioner_batch.model.location import resolve_checkpoint
from openbioner_batch.training.trained_types import merge_types, read_trained_types, write_trained_types


def average_checkpoints(first: str | Path, second: str | Path, output: Path, weight: float = 0.5) -> None:
    """Write a checkpoint whose weights lie between those of two, with the configuration and tokenizer of the first.

    If both list the types that they were trained on, so does the mean: those of either. It has no glossary, since the
    head that reads one belongs to the weights that it was fitted to.

    Args:
        first: a checkpoint: a directory, a bundled name or a hub id.
        second: one of the same shape, from which the first was trained further, or the reverse. Those that were
            trained apart have no useful mean.
        output: a new folder.
        weight: of the second, from 0 to 1.

    Raises:
        UsageError: the shapes differ, the weight is out of range, or the output exists.
        CheckpointError: a checkpoint cannot be read.
    """
    if not 0 <= weight <= 1:
        raise UsageError(f"--weight is {weight}: give a number from 0 to 1")
    if output.exists():
        raise UsageError(f"--output {output} exists: give a new folder")
    directory, other_directory = resolve_checkpoint(first), resolve_checkpoint(second)
    model, other = load_model(directory), load_model(other_directory).state_dict()
    state = model.state_dict()
    if (shapes := _shapes(state)) != _shapes(other):
        wrong = next(name for name in {**shapes, **_shapes(other)} if shapes.get(name) != _shapes(other).get(name))
        raise UsageError(f"{first} and {second} differ in the shape of {wrong}: give checkpoints of one model")
    model.load_state_dict({name: torch.lerp(part.float(), other[name].float(), weight) for name, part in state.items()})
    save_checkpoint(model, output, directory, torch.float16)
    trained_on, other_trained_on = read_trained_types(directory), read_trained_types(other_directory)
    if trained_on is not None and other_trained_on is not None:
        write_trained_types(output, merge_types(trained_on, other_trained_on))


def _shapes(state: dict[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(part.shape) for name, part in state.items()}


@click.command()
@click.argument("first")
@click.argument("second")
@click.option("--output", type=click.Path(path_type=Path), required=True, help="A new folder.")
@click.option("--weight", type=float, default=0.5, show_default=True, help="Of SECOND, from 0 to 1.")
def main(first: str, second: str, output: Path, weight: float) -> None:
    """Write the mean of the checkpoints FIRST and SECOND, as float16, with the configuration of FIRST."""
    average_checkpoints(first, second, output, weight)


if __name__ == "__main__":
    try:
        main(prog_name="python -m openbioner_batch.training.averaging")
    except OpenBioNERError as error:
        raise SystemExit(f"error: {error}") from None
