"""One Ray for the tests of silver data and of whole training runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from openbioner_batch.engine.cluster import ray_connection


@pytest.fixture(scope="session")
def ray_here() -> Iterator[None]:
    """Starting Ray takes seconds: these tests share one."""
    with ray_connection(None):
        yield
