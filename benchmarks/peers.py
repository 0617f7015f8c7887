"""Text tokens a second beside zshot, a plain transformers loop and GLiNER, interleaved on the same abstracts.

    python benchmarks/peers.py pubmed.xml.gz --cache ~/.cache/openbioner-peers --types 5 --json peers-5.json

Each tool is a process in a virtual environment of its own, made in --cache on first use. zshot and the loop load the
same random checkpoint as ours, of the variant's size; before anything is timed, their spans must equal ours in float32.
GLiNER has random weights too: of GLiNER-large's shape (DeBERTa-v3, 24 layers x 1024) and of base's (12 x 768);
gliner-bi has a BERT encoder of the same size for labels, whose states are computed before the clock runs. Texts
are those that fit one window of every tool, so that all read them whole; `zshot-sentences` gets them sentence by
sentence, as its examples do. Batch size and packing of the peers are the best of those
tried; their precision is their default, float32, and ours is ours, unless --dtype gives one to ours and GLiNER.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
from common.environments import python_with
from common.machine import machine
from common.models import first_types, write_random_model
from common.results import comma_list, json_option, show_table, spread, write_json
from common.texts import shuffled_texts
from common.tools import Answer, Tool

from openbioner_batch.errors import OpenBioNERError, UsageError
from openbioner_batch.model.config import read_config
from openbioner_batch.model.sentences import sentence_starts

TORCH = "torch==2.13.0"
PACKAGES = {
    "zshot": (TORCH, "zshot==0.0.11", "gliner==0.2.29", "transformers<5"),
    "loop": (TORCH, "transformers==5.16.1", "safetensors"),
    "gliner": (TORCH, "gliner==0.2.29"),
}
GLINER_SHAPES = {
    "large": {"hidden": 1024, "layers": 24, "heads": 16, "intermediate": 4096},
    "base": {"hidden": 768, "layers": 12, "heads": 12, "intermediate": 3072},
    "small": {"hidden": 384, "layers": 6, "heads": 12, "intermediate": 1536},
}
"""Of DeBERTa-v3 large and base; small is the bundled model's size."""
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "ours": [{"words": "basic"}],
    "zshot": [{"batch_size": size} for size in (1, 4, 8)],
    "zshot-sentences": [{"batch_size": size} for size in (1, 8, 32)],
    "loop": [{"batch_size": size} for size in (1, 8, 32)],
    "gliner": [*({"batch_size": size, "packed": False} for size in (1, 4, 8)), {"batch_size": 8, "packed": True}],
    "gliner-bi": [{"batch_size": size, "packed": False} for size in (1, 4, 8)],
}
"""What is tried of each tool; the fastest is measured."""
SCRIPTS = {
    "ours": "own_tagger.py",
    "zshot": "zshot_linker.py",
    "zshot-sentences": "zshot_linker.py",
    "loop": "transformers_loop.py",
    "gliner": "gliner_random.py",
    "gliner-bi": "gliner_random.py",
}
WINDOW = (100, 300)
"""Fewest and most tokens of a text: of abstracts, that fit one window of ours (300), zshot's (380) and GLiNER's."""
TRIED = 8
"""Texts on which settings are tried."""


@dataclass(slots=True)
class Side:
    """A tool with a model, and what was measured of it."""

    name: str
    tool: Tool
    types: int = 1
    setting: dict[str, Any] = field(default_factory=dict)
    tried: list[dict[str, Any]] = field(default_factory=list)
    texts: int = 0
    rates: list[float] = field(default_factory=list)

    def rate(self, texts: Sequence[str], tokens: Sequence[int], setting: dict[str, Any]) -> float:
        """Text tokens per second."""
        given = sentences_of(texts) if self.name.startswith("zshot-sentences") else texts
        return sum(tokens[: len(texts)]) / self.find(given, setting).seconds

    def find(self, texts: Sequence[str], setting: dict[str, Any]) -> Answer:
        """Let the tool tag some texts with this side's number of types."""
        return self.tool.find(texts, {**setting, "count": self.types})

    def tune(self, texts: Sequence[str], tokens: Sequence[int], settings: list[dict[str, Any]]) -> None:
        """Warm up, and settle on the fastest of the settings; where there is one, two texts tell its rate."""
        self.find(texts[:1], settings[0])
        texts = texts[: TRIED if len(settings) > 1 else 2]
        self.tried = [{"setting": one, "tokens_per_second": self.rate(texts, tokens, one)} for one in settings]
        self.setting = max(self.tried, key=lambda one: one["tokens_per_second"])["setting"]

    def plan(self, texts: Sequence[str], tokens: Sequence[int], seconds: float, fewest: int) -> None:
        """Take so many texts that a round lasts about `seconds`, at least `fewest`."""
        wanted = seconds * max(one["tokens_per_second"] for one in self.tried)
        lasting = next((n for n in range(1, len(texts)) if sum(tokens[:n]) >= wanted), len(texts))
        self.texts = min(len(texts), max(lasting, fewest))


