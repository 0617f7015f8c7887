"""What a user may ask of `silver annotate` and `silver describe`."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from openbioner_batch.engine.settings import AUTO, EXECUTORS, IN_PROCESS, RAY, QuarantineLimit, flag
from openbioner_batch.errors import UsageError

KEY_VARIABLE = "OPENAI_API_KEY"
RESPONSE_FORMATS = ("json_schema", "json_object", "none")


@dataclass(frozen=True, kw_only=True)
class LlmSettings:
    """Which LLM is asked, how, and within which limits."""

    endpoint: str | None = None
    """Base URL of an OpenAI-compatible server, such as http://localhost:8000/v1."""
    model: str | None = None
    """The model's name at the endpoint."""
    vllm: str | None = None
    """A checkpoint or hub id to run with vLLM inside this run, instead of an endpoint."""
    api_key_file: str | None = None
    """File that holds the endpoint's key; else the key is that of the environment variable OPENAI_API_KEY, if any."""
    response_format: str = "json_schema"
    """How the answer's form is asked for: "json_schema", "json_object", or "none" for a server that knows neither."""
    temperature: float = 0.0
    """Sampling temperature."""
    seed: int = 42
    """Sampling seed."""
    max_tokens: int = 1024
    """The most tokens of an answer."""
    requests_per_minute: float | None = None
    """The most requests a minute; None sets no limit."""
    tokens_per_minute: float | None = None
    """The most tokens a minute, prompts and answers together; None sets no limit."""
    max_cost: float | None = None
    """The most to spend over all sessions of the run, in the currency of the prices; None sets no limit."""
    price_in: float = 0.0
    """Price of a million prompt tokens."""
    price_out: float = 0.0
    """Price of a million answer tokens."""
    concurrency: int = 16
    """Requests under way at once."""
    max_retries: int = 6
    """How often a request that failed is sent again."""
    timeout: float = 120.0
    """Seconds that an answer may take."""
    executor: str = AUTO
    """What runs it: "ray", "in-process" (this process alone), or "auto": in-process for small local inputs."""
    ray_address: str | None = None
    """A Ray cluster to join; None starts Ray on this machine."""

    def __post_init__(self) -> None:
        if (self.endpoint is None) == (self.vllm is None):
            raise UsageError("give either --endpoint URL with --model NAME, or --vllm MODEL")
        if self.endpoint is not None:
            if not self.model:
                raise UsageError("--endpoint needs --model, the name by which the server knows the model")
            check_url(self.endpoint)
        elif self.model or self.max_cost is not None:
            name = "model" if self.model else "max_cost"
            raise UsageError(f"{flag(name)} belongs to --endpoint; --vllm runs a model of its own")
        if self.response_format not in RESPONSE_FORMATS:
            valid = ", ".join(RESPONSE_FORMATS)
            raise UsageError(f"--response-format is {self.response_format!r}: give one of {valid}")
        if self.executor not in EXECUTORS:
            raise UsageError(f"--executor is {self.executor!r}: give one of {', '.join(EXECUTORS)}")
        if self.vllm is not None:
            if self.executor == IN_PROCESS:
                raise UsageError(f"--vllm runs its model with Ray: give --executor {RAY}, or leave the flag out")
            object.__setattr__(self, "executor", RAY)
        check_above(self, "max_tokens", "concurrency", least=1)
        check_above(self, "max_retries", "seed", "price_in", "price_out", "temperature", least=0)
        check_above(self, "requests_per_minute", "tokens_per_minute", "max_cost", "timeout", least=1e-9)
        if self.max_cost is not None and not self.price_in + self.price_out > 0:
            raise UsageError("--max-cost needs --price-in and --price-out, the prices of a million tokens")

    @property
    def actors(self) -> int | None:
        """One client asks for all, within limits that are for all."""
        return None

    @property
    def chat_url(self) -> str:
        """Where chat completions are asked for."""
        return f"{(self.endpoint or '').rstrip('/')}/chat/completions"

    @property
    def model_name(self) -> str:
        """The model, wherever it runs."""
        return self.model or self.vllm or ""

    def price(self, prompt_tokens: float, completion_tokens: float) -> float:
        """What so many tokens cost."""
        return (prompt_tokens * self.price_in + completion_tokens * self.price_out) / 1e6


@dataclass(frozen=True, kw_only=True)
class FilterSettings:
    """Which annotations are good enough to learn from."""

    min_type_count: int = 3
    """Types with fewer mentions in all are dropped."""
    min_chars: int = 2
    """Shorter mentions are dropped."""
    max_mention_words: int = 12
    """Mentions of more words are dropped."""
    min_words: int = 5
    """Passages of fewer words are dropped."""
    min_lowercase: float = 0.5
    """Passages are dropped in which a smaller part of the letters is lower case: headings, tables, shouting."""
    max_covered: float = 0.7
    """Passages are dropped of which mentions cover a larger part: the model marked everything."""
    max_unaligned: float = 0.5
    """Passages are dropped of which a larger part of the mentions stands nowhere in the text: the model invented."""
    keep_empty: bool = False
    """Whether passages without a mention are kept."""

    def __post_init__(self) -> None:
        for name in ("min_type_count", "min_chars", "max_mention_words", "min_words"):
            if getattr(self, name) < 1:
                raise UsageError(f"{flag(name)} is {getattr(self, name)}: give a whole number from 1 up")
        for name in ("min_lowercase", "max_covered", "max_unaligned"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"{flag(name)} is {getattr(self, name)}: give a number from 0 to 1")


