"""Inputs, runs that do not outlive their test, and what an undisturbed run gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from engine.conftest import Annotate, corpus, run, run_here
from processes import Program

from .driving import corpus_files, drive, results, succeed

__all__ = ["Annotate", "corpus", "run", "run_here"]

Drive = Callable[..., Program]


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """A folder of four files."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name, data in corpus_files().items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def start() -> Iterator[Drive]:
    """`drive`, whose processes are ended with the test."""
    programs: list[Program] = []

    def start(*arguments: Any, **more: Any) -> Program:
        programs.append(drive(*arguments, **more))
        return programs[-1]

    yield start
    for program in programs:
        program.end()


@pytest.fixture
def undisturbed(inputs: Path, start: Drive, tmp_path: Path) -> dict[str, bytes]:
    """What a run gives that nothing happens to."""
    succeed(start(inputs, tmp_path / "undisturbed"))
    return results(tmp_path / "undisturbed")
