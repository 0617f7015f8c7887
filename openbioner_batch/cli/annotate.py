"""`openbioner-batch annotate`: a corpus in, spans in Parquet out."""

from __future__ import annotations

from typing import Any

import click

from openbioner_batch.cli._options import CommandOnFormats, options, settings_of
from openbioner_batch.engine.settings import AnnotateSettings


@click.command("annotate", cls=CommandOnFormats)
@options(AnnotateSettings)
def command(**flags: Any) -> None:
    """Tag every document of INPUT and write the spans to --output as Parquet.

    INPUT is a file, a folder, a glob or a URL such as s3://bucket/folder, of a format below. The same command resumes
    a run that was stopped, and does nothing if it is finished; new input files are added to it.
    """
    settings = settings_of(AnnotateSettings, flags)

    from openbioner_batch.console import plain_console, printing
    from openbioner_batch.engine.run import annotate
    from openbioner_batch.engine.stopping import resumable
    from openbioner_batch.engine.summary import print_report

    with resumable():
        summary = annotate(settings)
    with printing():
        print_report(summary.as_json(), plain_console())
