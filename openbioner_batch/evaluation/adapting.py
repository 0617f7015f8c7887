"""Fits a model to a few reviewed texts: by calibration alone, or by tuning its top too, whichever holds on others."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openbioner_batch.engine.request import Say
from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation.benchmark import words_for
from openbioner_batch.evaluation.examples import read_examples
from openbioner_batch.evaluation.judged import judged_passages
from openbioner_batch.evaluation.labels import Labels
from openbioner_batch.evaluation.reading import GoldCorpus
from openbioner_batch.evaluation.scored import ScoredCorpus, score_texts
from openbioner_batch.evaluation.settings import AdaptSettings
from openbioner_batch.evaluation.ways import AS_IT_IS, TUNED, AdaptedWays
from openbioner_batch.model.calibration import Calibration, read_calibration, write_calibration
from openbioner_batch.training.nearness import TypeFacts
from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage
from openbioner_batch.training.trained_types import (
    merge_types,
    read_trained_types,
    types_of_passages,
    write_trained_types,
)

if TYPE_CHECKING:
    from openbioner_batch.model import Tagger
    from openbioner_batch.model.models import Model
    from openbioner_batch.training.replay import Replay

FEWEST_SPANS, FEWEST_TEXTS = 10, 5
"""With fewer of either, only the calibration is fitted."""


def adapt(settings: AdaptSettings, say: Say = lambda text: None) -> dict[str, Any]:
    """Adapt a checkpoint to examples, and say what that is worth on texts that were not learnt from.

    The examples are cut into folds. Each way to adapt is tried on all folds but one and scored on that one; the way
    with the best F1 over all folds (the simplest of equals) is then used on all examples. That figure is of the best of
    several ways on the same texts, so it is slightly too good.

    Args:
        settings: the request.
        say: called with what is being done.

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
    say(f"{spans:,} spans of {len(labels.unique_types)} types in {len(corpus.texts):,} texts, {len(work.folds)} folds")
    if settings.method != "calibration" and work.judged:
        say(f"what was judged in {work.judged_texts:,} other texts is learnt along where layers are tuned")
    if settings.method != "calibration" and work.replay is not None:
        say(f"{len(work.replay.pieces):,} passages with {len(work.replay.types):,} other types are learnt along")
    own = read_calibration(source) or Calibration()
    ways = _try_ways(settings, work, own, spans, say)
    chosen = ways.best
    say(f"writing {output}: {chosen}")
    is_tuned = ways.is_tuned(chosen)
    calibration = ways.calibration(chosen, f"{len(corpus.texts)} reviewed texts")
    names = [kind.name for kind in labels.unique_types]
    if chosen != AS_IT_IS:
        calibration = own.with_types(calibration, names)  # other types keep what was fitted for them
    _write(source, output, work.tuned() if is_tuned else None, calibration)
    result = {
        "model": settings.model,
        "output": str(output),
        "texts": len(corpus.texts),
        "spans": spans,
        "types": names,
        "folds": len(work.folds),
        "way": chosen,
        "held out": ways.figures,
        "before": ways.figures[AS_IT_IS],
        "after": ways.figures[chosen],
        "calibration": calibration.as_json(),
    }
    if is_tuned and work.replay is not None:
        about = {"passages": len(work.replay.pieces), "types": len(work.replay.types)}
        result["replay"] = {"folder": settings.replay, "share": settings.replay_share, **about}
    if is_tuned and work.judged:
        result["judged_texts"] = work.judged_texts
    _note(output, result)
    if is_tuned and (seen := read_trained_types(source)) is not None:
        write_trained_types(output, merge_types(seen, work.trained_types()))
    return result


