"""`openbioner-batch deidentify`: an archive in, the same records without their identifiers out."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from openbioner_batch.cli._options import CommandOnRewritableFormats, options, settings_of
from openbioner_batch.deid.settings import DeidentifySettings


class _Command(CommandOnRewritableFormats):
    """A command whose help ends with the formats, and with the actions that a policy file may name."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from openbioner_batch.deid.actions.registry import REGISTERED

        super().format_epilog(ctx, formatter)
        with formatter.section("Actions of a policy file (types: {TYPE: ACTION})"):
            formatter.write_dl([(name, found.summary.replace("`", "")) for name, found in REGISTERED.items()])


@click.command("deidentify", cls=_Command)
@options(DeidentifySettings)
def command(**flags: Any) -> None:
    """Replace the identifiers in every note of INPUT and write the records to --output.

    INPUT is a file, a folder, a glob or a URL, of a format below. Columns that no option names are left out. The same
    command resumes a run that was stopped.
    """
    settings = settings_of(DeidentifySettings, flags)

    from openbioner_batch.console import plain_console, printing
    from openbioner_batch.deid.report import print_deid_report
    from openbioner_batch.deid.run import deidentify
    from openbioner_batch.engine.cluster import hide_command_line
    from openbioner_batch.engine.stopping import resumable

    with resumable():
        finished = deidentify(settings, before_ray=partial(hide_command_line, "openbioner-batch deidentify"))
    with printing():
        print_deid_report(finished.report, finished.summary.output, plain_console())
    finished.check_residual(settings.fail_on_residual)
