"""Notes a second of a whole de-identification, with patterns, with the model, and with both.

    python benchmarks/deid_throughput.py mtsamples.jsonl.gz --json benchmarks/results/deid_throughput.json
    python benchmarks/deid_throughput.py mtsamples.jsonl.gz pubmed21n1298.xml.gz --patterns-only

Each is a run of `deidentify` as a user starts it: reading, finding, replacing, the check of the result, writing. The
rate is that between the first and the last shard committed; the whole time counts Ray's start and the model's loading.
Runs with a model take the first --model-limit notes. `--patterns-only` times the finder with patterns alone, each input
by itself, in one process and without Ray: seconds of the processor, so that a busy machine distorts them less.
"""

from __future__ import annotations

import platform
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import click
from common.machine import machine
from common.results import json_option, write_json
from common.texts import read_texts

from openbioner_batch.deid.finder import Finder, FinderSettings
from openbioner_batch.deid.keys import generate_key
from openbioner_batch.deid.run import deidentify
from openbioner_batch.deid.settings import DeidentifySettings
from openbioner_batch.engine.cluster import usable_cores
from openbioner_batch.errors import OpenBioNERError

SHARDS = 20
"""Of each run: with few of them, first to last commit is a poor clock."""
RUNS = {"patterns": ("patterns", "known"), "model": ("model",), "patterns and model": ("model", "patterns", "known")}


@dataclass(frozen=True, slots=True)
class Measured:
    """One run."""

    notes: int
    bytes_of_text: float
    """Of a note, on average."""
    notes_per_second: float
    """Between the first and the last shard committed."""
    whole_seconds: float
    identifiers: int


@click.command()
@click.argument("notes", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@click.option("--policy", default="surrogate", show_default=True)
@click.option("--model", default="bundled-phi", show_default=True)
@click.option("--limit", default=2000, show_default=True, type=click.IntRange(min=SHARDS), help="Notes for patterns.")
@click.option("--model-limit", default=100, show_default=True, type=click.IntRange(min=SHARDS))
@click.option("--patterns-only", is_flag=True, help="Time the finder with patterns alone, on each of NOTES.")
@json_option
def main(
    notes: tuple[str, ...],
    policy: str,
    model: str,
    limit: int,
    model_limit: int,
    patterns_only: bool,
    json_path: Path | None,
) -> None:
    """Time the de-identification of NOTES."""
    if patterns_only:
        found = {Path(one).name: measure_patterns(read_texts((one,), limit)) for one in notes}
        for name, figures in found.items():
            click.echo(
                f"{name:28}{figures['documents']:7,} documents{figures['cpu_seconds_per_1000']:8.2f} s per 1,000"
            )
        write_json(json_path, {"machine": machine(), "inputs": found})
        return
    measured = {}
    for name, recognizers in RUNS.items():
        measured[name] = measure(notes, policy, model, recognizers, model_limit if "model" in recognizers else limit)
        one = measured[name]
        click.echo(f"{name:20}{one.notes:7,} notes{one.notes_per_second:9.2f} notes/s{one.whole_seconds:8.1f} s in all")
    about = {"policy": policy, "model": model, "machine": platform.machine(), "cores": usable_cores()}
    write_json(json_path, {**about, "runs": {name: asdict(one) for name, one in measured.items()}})


def measure_patterns(texts: list[str]) -> dict[str, Any]:
    """Seconds of the processor that finding by patterns takes; what the first text loads is not counted."""
    finder = Finder(FinderSettings(recognizers=("patterns",)))
    finder.find(texts[0])
    began = process_time()
    findings = sum(len(finder.find(text)) for text in texts)
    seconds = process_time() - began
    return {
        "documents": len(texts),
        "characters_each": round(sum(map(len, texts)) / len(texts)),
        "cpu_seconds_per_1000": round(1000 * seconds / len(texts), 2),
        "findings": findings,
    }


def measure(notes: tuple[str, ...], policy: str, model: str, recognizers: tuple[str, ...], limit: int) -> Measured:
    """One run into a temporary folder.

    Raises:
        OpenBioNERError: the run failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        settings = DeidentifySettings(
            inputs=notes,
            output=f"{folder}/out",
            policy=policy,
            patient_scope="document",
            key_file=str(generate_key(f"{folder}/key")),
            recognizers=recognizers,
            model=model,
            residual_sample="0%",
            limit=limit,
            shard_documents=limit // SHARDS,
        )
        began = perf_counter()
        finished = deidentify(settings, say=lambda line: None)
        whole = perf_counter() - began
    totals, clock = finished.summary.totals, finished.summary.clock
    return Measured(
        totals.documents,
        round(totals.text_bytes / totals.documents),
        round(clock.per_second(clock.documents), 2),
        round(whole, 1),
        totals.spans.total(),
    )


if __name__ == "__main__":
    try:
        main()
    except OpenBioNERError as error:
        raise SystemExit(f"error: {error}") from None
