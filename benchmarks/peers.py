"""Text tokens a second beside zshot, a plain transformers loop and GLiNER, interleaved on the same abstracts.

    python benchmarks/peers.py pubmed.xml.gz --cache ~/.cache/openbioner-peers --types 5 --json peers-5.json

Each tool is a process in a virtual environment of its own, made in --cache on first use. Every tool runs in each
precision of --dtype, peers in bfloat16 with their weights cast, and is compared with those of its own. zshot and the
loop load the same random checkpoint as ours, of the variant's size; before anything is timed, their spans in float32
must equal ours, and those in bfloat16 are counted. GLiNER has random weights too, of large's shape (DeBERTa-v3, 24
layers x 1024) and of base's (12 x 768), and reads the bundled vocabulary instead of its own. Two bi-encoders have their
labels read before the clock runs: gliner-bi on DeBERTa like GLiNER-BioMed's, gliner-bi-v2 on Ettin (ModernBERT, 22
layers x 768). Texts are those that fit one window of every tool, so that all read them whole; `zshot-sentences` gets
them sentence by sentence, as its examples do.

Every round has texts of its own, in order of length, the same for all sides where --seconds is 0. Batch size and
packing of the peers are the best of those tried at the first of --types.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from common.contestants import FLOAT32, PRECISIONS, SAME_WEIGHTS, SCRIPTS, SETTINGS, SHAPES, published, start
from common.machine import machine
from common.models import first_types, write_random_model
from common.results import comma_list, json_option, show_table, write_json
from common.sides import TRIED, Side, SizedText, as_json, measure, ratios, without_slow
from common.texts import shuffled_texts
from common.tools import Tool

from openbioner_batch.errors import OpenBioNERError, UsageError

WINDOW = (100, 300)
"""Fewest and most tokens of a text: of abstracts, that fit one window of ours (300), zshot's (380) and GLiNER's."""
ALIKE: dict[str, dict[str, Any]] = {
    "ours": {"words": "whitespace"},
    "zshot": {"batch_size": 1},
    "loop": {"batch_size": 1},
}
"""The settings with which tools of the same weights find the same spans; a padded batch rounds otherwise."""


def earlier_settings(reports: Sequence[Path]) -> dict[str, list[dict[str, Any]]]:
    """The setting of every side in earlier reports, by its name; later files win."""
    read = [json.loads(path.read_text("utf-8")) for path in reports]
    sides = [part["sides"] for report in read for part in report.get("by_types", [report])]
    return {name: [side["setting"]] for one in sides for name, side in one.items()}


def choose_texts(corpus: str, checkpoint: str, types: Sequence[Any]) -> list[SizedText]:
    """The texts of a corpus that every tool reads whole.

    Raises:
        UsageError: the corpus has too few such texts.
    """
    from openbioner_batch.model import Preparer

    texts = shuffled_texts(corpus)
    counts = Preparer.from_pretrained(checkpoint, types).prepare(texts).document_tokens
    chosen = [
        SizedText(text, int(count))
        for text, count in zip(texts, counts, strict=True)
        if WINDOW[0] <= count <= WINDOW[1]
    ]
    if len(chosen) < TRIED:
        raise UsageError(
            f"{corpus}: {len(chosen)} texts of {WINDOW[0]} to {WINDOW[1]} tokens; expected {TRIED} or more"
        )
    return chosen


def check(sides: Sequence[Side], variants: dict[str, str], types: list[list[str]], texts: list[str]) -> dict[str, Any]:
    """How many spans the sides with our weights share with ours in float32, on words between spaces.

    Returns:
        By side: the texts, its spans, ours, and those that are in both. In bfloat16, which rounds, they may differ.

    Raises:
        OpenBioNERError: a side finds other spans in float32, so its rate would not compare.
    """
    compared = {}
    for variant, checkpoint in published(variants).items():
        peers = [side for side in sides if side.name.split()[:2] in ([tool, variant] for tool in ALIKE)]
        if not any(side.name.split()[0] in SAME_WEIGHTS for side in peers):
            continue
        request = {"checkpoint": checkpoint, "dtype": FLOAT32, "types": types}
        exact = Tool(f"ours {variant}, float32", Path(sys.executable), SCRIPTS["ours"], request)
        ours = exact.find(texts, {**ALIKE["ours"], "count": len(types)}).spans
        exact.close()
        for side in peers:
            tool, _, precision = side.name.split()
            theirs = side.find(texts, ALIKE[tool]).spans
            if precision == FLOAT32 and theirs != ours:
                differing = sum(a != b for a, b in zip(ours, theirs, strict=True))
                raise OpenBioNERError(f"{side.name}: other spans than ours in {differing} of {len(texts)} texts")
            both = sum(len(set(a) & set(b)) for a, b in zip(ours, theirs, strict=True))
            counts = {"spans": sum(map(len, theirs)), "ours_in_float32": sum(map(len, ours)), "equal_spans": both}
            compared[side.name] = {"texts": len(texts), **counts}
    return compared


def show(report: dict[str, Any]) -> None:
    """A row for each side, and how many times as fast each model of ours is in the same precision."""
    ours = list(dict.fromkeys(name.split()[1] for name in report["ratios"]))
    rows = []
    for name, side in report["sides"].items():
        tool, model, precision = name.split()
        rate = side["tokens_per_second"]
        ratios_of = [report["ratios"].get(f"ours {one} {precision}", {}).get(name) for one in ours]
        over = ["" if ratio is None else f"{ratio['median']:.2f}x" for ratio in ratios_of]
        setting = ", ".join(f"{key} {value}" for key, value in side["setting"].items())
        speed = (f"{side['seconds_per_document']:.3f}", f"{rate['median']:,.1f}")
        least = f"{rate['least']:,.1f} to {rate['most']:,.1f}"
        rows.append((f"{tool} {model}", side["with"]["dtype"], setting, str(side["documents"]), *speed, least, *over))
    titles = ("tool", "precision", "setting", "n", "s/document", "text tokens/s", "least to most")
    click.echo(f"{report['types']} types")
    show_table((*titles, *(f"{one} is" for one in ours)), rows, words=3)


@click.command()
@click.argument("corpus")
@click.option("--cache", type=click.Path(path_type=Path, file_okay=False), required=True, help="For the environments.")
@click.option("--variants", default="base,tiny", show_default=True, help="Of ours; bundled for the bundled shape.")
@click.option("--separate-layers", default="own", show_default=True, help="Some of 0, 5, ..., or own: the variants'.")
@click.option("--shapes", default="large,base", show_default=True, help="Of GLiNER.")
@click.option("--types", default="5", show_default=True, help="How many are queried; several are one interleaved run.")
@click.option("--tools", default="ours,zshot,zshot-sentences,loop,gliner", show_default=True)
@click.option("--dtype", default=",".join(PRECISIONS), show_default=True, help="In which every tool runs.")
@click.option("--seconds", type=click.FloatRange(min=0), default=0.0, show_default=True, help="Of a side, each round.")
@click.option("--documents", type=click.IntRange(min=1), default=40, show_default=True, help="At least, in all rounds.")
@click.option("--rounds", type=click.IntRange(1, TRIED), default=4, show_default=True)
@click.option("--most-seconds", type=float, help="Leave out what would take longer in all rounds. [no limit]")
@click.option("--checked", type=click.IntRange(min=1), default=4, show_default=True, help="Texts of equal spans.")
@click.option(
    "--settings-of",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="An earlier report: take the settings that were best there, and try none.",
)
@click.option("--quick", is_flag=True, help="One short round, each tool's first setting: does it work at all.")
@json_option
def main(
    corpus: str, cache: Path, variants: str, separate_layers: str, shapes: str, types: str, tools: str,
    dtype: str, seconds: float, documents: int, rounds: int, most_seconds: float | None, checked: int,
    settings_of: tuple[Path, ...], quick: bool, json_path: Path | None,
) -> None:  # fmt: skip
    """Compare the tools on the texts of CORPUS."""
    if quick:
        seconds, documents, rounds, checked = 0, 1, 1, 1
    try:
        for flag, values, names in (
            ("tools", tools, SCRIPTS),
            ("shapes", shapes, SHAPES),
            ("dtype", dtype, PRECISIONS),
        ):
            if unknown := [name for name in comma_list(values) if name not in names]:
                raise UsageError(f"--{flag} {unknown[0]}: expected some of {', '.join(names)}")
        counts = [int(count) for count in comma_list(types)]
        with tempfile.TemporaryDirectory() as folder:
            paths = write_models(variants, separate_layers, Path(folder))
            kinds = first_types(max(counts))
            described = [[kind.name, kind.description] for kind in kinds]
            texts = choose_texts(corpus, next(iter(paths.values())), kinds)
            started = start(
                comma_list(tools), paths, comma_list(shapes), described, comma_list(dtype), cache.expanduser().resolve()
            )
            sides = [Side(name, tool, count) for count in counts for name, tool in started.items()]
            most = [side for side in sides if side.types == max(counts)]
            compared = check(most, paths, described, [one.text for one in texts[:checked]])
            known = earlier_settings(settings_of)
            for side in sides:
                tried = known.get(side.name, SETTINGS[side.name.split()[0]])
                settled = next((other.setting for other in sides if other.tool is side.tool and other.setting), None)
                side.tune(texts, [settled] if settled else tried[:1] if quick else tried)
                side.plan(texts, seconds, documents, rounds)
                click.echo(f"{side.name}, {side.types} types: {side.setting}, {side.texts} texts a round", err=True)
            sides, left_out = without_slow(sides, texts, rounds, most_seconds)
            measure(sides, texts, rounds)
            for tool in started.values():
                tool.close()
    except OpenBioNERError as error:
        raise click.ClickException(str(error)) from None
    parts = []
    for count in counts:
        of_count = [side for side in sides if side.types == count]
        parts.append(
            {"types": count, "sides": {side.name: as_json(side) for side in of_count}, "ratios": ratios(of_count)}
        )
    ran_on = machine()
    about = {"corpus": Path(corpus).name, "compared": compared, "left_out": left_out, "ran_on": ran_on}
    write_json(json_path, {**about, **parts[0]} if len(parts) == 1 else {**about, "by_types": parts})
    click.echo(f"{Path(corpus).name} on {ran_on['cpu']}, cores: {ran_on['cores']}")
    for part in parts:
        show(part)
    for line in left_out:
        click.echo(f"left out: {line}")


def write_models(variants: str, separate_layers: str, folder: Path) -> dict[str, str]:
    """Random checkpoints of ours by name: the variant's, and where it is not its own the number of separate layers."""
    found = {}
    for variant in comma_list(variants):
        for separate in comma_list(separate_layers):
            name = variant if separate == "own" else f"{variant}-{separate}"
            layers = None if separate == "own" else int(separate)
            found[name] = write_random_model(variant, folder / name, None, layers)
    return found


if __name__ == "__main__":
    main()
