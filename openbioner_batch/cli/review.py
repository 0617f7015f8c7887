"""`openbioner-batch review`: how many notes of a finished deidentify run still leak, by people who read a sample."""

from __future__ import annotations

import math

import click

from openbioner_batch.errors import RunFailedError, UsageError


@click.group("review")
def command() -> None:
    """Bound the share of de-identified notes that leak: draw a sample to be read, then report on what was seen."""


@command.command("sample")
@click.argument("output")
@click.option("--html", required=True, metavar="FILE", help="The page for the reviewers; it holds notes.")
@click.option("--plan", required=True, metavar="FILE", help="The plan, by which answers are read back; no text.")
@click.option("--leaks-below", default="1/200", show_default=True, metavar="R", help="To prove: 1/200, 0.5% or 0.005.")
@click.option("--confidence", default="95%", show_default=True, metavar="C", help="Of the bound: 90% or more.")
@click.option("--allow", type=click.IntRange(min=0), default=0, show_default=True, help="Leaks that still prove it.")
@click.option("--stratify", metavar="COLUMN", help="Kept column: each of its values is sampled by its share.")
@click.option("--least", type=click.IntRange(min=0), default=0, show_default=True, help="Notes of every stratum.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Chooses the notes.")
def sample(
    output: str,
    html: str,
    plan: str,
    leaks_below: str,
    confidence: str,
    allow: int,
    stratify: str | None,
    least: int,
    seed: int,
) -> None:
    """Draw notes from the finished deidentify run in OUTPUT and write the page on which people review them.

    The page works offline in any browser. It shows the new notes without what was replaced; what reviewers mark is
    saved as a file of offsets, which `review report` reads.
    """
    from openbioner_batch.report.review.plan import ReviewGoal
    from openbioner_batch.report.review.sampling import write_sample

    rate, sure = share("--leaks-below", leaks_below), share("--confidence", confidence)
    if sure < 0.9:
        raise UsageError(f"--confidence is {confidence}: give 90% or more")
    made = write_sample(output, html, plan, ReviewGoal(rate, sure, allow), seed, stratify, least)
    drawn = sum(made.drawn.values())
    click.echo(
        f"{html}: {drawn:,} notes of {sum(made.sizes.values()):,} to be read; it holds their texts: keep it safe"
    )
    for name, count in made.drawn.items() if stratify else ():
        click.echo(f"  {name}: {count:,} of {made.sizes[name]:,}")
    if drawn == sum(made.sizes.values()):
        click.echo("these are all notes of the run: the review will give the share itself")
    else:
        seen = "none of them leaks" if not allow else f"no more than {allow:,} of them leak"
        click.echo(f"if {seen}, fewer than {leaks_below} of all notes do, with {confidence} confidence")
    click.echo(f"{plan}: keep it for `openbioner-batch review report`")


@command.command("report")
@click.argument("output")
@click.argument("answers", nargs=-1, required=True)
@click.option("--plan", required=True, metavar="FILE", help="The plan that `review sample` wrote.")
@click.option("--html", metavar="FILE", help="The page to be signed.")
@click.option("--json", "json_path", metavar="FILE", help="The same as JSON.")
@click.option("--fail-if-not-reached", is_flag=True, help="Exit with 1 if the bound is higher than was wanted.")
def report(
    output: str, answers: tuple[str, ...], plan: str, html: str | None, json_path: str | None, fail_if_not_reached: bool
) -> None:
    """Show what the reviewers' files ANSWERS prove of the run in OUTPUT: the exact bound, by stratum, and the misses.

    Neither page nor JSON holds any text of a note.
    """
    from openbioner_batch.report.review.signing import percent, statement, write_review

    found = write_review(output, plan, answers, html, json_path)
    click.echo(statement(found))
    wanted = found["wanted"]
    click.echo(f"wanted: fewer than {percent(wanted['leaks_below'])}; {'' if wanted['reached'] else 'not '}reached")
    if found["sample"]["not_read"]:
        click.echo(f"{found['sample']['not_read']:,} notes of the sample were not read")
    if fail_if_not_reached and not wanted["reached"]:
        raise RunFailedError("the bound is higher than was wanted (--fail-if-not-reached)")


def share(flag: str, text: str) -> float:
    """A share between 0 and 1, written as 1/200, 0.5% or 0.005.

    Raises:
        UsageError: it is none.
    """
    try:
        over, slash, under = text.partition("/")
        value = float(over) / float(under) if slash else float(text.rstrip("% ")) / (100 if "%" in text else 1)
    except (ValueError, ZeroDivisionError):
        value = math.nan
    if not 0 < value < 1:
        raise UsageError(f"{flag} is {text!r}: give a share such as 1/200, 0.5% or 0.005")
    return value
