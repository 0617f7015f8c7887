"""De-identification without Ray: the same stages, one after the other in this process."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import nullcontext
from typing import Any
from unittest.mock import patch

import pyarrow as pa

from openbioner_batch.deid.run import Finished, deidentify
from openbioner_batch.deid.settings import DeidentifySettings
from openbioner_batch.engine.cluster import Resources
from openbioner_batch.engine.scoring import ScorerFactory
from openbioner_batch.engine.tagging import TagShards
from openbioner_batch.engine.work import SplitTask, TaggingJob, unrow


def graph(
    tasks: Sequence[SplitTask],
    layout: object,
    read: Callable[[pa.Table], Iterator[pa.Table]],
    tagging: TaggingJob | None,
    commit: Callable[[pa.Table], pa.Table],
) -> Generator[dict[str, Any], None, None]:
    """What `engine.graph.run_graph` does."""
    tag = TagShards(tagging) if tagging else None
    for task in tasks:
        for row in read(pa.table({"task": [task.to_json()]})):
            yield unrow(commit(tag(row) if tag else row))


def deidentify_here(settings: DeidentifySettings, factory: ScorerFactory | None = None) -> Finished:
    """`deidentify`; a request that uses a model must ask for no sample of the result to be read again."""
    machine = nullcontext(Resources(cpus=2, gpus=0, nodes=1))
    with (
        patch("openbioner_batch.deid.pipeline.run_graph", graph),
        patch("openbioner_batch.deid.run.ray_connection", lambda *rest: machine),
    ):
        return deidentify(settings, factory, lambda line: None)
