"""Runs and corpora as the tests of the engine have them."""

from __future__ import annotations

from engine.conftest import corpus, ray_here, run

__all__ = ["corpus", "ray_here", "run"]
