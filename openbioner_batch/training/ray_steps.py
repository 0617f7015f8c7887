"""Passes for the workers, prepared ahead by Ray Data's CPU tasks."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from openbioner_batch.errors import RunFailedError
from openbioner_batch.training.pacing import Pacing
from openbioner_batch.training.passes import Pass, PassMaker

if TYPE_CHECKING:
    import ray.data

TASK_PARTS = 16
"""How many parts of steps one task prepares."""


def step_dataset(preparation: Any, first_step: Any, parts: int) -> ray.data.Dataset:
    """A dataset with one row for each part (what one worker does in one step), in order.

    Split evenly in order, row k goes to worker k modulo their number: the rows are single blocks, their order is
    preserved, and the splitter gives each block to the worker that has had fewest rows. `parts_of` checks it.

    Args:
        preparation: reference to a `Preparation`.
        first_step: an actor whose method `first_part` gives the first part.
        parts: of the whole training.
    """
    import ray.data

    tasks = -(-parts // TASK_PARTS)
    # Not `range`: its reading tasks want a whole CPU each, which a machine with one core never has beside a worker.
    dataset = ray.data.from_items([{"id": number} for number in range(tasks)], override_num_blocks=tasks)
    # every row is a separate block, however small
    dataset.context.target_max_block_size = 1
    dataset.context.custom_execution_callback_classes = [Pacing]  # type: ignore[list-item]
    return dataset.map_batches(
        _prepare,  # type: ignore[arg-type] # keyword arguments are not in Ray's type
        fn_kwargs={
            "preparation": [preparation],  # in a list, so that Ray hands on the reference
            "first_step": first_step,
            "parts": parts,
        },
        batch_size=1,
        batch_format="pyarrow",
        num_cpus=0.5,
    )


def parts_of(rows: Iterator[Mapping[str, Any]], first: int, stride: int) -> Iterator[list[Pass]]:
    """The passes of each of a worker's parts.

    Args:
        rows: of this worker's share of the dataset.
        first: the part that must come first.
        stride: how far apart the worker's parts are.

    Raises:
        RunFailedError: Ray Data gave another part: continuing would change the training.
    """
    expected = first
    for row in rows:
        if row["part"] != expected:
            raise RunFailedError(f"Ray Data gave part {row['part']} where part {expected} was due")
        yield pickle.loads(row["passes"])
        expected += stride


_makers: dict[Any, PassMaker] = {}


def _prepare(rows: pa.Table, preparation: list[Any], first_step: Any, parts: int) -> Iterator[pa.Table]:
    import ray

    if preparation[0] not in _makers:
        _makers.clear()
        _makers[preparation[0]] = PassMaker(ray.get(preparation[0]))
    maker = _makers[preparation[0]]
    first = ray.get(first_step.first_part.remote())
    for task in rows.column("id").to_pylist():
        begin = first + task * TASK_PARTS
        for part in range(begin, min(begin + TASK_PARTS, parts)):
            payload = pickle.dumps(maker.part(part), pickle.HIGHEST_PROTOCOL)
            yield pa.table({"part": pa.array([part], pa.int64()), "passes": pa.array([payload], pa.large_binary())})
