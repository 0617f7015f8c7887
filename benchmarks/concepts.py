"""How often concepts are those of the annotators, of gold mentions and end to end; and how fast mentions are linked.

    python benchmarks/concepts.py corpus gsc_hpo_dev.jsonl.gz --index hp.vocab --end-to-end
    python benchmarks/concepts.py speed MONDO.json.zst UBERON.json.zst CHEBI.json.zst

A corpus is JSON Lines, gzipped: `text`, `spans`, and `concepts`, the identifier of each span. Every other document is
scored apart from the rest, since rules were first chosen on one half alone. End to end a mention is found if a span of
the same concept shares a character with it, as published systems count on GSC+ (Luo et al. 2021), and strictly if both
ends agree; documents are sets of concepts. `concept_scores.py` has the scores, `concept_mentions.py` the mentions of
`speed`.
"""

from __future__ import annotations

import gzip
import json
import multiprocessing
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from common.machine import machine
from common.results import json_option, write_json
from concept_mentions import build_index, distinct_mentions, link_texts, open_linker, write_table
from concept_scores import PHENOTYPE, errors, finders, found_and_linked, misses, score, vector_cost

from openbioner_batch.concepts.index import Vocabulary
from openbioner_batch.concepts.linker import Linker
from openbioner_batch.concepts.vectors import VECTORS

SURE = 0.9
"""The score from which a link is of a whole name."""
_AT_ONCE = 20_000
"""Mentions that a process takes at a time, as many as a large shard has."""


@click.group()
def main() -> None:
    """Measure the room `concepts`."""


@main.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--index", required=True, help="The vocabulary's index.")
@click.option("--end-to-end", is_flag=True, help="Find mentions too: by dictionary, model, and both.")
@click.option("--model", default="bundled-open", show_default=True, help="What finds them beside the dictionary.")
@click.option("--show-errors", is_flag=True, help="Print each gold mention that is linked wrong (texts!).")
@json_option
def corpus(path: Path, index: str, end_to_end: bool, model: str, show_errors: bool, json_path: Path | None) -> None:
    """How often the concepts of a corpus are the annotators'."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        documents = [json.loads(line) for line in lines]
    vocabulary = Vocabulary(index)
    linker, sure = Linker(vocabulary), Linker(vocabulary, least=SURE)
    halves = {"even documents": documents[::2], "odd documents": documents[1::2]}
    figures: dict[str, Mapping[str, float]] = {name: score(linker, half) for name, half in halves.items()}
    for name, found in figures.items():
        click.echo(
            f"{name}: accuracy at 1 {found['accuracy']:.3f}, precision {found['precision']:.3f}, "
            f"n {found['mentions']}; without a concept {found['without']}, "
            f"by the letter a name of another concept {found['of another name']}"
        )
    if VECTORS in vocabulary.arrays:
        about_vectors = vector_cost(vocabulary, documents)
        click.echo("vectors: " + ", ".join(f"{name} {value}" for name, value in about_vectors.items()))
    for name, half in halves.items() if show_errors else ():
        click.echo(f"{name}, linked wrong:")
        errors(linker, half)
    for finder, find in (finders(vocabulary, model) if end_to_end else {}).items():
        texts = [document["text"] for document in documents]
        spans = dict(zip(texts, find(texts), strict=True))
        for name, half in halves.items():
            for least, chosen in (("", linker), (f", links of {SURE} and more", sure)):
                found = figures[f"{finder}{least}, {name}"] = found_and_linked(chosen, half, spans)
                click.echo(f"{finder}{least}, {name}: " + ", ".join(f"{key} {one:.3f}" for key, one in found.items()))
            missed = figures[f"{finder}, {name}, misses"] = misses(linker, half, spans)
            click.echo(f"{finder}, {name}, misses: " + ", ".join(f"{key} {one}" for key, one in missed.items()))
    about: dict[str, Any] = {"vocabulary": vocabulary.fingerprint(), "corpus": path.name, "figures": figures}
    if VECTORS in vocabulary.arrays:
        about["vectors"] = about_vectors
    if end_to_end:
        about |= {"model": model, "dtype": "bfloat16", "type": PHENOTYPE.description}
    write_json(json_path, about)


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--names", default=300_000, show_default=True, help="Of the vocabularies' names so many are taken.")
@click.option("--mentions", default=1_000_000, show_default=True, help="Distinct ones.")
@click.option("--processes", default=2, show_default=True)
@json_option
def speed(files: Sequence[Path], names: int, mentions: int, processes: int, json_path: Path | None) -> None:
    """Time and memory of linking distinct mentions against one index of several vocabularies."""
    with TemporaryDirectory() as folder:
        index = f"{folder}/names.vocab"
        table = f"{folder}/names.csv"
        write_table(table, files, names)
        fresh = multiprocessing.get_context("spawn")
        with fresh.Pool(1) as pool:
            building, building_peak = pool.apply(build_index, (table, index))
        with fresh.Pool(processes, open_linker, (index,)) as pool:
            texts = distinct_mentions(Vocabulary(index), mentions)
            pieces = [texts[start : start + _AT_ONCE] for start in range(0, len(texts), _AT_ONCE)]
            began = time.perf_counter()
            done = list(pool.imap_unordered(link_texts, pieces))
            took = time.perf_counter() - began
        held = Vocabulary(index)
        linked = sum(count for count, *_ in done)
        peaks = {process: peak for _, process, peak, _ in sorted(done, key=lambda one: one[2])}
        peak = sum(peaks.values())
        found = {
            "names": held.names,
            "concepts": len(held),
            "index_bytes": Path(index).stat().st_size,
            "index_seconds": building,
            "index_peak_mib": building_peak,
            "mentions": len(texts),
            "linked": linked,
            "processes": processes,
            "seconds": took,
            "cpu_seconds": sum(cpu for *_, cpu in done),
            "peak_mib": peak,
        }
    click.echo(
        f"{len(texts):,} distinct mentions against {held.names:,} names of {len(held):,} concepts, "
        f"{processes} processes: {took:.0f} s, {found['cpu_seconds']:.0f} s of CPU, at most {peak:,} MiB "
        f"in all; {linked / len(texts):.0%} have a concept; index built in {building:.0f} s and {building_peak:,} MiB"
    )
    write_json(json_path, {"machine": machine(), "files": [file.name for file in files], **found})


if __name__ == "__main__":
    main()
