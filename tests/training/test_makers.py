"""The processes that make passes beside a training in one process."""

from __future__ import annotations

import gc
import os
from pathlib import Path

from openbioner_batch.training.local_host import _begin_making


class Finalized:
    """Writes the number of the process that frees it, as a library's native object would be freed there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.itself = self

    def __del__(self) -> None:
        self.path.write_text(str(os.getpid()))


def test_the_garbage_of_a_training_process_is_freed_there_alone(tmp_path: Path) -> None:
    written = tmp_path / "pid"
    gc.disable()
    try:
        Finalized(written)
        child = os.fork()
        if child == 0:
            _begin_making(0)
            gc.collect()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert not written.exists()
    finally:
        gc.enable()
    gc.collect()
    assert written.read_text() == str(os.getpid())
