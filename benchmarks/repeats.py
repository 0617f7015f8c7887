"""What computing identical windows once saves, on notes that copy sections forward as clinical archives do.

    python benchmarks/repeats.py mtsamples.jsonl.gz --share 0.5

Notes are put together of real sections, a patient's one after another. In one input a share of them stands in an
earlier note of the patient already, word for word; in the other every section is new. Each is tagged as always and with
every window computed, in turns. Which windows are identical depends on where in a note the copies stand, so each place
is an input of its own.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any
from unittest.mock import patch

import click
import numpy as np
from common.machine import machine
from common.results import json_option, show_table, spread, write_json
from common.texts import read_texts

from openbioner_batch.errors import OpenBioNERError, UsageError
from openbioner_batch.model import Prepared, Tagger
from openbioner_batch.model import tagger as tagger_module
from openbioner_batch.model.scoring import Windows, find_windows

_HEADING = re.compile(r"(?:^|,|\n)\s*(?=[A-Z][A-Z /&-]{3,}:)")
SHORTEST = 200
"""Characters of a section."""
NOTES, SECTIONS = 5, 8
"""Notes of a patient, sections of a note."""
PLACES = ("first", "last", "mixed")
"""Where the copied sections of a note stand."""


def sections_of(texts: Sequence[str]) -> list[str]:
    """The distinct sections of some notes, shuffled, each beginning with its heading."""
    parts = {part.strip(" ,") for text in texts for part in _HEADING.split(text)}
    found = sorted(part for part in parts if len(part) >= SHORTEST)
    random.Random(0).shuffle(found)
    return found


def write_archive(fresh: Iterator[str], patients: int, share: float, place: str) -> list[str]:
    """Notes of so many patients, of which `share` of all sections are copies.

    Args:
        fresh: sections that no note has yet.
        patients: of `NOTES` notes each.
        share: of the sections; the first note of a patient has none, so later ones have more.
        place: one of `PLACES`.
    """
    copies = round(share * NOTES / (NOTES - 1) * SECTIONS)
    notes = []
    for patient in range(patients):
        chance = random.Random(patient)
        kept: list[str] = []
        for number in range(NOTES):
            new = [next(fresh) for _ in range(SECTIONS - (copies if number else 0))]
            kept = kept or new[:copies]
            old = kept if number else []
            sections = new + old if place == "last" else old + new
            if place == "mixed":
                chance.shuffle(sections)
            notes.append("\n\n".join(sections))
    return notes


def every_window(prepared: Prepared) -> Windows:
    """The windows of `find_windows`, none of them taken for a copy."""
    found = find_windows(prepared)
    numbers = found.copies[:, 1].tolist()
    copies = np.stack([found.copies[:, 0], np.arange(len(numbers))], 1)
    return Windows(
        tuple(found.texts[n] for n in numbers),
        tuple(found.places[n] for n in numbers),
        found.copies[:, 0],
        copies,
        np.zeros_like(found.repeats),
    )


def measure(notes: dict[str, list[str]], model: str, types: str, dtype: str, repeats: int) -> dict[str, Any]:
    """Text tokens per second of each input with identical windows once and with every window, and their ratio."""
    from openbioner_batch.catalog import resolve_types

    tagger, kinds = Tagger.from_pretrained(model, dtype=dtype), resolve_types(types)
    tagger.annotate(next(iter(notes.values()))[:2], kinds)
    rates: dict[str, dict[str, list[float]]] = {name: {"once": [], "every": []} for name in notes}
    for _ in range(repeats):
        for name, texts in notes.items():
            for way, windows in (("once", find_windows), ("every", every_window)):
                with patch.object(tagger_module, "find_windows", windows):
                    began = perf_counter()
                    tokens = sum(tagged.tokens for tagged in tagger.annotate(texts, kinds))
                rates[name][way].append(tokens / (perf_counter() - began))
    return {
        name: {
            "windows": len(windows.copies),
            "unlike": len(windows.texts),
            "tokens_per_second": spread(found["once"]),
            "tokens_per_second_every_window": spread(found["every"]),
            "ratio": spread([once / every for once, every in zip(found["once"], found["every"], strict=True)]),
        }
        for name, found in rates.items()
        for windows in [find_windows(tagger.preparer(kinds).prepare(notes[name]))]
    }


@click.command()
@click.argument("corpus")
@click.option("--share", type=click.FloatRange(0, 0.8), default=0.5, show_default=True, help="Of sections, copied.")
@click.option("--patients", type=click.IntRange(min=1), default=10, show_default=True)
@click.option("--types", default="disease,drug,gene,species,cell_type", show_default=True)
@click.option("--model", default="bundled", show_default=True)
@click.option("--dtype", default="auto", show_default=True)
@click.option("--repeats", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--quick", is_flag=True, help="One patient, once: does it work at all.")
@json_option
def main(
    corpus: str, share: float, patients: int, types: str, model: str, dtype: str, repeats: int, quick: bool,
    json_path: Path | None,
) -> None:  # fmt: skip
    """Measure with sections of the notes in CORPUS."""
    if quick:
        patients, repeats = 1, 1
    try:
        sections = sections_of(read_texts((corpus,)))
        if len(sections) < (1 + len(PLACES)) * patients * NOTES * SECTIONS:
            raise UsageError(
                f"{corpus}: {len(sections)} sections are too few for {patients} patients: lower --patients"
            )
        fresh = iter(sections)
        notes = {"nothing copied": write_archive(fresh, patients, 0, "first")}
        notes |= {f"copies {place}": write_archive(fresh, patients, share, place) for place in PLACES}
        inputs = measure(notes, model, types, dtype, repeats)
    except OpenBioNERError as error:
        raise click.ClickException(str(error)) from None
    write_json(json_path, {"share": share, "types": types, "model": model, "inputs": inputs, "ran_on": machine()})
    rows = [
        (name, f"{one['unlike']} of {one['windows']}", f"{one['tokens_per_second']['median']:,.0f}",
         f"{one['tokens_per_second_every_window']['median']:,.0f}", f"{one['ratio']['median']:.2f}x",
         f"{one['ratio']['least']:.2f} to {one['ratio']['most']:.2f}")
        for name, one in inputs.items()
    ]  # fmt: skip
    show_table(("input", "windows computed", "text tokens/s", "every window", "ratio", "least to most"), rows)


if __name__ == "__main__":
    main()
