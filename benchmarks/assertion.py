"""How well assertion is read, beside a published implementation, and what it costs.

    python benchmarks/assertion.py challenge
    python benchmarks/assertion.py corpus context_dev.jsonl.gz --peer medspacy --cache peers/
    python benchmarks/assertion.py cost notes.jsonl.gz

`challenge/assertions.txt` holds sentences of notes and abstracts, written by hand, with the flags of each mention. A
corpus is JSON Lines of `text`, `start`, `end`, `negated`, `temporality` (Historical, Recent, Not particular) and
`experiencer`; figures are given for its two halves too, drawn by id with a fixed seed: rules were mended by the
errors of the first (`developed on`); those of the second were not read. The peer is medSpaCy's ConText with its
own rules, or negspaCy with its clinical termset, in an environment of its own, with spaCy's sentencizer.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from common.environments import python_with
from common.machine import machine
from common.results import json_option, show_table, spread, write_json

from openbioner_batch.assertion import Asserter, SectionFinder, load_headers, load_rules
from openbioner_batch.records import ASSERTIONS, Span
from openbioner_batch.training.marks import read_marks

CHALLENGE = Path(__file__).parent / "challenge" / "assertions.txt"
PEERS = {"medspacy": ("medspacy==1.3.1",), "negspacy": ("negspacy==1.0.4",)}
PEER_SCRIPT = Path(__file__).parent / "peer_tools" / "assertion_peer.py"
SEED = 17


@dataclass(frozen=True, slots=True)
class Example:
    """A text, a mention in it, and the flags that it should have."""

    id: str
    text: str
    start: int
    end: int
    flags: frozenset[str]


def read_challenge(path: Path = CHALLENGE) -> list[Example]:
    """An example for each mention of the challenge set."""
    found: list[Example] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if line.startswith("#") or not line.strip():
            continue
        text, marks = read_marks(line.replace("\\n", "\n"))
        found += [
            Example(f"line {number}, {place}", text, start, end, frozenset(label.split()))
            for place, (start, end, label) in enumerate(marks, start=1)
        ]
    return found


def load_examples(path: Path) -> list[Example]:
    """The examples of a corpus in JSON Lines, packed or not."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [Example(row["id"], row["text"], row["start"], row["end"], frozenset(_flags_of(row))) for row in rows]


def _flags_of(row: Mapping[str, Any]) -> Iterator[str]:
    if row["negated"]:
        yield "negated"
    if row["temporality"] != "Recent":
        yield "historical" if row["temporality"] == "Historical" else "hypothetical"
    if row["experiencer"] != "Patient":
        yield "family"


