"""De-identification as a whole job beside Presidio: read notes from disk, find, replace, write the new notes to disk.

    python benchmarks/deid_whole_job.py mtsamples.jsonl.gz --cache peers/ --json benchmarks/results/deid_whole_job.json

Each job is a process of its own, from its start to its end, on one core (`taskset`) and one thread. Ours is the command
`openbioner-batch deidentify` in one process with surrogates and a key, its check of the result included: with patterns
alone, and with the model in float32 and bfloat16. Presidio is its analyzer and its anonymizer with their defaults
(`<PERSON>`), note by note and by its batch engine, in the environment of `deid_peers.py`. They take turns. Each reads
the first few notes, then all of them: the difference gives the rate, and what remains is start-up.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import click
from common.environments import python_with
from common.machine import machine
from common.results import comma_list, json_option, show_table, spread, write_json
from common.texts import shuffled_texts
from deid_peers import ONE_THREAD, PACKAGES, TOOLS

from openbioner_batch.deid.keys import generate_key
from openbioner_batch.errors import OpenBioNERError, UsageError

OURS = {
    "patterns": ("--model", "none"),
    "float32": ("--dtype", "float32"),
    "bfloat16": ("--dtype", "bfloat16"),
}
PRESIDIO = {"presidio": "0", "presidio-batch": "16"}
"""Notes that its batch engine gives to spaCy at once; 0: note by note, without that engine."""


class JobCost(NamedTuple):
    """What one process took, start-up included."""

    seconds: float
    cpu_seconds: float
    written: int
    """Notes."""
    changed: int
    """Notes whose text is not among those read."""


@click.command()
@click.argument("notes", type=click.Path(exists=True, dir_okay=False))
@click.option("--cache", type=click.Path(path_type=Path, file_okay=False), required=True, help="For the peers' venv.")
@click.option("--jobs", default=",".join([*OURS, *PRESIDIO]), show_default=True, help="Which to run.")
@click.option("--limit", default=160, show_default=True, type=click.IntRange(min=2), help="Notes; a random sample.")
@click.option("--first", default=10, show_default=True, type=click.IntRange(min=1), help="Notes of the short jobs.")
@click.option("--repeats", default=2, show_default=True, type=click.IntRange(min=1))
@click.option("--core", type=int, help="Core that the jobs run on.  [default: the last]")
@json_option
def main(
    notes: str, cache: Path, jobs: str, limit: int, first: int, repeats: int, core: int | None, json_path: Path | None
) -> None:
    """Time whole de-identifications of NOTES."""
    names = comma_list(jobs)
    if not names or set(names) - set(OURS) - set(PRESIDIO):
        raise UsageError(f"--jobs {jobs}: expected some of {', '.join([*OURS, *PRESIDIO])}")
    texts = shuffled_texts(notes)[:limit]
    if len(texts) <= first:
        raise UsageError(f"--first {first}: expected fewer than the {len(texts)} notes that there are")
    core = max(os.sched_getaffinity(0)) if core is None else core
    python = python_with(PACKAGES, cache / "venv") if set(names) & set(PRESIDIO) else None
    short: dict[str, list[JobCost]] = {name: [] for name in names}
    whole: dict[str, list[JobCost]] = {name: [] for name in names}
    for name in names:
        run(name, texts[:first], core, python)  # fills the caches of disk and kernels; not counted
    for repeat in range(repeats):
        turn = repeat % len(names)
        for name in [*names[turn:], *names[:turn]]:
            short[name].append(run(name, texts[:first], core, python))
            whole[name].append(run(name, texts, core, python))
    found = {name: figures(short[name], whole[name]) for name in names}
    _print(found)
    about = {"notes": len(texts), "characters_each": round(sum(map(len, texts)) / len(texts)), "first": first}
    peers = [] if python is None else list(PACKAGES)
    write_json(json_path, {"machine": machine(), "cores_used": 1, **about, "peers": peers, "jobs": found})


def run(name: str, texts: Sequence[str], core: int, python: Path | None) -> JobCost:
    """One job as a process, in a temporary folder.

    Raises:
        OpenBioNERError: the job failed, or did not write every note.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "notes.jsonl", Path(folder) / "out"
        source.write_text("".join(json.dumps({"id": f"n{n}", "text": text}) + "\n" for n, text in enumerate(texts)))
        if name in OURS:
            key = generate_key(Path(folder) / "key")
            options = ("--policy", "surrogate", "--patient-scope", "document", "--executor", "in-process")
            command = [sys.executable, "-m", "openbioner_batch", "deidentify", str(source), "--output", str(target)]
            command += ["--key-file", str(key), *options, *OURS[name]]
        else:
            command = [str(python), str(TOOLS / "presidio_job.py"), str(source), str(target), PRESIDIO[name]]
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
        done = subprocess.run(
            ["taskset", "-c", str(core), *command], capture_output=True, text=True, env=os.environ | ONE_THREAD
        )
        seconds, after = perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            last = (done.stderr.strip() or "?").splitlines()[-1]
            raise OpenBioNERError(f"{name} ended with exit code {done.returncode}: {last}")
        files = sorted(target.glob("data/*.jsonl")) if target.is_dir() else [target]
        new = [json.loads(line)["text"] for file in files for line in file.read_text("utf-8").splitlines()]
    if len(new) != len(texts):
        raise OpenBioNERError(f"{name} wrote {len(new)} notes of {len(texts)}")
    cpu_seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return JobCost(seconds, cpu_seconds, len(new), len(set(new) - set(texts)))


def figures(short: Sequence[JobCost], whole: Sequence[JobCost]) -> dict[str, Any]:
    """The rate of what the whole jobs read beyond the short ones, of wall time and of the processor, by medians.

    A rate is None where the difference is lost in how much start-up varies: more notes are needed.
    """
    result: dict[str, Any] = {}
    for unit in ("seconds", "cpu_seconds"):
        few, all_ = ([getattr(job, unit) for job in jobs] for jobs in (short, whole))
        difference = statistics.median(all_) - statistics.median(few)
        rate = (whole[0].written - short[0].written) / difference if difference > 0 else None
        result[f"notes_per_{unit[:-1]}"] = rate
        result[f"start_up_{unit}"] = statistics.median(few) - short[0].written / rate if rate else None
        result[f"{unit}_of_first"], result[f"{unit}_of_all"] = spread(few), spread(all_)
    return {**result, "repeats": len(whole), "notes_changed": whole[0].changed}


def _print(found: dict[str, dict[str, Any]]) -> None:
    titles = ("one core", "notes/s", "notes/CPU s", "start-up s", "all s: least", "most", "notes changed")
    rows = []
    for name, row in found.items():
        rates = [row[one] for one in ("notes_per_second", "notes_per_cpu_second", "start_up_seconds")]
        seconds = row["seconds_of_all"]
        cells = ["-" if one is None else f"{one:.2f}" for one in [*rates, seconds["least"], seconds["most"]]]
        rows.append([name, *cells, str(row["notes_changed"])])
    show_table(titles, rows)


if __name__ == "__main__":
    try:
        main()
    except OpenBioNERError as error:
        raise SystemExit(f"error: {error}") from None
