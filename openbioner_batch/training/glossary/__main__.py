"""Gives a late-interaction model a glossary: this folder's entries, and a head fitted to the states of its tokens.

python -m openbioner_batch.training.glossary MODEL --passages SILVER --without TYPES --output MODEL2
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import click
import torch

from openbioner_batch.errors import OpenBioNERError, UsageError
from openbioner_batch.model.checkpoint import load_model
from openbioner_batch.model.glossary import Glossary, GlossaryEntry
from openbioner_batch.model.glossary_files import read_entries, reads_glossaries, write_glossary
from openbioner_batch.model.glossary_reader import statement_states
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.model.late_inference import LateInference
from openbioner_batch.model.location import GLOSSARY_HEAD, resolve_checkpoint
from openbioner_batch.model.prepare import named_description
from openbioner_batch.model.reading import load_tokenizer
from openbioner_batch.training.glossary.comparing import TokenStates
from openbioner_batch.training.glossary.drawing import Drawing
from openbioner_batch.training.glossary.fitting import Fitting, FittingSettings
from openbioner_batch.training.glossary.material import (
    PassageLabels,
    class_entries,
    class_labels,
    passage_labels,
    read_taxonomies,
)
from openbioner_batch.training.sources import passage_groups, read_descriptions, read_passages

_HERE = Path(__file__).parent
TAXONOMIES = _HERE.parent / "names"
_TOKENS_AT_ONCE = 8192


def give_glossary(
    model: str | Path,
    output: Path,
    passages: str | None = None,
    without: frozenset[str] = frozenset(),
    settings: FittingSettings | None = None,
) -> list[float]:
    """Write a copy of a checkpoint with the package's glossary and a head for it.

    Args:
        model: a late-interaction checkpoint.
        output: a new folder.
        passages: a folder of training data whose marked types the head is fitted to beside taxonomies.
        without: types of these passages that are left out, such as those held out for a test.
        settings: rates and weights; None for the usual ones.

    Returns:
        The loss of each step.

    Raises:
        UsageError: the model is of another kind, or the output exists.
        CheckpointError: the model cannot be read.
    """
    if output.exists():
        raise UsageError(f"--output {output} exists: give a new folder")
    directory = resolve_checkpoint(model)
    settings = settings or FittingSettings()
    reader = _Reader(directory)
    classes = [one for one in read_taxonomies(TAXONOMIES) if one.members]
    glossary = Glossary([*class_entries(classes), *written_entries()])
    drawing = Drawing(
        glossary,
        classes,
        class_labels(glossary, classes),
        descriptions(),
        _labels(glossary, passages, without),
        settings.seed,
    )
    statements, queries = reader.statements(glossary.statements), reader.queries(drawing.queries)
    fitting = Fitting(glossary, drawing, statements, queries, settings)
    losses = list(fitting.run())
    shutil.copytree(directory, output)
    write_glossary(glossary.entries, output)
    fitting.result().write(output / GLOSSARY_HEAD)
    return losses


def written_entries() -> list[GlossaryEntry]:
    """The entries of the text files in this folder, with the descriptions that fit them and those that do not."""
    return [
        GlossaryEntry(entry.names, entry.glosses + more.get(entry.names[0], ()))
        for path in sorted(_HERE.glob("*.txt"))
        for more in [_descriptions_beside(path)]
        for entry in read_entries(path)
    ]


def descriptions() -> dict[str, tuple[str, ...]]:
    """Descriptions by the first name of the entry that they fit, or do not fit: those begin with "not"."""
    return {name: said for path in sorted(_HERE.glob("*.txt")) for name, said in _descriptions_beside(path).items()}


def _descriptions_beside(path: Path) -> dict[str, tuple[str, ...]]:
    """Those of the entries of a file, by their first names; a file of lists of names has none."""
    beside = path.parent / "descriptions" / path.name
    return {entry.names[0]: entry.glosses for entry in read_entries(beside)} if beside.is_file() else {}


def _labels(glossary: Glossary, passages: str | None, without: frozenset[str]) -> PassageLabels:
    if passages is None:
        return passage_labels(glossary, (), {})
    described: dict[str, str] = {}
    for name, _, text in read_descriptions(passages):
        if name not in without:
            described.setdefault(name, text)
    read = (passage for group in passage_groups(passages) for passage in read_passages(group))
    return passage_labels(glossary, read, described)


class _Reader:
    """Reads descriptions and statements with a checkpoint's encoder."""

    def __init__(self, directory: Path) -> None:
        model = load_model(directory)
        if not isinstance(model, LateEncoder) or not reads_glossaries(model.config):
            raise UsageError(
                f"{directory.name} is no late-interaction model on BERT's layers: a glossary needs one, such as "
                "bundled-open"
            )
        self._tokenizer, self._config = load_tokenizer(directory), model.config
        self._encoder = LateInference(model, torch.float32, "cpu")

    def queries(self, described: Sequence[tuple[str, str]]) -> TokenStates:
        """The states of descriptions behind names, as a run queries them."""
        named, longest = self._config.late.named, self._config.windows.description_tokens
        tokenizer = self._tokenizer
        texts = [named_description(name, text) if named else text for name, text in described]
        ids = [(tokenizer.cls, *tokenizer.ids(text)[:longest], tokenizer.sep) for text in texts]
        return TokenStates(self._encoder.description_states(ids, _TOKENS_AT_ONCE))

    def statements(self, texts: Sequence[str]) -> TokenStates:
        """The states of the tokens of statements that are compared."""
        return TokenStates(statement_states(self._encoder, self._tokenizer, texts, _TOKENS_AT_ONCE))


@click.command()
@click.argument("model")
@click.option("--output", type=click.Path(path_type=Path), required=True, help="A new folder.")
@click.option("--passages", help="Folder of training data: names in mentions of its types teach the head too.")
@click.option("--without", type=click.Path(path_type=Path, exists=True), help="File of types to leave out, one a line.")
@click.option("--steps", type=click.IntRange(min=1), default=FittingSettings().steps, show_default=True)
def main(model: str, output: Path, passages: str | None, without: Path | None, steps: int) -> None:
    """Write a copy of MODEL that knows the names of the package's glossary."""
    left_out = frozenset(without.read_text("utf-8").split("\n")) if without else frozenset[str]()
    try:
        losses = give_glossary(model, output, passages, left_out, FittingSettings(steps=steps))
    except OpenBioNERError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{len(losses)} steps, loss {losses[0]:.3f} to {losses[-1]:.3f}: {output}")


if __name__ == "__main__":
    main()
