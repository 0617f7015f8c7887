"""`openbioner-batch review`: bounds the leaks of a finished deidentify run by a sample that people read."""

from __future__ import annotations

from typing import Any

import click

from openbioner_batch.cli._options import GroupedCommand, options, settings_of
from openbioner_batch.errors import RunFailedError
from openbioner_batch.report.settings import ReviewReportSettings, ReviewSampleSettings


@click.group("review")
def command() -> None:
    """Bound the share of de-identified notes that leak: draw a sample to be read, then report on what was seen."""


@command.command("sample", cls=GroupedCommand)
@options(ReviewSampleSettings)
def sample(**flags: Any) -> None:
    """Draw notes from the finished deidentify run in OUTPUT and write the page on which people review them.

    The page works offline in any browser. It shows the new notes without what was replaced; what reviewers mark is
    saved as a file of offsets, which `review report` reads.
    """
    settings = settings_of(ReviewSampleSettings, flags)

    from openbioner_batch.report.review.sampling import write_sample

    made = write_sample(
        settings.run, settings.html, settings.plan, settings.goal, settings.seed, settings.stratify, settings.least
    )
    drawn, notes = sum(made.drawn.values()), sum(made.sizes.values())
    click.echo(f"{settings.html}: {drawn:,} notes of {notes:,} to be read; it holds their texts: keep it safe")
    for name, count in made.drawn.items() if settings.stratify else ():
        click.echo(f"  {name}: {count:,} of {made.sizes[name]:,}")
    if drawn == notes:
        click.echo("these are all notes of the run: the review will give the share itself")
    else:
        seen = "none of them leaks" if not settings.allow else f"no more than {settings.allow:,} of them leak"
        share = f"fewer than {settings.leaks_below} of all notes do, with {settings.confidence} confidence"
        click.echo(f"if {seen}, {share}")
    click.echo(f"{settings.plan}: keep it for `openbioner-batch review report`")


@command.command("report", cls=GroupedCommand)
@options(ReviewReportSettings)
def report(**flags: Any) -> None:
    """Show what the reviewers' files ANSWERS prove of the run in OUTPUT: the exact bound, by stratum, and the misses.

    Neither page nor JSON holds any text of a note.
    """
    settings = settings_of(ReviewReportSettings, flags)

    from openbioner_batch.report.review.signing import percent, statement, write_review

    found = write_review(settings.run, settings.plan, settings.answers, settings.html, settings.json_output)
    click.echo(statement(found))
    wanted = found["wanted"]
    click.echo(f"wanted: fewer than {percent(wanted['leaks_below'])}; {'' if wanted['reached'] else 'not '}reached")
    if found["sample"]["not_read"]:
        click.echo(f"{found['sample']['not_read']:,} notes of the sample were not read")
    if settings.fail_if_not_reached and not wanted["reached"]:
        raise RunFailedError("the bound is higher than was wanted (--fail-if-not-reached)")
