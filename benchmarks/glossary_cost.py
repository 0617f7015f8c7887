"""What a checkpoint's glossary costs: a Tagger with it and one with `--glossary none`, on the same texts.

    python benchmarks/glossary_cost.py --types 1,5,20 --json cost.json
    python benchmarks/glossary_cost.py mtsamples.jsonl.gz --dtype float32

Both taggers are in one process, prepare and score all texts in each run, and take turns. The ratio of the two runs of a
pair is what is reported, by the clock and of the processor's time. In the first pair the names are compared with every
type; later ones know those of these texts. A long run is between the two, since new names become rare. `--threads` are
torch's; tokenizing takes all cores that the process may use, so put `taskset -c 1` before it to measure one.

Of INPUTS the first --words words of shuffled documents are taken, and documents with less than three quarters of that
are passed over. Without INPUTS texts are made up: every tenth word is a name of the glossary, the n-th of all names n
times rarer than the first, and the others are plain words. In real notes and trials about every eighth and eleventh
word began a name. Types are of the catalog, but for those that the calibration has found without a glossary.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

import click
import torch
from common.machine import device_name, machine
from common.models import first_types
from common.results import comma_list, json_option, show_table, spread, write_json
from common.texts import PLAIN_WORDS, read_texts

from openbioner_batch.errors import OpenBioNERError, UsageError
from openbioner_batch.model import Tagger, read_calibration, resolve_checkpoint
from openbioner_batch.model.glossary_files import GlossaryChoice
from openbioner_batch.model.location import NO_GLOSSARY

if TYPE_CHECKING:
    from openbioner_batch.model.glossary import Glossary
    from openbioner_batch.records import EntityType

WARM_UP = 3
"""Texts tagged by both before the clock runs, none of them among those that are measured."""
NAME_EVERY = 10
"""Words of made-up texts from one name to the next."""
SENTENCE = 25
"""Words of a sentence of made-up texts, a name of several being one."""


def made_up_texts(glossary: Glossary, count: int, words: int) -> list[str]:
    """Texts of so many words with names of a glossary, always the same."""
    chance = random.Random(0)
    names = [name for entry in glossary.entries for name in entry.names if glossary.meaning_of(name) is not None]
    chance.shuffle(names)
    plain = [word for word in PLAIN_WORDS if glossary.meaning_of(word) is None]
    weights = list(accumulate(1 / rank for rank in range(1, len(names) + 1)))
    texts = []
    for _ in range(count):
        parts: list[str] = []
        length = 0
        while length < words:
            is_name = len(parts) % NAME_EVERY == NAME_EVERY - 1
            part = chance.choices(names, cum_weights=weights)[0] if is_name else chance.choice(plain)
            length += len(part.split())
            parts.append(f"{part}." if len(parts) % SENTENCE == SENTENCE - 1 else part)
        texts.append(" ".join(parts))
    return texts


def beginnings(texts: Sequence[str], count: int, words: int) -> list[str]:
    """The first words of texts that have three quarters of `words` or more, shuffled.

    Raises:
        UsageError: fewer than `count` have.
    """
    ends = [[word.end() for word in re.finditer(r"\S+", text)] for text in texts]
    cut = [
        text[: of_text[min(words, len(of_text)) - 1]]
        for text, of_text in zip(texts, ends, strict=True)
        if len(of_text) >= 0.75 * words
    ]
    if len(cut) < count:
        raise UsageError(
            f"{len(cut)} documents have {0.75 * words:.0f} words, and {count} are needed: lower --documents"
        )
    random.Random(0).shuffle(cut)
    return cut[:count]


def texts_of(inputs: tuple[str, ...], glossary: Glossary, count: int, words: int) -> list[str]:
    """The beginnings of the documents of files, or made-up texts where there are no files."""
    return beginnings(read_texts(inputs), count, words) if inputs else made_up_texts(glossary, count, words)


def measure(taggers: dict[str, Tagger], texts: list[str], kinds: Sequence[EntityType], repeats: int) -> dict[str, Any]:
    """One number of types: the time of each run of both, after a warm-up, and the ratio of each pair.

    Args:
        taggers: "with" the glossary and "without", both new, so that no name has been compared yet.
        texts: those of the warm-up first.
        kinds: the types.
        repeats: pairs; which of both comes first alternates.
    """
    warm, measured = texts[:WARM_UP], texts[WARM_UP:]
    for tagger in taggers.values():
        tagger.annotate(warm, kinds)
    seconds: dict[str, list[float]] = {name: [] for name in taggers}
    cpu_seconds: dict[str, list[float]] = {name: [] for name in taggers}
    spans: dict[str, int] = {}
    for number in range(repeats):
        for name, tagger in list(taggers.items())[:: -1 if number % 2 else 1]:
            began, cpu_began = perf_counter(), process_time()
            found = tagger.annotate(measured, kinds)
            seconds[name].append(perf_counter() - began)
            cpu_seconds[name].append(process_time() - cpu_began)
            spans[name] = sum(len(tagged.spans) for tagged in found)
    ratios, cpu_ratios = (
        [one / other for one, other in zip(taken["with"], taken["without"], strict=True)]
        for taken in (seconds, cpu_seconds)
    )
    return {
        "types": [kind.name for kind in kinds],
        "documents": len(measured),
        "ratio": spread(ratios),
        "ratios": ratios,
        "cpu_ratio": spread(cpu_ratios),
        "milliseconds_per_document": {
            name: spread([1000 * one / len(measured) for one in of_side]) for name, of_side in seconds.items()
        },
        "spans": spans,
        "device": device_name(taggers["with"].device),
        "dtype": taggers["with"].dtype,
    }


def describe(glossary: Glossary, texts: Sequence[str]) -> dict[str, Any]:
    """How long the texts are, and how many of the glossary's names are in them; distinct ones mean other things."""
    found = [[name.meaning for name in glossary.find(text)] for text in texts]
    return {
        "words_per_document": sum(len(text.split()) for text in texts) / len(texts),
        "names_per_document": sum(map(len, found)) / len(texts),
        "distinct_names": len({meaning for of_text in found for meaning in of_text}),
    }


