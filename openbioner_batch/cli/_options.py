"""Options that several commands share the manner of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click


def list_option(*names: str, **more: Any) -> Callable[[Any], Any]:
    """An option that takes a list: `--types a,b` and `--types a --types b` are the same."""
    return click.option(*names, multiple=True, callback=_joined, **more)


def _joined(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> str | None:
    return ",".join(values) or None
