"""Groups of options that several commands share: each inherits those that it needs into its settings."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from openbioner_batch.catalog.views import VIEWS
from openbioner_batch.errors import UsageError
from openbioner_batch.formats.registry import UNSUFFIXED
from openbioner_batch.model import choices
from openbioner_batch.model.location import BUNDLED_OPEN
from openbioner_batch.options import flag, option

if TYPE_CHECKING:
    from openbioner_batch.model.glossary_files import GlossaryChoice

AUTO, RAY, IN_PROCESS = "auto", "ray", "in-process"
EXECUTORS = (AUTO, RAY, IN_PROCESS)
DTYPES = (AUTO, *choices.DTYPES)
DTYPES_WERE = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}
"""Former and usual short spellings: the error for one gives ours."""
PERCENT_SAMPLE = 100
"""A percentage of quarantined records is checked once this many records have been seen, and at the end."""


def text_of_number(value: Any) -> Any:
    """A whole number as text: `max-quarantined: 5`."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _format_name(value: Any) -> Any:
    return value.strip().lower().replace("_", "-") if isinstance(value, str) else value


def model_option() -> Any:
    """Chooses the model that tags."""
    return option(BUNDLED_OPEN, metavar="M", help="Checkpoint: bundled-open, bundled, a folder, or hub id.")


def view_option() -> Any:
    """Chooses among a catalog type's descriptions."""
    return option("definition", choices=VIEWS, help="Which description of a type to use.")


@dataclass(frozen=True)
class RunPaths:
    """Inputs and output."""

    inputs: tuple[str, ...] = option(flag="INPUT", repeated=True, help="Files, folders, globs or fsspec URLs.")
    output: str = option(metavar="URI", help="Folder of the run: a new one, or one to resume.")

    def check_given(self, *names: str, inputs: str = "INPUT") -> None:
        """Check that inputs, an output and other fields are not empty.

        Args:
            names: the other fields.
            inputs: what the command calls them.

        Raises:
            UsageError: a field is empty; names it.
        """
        if not self.inputs:
            raise UsageError(f"give at least one {inputs}: a file, folder, glob or URL")
        for name in ("output", *names):
            if not getattr(self, name):
                raise UsageError(f"{flag(name)} must not be empty")


@dataclass(frozen=True, kw_only=True)
class InputOptions:
    """How records are read."""

    heading = "Input"
    format: str | None = option(
        None,
        metavar="F",
        tidy=_format_name,
        help=f"Input format; {' and '.join(UNSUFFIXED)} must be named.",
        default="by the files' suffixes",
    )
    id_field: str | None = option(None, metavar="NAME", help="Column or key of the document id.", default="guessed")
    text_field: str | None = option(
        None, metavar="NAME", help="Column, key or path (doc.text) of the text.", default="guessed"
    )
    encoding: str | None = option(
        None, metavar="E", help="Of text files: utf-16, latin-1, cp1252 and so on.", default="utf-8"
    )
    delimiter: str | None = option(
        None, metavar="C", help="Between the columns of CSV or TSV.", default="the format's, else guessed"
    )
    quoting: str | None = option(
        None, metavar="Q", help="Quotes in CSV and TSV: csv, or none.", default="csv for CSV, none for TSV"
    )


@dataclass(frozen=True, kw_only=True)
class TitleOptions:
    """How records with a title are read."""

    heading = "Input"
    title_field: str | None = option(
        None, metavar="NAME", help="Column or key of a title, put before the text on a line of its own.", default="none"
    )


@dataclass(frozen=True, kw_only=True)
class DeviceOptions:
    """Where the model runs."""

    heading = "Model"
    devices: str = option(
        "auto",
        choices=("auto", "cpu", "gpu"),
        help="Where the model runs.",
        was=("device",),
        values_were={"cuda": "gpu"},
    )


@dataclass(frozen=True, kw_only=True)
class PrecisionOptions:
    """In which precision the model runs."""

    heading = "Model"
    dtype: str = option("auto", choices=DTYPES, values_were=DTYPES_WERE, help="Precision of the model.")


@dataclass(frozen=True, kw_only=True)
class WorkerOptions:
    """How many processes hold the model, and how much it reads at once."""

    heading = "Model"
    actors: int | None = option(
        None, least=1, help="Processes holding the model.", default="one per GPU, else per core"
    )
    actors_per_gpu: int = option(1, least=1, help="Processes that share a GPU, for small models.")
    token_budget: int | None = option(
        None, least=1, help="Tokens in a batch of the model, padding included.", default="that of the model"
    )
    compile: bool = option(False, help="On GPUs: torch's compiler fuses sums and norms.")


@dataclass(frozen=True, kw_only=True)
class CalibrationOptions:
    """Whether a checkpoint's calibration is used."""

    heading = "Model"
    no_calibration: bool = option(False, help="Leave out the checkpoint's biases and thresholds.")


