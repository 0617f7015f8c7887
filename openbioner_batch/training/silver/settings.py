"""The settings of `silver annotate` and `silver describe`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from openbioner_batch.engine.option_groups import (
    IN_PROCESS,
    RAY,
    ExecutorOptions,
    InputOptions,
    QuarantineLimit,
    RayOptions,
    RunOptions,
    RunPaths,
    TitleOptions,
    text_of_number,
)
from openbioner_batch.errors import UsageError
from openbioner_batch.options import check_options, flag, option
from openbioner_batch.settings import Request

KEY_VARIABLE = "OPENAI_API_KEY"
RESPONSE_FORMATS = ("json_schema", "json_object", "none")


def name_option() -> Any:
    """The source in passages."""
    return option(None, metavar="NAME", help="Name of the passages' source.", default="last part of --output")


def exclude_option() -> Any:
    """Folder of benchmark corpora whose sentences no passage may have."""
    return option(None, metavar="FOLDER", help="Benchmarks (.tsv, .tsv.gz) with which no passage may share a sentence.")


def without_option() -> Any:
    """File with names of types to leave out."""
    return option(None, metavar="FILE", help="File of names, one a line: types like these are left out.")


@dataclass(frozen=True, kw_only=True)
class LlmSettings(ExecutorOptions, RayOptions):
    """The LLM, how it is queried, and within which limits."""

    heading = "Language model"
    endpoint: str | None = option(None, metavar="URL", help="Base URL of an OpenAI-compatible server (.../v1).")
    model: str | None = option(None, metavar="NAME", help="The model's name at the endpoint.")
    vllm: str | None = option(None, metavar="M", help="Run this checkpoint with vLLM in the run, without an endpoint.")
    api_key_file: str | None = option(
        None, metavar="FILE", help="File with the endpoint's key.", default=f"variable {KEY_VARIABLE}"
    )
    response_format: str = option(
        "json_schema", choices=RESPONSE_FORMATS, help="How to request the answer's format; none: only in words."
    )
    temperature: float = option(0.0, least=0, help="Sampling temperature.")
    seed: int = option(42, least=0, help="Sampling seed.")
    max_tokens: int = option(1024, least=1, help="Most tokens of an answer.")
    requests_per_minute: float | None = option(None, above=0, help="Most requests a minute.", default="no limit")
    tokens_per_minute: float | None = option(
        None, above=0, help="Most tokens a minute, in and out.", default="no limit"
    )
    max_cost: float | None = option(
        None, above=0, help="Stop before all sessions of the run spend more than this.", default="no limit"
    )
    price_in: float = option(0.0, least=0, help="Price of a million prompt tokens.")
    price_out: float = option(0.0, least=0, help="Price of a million answer tokens.")
    concurrency: int = option(16, least=1, help="Concurrent requests.")
    max_retries: int = option(6, least=0, help="Retries of a failed request.")
    timeout: float = option(120.0, metavar="S", above=0, help="Most seconds for an answer.")

    def __post_init__(self) -> None:
        if (self.endpoint is None) == (self.vllm is None):
            raise UsageError("give either --endpoint URL with --model NAME, or --vllm MODEL")
        if self.endpoint is not None:
            if not self.model:
                raise UsageError("--endpoint needs --model, the name by which the server knows the model")
            check_url(self.endpoint)
        elif self.model or self.max_cost is not None:
            name = "model" if self.model else "max_cost"
            raise UsageError(f"{flag(name)} belongs to --endpoint; --vllm runs a model itself")
        check_options(self)
        if self.vllm is not None:
            if self.executor == IN_PROCESS:
                raise UsageError(f"--vllm runs its model with Ray: give --executor {RAY}, or leave the flag out")
            object.__setattr__(self, "executor", RAY)
        if self.max_cost is not None and not self.price_in + self.price_out > 0:
            raise UsageError("--max-cost needs --price-in and --price-out, the prices of a million tokens")

    @property
    def actors(self) -> int | None:
        """One client sends all requests, within common limits."""
        return None

    @property
    def chat_url(self) -> str:
        """The address for chat completions."""
        return f"{(self.endpoint or '').rstrip('/')}/chat/completions"

    @property
    def model_name(self) -> str:
        """The model, at an endpoint or in vLLM."""
        return self.model or self.vllm or ""

    def price(self, prompt_tokens: float, completion_tokens: float) -> float:
        """The price of this many tokens."""
        return (prompt_tokens * self.price_in + completion_tokens * self.price_out) / 1e6


@dataclass(frozen=True, kw_only=True)
class FilterSettings:
    """The filters of annotations."""

    heading = "Filters"
    min_type_count: int = option(3, least=1, help="Drop types with fewer mentions in all.")
    min_chars: int = option(2, least=1, help="Drop shorter mentions.")
    max_mention_words: int = option(12, least=1, help="Drop mentions of more words.")
    min_words: int = option(5, least=1, help="Drop passages of fewer words.")
    min_lowercase: float = option(
        0.5, least=0, most=1, help="Drop passages with less lower case: headings, tables, shouting."
    )
    max_covered: float = option(
        0.7, least=0, most=1, help="Drop passages of which mentions cover more: the model marked everything."
    )
    max_unaligned: float = option(
        0.5, least=0, most=1, help="Drop passages with more mentions that occur nowhere in the text: invented ones."
    )
    keep_empty: bool = option(False, help="Keep passages without a mention.")

    def __post_init__(self) -> None:
        check_options(self)


@dataclass(frozen=True, kw_only=True)
class PassageSettings(RunPaths, InputOptions, TitleOptions, RunOptions):
    """Common options of runs over passages: inputs, the size of passages, and output."""

    heading = "Passages"
    passage_words: int = option(150, least=1, help="Most words of a passage, of whole sentences.")
    name: str | None = name_option()
    exclude: str | None = exclude_option()
    shard_documents: int = option(50, least=1, help="Most passages in a shard, the unit of resumption.")
    limit: int | None = option(None, least=1, help="Take only the first N passages.")
    max_quarantined: str = option(
        "10%", metavar="N|P%", tidy=text_of_number, help="Fail beyond so many quarantined passages."
    )

    def check_passages(self, inputs: str = "INPUT") -> None:
        """Refuse a request that is incomplete.

        Args:
            inputs: what the command calls them.

        Raises:
            UsageError: an option is missing; names it.
        """
        self.check_given(inputs=inputs)
        check_options(self)
        self.quarantine_limit  # noqa: B018 - raises where it cannot be read

    @property
    def keep_fields(self) -> tuple[str, ...]:
        """Passages carry no columns of the input."""
        return ()

    @property
    def include_text(self) -> bool:
        """Passages always have their text."""
        return True

    @property
    def source(self) -> str:
        """The passages' `source`."""
        return source_of(self.name, self.output)


