"""Trains the bundled checkpoint: `python -m openbioner_batch.training CORPORA BACKBONE OUTPUT --benchmarks DIR`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import torch

from openbioner_batch.catalog import load_catalog
from openbioner_batch.formats.iob import read_iob
from openbioner_batch.model.checkpoint import load_backbone, save_checkpoint
from openbioner_batch.model.config import WindowSettings, read_config
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.training.corpora import Corpus, read_documents, read_mixture
from openbioner_batch.training.loop import TrainingSettings, train
from openbioner_batch.training.overlap import BenchmarkSentences
from openbioner_batch.training.passages import Passage, PassageCounts, cut_passages
from openbioner_batch.training.sampling import QuestionSampler, SamplingSettings

MIXTURE = Path(__file__).with_name("corpora.yaml")
_DEFAULTS = TrainingSettings()


@click.command()
@click.argument("corpora", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("backbone", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("output", type=click.Path(path_type=Path))
@click.option(
    "--benchmarks", type=click.Path(path_type=Path, exists=True), required=True, help="Folder of TSV corpora."
)
@click.option("--steps", default=_DEFAULTS.steps, show_default=True)
@click.option("--decay-steps", default=_DEFAULTS.decay_steps, show_default=True)
@click.option("--threads", default=0, help="Torch threads; 0 leaves torch's choice.")
@click.option("--text-tokens", default=200, show_default=True, help="Window budget written into the checkpoint.")
@click.option("--description-tokens", default=96, show_default=True, help="Description budget, likewise.")
def main(
    corpora: Path,
    backbone: Path,
    output: Path,
    benchmarks: Path,
    steps: int,
    decay_steps: int,
    threads: int,
    text_tokens: int,
    description_tokens: int,
) -> None:
    """Train on the gold corpora in CORPORA from the BERT encoder in BACKBONE; write a checkpoint to OUTPUT.

    Interrupted, the same command continues. A resumed run may ask for other --steps.
    """
    if threads:
        torch.set_num_threads(threads)
    output.mkdir(parents=True, exist_ok=True)
    settings = TrainingSettings(steps=steps, decay_steps=decay_steps)
    tokenizer = Tokenizer.from_directory(backbone)
    config = dataclasses.replace(
        read_config(backbone),
        encoder_dropout=0.0,
        head_dropout=0.3,
        windows=WindowSettings(text_tokens, description_tokens),
    )
    model = load_backbone(backbone, config, settings.seed)
    mixture = read_mixture(MIXTURE)
    passages = read_passages(corpora, mixture, benchmarks, tokenizer, settings.seed, output)
    sampler = QuestionSampler(views_of(mixture), tokenizer, SamplingSettings(), description_tokens)
    train(model, tokenizer, sampler, passages, settings, output)
    save_checkpoint(model, output / "checkpoint", tokenizer_from=backbone, dtype=torch.float16)


def views_of(mixture: Sequence[Corpus]) -> Mapping[str, Sequence[str]]:
    """The descriptions of every type of the mixture: its name in words, and the catalog's views."""
    catalog = load_catalog()
    names = {name for corpus in mixture for name in corpus.types}
    return {name: [name.replace("_", " "), *catalog.lookup(name).descriptions.values()] for name in sorted(names)}


def read_passages(
    folder: Path, mixture: Sequence[Corpus], benchmarks: Path, tokenizer: Tokenizer, seed: int, output: Path
) -> list[Passage]:
    """The passages of every corpus without what the benchmarks share; the counts go to `output/passages.json`."""
    files = sorted(benchmarks.glob("*/*.tsv*"))
    sentences = BenchmarkSentences(sentence.text for path in files for sentence in read_iob(path))
    passages: list[Passage] = []
    counts: dict[str, dict[str, int]] = {}
    for corpus in mixture:
        count = PassageCounts()
        passages += cut_passages(read_documents(folder, corpus), corpus, tokenizer, sentences, count, seed)
        counts[corpus.name] = dataclasses.asdict(count)
    (output / "passages.json").write_text(json.dumps(counts, indent=2) + "\n")
    click.echo(f"{len(passages)} passages; {len(sentences)} benchmark sentences kept out: {counts}")
    return passages


if __name__ == "__main__":
    main()