def earlier_settings(reports: Sequence[Path]) -> dict[str, list[dict[str, Any]]]:
    """The setting of every side in earlier reports; later files win."""
    read = [json.loads(path.read_text("utf-8")) for path in reports]
    sides = [part["sides"] for report in read for part in report.get("by_types", [report])]
    return {name: [side["setting"]] for one in sides for name, side in one.items()}


def sentences_of(texts: Sequence[str]) -> list[str]:
    """Each text's sentences, one after another."""
    starts = ((text, [*sentence_starts(text), len(text)]) for text in texts)
    return [text[low:high] for text, bounds in starts for low, high in pairwise(bounds) if text[low:high].strip()]


def choose_texts(corpus: str, checkpoint: str, types: Sequence[Any]) -> tuple[list[str], list[int]]:
    """The texts of a corpus that every tool reads whole, and their tokens.

    Raises:
        UsageError: there are too few.
    """
    from openbioner_batch.model import Preparer

    texts = shuffled_texts(corpus)
    counts = Preparer.from_pretrained(checkpoint, types).prepare(texts).document_tokens
    chosen = [(text, int(count)) for text, count in zip(texts, counts, strict=True) if WINDOW[0] <= count <= WINDOW[1]]
    if len(chosen) < TRIED:
        raise UsageError(
            f"{corpus}: {len(chosen)} texts of {WINDOW[0]} to {WINDOW[1]} tokens; expected {TRIED} or more"
        )
    return [text for text, _ in chosen], [count for _, count in chosen]


def python_in(cache: Path, tool: str) -> Path:
    """The interpreter of a tool's environment."""
    name = tool.partition("-")[0]
    return python_with(PACKAGES[name], cache / name)


def start(
    asked: Sequence[str],
    variants: dict[str, str],
    shapes: Sequence[str],
    types: list[list[str]],
    dtype: str | None,
    cache: Path,
) -> dict[str, Tool]:
    """The tools asked for, each with each variant that it can read; GLiNER with each of some shapes.

    Args:
        asked: names of tools.
        variants: our checkpoints by the names of their sizes.
        shapes: of `GLINER_SHAPES`.
        types: names and descriptions; a side asks the first so many.
        dtype: of ours and of GLiNER; None for what each takes by default.
        cache: of the environments.
    """
    tools: dict[str, Tool] = {}
    for name in asked:
        python = Path(sys.executable) if name == "ours" else python_in(cache, name.removesuffix("-bi"))
        requests: dict[str, dict[str, Any]]
        if name.startswith("gliner"):
            tokenizer, both = next(iter(variants.values())), name == "gliner-bi"
            about = {"dtype": dtype or "float32", "tokenizer": tokenizer, "labels_encoder": both}
            requests = {shape: {**GLINER_SHAPES[shape], **about} for shape in shapes}
        else:
            readable = variants if name == "ours" else published(variants)
            requests = {variant: {"checkpoint": path, "dtype": dtype or "auto"} for variant, path in readable.items()}
        for model, request in requests.items():
            title = f"{name} {model}"
            tools[title] = Tool(title, python, SCRIPTS[name], {**request, "types": types})
    return tools


def published(variants: dict[str, str]) -> dict[str, str]:
    """Those of our checkpoints that other tools can read."""
    return {name: path for name, path in variants.items() if not read_config(Path(path)).separate_layers}


def check(sides: dict[str, Side], variants: dict[str, str], types: list[list[str]], texts: list[str]) -> dict[str, Any]:
    """Whether the sides with our weights find the same spans as ours in float32, on words between spaces.

    Raises:
        OpenBioNERError: one does not; its rate would not compare.
    """
    compared = {}
    for variant, checkpoint in published(variants).items():
        if not any(f"{peer} {variant}" in sides for peer in ("zshot", "loop")):
            continue
        request = {"checkpoint": checkpoint, "dtype": "float32", "types": types}
        exact = Tool(f"ours {variant}, float32", Path(sys.executable), SCRIPTS["ours"], request)
        ours = exact.find(texts, {"words": "whitespace", "count": len(types)}).spans
        exact.close()
        for peer in ("zshot", "loop"):
            if side := sides.get(f"{peer} {variant}"):
                theirs = side.find(texts, {"batch_size": 1}).spans
                if theirs != ours:
                    differing = sum(a != b for a, b in zip(ours, theirs, strict=True))
                    raise OpenBioNERError(f"{side.name}: other spans than ours in {differing} of {len(texts)} texts")
                compared[side.name] = {"texts": len(texts), "equal_spans": sum(map(len, ours))}
    return compared


def measure(order: Sequence[Side], texts: list[str], tokens: list[int], rounds: int) -> None:
    """Let the sides take turns, another one first each round."""
    for number in range(rounds):
        for side in [*order[number % len(order) :], *order[: number % len(order)]]:
            side.rates.append(side.rate(texts[: side.texts], tokens, side.setting))
            what = f"{side.name}, {side.types} types"
            click.echo(f"round {number + 1} of {rounds}: {what} {side.rates[-1]:,.1f} text tokens/s", err=True)


def as_json(side: Side, tokens: Sequence[int]) -> dict[str, Any]:
    """All that is known of a side."""
    return {
        "with": side.tool.about,
        "setting": side.setting,
        "tried": side.tried,
        "texts": side.texts,
        "tokens": sum(tokens[: side.texts]),
        "tokens_per_second": spread(side.rates),
        "rounds": side.rates,
    }