def first_half(examples: Sequence[Example]) -> set[str]:
    """The ids of the half on which rules were developed."""
    ids = sorted(example.id for example in examples)
    random.Random(SEED).shuffle(ids)
    return set(ids[: len(ids) // 2])


def ours() -> Callable[[Sequence[Example]], list[set[str]]]:
    """What reads examples with the package's rules."""
    headers = load_headers()
    asserter, finder = Asserter(load_rules(), headers), SectionFinder(headers)

    def read(examples: Sequence[Example]) -> list[set[str]]:
        found = []
        for one in examples:
            span = Span(one.start, one.end, "mention", 1.0, one.text[one.start : one.end])
            found.append(set(asserter.read(one.text, [span], finder.find(one.text))[0].words))
        return found

    return read


def peer(name: str, cache: Path, examples: Sequence[Example]) -> list[set[str]]:
    """What a peer says of the examples, in an environment below `cache`."""
    python = python_with(PEERS[name], cache / name)
    rows = [{"text": one.text, "start": one.start, "end": one.end} for one in examples]
    done = subprocess.run(
        [str(python), str(PEER_SCRIPT), name], input=json.dumps(rows), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise click.ClickException(f"{name} failed: {(done.stderr.strip() or '?').splitlines()[-1]}")
    return [set(flags) for flags in json.loads(done.stdout.splitlines()[-1])]


def scores(examples: Sequence[Example], said: Sequence[set[str]], flags: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Precision, recall and F1 of each flag that an example or an answer has."""
    found = {}
    for flag in flags:
        pairs = Counter((flag in one.flags, flag in answer) for one, answer in zip(examples, said, strict=True))
        right, extra, missed = pairs[True, True], pairs[False, True], pairs[True, False]
        if right + extra + missed:
            found[flag] = {
                "gold": right + missed,
                "precision": right / (right + extra) if right + extra else 0.0,
                "recall": right / (right + missed) if right + missed else 0.0,
                "f1": 2 * right / (2 * right + extra + missed),
            }
    return found


def show(title: str, found: Mapping[str, Mapping[str, Any]]) -> None:
    """Print precision, recall and F1 in percent, a row for each flag."""
    click.echo(title)
    rows = [
        (flag, str(one["gold"]), *(f"{100 * one[name]:.1f}" for name in ("precision", "recall", "f1")))
        for flag, one in found.items()
    ]
    show_table(("flag", "gold", "precision", "recall", "F1"), rows)


@click.group()
def main() -> None:
    """Measure the room `assertion`."""


def _peer_options(command: Any) -> Any:
    for option in (
        click.option("--peer", "peers", multiple=True, type=click.Choice(list(PEERS)), help="Repeatable."),
        click.option("--cache", type=click.Path(path_type=Path), default="peers", help="Where peers are installed."),
        click.option("--show-errors", is_flag=True, help="Print each mention that is read wrong (texts!)."),
        json_option,
    ):
        command = option(command)
    return command


@main.command()
@_peer_options
def challenge(peers: Sequence[str], cache: Path, show_errors: bool, json_path: Path | None) -> None:
    """The challenge set."""
    examples = read_challenge()
    sentences = len({one.text for one in examples})
    _measure(
        {f"challenge set, {sentences} texts, {len(examples)} mentions": examples}, peers, cache, show_errors, json_path
    )


@main.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@_peer_options
def corpus(path: Path, peers: Sequence[str], cache: Path, show_errors: bool, json_path: Path | None) -> None:
    """A corpus of sentences with a concept each."""
    examples = load_examples(path)
    developed = first_half(examples)
    parts = {
        "all": examples,
        "developed on": [one for one in examples if one.id in developed],
        "not mended by": [one for one in examples if one.id not in developed],
    }
    _measure(
        {f"{path.name}, {name}, {len(part)}": part for name, part in parts.items()},
        peers,
        cache,
        show_errors,
        json_path,
    )


def _measure(
    parts: Mapping[str, Sequence[Example]], peers: Sequence[str], cache: Path, show_errors: bool, json_path: Path | None
) -> None:
    whole = next(iter(parts.values()))
    answers = {"openbioner_batch": ours()(whole)} | {name: peer(name, cache, whole) for name in peers}
    report: dict[str, Any] = {"machine": machine(), "rules": load_rules().digest, "scores": {}}
    for system, said in answers.items():
        by_id = {one.id: answer for one, answer in zip(whole, said, strict=True)}
        for title, part in parts.items():
            found = scores(part, [by_id[one.id] for one in part], ASSERTIONS)
            report["scores"].setdefault(title, {})[system] = found
            show(f"{system}: {title}", found)
    if show_errors:
        for one, answer in zip(whole, answers["openbioner_batch"], strict=True):
            if one.flags != answer:
                marked = f"{one.text[: one.start]}[{one.text[one.start : one.end]}]{one.text[one.end :]}"
                click.echo(f"{one.id}: {sorted(one.flags)}, read as {sorted(answer)}: {marked!r}")
    write_json(json_path, report)


@main.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--documents", default=300, show_default=True)
@click.option("--words", default=250, show_default=True, help="Documents are cut to so many words.")
@click.option("--every", default=18, show_default=True, help="One word in so many is a mention.")
@click.option("--tagged", default=60, show_default=True, help="Documents that `bundled` tags for comparison.")
@click.option("--types", default="disease,drug", show_default=True, help="What it looks for.")
@json_option
def cost(path: Path, documents: int, words: int, every: int, tagged: int, types: str, json_path: Path | None) -> None:
    """CPU time of sections and assertion for each document of a JSON Lines file with `text`, beside that of tagging."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for _, line in zip(range(documents), lines, strict=False)]
    cut, mentions = [], []
    for text in texts:
        places = list(re.finditer(r"\w+", text))[:words]
        text = text[: places[-1].end()] if places else text
        cut.append(text)
        mentions.append([Span(m.start(), m.end(), "mention", 1.0, m[0]) for m in places[every // 2 :: every]])
    headers = load_headers()
    asserter, finder = Asserter(load_rules(), headers), SectionFinder(headers)
    rounds = []
    for _ in range(5):
        began = time.process_time()
        for text, spans in zip(cut, mentions, strict=True):
            asserter.read(text, spans, finder.find(text))
        rounds.append((time.process_time() - began) / len(cut) * 1e6)
    spans_each = sum(map(len, mentions)) / len(cut)
    found = spread(rounds[1:])
    click.echo(
        f"{len(cut)} documents of at most {words} words, {spans_each:.1f} mentions each: "
        f"{found['median']:.0f} us a document ({found['least']:.0f} to {found['most']:.0f}), "
        f"{found['median'] / spans_each:.0f} us a mention"
    )
    tagging = _tagging(cut[:tagged], types)
    click.echo(
        f"tagging {min(tagged, len(cut))} of them with `bundled`, {types}, bfloat16, one thread: {tagging:.0f} us a "
        f"document; sections and assertion cost {found['median'] / tagging:.1%} of that"
    )
    report = {"documents": len(cut), "mentions": spans_each, "us_a_document": found}
    write_json(json_path, {"machine": machine(), **report, "types": types, "tagging_us_a_document": tagging})


def _tagging(texts: Sequence[str], types: str) -> float:
    """CPU microseconds for each text."""
    import torch

    from openbioner_batch.catalog import resolve_types
    from openbioner_batch.model import Tagger

    torch.set_num_threads(1)
    tagger = Tagger.from_pretrained("bundled", device="cpu", dtype="bfloat16")
    groups = resolve_types(types)
    tagger.tag(texts, groups)
    began = time.process_time()
    tagger.tag(texts, groups)
    return (time.process_time() - began) / len(texts) * 1e6


if __name__ == "__main__":
    main()