class _Work:
    """The examples in folds, and models tuned on some of them."""

    def __init__(self, settings: AdaptSettings, source: Path, corpus: GoldCorpus, labels: Labels) -> None:
        from openbioner_batch.model.reading import load_tokenizer

        self._settings, self._source, self._corpus, self._labels = settings, source, corpus, labels
        self._described = labels.described(settings.view)
        self._tokenizer = load_tokenizer(source)
        documents = int(corpus.documents.max()) + 1
        order = np.random.default_rng(settings.seed).permutation(documents)
        place = np.argsort(order)[corpus.documents]
        count = min(settings.folds, documents)
        if count < 2:
            raise UsageError(f"{settings.examples}: all texts are of one document; adapting needs two")
        self.folds = [np.flatnonzero(place % count == fold) for fold in range(count)]

    def ways(self, not_fitted: Calibration) -> AdaptedWays:
        """What is to be tried on the folds."""
        return AdaptedWays(self._corpus, self._labels, self.folds, not_fitted)

    @cached_property
    def judged(self) -> list[AnnotatedPassage]:
        """Single judgements in texts that were not reviewed to the end: learnt from, never scored on."""
        return judged_passages(self._settings, self._labels.unique_types)

    @property
    def judged_texts(self) -> int:
        """In how many texts."""
        return len({passage.text for passage in self.judged})

    @property
    def texts(self) -> int:
        """How many there are."""
        return len(self._corpus.texts)

    def scored_by(self, model: Callable[[int], Model | None], plain_types: Collection[str] = ()) -> list[ScoredCorpus]:
        """Each fold's raw logits by the model that is given for it, or by the untouched one (None).

        `plain_types` have those without a glossary.
        """
        return [self._scored(fold, self._tagger(model(number)), plain_types) for number, fold in enumerate(self.folds)]

    @cached_property
    def _untouched(self) -> Tagger:
        return self._tagger_of(None)

    def tuned(self, without: int | None = None) -> Model:
        """The model tuned on all folds but one."""
        import torch

        from openbioner_batch.model.checkpoint import load_model
        from openbioner_batch.model.device import resolve_device
        from openbioner_batch.training.tuning import Tuning, tune

        model = load_model(self._source).to(torch.device(resolve_device(self._settings.devices)))
        tuning = Tuning(layers=self._settings.layers, epochs=self._settings.epochs)
        groups = self._untouched.preparer(self._described).groups
        return tune(model, self._tokenizer, self.passages(without), groups, tuning, self._settings.seed, self.replay)

    @cached_property
    def replay(self) -> Replay | None:
        """Other training data to learn along."""
        from openbioner_batch.model.checkpoint import load_model
        from openbioner_batch.training.replay import read_replay

        settings = self._settings
        if settings.replay is None:
            return None
        names = [kind.name for kind in self._labels.unique_types]
        untouched = load_model(self._source)
        return read_replay(settings.replay, settings.replay_share, names, untouched, self._tokenizer, settings.seed)

    def passages(self, without: int | None = None) -> list[AnnotatedPassage]:
        """The examples of all folds but one, and the single judgements."""
        texts = [place for number, fold in enumerate(self.folds) if number != without for place in fold.tolist()]
        reviewed = [
            AnnotatedPassage(
                str(place),
                "examples",
                self._corpus.texts[place],
                tuple(AnnotatedMention(span.start, span.end, span.type) for span in self._corpus.spans[place]),
                annotated=tuple(kind.name for kind in self._labels.unique_types),
            )
            for place in sorted(texts)
        ]
        return [*reviewed, *self.judged]

    def trained_types(self) -> list[TypeFacts]:
        """What a model that has learnt from the examples has seen."""
        described = {kind.name: (kind.description,) for kind in self._described}
        own = types_of_passages(self.passages(), described)
        return own if self.replay is None else merge_types(own, self.replay.types)

    def _tagger(self, model: Model | None) -> Tagger:
        return self._untouched if model is None else self._tagger_of(model)

    def _tagger_of(self, model: Model | None) -> Tagger:
        from openbioner_batch.model import Tagger
        from openbioner_batch.model.checkpoint import load_model
        from openbioner_batch.model.device import resolve_device
        from openbioner_batch.model.glossary_files import GlossaryChoice

        device, glossary = resolve_device(self._settings.devices), GlossaryChoice().load(self._source)
        model = model or load_model(self._source)
        return Tagger(model, self._tokenizer, self._source, device, "float32", glossary=glossary)

    def _scored(self, fold: np.ndarray, tagger: Tagger, plain_types: Collection[str]) -> ScoredCorpus:
        tagger.calibration = Calibration(plain_types=plain_types)
        texts = [self._corpus.texts[place] for place in fold.tolist()]
        spans = [self._labels.typed(self._corpus.spans[place]) for place in fold.tolist()]
        parts = score_texts(tagger, [self._described], words_for(self._corpus), texts, spans)
        return ScoredCorpus("examples", (tuple(parts), ()))


def _try_ways(settings: AdaptSettings, work: _Work, own: Calibration, spans: int, say: Say) -> AdaptedWays:
    """The model as it is, calibrated, and tuned, as far as the request and the number of examples allow."""
    ways = work.ways(own.not_fitted)
    untouched = work.scored_by(lambda fold: None)
    found = work.scored_by(lambda fold: None, own.plain_types) if own.plain_types else untouched
    ways.add(AS_IT_IS, found, False, own)
    if settings.method != "layers":
        ways.add_calibrated(untouched, is_tuned=False)
    enough = spans >= FEWEST_SPANS and work.texts >= FEWEST_TEXTS
    if settings.method == "layers" or (settings.method == "auto" and enough):
        say(f"tuning heads and top {settings.layers} layers, each time without one fold")
        tuned = work.scored_by(lambda fold: work.tuned(without=fold))
        ways.add(TUNED, tuned, True, own.not_fitted)
        ways.add_calibrated(tuned, is_tuned=True)
    elif settings.method == "auto":
        say(f"calibration alone: tuning needs {FEWEST_SPANS} spans in {FEWEST_TEXTS} texts")
    return ways


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
    before, after = (_f1(result[when]) for when in ("before", "after"))
    learnt = f" and what was judged in {n} others" if (n := result.get("judged_texts")) else ""
    text = card.read_text("utf-8").rstrip() + "\n\n" if card.is_file() else ""
    card.write_text(
        f"{text}## Adapted\n\nFrom `{result['model']}` by {result['spans']} reviewed spans in {result['texts']} texts"
        f"{learnt} ({', '.join(result['types'])}): {result['way']}. F1 on held-out folds of these texts {before} "
        f"before, {after} after, the best of {len(result['held out'])} ways. Other figures of this card are the "
        "original model's.\n",
        "utf-8",
    )


def _f1(found: Mapping[str, Any]) -> str:
    low, high = found["f1_interval"]
    return f"{100 * found['f1']:.1f} ({100 * low:.1f} to {100 * high:.1f})"
