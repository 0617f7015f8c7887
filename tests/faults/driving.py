"""Runs of `drive.py` for faults to hit, and what must hold of their output afterwards."""

from __future__ import annotations

import json
import random
from collections import Counter
from io import BytesIO
from pathlib import Path

import pyarrow.parquet as pq
from processes import Program

from openbioner_batch.engine.names import DATA, DELETIONS, QUARANTINE
from openbioner_batch.engine.store import Store

DRIVE = Path(__file__).parents[1] / "drive.py"
SHARD = 20
DOCUMENTS = 150
"""In each file of `corpus_files`."""


def corpus_files(names: str = "abcd") -> dict[str, bytes]:
    """JSONL files of invented texts, each with a malformed line."""
    rng = random.Random(3)
    files = {}
    for name in names:
        texts = [f"{rng.choice(['Anna', 'Bob', 'nobody'])} met Dr Meyer {rng.random()}" for _ in range(DOCUMENTS)]
        lines = [json.dumps({"id": f"{name}-{number}", "text": text}) for number, text in enumerate(texts)]
        files[f"{name}.jsonl"] = "".join(f"{line}\n" for line in [*lines, "{malformed"]).encode()
    return files


def drive(
    inputs: str | Path,
    output: str | Path,
    seconds: float = 0.0,
    address: str | None = None,
    environment: dict[str, str] | None = None,
) -> Program:
    """Start a run.

    Args:
        inputs: a folder of `corpus_files`, or its URL.
        output: the folder of the run, or its URL.
        seconds: that each document takes.
        address: of a Ray cluster; None starts Ray for this run.
        environment: further variables.
    """
    place = ["ray", address] if address else []
    return Program([str(DRIVE), str(inputs), str(output), str(seconds), str(SHARD), *place], environment)


def succeed(program: Program, seconds: float = 300) -> str:
    """What a run has printed that has ended well."""
    code, output = program.finish(seconds)
    assert code == 0, output
    return output


def fail(program: Program, seconds: float = 300) -> str:
    """The one line with which a run has failed."""
    code, output = program.finish(seconds)
    assert code == 1, output
    assert "Traceback" not in output
    (line,) = [line for line in output.splitlines() if line.startswith("error: ")]
    return line


def results(output: str | Path) -> dict[str, bytes]:
    """The bytes of every file that a run is for, by name, wherever it lies."""
    store = Store(str(output))
    names = [f"{folder}/{name}" for folder in (DATA, QUARANTINE, DELETIONS) for name in store.names(folder)]
    return {name: store.get(name) for name in names}


def assert_accounted(output: str | Path, files: int = 4) -> None:
    """Every record of the corpus is a row or quarantined, and none is both or twice."""
    places: Counter[tuple[str, int]] = Counter()
    kinds: Counter[str] = Counter()
    for name, data in results(output).items():
        rows = pq.read_table(BytesIO(data), columns=["source", "record"]).to_pylist()
        places.update((row["source"], row["record"]) for row in rows)
        kinds[name.partition("/")[0]] += len(rows)
    assert kinds == {DATA: files * DOCUMENTS, QUARANTINE: files}
    assert max(places.values()) == 1


def shards(output: Path) -> int:
    """How many shards are committed."""
    return len(list((output / DATA).glob("*.parquet")))
