"""Fits a model to a few reviewed texts: by calibration alone, or by tuning its top too, whichever holds on others."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openbioner_batch.catalog import CatalogType, find_types
from openbioner_batch.catalog.base import normalise
from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation.benchmark import view_logits, words_for
from openbioner_batch.evaluation.calibration import STAGES, ScoredCorpus, ScoredPart, fit_stages, scored_part
from openbioner_batch.evaluation.labels import Labels
from openbioner_batch.evaluation.reading import GoldCorpus, read_corpus, without_texts
from openbioner_batch.formats.gold import numbered_lines
from openbioner_batch.model.calibration import Calibration, read_calibration, write_calibration
from openbioner_batch.training.nearness import TypeFacts
from openbioner_batch.training.passages import AnnotatedPassage, Mention
from openbioner_batch.training.trained_types import (
    merge_types,
    read_trained_types,
    types_of_passages,
    write_trained_types,
)

if TYPE_CHECKING:
    from openbioner_batch.model import Tagger
    from openbioner_batch.model.checkpoint import Model

Say = Callable[[str], None]
AS_IT_IS = "as it is"
TUNED = "heads and top layers"
METHODS = ("auto", "calibration", "layers")
FEWEST_SPANS, FEWEST_TEXTS = 10, 5
"""With fewer of either, only the calibration is fitted."""
_JSON_LINES = (".jsonl", ".ndjson")
_FITTED = STAGES[1:3]
"""What is fitted of a calibration: a few spans tell nothing of thresholds."""


@dataclass(frozen=True, slots=True)
class AdaptSettings:
    """A request to adapt a model: the flags of `openbioner-batch adapt`."""

    examples: str
    """Reviewed texts in which every mention of the types is marked, in any format with gold spans."""
    types: str
    """The types, as for `annotate`; the labels of the examples are their names or aliases."""
    output: str
    """Folder of the adapted checkpoint: a new one."""
    model: str = "bundled-open"
    """Checkpoint: "bundled", "bundled-open", a directory, or a Hugging Face id."""
    view: str = "definition"
    """Which description is told to the model."""
    format: str | None = None
    """Of the examples; None goes by the suffix."""
    method: str = "auto"
    """"calibration" or "layers" tries that alone; "auto" both, if there are enough examples."""
    layers: int = 2
    """Top layers that are tuned beside the heads."""
    epochs: int = 12
    """Passes over the examples."""
    folds: int = 4
    """Parts of the examples; each is scored with what the others gave."""
    device: str = "auto"
    """Where the model runs."""
    seed: int = 42
    """Of the folds, and of the tuning."""

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise UsageError(f"--method is {self.method!r}: give one of {', '.join(METHODS)}")
        for name, least in (("layers", 0), ("epochs", 1), ("folds", 2), ("seed", 0)):
            if getattr(self, name) < least:
                raise UsageError(f"--{name} is {getattr(self, name)}: give a whole number from {least} up")


def adapt(settings: AdaptSettings, say: Say = lambda text: None) -> dict[str, Any]:
    """Adapt a checkpoint to examples, and say what that is worth on texts that were not learnt from.

    The examples are cut into folds. Each way to adapt is tried on all folds but one and scored on that one; the way
    with the best F1 over all folds (the simplest of equals) is then used on all examples. That figure is of the best of
    several ways on the same texts, so it is slightly too good.

    Args:
        settings: the request.
        say: told what is being done.

    Returns:
        Plain values for JSON: counts, the way chosen, and precision, recall and F1 of each way on held-out folds, the
        model as it is first.

    Raises:
        UsageError: the examples or types cannot be read, do not fit each other, or are too few; or the output exists.
        CheckpointError: the model cannot be read.
    """
    from openbioner_batch.model import resolve_checkpoint

    source, output = resolve_checkpoint(settings.model), Path(settings.output)
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UsageError(f"--output {output} is not empty: give a new folder")
    corpus, labels = read_examples(settings, say)
    work = _Work(settings, source, corpus, labels)
    spans = sum(map(len, corpus.spans))
    say(f"{spans:,} spans of {len(labels.asked)} types in {len(corpus.texts):,} texts, {len(work.folds)} folds")
    own = read_calibration(source) or Calibration()
    plain = work.scored_by(lambda fold: None)
    ways: dict[str, dict[str, float]] = {AS_IT_IS: _measures(plain, [own] * len(plain))}
    fits: dict[str, tuple[bool, str | None]] = {AS_IT_IS: (False, None)}

    def calibrated(parts: Sequence[ScoredCorpus], tuned: bool) -> None:
        folds = range(len(parts))
        others = [_joined([part for place, part in enumerate(parts) if place != fold]) for fold in folds]
        fitted = [fit_stages([other]) for other in others]
        for stage in _FITTED:
            way = f"{TUNED}, {stage}" if tuned else stage
            ways[way] = _measures(parts, [of_fold[stage] for of_fold in fitted])
            fits[way] = (tuned, stage)

    if settings.method != "layers":
        calibrated(plain, tuned=False)
    enough = spans >= FEWEST_SPANS and len(corpus.texts) >= FEWEST_TEXTS
    tuned_parts: list[ScoredCorpus] = []
    if settings.method != "calibration" and (enough or settings.method == "layers"):
        say(f"tuning heads and top {settings.layers} layers on each {len(work.folds) - 1} folds")
        tuned_parts = work.scored_by(lambda fold: work.tuned(without=fold))
        ways[TUNED] = _measures(tuned_parts, [Calibration()] * len(tuned_parts))
        fits[TUNED] = (True, None)
        calibrated(tuned_parts, tuned=True)
    elif settings.method == "auto":
        say(f"calibration alone: tuning needs {FEWEST_SPANS} spans in {FEWEST_TEXTS} texts")
    chosen = max(ways, key=lambda way: ways[way]["f1"])
    is_tuned, stage = fits[chosen]
    say(f"writing {output}: {chosen}")
    calibration = own
    if stage is not None:
        fitted = fit_stages([_joined(tuned_parts if is_tuned else plain)])[stage]
        calibration = replace(fitted, fitted_on=f"{len(corpus.texts)} reviewed texts")
    elif is_tuned:
        calibration = Calibration()
    _write(source, output, work.tuned() if is_tuned else None, calibration)
    result = {
        "model": settings.model,
        "output": str(output),
        "texts": len(corpus.texts),
        "spans": spans,
        "types": [kind.name for kind in labels.asked],
        "folds": len(work.folds),
        "way": chosen,
        "held out": ways,
        "before": ways[AS_IT_IS],
        "after": ways[chosen],
        "calibration": calibration.as_json(),
    }
    _note(output, result)
    if is_tuned and (seen := read_trained_types(source)) is not None:
        write_trained_types(output, merge_types(seen, work.trained_types()))
    return result


def read_examples(settings: AdaptSettings, say: Say = lambda text: None) -> tuple[GoldCorpus, Labels]:
    """The examples, each span called by its type's own name, and the types.

    A text that says for which types it was reviewed (`reviewed_types`, as the report's page writes it) counts if these
    are all that are asked: of other types it does not say where none is.

    Raises:
        UsageError: they cannot be read, a label is none of the types, or there are fewer than two texts or no span.
    """
    corpus = read_corpus(settings.examples, settings.format)
    types = find_types(settings.types)
    names: dict[str, CatalogType] = {}
    for kind in types:
        for name in (kind.name, *kind.aliases):
            names.setdefault(normalise(name), kind)
    asked = {kind.name for kind in types}
    partly = np.array(
        [
            r is not None and not asked <= {names[n].name for n in r if n in names}
            for r in _reviewed(corpus, settings.format)
        ]
    )
    if partly.any():
        corpus = without_texts(corpus, partly)
        say(
            f"{int(partly.sum())} texts are left out, as they were not reviewed for all types: review them to the end, "
            "or give fewer --types"
        )
    if unknown := sorted(label for label in corpus.labels if normalise(label) not in names):
        given = ", ".join(kind.name for kind in types[:10])
        raise UsageError(f"{settings.examples} has the label {unknown[0]!r}, which is none of --types ({given})")
    if len(corpus.texts) < 2 or not corpus.labels:
        what = "two texts" if corpus.labels else "a span"
        raise UsageError(f"{settings.examples}: adapting needs at least {what}, better 10 to 200 spans")
    spans = tuple(tuple(replace(s, type=names[normalise(s.type)].name) for s in of_text) for of_text in corpus.spans)
    return replace(corpus, spans=spans), Labels({kind.name: kind for kind in types})


def _reviewed(corpus: GoldCorpus, format: str | None) -> list[list[str] | None]:
    """For each text the normalised names of the types that it was reviewed for; None where it does not say."""
    if format != "jsonl" and (format or not Path(corpus.path).name.removesuffix(".gz").endswith(_JSON_LINES)):
        return [None] * len(corpus.texts)
    rows = [json.loads(line) for _, line in numbered_lines(Path(corpus.path)) if line.strip()]
    found = [row.get("reviewed_types") for row in rows]
    return [[normalise(str(name)) for name in of_text] if isinstance(of_text, list) else None for of_text in found]


class _Work:
    """The examples in folds, and models tuned on some of them."""

    def __init__(self, settings: AdaptSettings, source: Path, corpus: GoldCorpus, labels: Labels) -> None:
        from openbioner_batch.model.tokens import Tokenizer

        self._settings, self._source, self._corpus, self._labels = settings, source, corpus, labels
        self._described = labels.described(settings.view)
        self._tokenizer = Tokenizer.from_directory(source)
        documents = int(corpus.documents.max()) + 1
        order = np.random.default_rng(settings.seed).permutation(documents)
        place = np.argsort(order)[corpus.documents]
        count = min(settings.folds, documents)
        if count < 2:
            raise UsageError(f"{settings.examples}: all texts are of one document; adapting needs two")
        self.folds = [np.flatnonzero(place % count == fold) for fold in range(count)]

    def scored_by(self, model: Callable[[int], Model | None]) -> list[ScoredCorpus]:
        """Each fold's raw logits by the model that is given for it, or by the untouched one (None)."""
        return [self._scored(fold, self._tagger(model(number))) for number, fold in enumerate(self.folds)]

    @cached_property
    def _untouched(self) -> Tagger:
        return self._tagger_of(None)

    def tuned(self, without: int | None = None) -> Model:
        """The model tuned on all folds but one."""
        import torch

        from openbioner_batch.model.checkpoint import load_model
        from openbioner_batch.model.device import resolve_device
        from openbioner_batch.training.tuning import Tuning, tune

        model = load_model(self._source).to(torch.device(resolve_device(self._settings.device)))
        tuning = Tuning(layers=self._settings.layers, epochs=self._settings.epochs)
        groups = self._untouched.preparer(self._described).groups
        return tune(model, self._tokenizer, self.passages(without), groups, tuning, self._settings.seed)

    def passages(self, without: int | None = None) -> list[AnnotatedPassage]:
        """The examples of all folds but one."""
        texts = [place for number, fold in enumerate(self.folds) if number != without for place in fold.tolist()]
        return [
            AnnotatedPassage(
                str(place),
                "examples",
                self._corpus.texts[place],
                tuple(Mention(span.start, span.end, span.type) for span in self._corpus.spans[place]),
                annotated=tuple(kind.name for kind in self._labels.asked),
            )
            for place in sorted(texts)
        ]

    def trained_types(self) -> list[TypeFacts]:
        """What a model that has learnt from the examples has seen."""
        described = {kind.name: (kind.description,) for kind in self._described}
        return types_of_passages(self.passages(), described)

    def _tagger(self, model: Model | None) -> Tagger:
        return self._untouched if model is None else self._tagger_of(model)

    def _tagger_of(self, model: Model | None) -> Tagger:
        from openbioner_batch.model import Tagger
        from openbioner_batch.model.checkpoint import load_model
        from openbioner_batch.model.device import resolve_device

        device = resolve_device(self._settings.device)
        return Tagger(model or load_model(self._source), self._tokenizer, self._source, device, "float32")

    def _scored(self, fold: np.ndarray, tagger: Tagger) -> ScoredCorpus:
        texts = [self._corpus.texts[place] for place in fold.tolist()]
        spans = [self._corpus.spans[place] for place in fold.tolist()]
        prepared, logits = view_logits(tagger, [self._described], words_for(self._corpus), texts)
        parts = [scored_part(prepared, group, of_group, spans, self._labels) for group, of_group in enumerate(logits)]
        return ScoredCorpus("examples", (tuple(parts), ()))


def _joined(folds: Sequence[ScoredCorpus]) -> ScoredCorpus:
    return ScoredCorpus("examples", (tuple(part for fold in folds for part in fold.parts), ()))


def _measures(folds: Sequence[ScoredCorpus], calibrations: Sequence[Calibration]) -> dict[str, float]:
    """Micro precision, recall and F1 over all folds, each with a calibration of its own."""
    pairs: list[tuple[ScoredPart, Calibration]] = [
        (part, own) for fold, own in zip(folds, calibrations, strict=True) for part in fold.parts
    ]
    gold, predicted, correct = np.sum([part.counts(own) for part, own in pairs], axis=0).tolist()
    return {
        "precision": correct / max(1, predicted),
        "recall": correct / max(1, gold),
        "f1": 2 * correct / max(1, gold + predicted),
    }


def _write(source: Path, output: Path, model: Model | None, calibration: Calibration) -> None:
    import torch

    from openbioner_batch.model.checkpoint import save_checkpoint
    from openbioner_batch.model.config import read_raw_config
    from openbioner_batch.model.location import WEIGHT_FILES

    left = shutil.ignore_patterns(*WEIGHT_FILES) if model is not None else None
    shutil.copytree(source, output, dirs_exist_ok=True, ignore=left)
    if model is not None:
        stored = read_raw_config(source)
        dtype = getattr(torch, str(stored.get("dtype", stored.get("torch_dtype", "float32"))))
        save_checkpoint(model.cpu(), output, source, dtype)
    is_nothing = calibration == Calibration(fitted_on=calibration.fitted_on)
    write_calibration(output, None if is_nothing else calibration)


def _note(output: Path, result: Mapping[str, Any]) -> None:
    """What was done, beside the model and at the end of its card."""
    (output / "adapted.json").write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    card = output / "README.md"
    before, after = (100 * result[when]["f1"] for when in ("before", "after"))
    text = card.read_text("utf-8").rstrip() + "\n\n" if card.is_file() else ""
    card.write_text(
        f"{text}## Adapted\n\nFrom `{result['model']}` by {result['spans']} reviewed spans in {result['texts']} texts "
        f"({', '.join(result['types'])}): {result['way']}. F1 on held-out folds of these texts {before:.1f} before, "
        f"{after:.1f} after, the best of {len(result['held out'])} ways. Other figures of this card are the "
        "original model's.\n",
        "utf-8",
    )
