"""The whole pipeline beside the bare Tagger on the same documents, in documents and text tokens a second.

    python benchmarks/pipeline.py pubmed.xml.gz --types disease,drug,gene,species,cell_type --limit 2000

Both get the same documents in chunks of the same size, with the same precision and token budget, each measurement in a
process of its own, alternating; the answers are compared before any rate is shown. The Tagger's clock runs from the
first to the last document after a warm-up; the pipeline's from its first to its last commit.

    python benchmarks/pipeline.py pubmed.xml.gz --limit 2000 --stub-encoder --variant tiny

measures instead what the pipeline costs beside its encoder, stage by stage (`stub_encoder.py`): of cross-encoders and
of late interaction; with `--executor ray` in all processes of Ray together (`stub_on_ray.py`).
"""

from __future__ import annotations

import statistics
import tempfile
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

import click
from common.machine import device_name, machine
from common.models import write_random_model
from common.processes import in_child
from common.results import json_option, show_table, spread, write_json
from stub_encoder import measure_stub, show_stub
from stub_on_ray import measure_on_ray, show_on_ray

from openbioner_batch.engine.option_groups import IN_PROCESS, RAY
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.errors import OpenBioNERError, UsageError

SHARDS = 40
"""Shards that a run has at least: with few of them, first to last commit is a poor clock."""
LEAST_AGREEMENT = 0.99
"""Share of documents whose spans must be equal; kernels differ with the number of threads, so a tie may break."""
Answers = dict[tuple[str, int], int]
"""For each document, by source and record, a checksum of its spans."""


@dataclass(frozen=True, slots=True)
class Run:
    """One measurement."""

    documents: int
    tokens: int
    seconds: float
    """What the rates are over."""
    documents_per_second: float
    tokens_per_second: float
    whole_seconds: float
    """Loading, starting and finishing included."""


def tag_bare(settings: AnnotateSettings) -> tuple[Run, Answers, dict[str, Any]]:
    """Tag with the library alone, all texts in memory; also what it ran on."""
    import torch

    from openbioner_batch.catalog import resolve_types
    from openbioner_batch.model import Tagger

    began = perf_counter()
    documents = read_documents(settings)
    device = {"gpu": "cuda"}.get(settings.devices, settings.devices)
    tagger = Tagger.from_pretrained(settings.model, device, settings.dtype, token_budget=settings.token_budget)
    groups = resolve_types(settings.types, settings.view)
    texts = [text for _, text in documents]
    size = settings.shard_documents or len(texts)
    chunks = [texts[start : start + size] for start in range(0, len(texts), size)]
    tagger.annotate(chunks[0], groups, words=settings.words)
    start = perf_counter()
    tagged = [item for chunk in chunks for item in tagger.annotate(chunk, groups, words=settings.words)]
    seconds = perf_counter() - start
    tokens = sum(item.tokens for item in tagged)
    answers = {
        key: checksum((span.start, span.end, span.type) for span in item.spans)
        for (key, _), item in zip(documents, tagged, strict=True)
    }
    about = {
        "device": device_name(tagger.device),
        "dtype": tagger.dtype,
        "token_budget": tagger.token_budget,
        "threads": torch.get_num_threads(),
    }
    run = Run(len(texts), tokens, seconds, len(texts) / seconds, tokens / seconds, perf_counter() - began)
    return run, answers, about


def run_pipeline(settings: AnnotateSettings) -> tuple[Run, Answers]:
    """Tag with `annotate` into a temporary folder."""
    import pyarrow.dataset as ds

    from openbioner_batch.engine.run import annotate

    with tempfile.TemporaryDirectory() as folder:
        began = perf_counter()
        summary = annotate(replace(settings, output=f"{folder}/run"), say=lambda line: None).as_json()
        whole = perf_counter() - began
        rows = ds.dataset(f"{folder}/run/data").to_table(["source", "record", "spans"]).to_pylist()
    answers = {
        (row["source"], row["record"]): checksum((span["start"], span["end"], span["type"]) for span in row["spans"])
        for row in rows
    }
    session = summary["last_session"]
    seconds = session["seconds_between_first_and_last_commit"]
    if not seconds:
        raise UsageError("the pipeline made one shard: give more documents, or fewer to a shard (--shard-documents)")
    rates = (session["documents_per_second"], session["tokens_per_second"])
    return Run(summary["documents"], summary["tokens"], seconds, *rates, whole), answers


def read_documents(settings: AnnotateSettings) -> list[tuple[tuple[str, int], str]]:
    """The texts that a run with these settings would tag, each with its source and record."""
    from openbioner_batch.engine.request import resolve_inputs
    from openbioner_batch.records import Deletion, Parsed

    inputs = resolve_inputs(settings, say=lambda line: None)
    records = (
        record
        for split in inputs.format.splits(inputs.files)
        for record in inputs.format.read(split, inputs.options)
        if not isinstance(record, Deletion)
    )
    wanted = islice(records, settings.limit)
    return [((item.source, item.record), item.document.text) for item in wanted if isinstance(item, Parsed)]


def checksum(spans: Iterable[tuple[int, int, str]]) -> int:
    """A number that equal sets of spans share."""
    return zlib.crc32(repr(sorted(spans)).encode())


def agreement(first: Answers, second: Answers) -> float:
    """The share of documents with equal spans.

    Raises:
        UsageError: the two did not tag the same documents.
    """
    if odd := first.keys() ^ second.keys():
        raise UsageError(f"{len(odd)} documents were tagged by only one of the two: rates would not compare")
    return sum(first[key] == second[key] for key in first) / len(first)