@dataclass(frozen=True, kw_only=True)
class GlossaryOptions:
    """What a model knows of names."""

    heading = "Model"
    glossary: str | None = option(
        None,
        metavar="FILE|none",
        help="Lines `name | name: what it is; what it does`, beside what the checkpoint knows of names.",
        default="the checkpoint's own",
    )

    @cached_property
    def glossary_choice(self) -> GlossaryChoice | None:
        """What `glossary` says; None where it is not given. The file is read here, and only once.

        Raises:
            UsageError: the file cannot be read, or has a line of another form.
        """
        from openbioner_batch.model.glossary_files import GlossaryChoice

        return None if self.glossary is None else GlossaryChoice.of(self.glossary)


@dataclass(frozen=True, kw_only=True)
class SpanOptions:
    """Which spans are kept, and which others are derived from them."""

    heading = "Spans"
    threshold: float | None = option(
        None, metavar="S", least=0, most=1, help="Least score of a span.", default="the checkpoint's, by type"
    )
    nested: bool = option(False, help="Types that do not compete: keep spans that overlap better scored ones too.")
    abbreviations: bool = option(False, help="Long forms and the abbreviations that a text defines have one type.")
    repeats: bool = option(False, help="The same words elsewhere in a document are mentions too.")


@dataclass(frozen=True, kw_only=True)
class LinkOptions:
    """Concepts of spans."""

    heading = "Concepts"
    link: tuple[str, ...] = option(
        (), metavar="TYPE=V", help="Look up spans of TYPE in the vocabulary V (`vocabulary build`)."
    )
    link_top: int = option(1, least=1, help="Most concepts for a span.")
    link_least: float = option(
        0.0, metavar="S", least=0, most=1, help="Least score of a concept; 0.9 drops near names, 0.3 the vaguest."
    )


@dataclass(frozen=True, kw_only=True)
class QuarantineOptions:
    """When a run fails for what it sets aside."""

    heading = "Run"
    max_quarantined: str = option(
        "10%", metavar="N|P%", tidy=text_of_number, help="Fail beyond so many records set aside."
    )

    @property
    def quarantine_limit(self) -> QuarantineLimit:
        """`max_quarantined`, parsed."""
        return QuarantineLimit.parse(self.max_quarantined)


@dataclass(frozen=True, kw_only=True)
class RunOptions(QuarantineOptions):
    """How much is read, and the size of shards."""

    heading = "Run"
    limit: int | None = option(None, least=1, help="Take only the first N records.")
    shard_documents: int | None = option(
        None, least=1, help="Most documents to a shard, the unit of resumption.", default="1000 on GPUs, 200 on CPUs"
    )
    overwrite: bool = option(False, help="Remove the run in --output first.")


@dataclass(frozen=True, kw_only=True)
class ExecutorOptions:
    """What runs the stages."""

    heading = "Run"
    executor: str = option(AUTO, choices=EXECUTORS, help="auto: in-process for small local inputs without a GPU.")


@dataclass(frozen=True, kw_only=True)
class RayOptions:
    """Where Ray runs."""

    heading = "Run"
    ray_address: str | None = option(
        None, metavar="A", variable="RAY_ADDRESS", help="Ray cluster to join.", default="Ray on this machine"
    )


@dataclass(frozen=True, kw_only=True)
class FinishedRunOptions:
    """What commands on a finished run have in common."""

    source: tuple[str, ...] = option(
        (), metavar="INPUT", repeated=True, help="The run's inputs, for texts it did not keep. Repeatable."
    )
    workers: int | None = option(None, least=1, help="Processes that write.", default="one per core")
    overwrite: bool = option(False, help="Remove what an earlier command wrote to --output first.")


@dataclass(frozen=True, slots=True)
class QuarantineLimit:
    """How many records may be quarantined: a number, or a share of those seen."""

    count: int | None
    share: float | None

    @classmethod
    def parse(cls, text: str) -> QuarantineLimit:
        """From "25" or "2.5%".

        Raises:
            UsageError: the text is neither a number nor a percentage.
        """
        with suppress(ValueError):
            if text.endswith("%"):
                share = float(text[:-1]) / 100
                if math.isfinite(share) and 0 <= share <= 1:
                    return cls(None, share)
            elif int(text) >= 0:
                return cls(int(text), None)
        raise UsageError(f"--max-quarantined is {text!r}: give a number such as 25, or a percentage such as 2.5%")

    def is_exceeded(self, quarantined: int, records: int, at_end: bool) -> bool:
        """Whether so many of the records seen are too many."""
        if self.count is not None:
            return quarantined > self.count
        assert self.share is not None
        return (at_end or records >= PERCENT_SAMPLE) and quarantined > self.share * records
