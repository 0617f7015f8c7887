"""The settings of `evaluate`, `calibrate` and `adapt`."""

from __future__ import annotations

from dataclasses import dataclass

from openbioner_batch.catalog.views import NAME_VIEW, VIEWS
from openbioner_batch.deid.recognizers import MODEL_TYPES
from openbioner_batch.engine.option_groups import (
    DTYPES,
    DTYPES_WERE,
    CalibrationOptions,
    DeviceOptions,
    GlossaryOptions,
    SpanOptions,
    model_option,
    view_option,
)
from openbioner_batch.errors import UsageError
from openbioner_batch.formats.registry import GOLD_SUFFIXES
from openbioner_batch.model.choices import WORDS
from openbioner_batch.options import check_options, fields_of, option
from openbioner_batch.settings import Request

SPLITS = ("test", "devel")
METHODS = ("auto", "calibration", "layers")
ALL, GENERAL, TYPES = FITS = ("all", "general", "types")
"""What `calibrate` fits: values for all types and for single ones, or one of these alone."""


@dataclass(frozen=True, kw_only=True)
class ExactOptions(DeviceOptions):
    """How a model runs, with the same figures on any machine."""

    dtype: str = option("float32", choices=DTYPES, values_were=DTYPES_WERE, help="Precision of the model.")


@dataclass(frozen=True)
class CorpusSettings(ExactOptions):
    """Common options of `evaluate` and `calibrate`: corpora, the types queried in them, and the model."""

    corpus: str = option(metavar="PATH", help="Folder of known corpora, or one file or folder.")
    model: str = model_option()
    corpora: tuple[str, ...] = option(
        (), metavar="A,B", help="Only these of the known corpora in the folder.", default="all that are there"
    )
    types: str | None = option(
        None,
        metavar="LABEL=TYPE,...",
        joined=True,
        help="For one corpus: the type of each label; - leaves out.",
        default="known corpora's own",
    )
    view: str | None = option(
        None,
        metavar="V",
        help=f"Description: {', '.join((NAME_VIEW, *VIEWS))}, or some joined by +.",
        default="each corpus's own",
    )
    format: str | None = option(
        None, metavar="F", help=f"Of one corpus: {', '.join(GOLD_SUFFIXES)}.", default="by the suffix"
    )
    words: str | None = option(
        None, choices=WORDS, help="How text is split into words.", default="the corpus's tokens, else basic"
    )
    limit: int | None = option(None, least=1, help="Only N sentences or documents of each corpus, evenly spread.")
    noun_phrases: bool = option(False, help="Query JNLPBA, BC2GM and AnatEM for noun phrases, not names.")
    allow_trained: bool = option(False, help="Score corpora that the model was trained on too, as in-corpus.")
    resamples: int = option(1000, least=1, help="Resamples of the bootstrap.")
    seed: int = option(42, help="Seed of the bootstrap.")

    def check_corpora(self, known_alone: bool = True) -> None:
        """Check that each value is valid.

        Args:
            known_alone: whether `corpora` must be known ones.

        Raises:
            UsageError: a value is not valid; names it.
        """
        from openbioner_batch.evaluation.corpora import known_corpora, known_corpus
        from openbioner_batch.evaluation.labels import parse_pairs, parse_views

        check_options(self)
        if self.view is not None:
            parse_views(self.view)
        if self.types is not None:
            parse_pairs(self.types)
        for name in self.corpora if known_alone else ():
            if known_corpus(name) is None:
                raise UsageError(f"--corpora {name}: not known; expected some of {', '.join(known_corpora())}")


@dataclass(frozen=True)
class EvaluateSettings(CorpusSettings, CalibrationOptions, GlossaryOptions, SpanOptions, Request):
    """A request to score a model on corpora: the flags of `openbioner-batch evaluate`."""

    split: str = option("test", choices=SPLITS, help="Split of known corpora to score.")
    overlap_with: str | None = option(
        None, metavar="FOLDER", help="Training data: report what the corpora share, score without it too."
    )
    zero_shot: bool = option(False, help="Score seen and unseen types separately.")
    trained_on: tuple[str, ...] = option(
        (),
        metavar="A,B",
        help="With --zero-shot: folders of its training data.",
        default="what the checkpoint lists",
    )

    def __post_init__(self) -> None:
        self.check_corpora(known_alone=not self.zero_shot)
        if self.trained_on and not self.zero_shot:
            raise UsageError("--trained-on says which types the model has seen: give --zero-shot too")


