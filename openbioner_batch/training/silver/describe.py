"""Describes the types of silver data with the same LLM: as Parquet to train with, and as a catalog file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pyarrow as pa
import yaml

from openbioner_batch.catalog import VIEWS as CATALOG_VIEWS
from openbioner_batch.engine.logs import say_to_stderr
from openbioner_batch.engine.names import DATA
from openbioner_batch.engine.option_groups import QuarantineLimit
from openbioner_batch.engine.request import Say, resolve_inputs
from openbioner_batch.engine.session import run_pipeline
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.tables import open_table, parquet_bytes
from openbioner_batch.errors import UsageError
from openbioner_batch.training.silver.description import VIEWS, DescriptionPrompt
from openbioner_batch.training.silver.endpoint import check_llm
from openbioner_batch.training.silver.evidence import gather_evidence, passages_of_store, questions
from openbioner_batch.training.silver.graph import LlmPipeline
from openbioner_batch.training.silver.schema import DESCRIPTION_SCHEMA
from openbioner_batch.training.silver.settings import DescribeSettings
from openbioner_batch.training.sources import DESCRIPTIONS, PASSAGES

QUESTIONS = "types.jsonl"
CATALOG = "types.yaml"
RUN = "_describe"


@dataclass(frozen=True)
class _RunOf:
    """The engine's run that describes a folder's types."""

    settings: DescribeSettings
    inputs: tuple[str, ...]
    output: str
    format: str | None = "jsonl"
    id_field: str | None = "id"
    text_field: str | None = "text"
    title_field: None = None
    encoding: None = None
    delimiter: None = None
    quoting: None = None
    keep_fields: tuple[str, ...] = ()
    include_text: bool = True
    limit: int | None = None

    @property
    def shard_documents(self) -> int | None:
        return self.settings.shard_documents

    @property
    def max_quarantined(self) -> str:
        return self.settings.max_quarantined

    @property
    def quarantine_limit(self) -> QuarantineLimit:
        return QuarantineLimit.parse(self.settings.max_quarantined)

    @property
    def overwrite(self) -> bool:
        return self.settings.overwrite

    @property
    def actors(self) -> int | None:
        return None

    @property
    def executor(self) -> str:
        return self.settings.executor

    @property
    def ray_address(self) -> str | None:
        return self.settings.ray_address


@dataclass(slots=True)
class DescribeReport:
    """The result of describing types."""

    output: str
    types: int = 0
    descriptions: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    amounts: Counter[str] = field(default_factory=Counter)
    cost: float | None = None

    @property
    def title(self) -> str:
        """Where the descriptions are."""
        return f"{self.output}: {DESCRIPTIONS}/ and {CATALOG}"

    def lines(self) -> list[tuple[str, str]]:
        """Labels and values to show."""
        tokens = {name: self.amounts[name] for name in ("prompt_tokens", "completion_tokens")}
        return [
            ("types described", f"{self.types:,}"),
            ("descriptions", f"{self.descriptions:,}"),
            *((f"  quarantined: {reason}", f"{count:,}") for reason, count in self.quarantined.most_common()),
            *((name.replace("_", " "), f"{amount:,}") for name, amount in tokens.items()),
            *([] if self.cost is None else [("cost", f"{self.cost:,.4f}")]),
        ]


def describe_silver(settings: DescribeSettings, say: Say = say_to_stderr) -> DescribeReport:
    """Have every type of a folder of silver data described in four views, or resume where that was stopped.

    Raises:
        UsageError: the folder has no passages, or the request is wrong.
        PlanMismatchError: the types or settings differ from those that the folder's descriptions were begun with.
        TooManyQuarantinedError: too many types got no valid description.
        RunFailedError: the run stopped; the same call resumes it.
    """
    store = Store(settings.folder)
    if not store.names(PASSAGES):
        raise UsageError(f"{settings.folder} has no {PASSAGES}/*.parquet: expected the --output of silver annotate")
    if store.names(DESCRIPTIONS) and not store.names(RUN):
        raise UsageError(
            f"{settings.folder}/{DESCRIPTIONS} was not written by silver describe and would be replaced: "
            "move it elsewhere, or describe a copy of the folder"
        )
    evidence = gather_evidence(passages_of_store(store))
    contents = questions(evidence, settings.examples, settings.near, settings.limit)
    # written only if it differs, since the plan identifies the file by its time
    if not store.exists(QUESTIONS) or store.get(QUESTIONS) != contents:
        store.put(QUESTIONS, contents)
    run = _RunOf(settings, (f"{store.url}/{QUESTIONS}",), f"{store.url}/{RUN}")
    inputs = resolve_inputs(run, lambda line: None)
    pipeline = LlmPipeline(DescriptionPrompt(), settings, {"examples": settings.examples, "near types": settings.near})
    summary = run_pipeline(run, inputs, lambda _: pipeline, say, before=partial(check_llm, settings))
    report = DescribeReport(store.url, quarantined=summary.totals.quarantined, amounts=summary.totals.amounts)
    write_descriptions(store, report)
    if settings.price_in or settings.price_out:
        tokens = summary.totals.amounts
        report.cost = settings.price(tokens["prompt_tokens"], tokens["completion_tokens"])
    return report


def write_descriptions(store: Store, report: DescribeReport) -> None:
    """Write the answers of a finished run in both layouts."""
    store.remove_folder(DESCRIPTIONS)
    types: dict[str, Any] = {}
    for name in store.names(f"{RUN}/{DATA}"):
        described = list(_described(store, f"{RUN}/{DATA}/{name}"))
        rows = [(type, view, views[view]) for type, views in described for view in VIEWS]
        table = pa.Table.from_pylist(
            [dict(zip(DESCRIPTION_SCHEMA.names, row, strict=True)) for row in rows], schema=DESCRIPTION_SCHEMA
        )
        store.put(f"{DESCRIPTIONS}/{name}", parquet_bytes(table))
        # a catalog has no view "contrast", which depends on the types queried together
        types |= {type: {"descriptions": {view: views[view] for view in CATALOG_VIEWS}} for type, views in described}
        report.types += len(described)
        report.descriptions += len(rows)
    whole = {"set": "silver", "summary": "Types that an LLM found and described", "types": types}
    store.put(CATALOG, yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=110).encode())


def _described(store: Store, name: str) -> Iterator[tuple[str, dict[str, str]]]:
    with open_table(store, name) as table:
        rows = table.read(["document_id", *VIEWS]).to_pylist()
    for row in rows:
        yield row["document_id"], {view: row[view] for view in VIEWS}
