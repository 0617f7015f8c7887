"""Finds the corpora to score, and the types to query for their labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation.corpora import known_corpora, known_corpus
from openbioner_batch.evaluation.labels import Labels, parse_pairs, resolve_labels
from openbioner_batch.evaluation.reading import GoldCorpus, folder_format, read_corpus
from openbioner_batch.evaluation.settings import EvaluateSettings
from openbioner_batch.formats.registry import FORMATS
from openbioner_batch.formats.storage import suffix_of

_ENDINGS = (".tsv.gz", ".tsv")
DEFAULT_VIEW = "definition"


@dataclass(frozen=True, slots=True)
class Task:
    """A corpus to score, the types queried for its labels, and the view that describes them."""

    corpus: GoldCorpus
    labels: Labels
    view: str


def find_corpora(settings: EvaluateSettings) -> dict[str, Path]:
    """The files to read, by the name of the corpus; the empty name is for one file that is not in a known layout.

    Raises:
        UsageError: a requested corpus is missing, or the folder holds no corpus.
    """
    folder = Path(settings.corpus)
    if not folder.is_dir():
        return {"": folder}
    wanted = [corpus.name for name in settings.corpora if (corpus := known_corpus(name))]
    places = {name: _split_file(folder / name, settings.split) for name in known_corpora()}
    found = {name: path for name, path in places.items() if path and (not wanted or name in wanted)}
    if missing := [name for name in wanted if name not in found]:
        raise UsageError(f"{folder} has no {missing[0]}/{settings.split}.tsv.gz; leave it out of --corpora")
    alone = _split_file(folder, settings.split)
    if not found and alone:
        return {"": alone}
    shown = FORMATS[folder_format()].suffixes
    if not found and not settings.format and not any(suffix_of(path.name) in shown for path in folder.rglob("*")):
        raise UsageError(
            f"{folder} holds no corpus: expected folders such as {next(iter(known_corpora()))}, each with "
            f"{settings.split}.tsv.gz or {settings.split}.tsv, such a file itself, or {', '.join(shown)} files of "
            f"{folder_format()}"
        )
    return found or {"": folder}


def read_task(settings: EvaluateSettings, name: str, path: Path) -> Task:
    """The corpus that `find_corpora` found, with the types to query.

    Raises:
        UsageError: the corpus is malformed, or unknown and no types are given; or types are given for several.
    """
    if name and settings.types:
        raise UsageError("--types is for one corpus: give its file as --corpus, or leave --types out")
    corpus = read_corpus(path, settings.format, settings.limit)
    known = known_corpus(corpus.name)
    known_pairs = known and known.labels_for(corpus.labels, settings.noun_phrases)
    pairs = parse_pairs(settings.types) if settings.types else known_pairs
    if not pairs:
        raise UsageError(
            f"{path} is not a corpus that is known by name ({', '.join(known_corpora())}) with its labels "
            f"({', '.join(sorted(corpus.labels)) or 'none'}): say with --types Label=type,... what they stand for"
        )
    view = settings.view or (known.view if known else DEFAULT_VIEW)
    return Task(corpus, resolve_labels(pairs), view)


def _split_file(folder: Path, split: str) -> Path | None:
    return next((path for ending in _ENDINGS if (path := folder / f"{split}{ending}").is_file()), None)
