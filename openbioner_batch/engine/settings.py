"""The settings of `annotate` and `link`."""

from __future__ import annotations

from dataclasses import dataclass

from openbioner_batch.engine.option_groups import (
    CalibrationOptions,
    DeviceOptions,
    ExecutorOptions,
    FinishedRunOptions,
    GlossaryOptions,
    InputOptions,
    LinkOptions,
    PrecisionOptions,
    QuarantineOptions,
    RayOptions,
    RunOptions,
    RunPaths,
    SpanOptions,
    TitleOptions,
    WorkerOptions,
    model_option,
    view_option,
)
from openbioner_batch.errors import UsageError
from openbioner_batch.model.choices import WORDS
from openbioner_batch.options import check_options, flag, option
from openbioner_batch.settings import Request

_SAYS_NOTHING_WITHOUT = {
    "glossary": ("types", None),
    "dictionary_wordings": ("dictionary", False),
    "dictionary_nested": ("dictionary", False),
    "link_top": ("link", 1),
    "link_least": ("link", 0.0),
}
"""For each field: the option it needs, and its default."""


@dataclass(frozen=True)
class AnnotateSettings(
    RunPaths,
    InputOptions,
    TitleOptions,
    DeviceOptions,
    PrecisionOptions,
    WorkerOptions,
    CalibrationOptions,
    GlossaryOptions,
    SpanOptions,
    LinkOptions,
    RunOptions,
    ExecutorOptions,
    RayOptions,
    Request,
):
    """A request to tag a corpus: the flags of `openbioner-batch annotate`, and the keys of a --config file."""

    types: str = option(
        "", metavar="T", joined=True, help="Types or sets of the catalog, or YAML files, separated by commas."
    )
    view: str = view_option()
    model: str = model_option()
    keep_fields: tuple[str, ...] = option((), metavar="A,B", help="Columns or keys to carry over to the output.")
    words: str = option("basic", choices=WORDS, help="How text is split into words.")
    include_text: bool = option(False, help="Write the documents' text to the output too.")
    assertion: bool = option(False, help="Mark spans as negated, uncertain, hypothetical, historical or of others.")
    assertion_rules: tuple[str, ...] = option(
        (), metavar="FILE,...", help="YAML files of phrases that add to the rules of --assertion."
    )
    sections: bool = option(False, help="Name the section of the document a span is in.")
    section_headers: tuple[str, ...] = option(
        (), metavar="FILE,...", help="YAML files of headers that add to those of --sections."
    )
    dictionary: tuple[str, ...] = option(
        (), metavar="TYPE=V", help="Names of the vocabulary V are spans of TYPE, beside the model's."
    )
    dictionary_wordings: bool = option(False, help="With --dictionary: names in another wording or order too.")
    dictionary_nested: bool = option(False, help="With --dictionary: names within longer names too.")
    text_tokens: int | None = option(
        None, least=1, help="Tokens of text in a window.", default="that of the checkpoint"
    )
    description_tokens: int | None = option(
        None, least=1, help="Most tokens of a description.", default="the checkpoint's"
    )
    separate_layers: int | None = option(
        None, least=1, help="Lower layers that read text and types apart: faster, not exact.", default="0"
    )

    def __post_init__(self) -> None:
        self.check_given("model")
        if not self.types and not self.dictionary:
            raise UsageError("--types must not be empty, unless --dictionary says what to find")
        for name, (needed, default) in _SAYS_NOTHING_WITHOUT.items():
            if getattr(self, name) != default and not getattr(self, needed):
                raise UsageError(f"{flag(name)} says nothing without --{needed}: add it, or leave {flag(name)} out")
        check_options(self)
        self.quarantine_limit  # noqa: B018 - raises where it cannot be read


@dataclass(frozen=True)
class LinkSettings(LinkOptions, FinishedRunOptions, QuarantineOptions, Request):
    """A request to link a finished run: the flags of `openbioner-batch link`, and the keys of a --config file."""

    run: str = option(flag="OUTPUT", help="Folder or URL of a finished run.")
    output: str = option(metavar="URI", help="Folder of the linked run: a new one, or one to resume.")

    def __post_init__(self) -> None:
        if not self.link:
            raise UsageError("--link is missing: give TYPE=VOCABULARY")
        check_options(self)
        self.quarantine_limit  # noqa: B018 - raises where it cannot be read
