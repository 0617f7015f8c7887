from __future__ import annotations

from pathlib import Path

import pytest
from vocabularies import obo

from openbioner_batch.concepts.building import build_vocabulary
from openbioner_batch.concepts.index import Vocabulary


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of the small vocabulary."""
    folder = tmp_path_factory.mktemp("vocabulary")
    build_vocabulary(str(obo(folder)), str(folder / "x.vocab"))
    return folder / "x.vocab"


@pytest.fixture(scope="session")
def vocabulary(index: Path) -> Vocabulary:
    return Vocabulary(str(index))
