"""What a large corpus costs: core-hours from a measured rate, GPU-hours on paper, and money.

    python benchmarks/sizing.py benchmarks/results/pipeline-2cores.json
    python benchmarks/sizing.py benchmarks/results/pipeline-2cores.json --price L4=0.70 --mfu 0.3 --types disease

Core-hours scale the rate of the whole pipeline that the file holds by the operations that a document needs (as
`common/matrix.py` counts them, separate layers once for all types). GPU-hours divide the same operations by a
GPU's peak and an assumed utilisation (MFU). **No GPU has been measured**: those columns are arithmetic.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from common.matrix import operations

from openbioner_batch.catalog import resolve_types
from openbioner_batch.model import resolve_checkpoint
from openbioner_batch.model.config import ModelConfig
from openbioner_batch.model.reading import load_tokenizer, read_config
from openbioner_batch.model.variants import VARIANTS
from openbioner_batch.training.flops import PEAK_TFLOPS

TYPES = "disease,drug,gene,species,cell_type"
PRICES = {"core": 0.05, "L4": 0.98, "L40S": 2.24, "H100": 4.00}
"""US dollars an hour, an example of 2025-11: about what clouds charge on demand, with the GPU's share of its machine.
Look up your own; spot prices are a third to a half."""
ON_ONE_PASS = "bundled"
WORDS = 0.7
"""Words for each token of text, about."""
MANY = 1000
"""Windows that share the descriptions' separate layers."""


@dataclass(frozen=True, slots=True)
class CorpusSize:
    """Documents and their mean length in text tokens."""

    name: str
    documents: float
    tokens: float


CORPORA = (CorpusSize("36M PubMed abstracts", 36e6, 311), CorpusSize("100M clinical notes", 100e6, 712))
"""Lengths: 600 records of pubmed21n1298.xml.gz; MTSamples, 2,346 notes. Notes of an archive are often shorter."""


def document_flops(config: ModelConfig, tokens: float, descriptions: list[int]) -> float:
    """Operations that exact results for one document of many need, padding left out.

    Args:
        config: of the encoder, with its windows.
        tokens: of the text.
        descriptions: [types] tokens of each type's description.
    """
    windows = max(1, math.ceil(tokens / config.windows.text_tokens))
    text = tokens / windows
    many = np.full(MANY, text + 1)
    *_, least = operations(config, many, WORDS * many, np.array(descriptions) + 2.0)
    return windows * least / MANY


def configs() -> dict[str, ModelConfig]:
    """The shapes of the bundled model and of the published ones, by name."""
    bundled = read_config(resolve_checkpoint(ON_ONE_PASS))
    return {ON_ONE_PASS: bundled, **{name: one.config for name, one in VARIANTS.items()}}


@click.command()
@click.argument("measured", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--types", default=TYPES, show_default=True, help="Types to query.")
@click.option("--mfu", default=0.25, show_default=True, type=click.FloatRange(0.01, 1), help="Assumed of GPUs.")
@click.option("--price", "prices", multiple=True, metavar="NAME=DOLLARS", help="An hour of `core`, or of a GPU.")
def main(measured: Path, types: str, mfu: float, prices: tuple[str, ...]) -> None:
    """Print the sizing table, in Markdown, from the pipeline's rate that MEASURED holds."""
    table, rate = size(json.loads(measured.read_text("utf-8")), types, mfu, {**PRICES, **parse(prices)})
    click.echo(f"Sustained: {rate / 1e9:.0f} GFLOP/s a core (measured); GPUs at {mfu:.0%} of their peak (on paper).\n")
    click.echo("\n".join(table))


def parse(prices: tuple[str, ...]) -> dict[str, float]:
    """Prices by name.

    Raises:
        click.BadParameter: one is no `NAME=DOLLARS`, or names an unknown GPU.
    """
    found = {}
    for price in prices:
        name, _, dollars = price.partition("=")
        if name not in ("core", *PEAK_TFLOPS):
            raise click.BadParameter(f"{name!r}: give core, or one of {', '.join(PEAK_TFLOPS)}")
        try:
            found[name] = float(dollars)
        except ValueError:
            raise click.BadParameter(f"{price!r}: give a price such as L4=0.70") from None
    return found


def size(measured: Mapping, types: str, mfu: float, prices: Mapping[str, float]) -> tuple[list[str], float]:
    """The lines of the table, and the operations per second and core that it scales.

    Args:
        measured: a report of the pipeline's benchmark.
        types: as for `annotate --types`.
        mfu: share of their peak that GPUs are taken to sustain, 0 to 1.
        prices: of an hour of a core and of each GPU to show.
    """
    shapes, run = configs(), measured["pipeline"]["runs"][0]
    lengths = lengths_of(measured["workload"]["types"])
    per_document = document_flops(shapes[ON_ONE_PASS], run["tokens"] / run["documents"], lengths)
    documents_per_second = measured["pipeline"]["documents_per_second"]["median"]
    rate = documents_per_second * per_document / measured["ran_on"]["cores"]
    gpus = [name for name in prices if name != "core"]
    titles = ["corpus", "model", "types", "core-hours", "$", *(f"{name} hours, $" for name in gpus)]
    lines = [f"| {' | '.join(titles)} |", "|---|---|---|" + "---:|" * (len(titles) - 3)]
    descriptions = lengths_of(types)
    for corpus in CORPORA:
        for name, config in shapes.items():
            flops = corpus.documents * document_flops(config, corpus.tokens, descriptions)
            cores = flops / rate / 3600
            cells = [corpus.name, name, str(len(descriptions)), rounded(cores), rounded(cores * prices["core"])]
            for gpu in gpus:
                hours = flops / (PEAK_TFLOPS[gpu] * 1e12 * mfu) / 3600
                cells.append(f"{rounded(hours)}, {rounded(hours * prices[gpu])}")
            lines.append(f"| {' | '.join(cells)} |")
    return lines, rate


def lengths_of(types: str) -> list[int]:
    """Tokens of each type's description, in the bundled model's vocabulary."""
    tokenizer = load_tokenizer(resolve_checkpoint(ON_ONE_PASS))
    return [len(tokenizer.ids(kind.description)) for group in resolve_types(types, "definition") for kind in group]


def rounded(value: float) -> str:
    """Two significant digits: no more are known."""
    digits = 1 - math.floor(math.log10(abs(value))) if value else 0
    return f"{round(value, digits):,.{max(0, digits)}f}"


if __name__ == "__main__":
    main()
