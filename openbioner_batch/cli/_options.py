"""Options that several commands share the manner of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click


def list_option(*names: str, **more: Any) -> Callable[[Any], Any]:
    """An option that takes a list: `--types a,b` and `--types a --types b` are the same."""
    return click.option(*names, multiple=True, callback=_joined, **more)


class CommandOnFormats(click.Command):
    """A command whose help ends with the formats that it reads, as they are registered."""

    rewritable = False
    """Whether only those that can be written back are listed."""

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        from openbioner_batch.formats import rewritable_formats
        from openbioner_batch.formats.registry import COMPRESSIONS, FORMATS

        names = rewritable_formats() if self.rewritable else list(FORMATS)
        packed = ", ".join(COMPRESSIONS)
        with formatter.section(f"Formats (all but Parquet also packed: {packed}; members of .zip)"):
            rows = [(name, _described(FORMATS[name].document, FORMATS[name].suffixes)) for name in names]
            formatter.write_dl(rows)


class CommandOnRewritableFormats(CommandOnFormats):
    """The same of a command that writes records back in their format."""

    rewritable = True


def _described(document: str, suffixes: tuple[str, ...]) -> str:
    return f"{document}; {', '.join(suffixes) or 'say --format'}"


def _joined(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> str | None:
    return ",".join(values) or None