def ratios(sides: dict[str, Side]) -> dict[str, dict[str, dict[str, float]]]:
    """Of each of our sides over each peer of the same weights and over GLiNER: spread over the rounds."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for ours in (side for name, side in sides.items() if name.startswith("ours")):
        variant = ours.name.split()[1]
        same = {f"{peer} {variant}" for peer in ("zshot", "zshot-sentences", "loop")}
        same |= {name for name in sides if name.startswith("ours") and name != ours.name}
        peers = [side for name, side in sides.items() if name in same or name.startswith("gliner")]
        found[ours.name] = {
            peer.name: spread([a / b for a, b in zip(ours.rates, peer.rates, strict=True)]) for peer in peers
        }
    return found


def show(report: dict[str, Any]) -> None:
    """Rates, then ratios."""
    rows = []
    for name, side in report["sides"].items():
        rate = side["tokens_per_second"]
        over = [f"{ratio[name]['median']:.2f}x" if name in ratio else "" for ratio in report["ratios"].values()]
        setting = ", ".join(f"{key} {value}" for key, value in side["setting"].items())
        rows.append(
            (
                name,
                setting,
                side["with"]["dtype"],
                f"{rate['median']:,.1f}",
                f"{rate['least']:,.1f} to {rate['most']:,.1f}",
                *over,
            )
        )
    titles = ("tool", "setting", "precision", "text tokens/s", "least to most", *(f"{n} is" for n in report["ratios"]))
    click.echo(f"{report['types']} types")
    show_table(titles, rows, words=3)


@click.command()
@click.argument("corpus")
@click.option("--cache", type=click.Path(path_type=Path, file_okay=False), required=True, help="For the environments.")
@click.option("--variants", default="base,tiny", show_default=True, help="Of ours; bundled for the bundled shape.")
@click.option("--separate-layers", default="own", show_default=True, help="Some of 0, 5, ..., or own: the variants'.")
@click.option("--shapes", default="large,base", show_default=True, help="Of GLiNER.")
@click.option("--types", default="5", show_default=True, help="How many are asked; several are one interleaved run.")
@click.option("--tools", default="ours,zshot,zshot-sentences,loop,gliner", show_default=True)
@click.option("--dtype", help="Of ours and of GLiNER [each its default].")
@click.option("--seconds", type=click.FloatRange(min=0), default=20.0, show_default=True, help="Of a side, each round.")
@click.option("--documents", type=click.IntRange(min=1), default=1, show_default=True, help="At least, of a round.")
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True)
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
    dtype: str | None, seconds: float, documents: int, rounds: int, checked: int, settings_of: tuple[Path, ...],
    quick: bool, json_path: Path | None,
) -> None:  # fmt: skip
    """Compare the tools on the texts of CORPUS."""
    if quick:
        seconds, documents, rounds, checked = 0, 1, 1, 1
    try:
        if unknown := [name for name in comma_list(tools) if name not in SCRIPTS]:
            raise UsageError(f"--tools {unknown[0]}: expected some of {', '.join(SCRIPTS)}")
        if unknown := [name for name in comma_list(shapes) if name not in GLINER_SHAPES]:
            raise UsageError(f"--shapes {unknown[0]}: expected some of {', '.join(GLINER_SHAPES)}")
        counts = [int(count) for count in comma_list(types)]
        with tempfile.TemporaryDirectory() as folder:
            paths = write_models(variants, separate_layers, Path(folder))
            kinds = first_types(max(counts))
            described = [[kind.name, kind.description] for kind in kinds]
            texts, tokens = choose_texts(corpus, next(iter(paths.values())), kinds)
            started = start(
                comma_list(tools), paths, comma_list(shapes), described, dtype, cache.expanduser().resolve()
            )
            by_types = {count: {name: Side(name, tool, count) for name, tool in started.items()} for count in counts}
            compared = check(by_types[max(counts)], paths, described, texts[:checked])
            known = earlier_settings(settings_of)
            for side in (side for sides in by_types.values() for side in sides.values()):
                tried = known.get(side.name, SETTINGS[side.name.split()[0]])
                side.tune(texts, tokens, tried[:1] if quick else tried)
                side.plan(texts, tokens, seconds, documents)
                click.echo(f"{side.name}, {side.types} types: {side.setting}, {side.texts} texts", err=True)
            measure([side for sides in by_types.values() for side in sides.values()], texts, tokens, rounds)
            for tool in started.values():
                tool.close()
    except OpenBioNERError as error:
        raise click.ClickException(str(error)) from None
    parts = [
        {
            "types": count,
            "sides": {name: as_json(side, tokens) for name, side in sides.items()},
            "ratios": ratios(sides),
        }
        for count, sides in by_types.items()
    ]
    about = {"corpus": Path(corpus).name, "compared": compared, "ran_on": machine()}
    write_json(json_path, {**about, **parts[0]} if len(parts) == 1 else {**about, "by_types": parts})
    for part in parts:
        show(part)


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