def source_of(name: str | None, output: str) -> str:
    """The `source` of passages: the requested name, or the last part of the folder."""
    return name or output.rstrip("/").rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class SilverSettings(PassageSettings, LlmSettings, FilterSettings, Request):
    """A request to annotate a corpus with an LLM: the flags of `silver annotate`, and the keys of a --config file."""

    def __post_init__(self) -> None:
        self.check_passages()
        LlmSettings.__post_init__(self)


@dataclass(frozen=True, kw_only=True)
class DescribeSettings(LlmSettings, Request):
    """A request to describe the types of silver data: the flags of `silver describe`, or a --config file."""

    folder: str = option(flag="SILVER_FOLDER", help="Folder of silver data, with `passages/`.")
    examples: int = option(8, least=1, help="Surface forms of a type to show the LLM.")
    near: int = option(4, least=0, help="Near types to contrast a type with.")
    limit: int | None = option(None, least=1, help="Describe only the N most frequent types.")
    shard_documents: int = option(20, least=1, help="Most types in a shard, the unit of resumption.")
    max_quarantined: str = option(
        "20%", metavar="N|P%", tidy=text_of_number, help="Fail beyond so many types without a description."
    )
    overwrite: bool = option(False, help="Describe all types again.")

    def __post_init__(self) -> None:
        LlmSettings.__post_init__(self)
        QuarantineLimit.parse(self.max_quarantined)


def check_url(url: str) -> None:
    """Refuse a value that is not a base URL, or holds a secret.

    Raises:
        UsageError: the value is one of these; says which.
    """
    try:
        parts = urlsplit(url)
        is_base = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        (parts.hostname or "").encode("idna")
    except ValueError:  # an invalid port, an incomplete address in brackets, a host with an empty part
        is_base = False
    if not is_base:
        shown = "" if "@" in url or "?" in url else f" {url}"  # there may be a secret in it
        raise UsageError(f"--endpoint{shown}: give a URL such as http://localhost:8000/v1")
    if parts.username or parts.password or parts.query:
        raise UsageError(
            "--endpoint holds a user, a password or a query: a key belongs in --api-key-file, not in the URL"
        )
    if parts.path.rstrip("/").endswith("/chat/completions"):
        raise UsageError(f"--endpoint {url}: give the base URL, without /chat/completions")


def read_key(path: str | None) -> str | None:
    """The endpoint's key, from a file or the environment; None where there is none.

    Raises:
        UsageError: the file cannot be read, or its content cannot be a key.
    """
    if path is None:
        key = os.environ.get(KEY_VARIABLE, "").strip()
        if key and not is_key(key):
            raise UsageError(f"the variable {KEY_VARIABLE}: expected a key of ASCII characters and nothing else")
        return key or None
    try:
        key = Path(path).expanduser().read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--api-key-file {path} cannot be read: {type(error).__name__}") from None
    if not is_key(key):
        raise UsageError(f"--api-key-file {path}: expected a file that holds the key and nothing else")
    return key


def is_key(text: str) -> bool:
    """Whether a text can be a key in a header: visible ASCII without a space."""
    return bool(text) and all("!" <= character <= "~" for character in text)