def measure(settings: AnnotateSettings, repeats: int) -> dict[str, Any]:
    """Alternate the two `repeats` times, in turn one and the other first.

    Raises:
        UsageError: their answers differ by more than rounding explains.
    """
    bare: list[Run] = []
    pipeline: list[Run] = []
    shares: list[float] = []
    about: dict[str, Any] = {}
    for repeat in range(repeats):
        answers: dict[str, Answers] = {}
        for side in ("bare", "pipeline") if repeat % 2 == 0 else ("pipeline", "bare"):
            click.echo(f"repeat {repeat + 1} of {repeats}: {side}", err=True)
            if side == "bare":
                run, answers[side], about = in_child(tag_bare, settings)
                bare.append(run)
            else:
                run, answers[side] = in_child(run_pipeline, settings)
                pipeline.append(run)
        shares.append(agreement(answers["bare"], answers["pipeline"]))
        if shares[-1] < LEAST_AGREEMENT:
            raise UsageError(
                f"only {shares[-1]:.2%} of documents got the same spans from both: rates would not compare"
            )
    sides: dict[str, dict[str, Any]] = {
        name: {
            "documents_per_second": spread([run.documents_per_second for run in runs]),
            "tokens_per_second": spread([run.tokens_per_second for run in runs]),
            "runs": [asdict(run) for run in runs],
        }
        for name, runs in (("bare", bare), ("pipeline", pipeline))
    }
    ratio = sides["pipeline"]["tokens_per_second"]["median"] / sides["bare"]["tokens_per_second"]["median"]
    return {**sides, "pipeline_to_bare": ratio, "agreement": min(shares), "ran_on": {**machine(), **about}}


def show(report: dict[str, Any]) -> None:
    """The rates as a table."""
    rows = []
    for name, title in (("bare", "bare Tagger"), ("pipeline", "whole pipeline")):
        side, tokens = report[name], report[name]["tokens_per_second"]
        clock, whole = (statistics.median(run[key] for run in side["runs"]) for key in ("seconds", "whole_seconds"))
        range_ = f"{tokens['least']:,.0f} to {tokens['most']:,.0f}"
        rates = (f"{side['documents_per_second']['median']:,.1f}", f"{tokens['median']:,.0f}", range_)
        rows.append((title, *rates, f"{clock:.0f} s", f"{whole:.0f} s"))
    show_table(("", "documents/s", "text tokens/s", "least to most", "clock", "start to end"), rows)
    run, on = report["bare"]["runs"][0], report["ran_on"]
    click.echo(
        f"pipeline / bare: {report['pipeline_to_bare']:.0%} of text tokens/s; "
        f"equal spans in {report['agreement']:.2%} of {run['documents']:,} documents ({run['tokens']:,} text tokens)"
    )
    click.echo(f"{on['device']}, {on['dtype']}; {on['cores']} cores of {on['cpu']}; torch {on['versions']['torch']}")


@click.command()
@click.argument("inputs", nargs=-1, required=True)
@click.option("--types", default="disease,drug,gene,species,cell_type", show_default=True)
@click.option("--model", default="bundled", show_default=True, help="A checkpoint.")
@click.option("--variant", help="Instead of a checkpoint: this size, with random weights.")
@click.option("--devices", type=click.Choice(["auto", "cpu", "gpu"]), default="auto", show_default=True)
@click.option("--dtype", default="auto", show_default=True)
@click.option("--actors", type=click.IntRange(min=1), help="Processes of the pipeline that hold the model.")
@click.option("--token-budget", type=click.IntRange(min=1))
@click.option("--limit", type=click.IntRange(min=2), default=2000, show_default=True, help="Documents.")
@click.option("--shard-documents", type=click.IntRange(min=1), help=f"By default {SHARDS} shards, of 1,000 at most.")
@click.option("--text-field", help="Column or key of the text.")
@click.option("--repeats", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--stub-encoder", is_flag=True, help="Measure all but the encoder, which takes no time then.")
@click.option(
    "--executor",
    type=click.Choice([IN_PROCESS, RAY]),
    default=IN_PROCESS,
    show_default=True,
    help="Of --stub-encoder: stage by stage in one process, or all processes of Ray.",
)
@click.option("--quick", is_flag=True, help="200 documents, once: does it work at all.")
@json_option
def main(
    inputs: tuple[str, ...],
    variant: str | None,
    model: str,
    limit: int,
    shard_documents: int | None,
    repeats: int,
    stub_encoder: bool,
    executor: str,
    quick: bool,
    json_path: Path | None,
    **options: Any,
) -> None:
    """Measure the bare Tagger and the whole pipeline on the documents in INPUTS."""
    if quick:
        limit, repeats = min(limit, 200), 1
    try:
        with tempfile.TemporaryDirectory() as folder:
            model = write_random_model(variant, Path(folder)) if variant else model
            settings = AnnotateSettings(inputs=inputs, output=folder, model=model, limit=limit, **options)
            found = len(read_documents(settings))
            shard = shard_documents or min(1000, max(1, found // SHARDS))
            settings = replace(settings, shard_documents=shard)
            if stub_encoder and executor == RAY:
                settings = replace(settings, executor=RAY)
                report = measure_on_ray(settings, repeats)
            else:
                report = measure_stub(settings, repeats) if stub_encoder else measure(settings, repeats)
    except OpenBioNERError as error:
        raise click.ClickException(str(error)) from None
    report["workload"] = asdict(settings) | {"model": variant or model, "output": None}
    write_json(json_path, report)
    (show if not stub_encoder else show_on_ray if executor == RAY else show_stub)(report)


if __name__ == "__main__":
    main()
