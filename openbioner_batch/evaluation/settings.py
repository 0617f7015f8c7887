"""What a user may ask of `evaluate` and `calibrate`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation.corpora import known_corpora, known_corpus
from openbioner_batch.evaluation.labels import Labels, parse_pairs, parse_views, resolve_labels
from openbioner_batch.evaluation.reading import GoldCorpus, read_corpus
from openbioner_batch.model.prepare import WORDS

SPLITS = ("test", "devel")
_ENDINGS = (".tsv.gz", ".tsv")
DEFAULT_VIEW = "definition"


@dataclass(frozen=True, slots=True)
class EvaluateSettings:
    """A request to score a model on corpora: the flags of `openbioner-batch evaluate`."""

    corpus: str
    """A folder that holds known benchmark corpora, or one file or folder of a format with gold spans."""
    model: str = "bundled"
    """Checkpoint: "bundled", a directory, or a Hugging Face id."""
    corpora: tuple[str, ...] = ()
    """Names of the known corpora to take from the folder; empty takes all that are there."""
    types: str | None = None
    """`Label=type,...` for one corpus; None where it is known by name."""
    view: str | None = None
    """Which description is told to the model, or several joined by + as an ensemble; None: each corpus's own."""
    split: str = "test"
    """"test" or "devel", of known corpora."""
    format: str | None = None
    """Format of one corpus; None goes by the suffix."""
    words: str | None = None
    """How text is split into words (`prepare.WORDS`); None: the corpus's tokens where it has some, else "basic"."""
    limit: int | None = None
    """Only so many sentences (or documents) of each corpus, spread evenly over it."""
    device: str = "auto"
    """Where the model runs."""
    dtype: str = "float32"
    """Precision; float32 gives the same figures on any machine."""
    allow_trained: bool = False
    """Whether corpora that the model was trained on may be scored, as "in-corpus"."""
    no_calibration: bool = False
    """Leave out the biases and thresholds that are stored with the checkpoint."""
    overlap_with: str | None = None
    """Training data to compare the corpora with."""
    zero_shot: bool = False
    """Report types that the model was trained on and others apart; `corpus` may then be a folder of training data, and
    `corpora` names sources of its passages."""
    trained_on: tuple[str, ...] = ()
    """With `zero_shot`: folders of the model's training data, where its checkpoint does not list its types."""
    nested: bool = False
    """As of `annotate`."""
    abbreviations: bool = False
    """As of `annotate`."""
    repeats: bool = False
    """As of `annotate`."""
    noun_phrases: bool = False
    """Ask for whole noun phrases where a known corpus marks them: the types of the set of this name."""
    resamples: int = 1000
    """Bootstrap resamples of the intervals."""
    seed: int = 42
    """Of the bootstrap."""

    def __post_init__(self) -> None:
        if self.split not in SPLITS:
            raise UsageError(f"--split is {self.split!r}: give one of {', '.join(SPLITS)}")
        for name in ("limit", "resamples"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"--{name} is {value}: give a whole number from 1 up")
        if self.words is not None and self.words not in WORDS:
            raise UsageError(f"--words is {self.words!r}: give {', '.join(WORDS)}")
        if self.view is not None:
            parse_views(self.view)
        if self.types is not None:
            parse_pairs(self.types)
        if self.trained_on and not self.zero_shot:
            raise UsageError("--trained-on says which types the model has seen: give --zero-shot too")
        for name in () if self.zero_shot else self.corpora:
            if known_corpus(name) is None:
                raise UsageError(f"--corpora {name}: not known; expected some of {', '.join(known_corpora())}")


@dataclass(frozen=True, slots=True)
class Task:
    """A corpus to be scored, the types asked for its labels, and the view in which they are told."""

    corpus: GoldCorpus
    labels: Labels
    view: str


def find_corpora(settings: EvaluateSettings) -> dict[str, Path]:
    """The files to read, by the name of the corpus; the empty name stands for one file that is not in a known layout.

    Raises:
        UsageError: a corpus that was asked for is not there.
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
    return found or {"": folder}


def read_task(settings: EvaluateSettings, name: str, path: Path) -> Task:
    """The corpus that `find_corpora` found, with the types to ask.

    Raises:
        UsageError: it is malformed; it is not known and no types are given; or types are given for several corpora.
    """
    if name and settings.types:
        raise UsageError("--types is for one corpus: give its file as --corpus, or leave --types out")
    corpus = read_corpus(path, settings.format, settings.limit)
    known = known_corpus(corpus.name)
    asked = known and known.labels_for(corpus.labels, settings.noun_phrases)
    pairs = parse_pairs(settings.types) if settings.types else asked
    if not pairs:
        raise UsageError(
            f"{path} is not a corpus that is known by name ({', '.join(known_corpora())}) with its labels "
            f"({', '.join(sorted(corpus.labels)) or 'none'}): say with --types Label=type,... what they stand for"
        )
    view = settings.view or (known.view if known else DEFAULT_VIEW)
    return Task(corpus, resolve_labels(pairs), view)


def _split_file(folder: Path, split: str) -> Path | None:
    return next((path for ending in _ENDINGS if (path := folder / f"{split}{ending}").is_file()), None)