@dataclass(frozen=True)
class CalibrateSettings(CorpusSettings, Request):
    """A request to fit a checkpoint's calibration: the flags of `openbioner-batch calibrate`."""

    output: str = option("", metavar="FOLDER", help="The calibrated checkpoint: new, or the model's own.")
    fit: str = option(
        ALL, choices=FITS, help="Values for all types and for single ones, or one of these alone: the others stay."
    )
    joined: int | None = option(
        None, least=2, help="Fit to sentences of a tokenised corpus in texts of N too.", default="each sentence alone"
    )
    no_test: bool = option(False, help="Do not score the test splits before and after.")

    def __post_init__(self) -> None:
        if not self.output:
            raise UsageError("--output is missing: give a folder for the calibrated checkpoint")
        self.check_corpora(known_alone=self.fit != GENERAL)

    @property
    def scoring(self) -> EvaluateSettings:
        """The request by which the model is scored."""
        values = {name: getattr(self, name) for name in fields_of(CorpusSettings)}
        return EvaluateSettings(**values, zero_shot=self.fit == GENERAL)


@dataclass(frozen=True)
class DeidEvaluateSettings(ExactOptions, Request):
    """A request to score the finding of identifiers: the flags of `openbioner-batch evaluate --task deid`."""

    corpus: str = option(metavar="PATH", help="A folder with the known PHI corpora, or one JSONL file.")
    corpora: tuple[str, ...] = option((), metavar="A,B", help="Only these of the known corpora in the folder.")
    split: str = option("test", choices=SPLITS, help="Which templates of a known corpus.")
    languages: tuple[str, ...] = option(("en",), metavar="A,B", help="With --task deid: only notes in these.")
    model: str = option("bundled-phi", metavar="M", help="Checkpoint, or none for patterns alone.")
    types: str = option(MODEL_TYPES, metavar="T", joined=True, help="Types that the model looks for.")
    view: str = view_option()
    model_threshold: float = option(
        0.0, least=0, most=1, help="With --task deid: leave out the model's spans below this score."
    )
    patterns: bool = option(True, flag="--no-patterns", help="With --task deid: the model alone, without patterns.")
    strict_gold: bool = option(False, help="With --task deid: findings that the corpus forgot to annotate are wrong.")
    limit: int | None = option(None, least=1, help="Only N notes of each corpus, evenly spread.")

    def __post_init__(self) -> None:
        from openbioner_batch.training.phi.corpora import phi_labels

        check_options(self)
        for name in self.corpora:
            if name not in phi_labels().corpora:
                raise UsageError(f"--corpora {name}: not known; expected some of {', '.join(phi_labels().corpora)}")


@dataclass(frozen=True)
class AdaptSettings(DeviceOptions, Request):
    """A request to adapt a model: the flags of `openbioner-batch adapt`."""

    examples: str = option(metavar="FILE", help="Reviewed texts, every mention of the types marked.")
    types: str = option(metavar="T", joined=True, help="The types, as for annotate; labels are their names.")
    output: str = option(metavar="FOLDER", help="The adapted checkpoint: a new folder.")
    model: str = model_option()
    view: str = view_option()
    format: str | None = option(
        None, metavar="F", help=f"Of the examples: {', '.join(GOLD_SUFFIXES)}.", default="by the suffix"
    )
    method: str = option("auto", choices=METHODS, help="What is fitted; auto: both, if there are enough examples.")
    layers: int = option(2, least=0, help="Top layers to tune beside the heads.")
    epochs: int = option(12, least=1, help="Passes over the examples.")
    replay: str | None = option(
        None, metavar="FOLDER", help="Training data (passages, descriptions) to learn along, so that other types stay."
    )
    replay_share: float = option(0.5, above=0, most=0.9, help="Of the texts of each step that are from --replay.")
    folds: int = option(4, least=2, help="Parts, each scored with what the others gave.")
    seed: int = option(42, least=0, help="Of folds and tuning.")

    def __post_init__(self) -> None:
        check_options(self)
        if self.replay is not None and self.method == "calibration":
            raise UsageError("--replay is learnt along where layers are tuned: leave it out, or --method calibration")