def show(report: dict[str, Any]) -> None:
    """A row for each number of types."""
    rows = [
        (
            case["dtype"],
            str(len(case["types"])),
            f"{case['documents']}",
            *(f"{case['milliseconds_per_document'][name]['median']:,.1f}" for name in ("without", "with")),
            f"{case['ratio']['median']:.3f}x",
            f"{case['ratio']['least']:.3f} to {case['ratio']['most']:.3f}",
            f"{case['ratios'][0]:.3f}x",
            f"{case['cpu_ratio']['median']:.3f}x",
        )
        for case in report["cases"]
    ]
    show_table(
        ("precision", "types", "n", "ms without", "ms with", "ratio", "least to most", "first pair", "of CPU time"),
        rows,
    )
    click.echo(
        f"{report['words_per_document']:.0f} words and {report['names_per_document']:.1f} names a document, "
        f"{report['distinct_names']:,} distinct names; {report['threads']} threads, {report['ran_on']['cpu']}"
    )


@click.command()
@click.argument("inputs", nargs=-1)
@click.option("--model", default="bundled-open", show_default=True, help="A checkpoint with a glossary.")
@click.option("--types", default="1,5,20", show_default=True, help="How many types are queried.")
@click.option("--devices", type=click.Choice(["auto", "cpu", "gpu"]), default="auto", show_default=True)
@click.option("--dtype", default="auto", show_default=True)
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True, help="Of torch.")
@click.option("--documents", type=click.IntRange(min=1), default=80, show_default=True)
@click.option("--words", type=click.IntRange(min=1), default=200, show_default=True, help="Of each document.")
@click.option("--repeats", type=click.IntRange(min=1), default=4, show_default=True, help="Pairs of runs.")
@click.option("--quick", is_flag=True, help="Two documents, two pairs: does it work at all.")
@json_option
def main(
    inputs: tuple[str, ...], model: str, types: str, devices: str, dtype: str, threads: int, documents: int, words: int,
    repeats: int, quick: bool, json_path: Path | None,
) -> None:  # fmt: skip
    """Measure on texts made up of names of the glossary, or on the documents of INPUTS."""
    if quick:
        documents, repeats = 2, 2
    torch.set_num_threads(threads)
    choices = {"with": GlossaryChoice(), "without": GlossaryChoice.of(NO_GLOSSARY)}
    cases = []
    try:
        directory = resolve_checkpoint(model)
        if (glossary := choices["with"].load(directory)) is None:
            raise UsageError(f"--model {model}: it has no glossary whose cost could be measured; bundled-open has one")
        texts = texts_of(inputs, glossary, WARM_UP + documents, words)
        calibration = read_calibration(directory)
        for count in map(int, comma_list(types)):
            click.echo(f"{count} types", err=True)
            kinds = first_types(count, calibration.plain_types if calibration else ())
            taggers = {
                name: Tagger.from_pretrained(directory, devices, dtype, glossary=one) for name, one in choices.items()
            }
            cases.append(measure(taggers, texts, kinds, repeats))
    except OpenBioNERError as error:
        raise click.ClickException(str(error)) from None
    about = {"inputs": [Path(one).name for one in inputs] or "made up", "model": model, "threads": threads}
    report = {**about, **describe(glossary, texts[WARM_UP:]), "cases": cases, "ran_on": machine()}
    write_json(json_path, report)
    show(report)


if __name__ == "__main__":
    main()
