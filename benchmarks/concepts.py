"""How often concepts are those of the annotators, of gold mentions and end to end; and how fast mentions are linked.

    python benchmarks/concepts.py corpus gsc_hpo_dev.jsonl.gz --index hp.vocab --end-to-end
    python benchmarks/concepts.py speed MONDO.json.zst UBERON.json.zst CHEBI.json.zst

A corpus is JSON Lines, gzipped: `text`, `spans`, and `concepts`, the identifier of each span. Every other document is
scored apart from the rest, since rules were first chosen on one half alone. End to end a mention is found if a span of
the same concept shares a character with it, as published systems count on GSC+ (Luo et al. 2021), and strictly if both
ends agree; documents are sets of concepts.

The mentions for `speed` are made of the names themselves by a fixed seed: three in ten differ in case or plural, two in
the order of words, two by a typing error, one has an adjective more, one a word less, one is of two names' halves.
"""

from __future__ import annotations

import csv
import gzip
import json
import multiprocessing
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from common.machine import machine, peak_memory_mib
from common.results import json_option, write_json

from openbioner_batch.abbreviations import expanded, expansions
from openbioner_batch.concepts.building import build_vocabulary
from openbioner_batch.concepts.dictionary import Dictionary
from openbioner_batch.concepts.index import Vocabulary
from openbioner_batch.concepts.linker import NEAR_NAMES, Linker, Mention
from openbioner_batch.concepts.readers import detect_reader
from openbioner_batch.concepts.vectors import ENCODER, VECTORS, NearestVectors
from openbioner_batch.records import EntityType, Span

PHENOTYPE = EntityType(
    "phenotype", "An abnormal finding, symptom, malformation or disease that a patient has, such as short stature."
)
Find = Callable[[list[str]], list[list[Span]]]
SEED = 17
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
        _write_table(table, files, names)
        fresh = multiprocessing.get_context("spawn")
        with fresh.Pool(1) as pool:
            building, building_peak = pool.apply(_build, (table, index))
        with fresh.Pool(processes, _open, (index,)) as pool:
            texts = distinct_mentions(Vocabulary(index), mentions)
            pieces = [texts[start : start + _AT_ONCE] for start in range(0, len(texts), _AT_ONCE)]
            began = time.perf_counter()
            done = list(pool.imap_unordered(_link, pieces))
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


def _write_table(path: str, files: Sequence[Path], names: int) -> None:
    """The first `names` distinct names of vocabularies as one table."""
    left = names
    with open(path, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "name", "synonyms", "parents"])
        for file in files:
            for concept in detect_reader(str(file)).read(str(file), {}).concepts:
                texts = list(dict.fromkeys(" ".join(name.text.replace("|", " ").split()) for name in concept.names))[
                    :left
                ]
                if not texts:
                    return
                writer.writerow([concept.id, texts[0], "|".join(texts[1:]), "|".join(concept.parents)])
                left -= len(texts)


def distinct_mentions(vocabulary: Vocabulary, count: int) -> list[str]:
    """Mentions made of names, each once, in the same order each time."""
    made = random.Random(SEED)
    found: dict[str, None] = {}
    while len(found) < count:
        found.setdefault(_mention(vocabulary, made))
    return list(found)


def _mention(vocabulary: Vocabulary, made: random.Random) -> str:
    name = vocabulary.name(made.randrange(vocabulary.names))
    words = name.split()
    kind = made.randrange(10)
    if kind < 3:
        return name.upper() if made.random() < 0.3 else f"{name.capitalize()}s"
    if kind < 5:
        made.shuffle(words)
        return " ".join(words)
    if kind < 7:
        place = made.randrange(len(name))
        return name[:place] + made.choice("abcdefghijklmnopqrstuvwxyz") + name[place + made.randrange(2) :]
    if kind == 7:
        return f"{made.choice(['severe', 'large', 'novel', 'recurrent'])} {name}"
    if kind == 8:
        return " ".join(words[:-1] or [name, "of unknown cause"])
    return " ".join([*words[:2], *vocabulary.name(made.randrange(vocabulary.names)).split()[-2:]])


_linkers: list[Linker] = []


def _build(table: str, index: str) -> tuple[float, int]:
    """Seconds and the most MiB of building an index."""
    began = time.perf_counter()
    build_vocabulary(table, index)
    return time.perf_counter() - began, peak_memory_mib()


def _open(index: str) -> None:
    _linkers.append(Linker(Vocabulary(index)))


def _link(texts: Sequence[str]) -> tuple[int, int, int, float]:
    """The mentions that have a concept, the process, its peak memory in MiB, and CPU seconds."""
    began = time.process_time()
    found = sum(bool(concepts) for concepts in _linkers[0].link(map(Mention, texts)).values())
    return found, multiprocessing.current_process().pid or 0, peak_memory_mib(), time.process_time() - began


def _gold(linker: Linker, documents: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str, Any]]:
    """The text of each gold mention, its concept, and the first that is found."""
    for document in documents:
        known = expansions(document["text"])
        texts = [document["text"][start:end] for start, end, _ in document["spans"]]
        wanted = [Mention(text, expanded(text, known)) for text in texts]
        found = linker.link(wanted)
        for mention, concept in zip(wanted, document["concepts"], strict=True):
            yield mention.text, concept, next(iter(found[mention]), None)


