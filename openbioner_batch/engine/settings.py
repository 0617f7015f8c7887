"""What a user may ask of `annotate`."""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from openbioner_batch.errors import UsageError

AUTO, RAY, IN_PROCESS = "auto", "ray", "in-process"
EXECUTORS = (AUTO, RAY, IN_PROCESS)
CHOICES = {
    "devices": ("auto", "cpu", "gpu"),
    "words": ("basic", "whitespace", "pieces"),
    "view": ("definition", "examples", "contextual"),
    "dtype": ("auto", "float32", "bfloat16", "float16"),
    "executor": EXECUTORS,
}
AUTO_MODEL = "auto"
PERCENT_SAMPLE = 100
"""A percentage of quarantined records is judged once this many records have been seen, and at the end."""
_SAYS_NOTHING_WITHOUT = {
    "dictionary_wordings": ("dictionary", False),
    "dictionary_nested": ("dictionary", False),
    "link_top": ("link", 1),
    "link_least": ("link", 0.0),
}
"""By field: what it needs, and its default."""


@dataclass(frozen=True, slots=True)
class AnnotateSettings:
    """A request to tag a corpus: the flags of `openbioner-batch annotate`, and the keys of a --config file."""

    inputs: tuple[str, ...]
    """Files, folders, globs or fsspec URLs."""
    output: str
    """Folder or URL of the run: a new one, or one to go on with."""
    types: str = ""
    """Names of catalog types or sets, or YAML files, separated by commas; none only where dictionaries find all."""
    view: str = "definition"
    """Which of a catalog type's descriptions the model is told."""
    model: str = AUTO_MODEL
    """Checkpoint: "bundled", "bundled-open", a directory, or a Hugging Face id; "auto" goes by the types."""
    format: str | None = None
    """Input format; None goes by the files' suffixes."""
    id_field: str | None = None
    """Column or key of the document id; None guesses."""
    text_field: str | None = None
    """Column or key of the text; None guesses."""
    title_field: str | None = None
    """Column or key of a title, which stands before the text on a line of its own."""
    encoding: str | None = None
    """Encoding of the files; None is UTF-8."""
    delimiter: str | None = None
    """Character between the columns of CSV or TSV; None is the format's, or guessed where a header needs it."""
    quoting: str | None = None
    """Whether quotes mark fields of CSV and TSV: "csv" or "none"; None is "csv" for CSV and "none" for TSV."""
    keep_fields: tuple[str, ...] = ()
    """Columns or keys to carry over to the output."""
    words: str = "basic"
    """How text is split into words: "basic", "whitespace" or "pieces"."""
    include_text: bool = False
    """Whether the output holds the documents' text."""
    assertion: bool = False
    """Whether each span says if it is negated, uncertain, hypothetical, historical or somebody else's."""
    assertion_rules: tuple[str, ...] = ()
    """YAML files of phrases that add to the rules of assertion."""
    sections: bool = False
    """Whether each span names the section of its document that it stands in."""
    section_headers: tuple[str, ...] = ()
    """YAML files of headers that add to those of sections."""
    devices: str = "auto"
    """Where the model runs: "cpu", "gpu", or "auto" for GPUs where there are some."""
    actors: int | None = None
    """Processes that hold the model; None: one per GPU, else one per core."""
    actors_per_gpu: int = 1
    """Processes that share a GPU, where the model alone is too small to fill it."""
    limit: int | None = None
    """Take only the first so many records."""
    shard_documents: int | None = None
    """The most documents in a shard, the unit of resumption and of progress; None: 1000 on GPUs, 200 on CPUs."""
    token_budget: int | None = None
    """Tokens in a batch, padding included; None asks the model."""
    dtype: str = "auto"
    """Precision: "float32", "bfloat16", "float16", or "auto" for what suits the device."""
    text_tokens: int | None = None
    """Tokens of text in a window; None asks the checkpoint."""
    description_tokens: int | None = None
    """The most tokens of a type's description; None asks the checkpoint."""
    no_calibration: bool = False
    """Leave out the biases and thresholds that are stored with the checkpoint, if some are."""
    nested: bool = False
    """Keep spans that overlap a better scored one with other bounds, of models whose types do not compete."""
    abbreviations: bool = False
    """Give the type of a long form to the abbreviation that the text defines for it, everywhere, and the reverse."""
    repeats: bool = False
    """Give the type of a mention to the same words elsewhere in the document."""
    separate_layers: int | None = None
    """Lower layers of a published cross-encoder to separate, for which it was not trained: faster, not exact."""
    link: tuple[str, ...] = ()
    """`TYPE=VOCABULARY`: vocabularies in which the spans of types are looked up."""
    link_top: int = 1
    """The most concepts for a span."""
    link_least: float = 0.0
    """The least score of a span's concepts."""
    dictionary: tuple[str, ...] = ()
    """`TYPE=VOCABULARY`: vocabularies whose names in texts are spans of types."""
    dictionary_wordings: bool = False
    """Find names in other words too: reordered, or words that mean the same; and abbreviations that a text defines."""
    dictionary_nested: bool = False
    """Find names that overlap longer ones too."""
    max_quarantined: str = "10%"
    """The run fails beyond this number or percentage of quarantined records."""
    overwrite: bool = False
    """Remove an earlier run in the output folder and start anew."""
    executor: str = AUTO
    """What runs it: "ray", "in-process" (this process alone), or "auto": in-process for small local inputs on CPUs."""
    ray_address: str | None = None
    """A Ray cluster to join; None starts Ray on this machine."""

    def __post_init__(self) -> None:
        if not self.inputs:
            raise UsageError("give at least one INPUT: a file, folder, glob or URL")
        for name in ("output", "model"):
            if not getattr(self, name):
                raise UsageError(f"{flag(name)} must not be empty")
        if not self.types and not self.dictionary:
            raise UsageError("--types must not be empty, unless --dictionary says what is to be found")
        for name, (needed, default) in _SAYS_NOTHING_WITHOUT.items():
            if getattr(self, name) != default and not getattr(self, needed):
                raise UsageError(f"{flag(name)} says nothing without --{needed}: add it, or leave {flag(name)} out")
        for name, valid in CHOICES.items():
            if getattr(self, name) not in valid:
                raise UsageError(f"{flag(name)} is {getattr(self, name)!r}: give one of {', '.join(valid)}")
        for name in (
            "actors",
            "actors_per_gpu",
            "limit",
            "shard_documents",
            "token_budget",
            "text_tokens",
            "description_tokens",
            "separate_layers",
            "link_top",
        ):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"{flag(name)} is {value}: give a whole number from 1 up")
        check_link_least(self.link_least)
        self.quarantine_limit  # noqa: B018 - raises where it cannot be read

    @property
    def quarantine_limit(self) -> QuarantineLimit:
        """`max_quarantined`, parsed."""
        return QuarantineLimit.parse(self.max_quarantined)

    @classmethod
    def build(cls, values: Mapping[str, Any]) -> AnnotateSettings:
        """Settings from flags or a configuration file, each value checked for its type.

        Raises:
            UsageError: a key is unknown, a value has another type, or a required one is missing.
        """
        return build_settings(cls, values)


