"""The settings of `show`, `report`, `review sample` and `review report`."""

from __future__ import annotations

import math
from dataclasses import dataclass

from openbioner_batch.errors import UsageError
from openbioner_batch.options import check_options, option
from openbioner_batch.report.review.plan import ReviewGoal
from openbioner_batch.settings import Request

LEAST_CONFIDENCE = 0.9


@dataclass(frozen=True)
class OutputSettings(Request):
    """The run that all of these commands read."""

    run: str = option(flag="OUTPUT", help="Folder or URL of a run.")


@dataclass(frozen=True, kw_only=True)
class ShowSettings(OutputSettings):
    """A request to show documents: the flags of `show`, and the keys of a --config file."""

    limit: int = option(5, least=1, help="Show only N documents.", was=("n",))
    types: tuple[str, ...] = option(
        (), metavar="A,B", help="Only spans of these types, and documents that have one.", was=("type",)
    )

    def __post_init__(self) -> None:
        check_options(self)


@dataclass(frozen=True, kw_only=True)
class ReportSettings(OutputSettings):
    """A request for a page on a run: the flags of `report`, and the keys of a --config file."""

    html: str = option(metavar="FILE", help="The page to write: a path or URL.")
    limit: int = option(200, least=0, help="Only N documents to browse, drawn by the seed.", was=("sample",))
    seed: int = option(0, least=0, help="Chooses the documents.")
    source: tuple[str, ...] = option(
        (), metavar="INPUT", repeated=True, help="A tagging run's inputs, for texts it did not keep. Repeatable."
    )
    include_text: bool = option(False, help="Show some new notes of a deidentify run; else its page has no text.")

    def __post_init__(self) -> None:
        check_options(self)


@dataclass(frozen=True, kw_only=True)
class ReviewSampleSettings(OutputSettings):
    """A request for notes to review: the flags of `review sample`, and the keys of a --config file."""

    html: str = option(metavar="FILE", help="The page for the reviewers; it holds notes.")
    plan: str = option(metavar="FILE", help="The plan, by which answers are read back; no text.")
    leaks_below: str = option("1/200", metavar="R", help="Leak rate to stay below: 1/200, 0.5% or 0.005.")
    confidence: str = option("95%", metavar="C", help="Confidence of the bound: 90% or more.")
    allow: int = option(0, least=0, help="Leaking notes in the sample that still prove the bound.")
    stratify: str | None = option(
        None, metavar="COLUMN", help="Kept column: each of its values is sampled by its share."
    )
    least: int = option(0, least=0, help="Notes to read of every stratum, at least.")
    seed: int = option(0, least=0, help="Chooses the notes.")

    def __post_init__(self) -> None:
        check_options(self)
        self.goal  # noqa: B018 - raises where it cannot be read

    @property
    def goal(self) -> ReviewGoal:
        """The bound that the review is to prove.

        Raises:
            UsageError: a share cannot be read.
        """
        rate, confidence = share("--leaks-below", self.leaks_below), share("--confidence", self.confidence)
        if confidence < LEAST_CONFIDENCE:
            raise UsageError(f"--confidence is {self.confidence}: give 90% or more")
        return ReviewGoal(rate, confidence, self.allow)


@dataclass(frozen=True, kw_only=True)
class ReviewReportSettings(OutputSettings):
    """A request for what reviewers' files prove: the flags of `review report`, and the keys of a --config file."""

    answers: tuple[str, ...] = option((), flag="ANSWERS", repeated=True, help="Files that the reviewers saved.")
    plan: str = option(metavar="FILE", help="The plan that `review sample` wrote.")
    html: str | None = option(None, metavar="FILE", help="The page to be signed.")
    json_output: str | None = option(None, metavar="FILE", help="The same as JSON.", was=("json",))
    fail_if_not_reached: bool = option(False, help="Exit with 1 if the bound is higher than was wanted.")

    def __post_init__(self) -> None:
        if not self.answers:
            raise UsageError("give at least one file that a reviewer saved: ANSWERS")


def share(name: str, text: str) -> float:
    """A share between 0 and 1, written as 1/200, 0.5% or 0.005.

    Raises:
        UsageError: the text has none of these forms, or the share is out of range.
    """
    try:
        over, slash, under = text.partition("/")
        value = float(over) / float(under) if slash else float(text.rstrip("% ")) / (100 if "%" in text else 1)
    except (ValueError, ZeroDivisionError):
        value = math.nan
    if not 0 < value < 1:
        raise UsageError(f"{name} is {text!r}: give a share such as 1/200, 0.5% or 0.005")
    return value