def score(linker: Linker, documents: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Accuracy over all mentions, precision over those that are linked, and how many are beyond words.

    `of another name`: the mention is, except for spelling, a name of another concept than the annotators'.
    """
    pairs = [(concept, found) for _, concept, found in _gold(linker, documents)]
    linked = [(concept, found) for concept, found in pairs if found]
    right = sum(found.id == concept for concept, found in linked)
    return {
        "mentions": len(pairs),
        "accuracy": right / len(pairs),
        "precision": right / max(1, len(linked)),
        "without": len(pairs) - len(linked),
        "of another name": sum(found.id != concept and found.score >= 0.98 for concept, found in linked),
    }


def vector_cost(vocabulary: Vocabulary, documents: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The encoder of an index, and milliseconds of CPU for a mention that is compared by its vector."""
    texts = {document["text"][start:end]: None for document in documents for start, end, _ in document["spans"]}
    nearest = NearestVectors(vocabulary, NEAR_NAMES)
    next(nearest.find(["warm"]))
    began = time.process_time()
    found = list(nearest.find(list(texts)))
    spent = time.process_time() - began
    encoder = vocabulary.about[ENCODER]
    return {
        "encoder": Path(encoder["name"]).name,
        "encoder_digest": encoder["digest"],
        "names": vocabulary.names,
        "distinct_mentions": len(found),
        "cpu_ms_a_mention": round(1000 * spent / len(found), 2),
    }


def errors(linker: Linker, documents: Sequence[dict[str, Any]]) -> None:
    """Print the mentions that are linked to another concept than the gold one, or to none."""
    for text, concept, found in _gold(linker, documents):
        if found is None or found.id != concept:
            click.echo(f"{text!r}: {concept}, linked to {found and f'{found.id} {found.name} {found.score:.3f}'}")


def finders(vocabulary: Vocabulary, model: str) -> dict[str, Find]:
    """Ways to find mentions, by name."""
    from openbioner_batch.model import Tagger

    plain = Dictionary(vocabulary)
    wide = Dictionary(vocabulary, wordings=True, nested=True)
    tagger = Tagger.from_pretrained(model, device="cpu", dtype="bfloat16")
    tagged: dict[str, list[Span]] = {}

    def named(dictionary: Dictionary) -> Find:
        return lambda texts: [list(dictionary.find(text, PHENOTYPE.name)) for text in texts]

    def modelled(texts: list[str]) -> list[list[Span]]:
        if not tagged:
            tagged.update(zip(texts, tagger.tag(texts, [PHENOTYPE]), strict=True))
        return [tagged[text] for text in texts]

    def both(texts: list[str]) -> list[list[Span]]:
        return [one + other for one, other in zip(named(wide)(texts), modelled(texts), strict=True)]

    return {"dictionary": named(plain), "dictionary, wordings, nested": named(wide), model: modelled, "both": both}


def found_and_linked(
    linker: Linker, documents: Sequence[dict[str, Any]], spans: dict[str, list[Span]]
) -> dict[str, float]:
    """Precision, recall and F1 of mentions and documents; a span without a concept counts as not found."""
    counts = dict.fromkeys(("gold", "given", "right", "recalled", "strict", "ids", "given ids", "right ids"), 0)
    for document in documents:
        text = document["text"]
        known = expansions(text)
        here = [(span, Mention(span.text, expanded(span.text, known))) for span in spans[text]]
        linked = linker.link(mention for _, mention in here)
        given = {(span.start, span.end, linked[mention][0].id) for span, mention in here if linked[mention]}
        gold = {(start, end, id) for (start, end, _), id in zip(document["spans"], document["concepts"], strict=True)}
        ids, given_ids = {place[2] for place in gold}, {place[2] for place in given}
        for name, amount in (
            ("gold", len(gold)),
            ("given", len(given)),
            ("right", sum(any(map(_same(one), gold)) for one in given)),
            ("recalled", sum(any(map(_same(one), given)) for one in gold)),
            ("strict", len(gold & given)),
            ("ids", len(ids)),
            ("given ids", len(given_ids)),
            ("right ids", len(ids & given_ids)),
        ):
            counts[name] += amount
    precision, recall = counts["right"] / max(1, counts["given"]), counts["recalled"] / counts["gold"]
    return {
        "mentions_precision": precision,
        "mentions_recall": recall,
        "mentions_f1": 2 * precision * recall / max(1e-9, precision + recall),
        "strict_mentions_f1": 2 * counts["strict"] / (counts["gold"] + counts["given"]),
        "documents_f1": 2 * counts["right ids"] / (counts["ids"] + counts["given ids"]),
    }


def misses(linker: Linker, documents: Sequence[dict[str, Any]], spans: dict[str, list[Span]]) -> dict[str, int]:
    """Why gold mentions are not found: no span is there, the linker is wrong on the mention too, or bounds differ."""
    counts = {"found": 0, "no span": 0, "linked wrong as gold mention too": 0, "other bounds": 0}
    for document in documents:
        text = document["text"]
        known = expansions(text)

        def linked(start: int, end: int, text: str = text, known: dict[str, str] = known) -> str | None:
            mention = Mention(text[start:end], expanded(text[start:end], known))
            return next((concept.id for concept in linker.link([mention])[mention]), None)

        for (start, end, _), id in zip(document["spans"], document["concepts"], strict=True):
            there = [span for span in spans[text] if span.start < end and start < span.end]
            if any(linked(span.start, span.end) == id for span in there):
                counts["found"] += 1
            elif not there:
                counts["no span"] += 1
            else:
                counts["other bounds" if linked(start, end) == id else "linked wrong as gold mention too"] += 1
    return counts


def _same(one: tuple[int, int, str]) -> Callable[[tuple[int, int, str]], bool]:
    """Whether another place has the same concept and shares a character."""
    return lambda other: one[2] == other[2] and one[0] < other[1] and other[0] < one[1]


if __name__ == "__main__":
    main()