def check_link_least(value: float) -> None:
    """See that a least score is one.

    Raises:
        UsageError: it is not.
    """
    if not 0 <= value <= 1:
        raise UsageError(f"--link-least is {value:g}: give a score from 0 to 1, such as 0.9")


Settings = TypeVar("Settings")


def build_settings(kind: type[Settings], values: Mapping[str, Any]) -> Settings:
    """An object of a settings dataclass from flags or a configuration file, each value checked for its type.

    Raises:
        UsageError: a key is unknown, a value has another type, or a required one is missing.
    """
    kinds = typing.get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(values.keys() - fields.keys()):
        raise UsageError(f"unknown key {unknown[0]!r}: the keys are {', '.join(fields)}")
    required = {name for name, field in fields.items() if field.default is dataclasses.MISSING}
    if missing := sorted(required - values.keys()):
        raise UsageError(f"{flag(missing[0])} is missing")
    return kind(**{name: _checked(name, value, kinds[name]) for name, value in values.items()})


@dataclass(frozen=True, slots=True)
class QuarantineLimit:
    """How many records may be set aside: a number, or a share of those seen."""

    count: int | None
    share: float | None

    @classmethod
    def parse(cls, text: str) -> QuarantineLimit:
        """From "25" or "2.5%".

        Raises:
            UsageError: it is neither.
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


def flag(name: str) -> str:
    """A field as the flag that sets it."""
    return "INPUT" if name == "inputs" else f"--{name.replace('_', '-')}"


def read_config(path: str) -> dict[str, Any]:
    """The mapping in a YAML configuration file, its keys with underscores.

    Raises:
        UsageError: the file cannot be read or is no mapping.
    """
    import yaml

    try:
        found = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--config {path} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise UsageError(f"--config {path} is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(found, dict):
        raise UsageError(f"--config {path} must hold a mapping of flags to values, such as `limit: 100`")
    return {str(key).replace("-", "_"): value for key, value in found.items()}


def _checked(name: str, value: Any, kind: Any) -> Any:
    """A value of the field's type; a list of strings may also come as one string with commas."""
    allowed = typing.get_args(kind) if type(None) in typing.get_args(kind) else (kind,)
    if value is None and type(None) in allowed:
        return None
    if kind == tuple[str, ...]:
        items = value.split(",") if isinstance(value, str) and name != "inputs" else value
        items = [items] if isinstance(items, str) else items
        if isinstance(items, list | tuple) and all(isinstance(item, str) for item in items):
            return tuple(item.strip() for item in items)
        raise UsageError(f"{flag(name)} is {value!r}: give a list of strings")
    if name == "types" and isinstance(value, list):
        value = ",".join(map(str, value))
    if name == "max_quarantined" and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if name == "format" and isinstance(value, str):
        value = value.strip().lower().replace("_", "-")
    wanted = next(option for option in allowed if option is not type(None))
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        raise UsageError(f"{flag(name)} is {value!r}: give {_KINDS[wanted]}")
    return value


_KINDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
