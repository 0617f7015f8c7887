"""Does a model read descriptions? Pairs that differ in the description alone, under a name that says nothing.

python benchmarks/description_pairs.py --model bundled --show

A pair is told apart if what `a` describes is found with a's description and not with b's, and the other way round. Each
description is queried alone, in a pass of its own, as where a user requests one type. No sentence was trained on, and
no description of the first file (pairs/README.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import yaml
from common.machine import machine
from common.results import json_option, write_json

from openbioner_batch.errors import OpenBioNERError
from openbioner_batch.model.glossary_files import GlossaryChoice
from openbioner_batch.records import EntityType, Span

PAIRS = Path(__file__).parent / "pairs" / "pairs.yaml"
_MARKED = re.compile(r"\[([^\]|]+)\|([ab])\]")
Find = Callable[[str, str], Iterable[Span]]
"""Given a text and a description, the spans found."""


@dataclass(frozen=True, slots=True)
class DescriptionPair:
    """A sentence with the mentions of two descriptions.

    Attributes:
        kind: "siblings", "nonsense" or "complement".
        text: the sentence.
        descriptions: of sides a and b.
        mentions: of each side, half-open offsets; b may have none.
    """

    kind: str
    text: str
    descriptions: dict[str, str]
    mentions: dict[str, list[tuple[int, int]]]


def read_pairs(path: Path = PAIRS) -> list[DescriptionPair]:
    """The pairs of a file, in its order."""
    raw = yaml.safe_load(path.read_text("utf-8"))
    return [_pair(kind, entry) for kind, entries in raw.items() for entry in entries]


def judge(pair: DescriptionPair, find: Find) -> dict[str, bool]:
    """What must hold for a pair to be told apart, and whether it does.

    Returns:
        "a finds a": a span found by a's description touches each of a's mentions; "b misses a": none found by b's
        does; likewise the other way round where b has mentions.
    """
    held: dict[str, bool] = {}
    found = {side: list(find(pair.text, description)) for side, description in pair.descriptions.items()}
    for side, other in (("a", "b"), ("b", "a")):
        if not pair.mentions[side]:
            continue
        held[f"{side} finds {side}"] = all(_touched(place, found[side]) for place in pair.mentions[side])
        held[f"{other} misses {side}"] = not any(_touched(place, found[other]) for place in pair.mentions[side])
    return held


def summary(pairs: Sequence[DescriptionPair], judged: Sequence[dict[str, bool]]) -> dict[str, dict[str, int]]:
    """By kind and in all: pairs, those told apart, conditions, and those that hold."""
    rows: dict[str, dict[str, int]] = {}
    for pair, held in zip(pairs, judged, strict=True):
        for kind in (pair.kind, "all"):
            row = rows.setdefault(kind, {"pairs": 0, "told apart": 0, "conditions": 0, "held": 0})
            row["pairs"] += 1
            row["told apart"] += all(held.values())
            row["conditions"] += len(held)
            row["held"] += sum(held.values())
    return {kind: rows[kind] for kind in sorted(rows, key=lambda kind: kind == "all")}


def _pair(kind: str, entry: dict[str, str]) -> DescriptionPair:
    text, last = "", 0
    mentions: dict[str, list[tuple[int, int]]] = {"a": [], "b": []}
    for match in _MARKED.finditer(entry["text"]):
        text += entry["text"][last : match.start()]
        mentions[match[2]].append((len(text), len(text) + len(match[1])))
        text += match[1]
        last = match.end()
    return DescriptionPair(kind, text + entry["text"][last:], {"a": entry["a"], "b": entry["b"]}, mentions)


def _touched(place: tuple[int, int], spans: Iterable[Span]) -> bool:
    return any(span.start < place[1] and place[0] < span.end for span in spans)


def model_find(model: str, dtype: str, device: str, glossary: GlossaryChoice | None = None) -> Find:
    """A model as something that finds what a description says."""
    from openbioner_batch.model import Tagger

    tagger = Tagger.from_pretrained(model, device=device, dtype=dtype, glossary=glossary)

    def find(text: str, description: str) -> list[Span]:
        return tagger.tag([text], [EntityType("mention", description)])[0]

    return find


@click.command()
@click.option("--model", default="bundled", show_default=True)
@click.option("--dtype", default="bfloat16", show_default=True)
@click.option("--devices", type=click.Choice(["auto", "cpu", "gpu"]), default="auto", show_default=True)
@click.option(
    "--pairs",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=PAIRS,
    help="File of pairs [pairs/pairs.yaml].",
)
@click.option("--glossary", metavar="FILE|none", help="Beside what the model knows of names [the model's own].")
@click.option("--show", is_flag=True, help="Print each pair that is not told apart, and what fails.")
@click.option("--quick", is_flag=True, help="Three pairs: does it work at all.")
@json_option
def main(
    model: str,
    dtype: str,
    devices: str,
    path: Path,
    glossary: str | None,
    show: bool,
    quick: bool,
    json_path: Path | None,
) -> None:
    """Count the pairs of descriptions that a model tells apart."""
    pairs = read_pairs(path)[: 3 if quick else None]
    try:
        chosen = None if glossary is None else GlossaryChoice.of(glossary)
        find = model_find(model, dtype, devices, chosen)
    except OpenBioNERError as error:
        raise click.ClickException(str(error)) from None
    judged = [judge(pair, find) for pair in pairs]
    rows = summary(pairs, judged)
    for kind, row in rows.items():
        told, holding = f"{row['told apart']:3} of {row['pairs']}", f"{row['held']:3} of {row['conditions']}"
        click.echo(f"{kind:12}{told} pairs told apart, {holding} conditions hold")
    if show:
        for pair, held in zip(pairs, judged, strict=True):
            if failed := [name for name, holds in held.items() if not holds]:
                click.echo(f"{pair.descriptions['a']} / {pair.descriptions['b']}: not {', not '.join(failed)}")
    report: dict[str, Any] = {
        "model": model,
        "dtype": dtype,
        **({"glossary": chosen.digest} if chosen else {}),
        "file": path.name,
        "summary": rows,
        "pairs": [
            {"kind": pair.kind, "text": pair.text, **pair.descriptions, "told apart": all(held.values()), "held": held}
            for pair, held in zip(pairs, judged, strict=True)
        ],
        "ran_on": machine(),
    }
    write_json(json_path, report)


if __name__ == "__main__":
    main()
