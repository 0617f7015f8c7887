"""Trains in this one process, without Ray.

Passes come from a few processes of torch's own; checkpoints are in the run's folder under the names that Ray Train
gives them.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

import torch
from torch.utils.data import DataLoader, Dataset

from openbioner_batch.engine.cluster import usable_cores
from openbioner_batch.engine.store import TEMPORARY, Store
from openbioner_batch.errors import RunFailedError
from openbioner_batch.training.display import Display
from openbioner_batch.training.hosts import CHECKPOINTS, FinishedTraining, checkpoint_name
from openbioner_batch.training.monitor import Entry, Metrics
from openbioner_batch.training.packing import TaggingBatch
from openbioner_batch.training.passes import Pass, PassMaker, Preparation
from openbioner_batch.training.shared import SharedBatch
from openbioner_batch.training.worker import Worker

KEPT = f"{CHECKPOINTS}/kept.json"
"""The list of complete checkpoints: `step` and `f1`, ascending."""
_MOST_MAKERS = 8
_FLUSH_ENTRIES = 10
"""How many entries are between two writes of the metrics to a slow store."""


def train_here(
    preparation: Preparation,
    validation: Sequence[TaggingBatch | SharedBatch],
    store: Store,
    metrics: Metrics,
    stream: TextIO,
) -> FinishedTraining:
    """Train to the end in this process, from the latest checkpoint where there is one.

    Raises:
        RunFailedError: a checkpoint cannot be written.
    """
    display = Display(preparation.plan.steps, stream)
    host = LocalHost(preparation, validation, store, metrics, display)
    try:
        with display:
            Worker(preparation.settings, preparation.plan.steps, host).train()
            host.join()
    finally:
        metrics.close()
    return host.finished()


class LocalHost:
    """See `Host`.

    Args:
        preparation: the run's settings, tokenizer and vocabulary of types.
        validation: batches of held-out texts.
        store: the run's folder.
        metrics: the entries of its log.
        display: shows them.
    """

    rank, workers = 0, 1

    def __init__(
        self,
        preparation: Preparation,
        validation: Sequence[TaggingBatch | SharedBatch],
        store: Store,
        metrics: Metrics,
        display: Display,
    ) -> None:
        self._preparation, self._validation = preparation, validation
        self._store, self._metrics, self._display = store, metrics, display
        self._settings = preparation.settings
        self._unwritten = 0
        self._uploads = ThreadPoolExecutor(1, "checkpoint")
        self._upload: Future[None] | None = None
        parallel = self._settings.parallel
        self.device = torch.device("cuda" if parallel.on_gpu else "cpu")
        if not parallel.on_gpu:
            torch.set_num_threads(parallel.threads or usable_cores())

    def validation(self) -> Sequence[TaggingBatch | SharedBatch]:
        """All of the development data."""
        return self._validation

    def parts(self, first: int) -> Iterator[list[Pass]]:
        """The passes of each step, made by processes beside the training where there are cores for them."""
        # passes are made in plain Python: other processes make them while a GPU, or torch's threads, compute
        makers = min(_MOST_MAKERS, usable_cores() - 1)
        loader: DataLoader[list[Pass]] = DataLoader(
            _Parts(self._preparation),
            batch_size=None,
            sampler=range(first, self._preparation.plan.steps),
            num_workers=makers,
            prefetch_factor=2 if makers else None,
            collate_fn=_as_it_is,
            worker_init_fn=_begin_making,
        )
        return iter(loader)

    def report(self, entry: Entry) -> None:
        """Show an entry now; write it now where that is cheap, else together with others."""
        self._metrics.add(entry)
        self._display.show(entry)
        self._unwritten += 1
        if self._metrics.cheap or self._unwritten >= _FLUSH_ENTRIES:
            self._metrics.flush()
            self._unwritten = 0

    def save(self, metrics: dict[str, Any], folder: Path) -> None:
        """Publish the checkpoint in a thread, once the one before is done."""
        self.join()
        self._upload = self._uploads.submit(self._publish, metrics, folder)

    def join(self) -> None:
        """Wait for the checkpoint that is being stored.

        Raises:
            RunFailedError: the checkpoint could not be stored.
        """
        if self._upload is None:
            return
        try:
            self._upload.result()
        except OSError as error:
            raise RunFailedError(
                f"{self._store.url}/{CHECKPOINTS} cannot be written ({error}); the same command resumes"
            ) from error
        self._upload = None

    @contextmanager
    def latest(self) -> Iterator[Path | None]:
        """The newest complete checkpoint of the run's folder; None before the first one."""
        kept = self._kept()
        if not kept:
            yield None
            return
        with self._folder(kept[-1]["step"]) as folder:
            yield folder

    def sum(self, values: torch.Tensor) -> torch.Tensor:
        """The values themselves: there is no other worker."""
        return values

    def finished(self) -> FinishedTraining:
        """The best validated checkpoint, else the latest."""
        best = max(self._kept(), key=lambda one: (one["f1"], one["step"]))
        return FinishedTraining(self._folder(best["step"]), best["step"], None if best["f1"] < 0 else best["f1"])

    def _publish(self, metrics: dict[str, Any], folder: Path) -> None:
        """Store a checkpoint, add it to the list, and remove those that are no longer kept."""
        name = f"{CHECKPOINTS}/{checkpoint_name(metrics['step'])}"
        self._store.remove_folder(name)  # what a killed run left behind
        if self._store.local:
            target = Path(self._store.url) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            passing = Path(self._store.url) / TEMPORARY / uuid.uuid4().hex
            passing.mkdir(parents=True)
            for path in folder.iterdir():
                shutil.move(path, passing)  # copied where it lies on another disk
                _to_disk(passing / path.name)  # after a power cut the name must not exist without its bytes
            os.replace(passing, target)
        else:
            for path in sorted(folder.iterdir()):
                self._store.put(f"{name}/{path.name}", path.read_bytes())
        shutil.rmtree(folder)
        before = [one for one in self._kept() if one["step"] != metrics["step"]]
        now = sorted([*before, metrics], key=lambda one: one["step"])
        best = sorted(now, key=lambda one: (one["f1"], one["step"]))[-self._settings.checkpoints.keep :]
        chosen = [one for one in now if one in best or one is now[-1]]
        self._store.put(KEPT, json.dumps(chosen).encode())
        for one in now:
            if one not in chosen:
                self._store.remove_folder(f"{CHECKPOINTS}/{checkpoint_name(one['step'])}")

    def _kept(self) -> list[dict[str, Any]]:
        with suppress(FileNotFoundError):
            found: list[dict[str, Any]] = json.loads(self._store.get(KEPT))
            return found
        return []

    @contextmanager
    def _folder(self, step: int) -> Iterator[Path]:
        """The files of a checkpoint on this machine."""
        name = f"{CHECKPOINTS}/{checkpoint_name(step)}"
        if self._store.local:
            yield Path(self._store.url) / name
            return
        with tempfile.TemporaryDirectory() as temporary:
            for file in self._store.names(name):
                (Path(temporary) / file).write_bytes(self._store.get(f"{name}/{file}"))
            yield Path(temporary)


class _Parts(Dataset[list[Pass]]):
    """The numbers of a training's parts."""

    def __init__(self, preparation: Preparation) -> None:
        self._maker = PassMaker(preparation)

    def __getitem__(self, index: int) -> list[Pass]:
        return self._maker.part(index)


def _as_it_is(part: list[Pass]) -> list[Pass]:
    return part


def _begin_making(number: int) -> None:
    """Leaves Ctrl-C and SIGTERM to the training process, which ends those that make its passes, and its garbage too.

    A collection in a forked process would free native objects of the parent's libraries, and copy the pages of all
    that it looks at.
    """
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
