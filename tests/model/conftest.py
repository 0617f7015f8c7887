"""Fixtures of the tests about what a glossary adds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from knowing import write_checkpoint

from openbioner_batch.model import Tagger
from openbioner_batch.model.glossary_head import GlossaryHead
from openbioner_batch.model.location import GLOSSARY_HEAD


@pytest.fixture(scope="module", params=[{}, {"named": True, "shared_encoder": True}], ids=str)
def knowing_folder(request: pytest.FixtureRequest, checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small random model of late interaction with a glossary and its head."""
    found = tmp_path_factory.mktemp("late")
    write_checkpoint(found, checkpoint, **request.param)
    return found


@pytest.fixture(scope="module")
def knowing(knowing_folder: Path) -> Tagger:
    """A tagger with this glossary."""
    return Tagger.from_pretrained(knowing_folder, "cpu", "float32")


@pytest.fixture
def with_head(knowing_folder: Path) -> Iterator[Callable[[GlossaryHead], Tagger]]:
    """A tagger with another head."""
    stored = (knowing_folder / GLOSSARY_HEAD).read_bytes()

    def make(head: GlossaryHead) -> Tagger:
        head.write(knowing_folder / GLOSSARY_HEAD)
        return Tagger.from_pretrained(knowing_folder, "cpu", "float32")

    yield make
    (knowing_folder / GLOSSARY_HEAD).write_bytes(stored)