@dataclass(frozen=True, kw_only=True)
class PassageSettings:
    """What runs over passages have in common: where texts come from, how they are cut, and where passages go."""

    inputs: tuple[str, ...] = ()
    """Files, folders, globs or fsspec URLs."""
    output: str
    """Folder or URL of the run: a new one, or one to go on with."""
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
    passage_words: int = 150
    """The most words of a passage."""
    shard_documents: int = 50
    """The most passages in a shard, the unit of resumption."""
    limit: int | None = None
    """Take only the first so many passages."""
    name: str | None = None
    """What the passages' `source` says; None takes the last part of --output."""
    exclude: str | None = None
    """Folder of benchmark corpora (*/*.tsv or .tsv.gz); passages that share a sentence with one are dropped."""
    max_quarantined: str = "10%"
    """The run fails beyond this number or percentage of quarantined passages."""
    overwrite: bool = False
    """Remove an earlier run in the output folder and start anew."""

    def check_passages(self, inputs: str = "INPUT") -> None:
        """Refuse what makes no run.

        Args:
            inputs: what the command calls them.

        Raises:
            UsageError: names the option.
        """
        if not self.inputs:
            raise UsageError(f"give at least one {inputs}: a file, folder, glob or URL")
        if not self.output:
            raise UsageError("--output must not be empty")
        check_above(self, "passage_words", "shard_documents", "limit", least=1)
        self.quarantine_limit  # noqa: B018 - raises where it cannot be read

    @property
    def keep_fields(self) -> tuple[str, ...]:
        """Passages carry no columns of the input."""
        return ()

    @property
    def include_text(self) -> bool:
        """Passages are nothing without their text."""
        return True

    @property
    def quarantine_limit(self) -> QuarantineLimit:
        """`max_quarantined`, parsed."""
        return QuarantineLimit.parse(self.max_quarantined)

    @property
    def source(self) -> str:
        """What the passages' `source` says."""
        return self.name or self.output.rstrip("/").rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class SilverSettings(LlmSettings, FilterSettings, PassageSettings):
    """A request to annotate a corpus with an LLM: the flags of `silver annotate`, and the keys of a --config file."""

    def __post_init__(self) -> None:
        self.check_passages()
        LlmSettings.__post_init__(self)
        FilterSettings.__post_init__(self)


@dataclass(frozen=True, kw_only=True)
class DescribeSettings(LlmSettings):
    """A request to describe the types of silver data: the flags of `silver describe`, or a --config file."""

    folder: str
    """Folder of silver data, with `passages/`."""
    examples: int = 8
    """How many surface forms of a type the LLM is shown."""
    near: int = 4
    """How many near types a type is contrasted with."""
    limit: int | None = None
    """Describe only the so many most frequent types."""
    shard_documents: int = 20
    """The most types in a shard, the unit of resumption."""
    max_quarantined: str = "20%"
    """The run fails beyond this number or percentage of types without a valid description."""
    overwrite: bool = False
    """Describe all types anew."""

    def __post_init__(self) -> None:
        LlmSettings.__post_init__(self)
        check_above(self, "examples", "shard_documents", "limit", least=1)
        check_above(self, "near", least=0)
        QuarantineLimit.parse(self.max_quarantined)


def check_above(settings: Any, *names: str, least: float) -> None:
    """Raise `UsageError` for a number below the least that makes sense."""
    for name in names:
        value = getattr(settings, name)
        if value is not None and not (math.isfinite(value) and value >= least):
            wanted = "above 0" if 0 < least < 1 else f"from {least} up"
            raise UsageError(f"{flag(name)} is {value}: give a number {wanted}")


def check_url(url: str) -> None:
    """Refuse what is no base URL, or holds a secret.

    Raises:
        UsageError: says which.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"--endpoint {url}: give a URL such as http://localhost:8000/v1")
    if parts.username or parts.password or parts.query:
        raise UsageError(
            "--endpoint holds a user, a password or a query: a key belongs in --api-key-file, not in the URL"
        )
    if parts.path.rstrip("/").endswith("/chat/completions"):
        raise UsageError(f"--endpoint {url}: give the base URL, without /chat/completions")


def read_key(path: str | None) -> str | None:
    """The endpoint's key, from a file or the environment; None where there is none.

    Raises:
        UsageError: the file cannot be read or is empty.
    """
    if path is None:
        return os.environ.get(KEY_VARIABLE) or None
    try:
        key = Path(path).expanduser().read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--api-key-file {path} cannot be read: {type(error).__name__}") from None
    if not key or len(key.split()) > 1:
        raise UsageError(f"--api-key-file {path}: expected a file that holds the key and nothing else")
    return key
