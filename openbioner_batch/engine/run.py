"""Tags a corpus, from start to end."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from openbioner_batch.engine.additions import Addition
from openbioner_batch.engine.architecture import say_architecture
from openbioner_batch.engine.asserting import assertion_addition
from openbioner_batch.engine.committing import commit_shard
from openbioner_batch.engine.concepts import (
    DICTIONARY,
    LINK,
    DictionarySpans,
    Linking,
    SpanVocabulary,
    check_encoders,
    check_types,
    sources,
    types_of,
)
from openbioner_batch.engine.executors.base import Executor, Resources, Workforce
from openbioner_batch.engine.ledger import Totals
from openbioner_batch.engine.logs import say_to_stderr
from openbioner_batch.engine.no_model import NoModel
from openbioner_batch.engine.reading import prepare_shard, read_splits
from openbioner_batch.engine.request import Say, resolve_inputs
from openbioner_batch.engine.scoring import ScorerFactory
from openbioner_batch.engine.session import run_pipeline
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.engine.summary import Summary
from openbioner_batch.engine.work import Job, SplitTask, TaggingJob
from openbioner_batch.errors import UsageError


def annotate(settings: AnnotateSettings, factory: ScorerFactory | None = None, say: Say | None = None) -> Summary:
    """Tag the inputs into the output folder, or resume the run that is there.

    Args:
        settings: the request.
        factory: what scores; None takes the model in the settings.
        say: called with guesses and with what is skipped; None writes to stderr.

    Returns:
        The finished run's summary.

    Raises:
        UsageError: the request is wrong; nothing has been started.
        PlanMismatchError: the output folder holds another run.
        TooManyQuarantinedError: more records were set aside than `max_quarantined` allows.
        RunFailedError: the run stopped; the same call resumes it.
    """
    say = say or say_to_stderr
    additions = tuple(addition for addition in (assertion_addition(settings),) if addition)
    if factory is None and settings.types:
        say_architecture(settings.model, say)
    inputs = resolve_inputs(settings, say)

    def make(on_cluster: bool) -> Tagging:
        made = factory or (_model_factory(settings, on_cluster, say) if settings.types else NoModel())
        named, linked = _vocabulary_additions(settings, made, vocabularies)
        return Tagging(settings, made, (*named, *additions, *linked))

    vocabularies = {flag: sources(flag, getattr(settings, flag)) for flag in (DICTIONARY, LINK)}
    places = [settings.model] if os.path.isdir(settings.model) else []
    places += [source.path for found in vocabularies.values() for source in found]
    return run_pipeline(settings, inputs, make, say, places)


@dataclass(frozen=True, slots=True)
class Tagging:
    """The pipeline that tags with a model."""

    settings: AnnotateSettings
    factory: ScorerFactory
    additions: tuple[Addition, ...] = ()

    def fingerprint(self) -> dict[str, Any]:
        """The model's, and each addition's."""
        found = self.factory.fingerprint()
        for addition in self.additions:
            found |= addition.fingerprint()
        return found

    def stream(
        self, tasks: Sequence[SplitTask], job: Job, executor: Executor, before: Totals
    ) -> Generator[dict[str, Any], None, None]:
        """Read and prepare, score, add and commit."""
        common = {field.name: getattr(job, field.name) for field in dataclasses.fields(job)}
        device = self.fingerprint().get("device")
        tagging = TaggingJob(
            **common, factory=self.factory, threads=1 if device == "cpu" else None, additions=self.additions
        )
        workforce = workforce_for(
            self.settings.actors, device == "cuda", executor.resources, self.settings.actors_per_gpu
        )
        read = partial(read_splits, job=tagging, emit=partial(prepare_shard, job=tagging))
        return executor.run(tasks, workforce, read, tagging, partial(commit_shard, job=tagging))


def workforce_for(actors: int | None, on_gpu: bool, resources: Resources, actors_per_gpu: int = 1) -> Workforce:
    """How a model's actors and the other stages share Ray's resources.

    On a cluster there may be more actors than GPUs: the first begin, and its autoscaler adds nodes for the others.

    Raises:
        UsageError: there are fewer GPUs than requested, and no more can come.
    """
    if on_gpu and not resources.gpus:
        raise UsageError("--devices gpu: Ray has no GPU; leave the flag out, or give --devices cpu")
    cpus = resources.cpus
    room = resources.gpus * actors_per_gpu if on_gpu else cpus
    actors = actors or room
    if on_gpu and actors > room:
        if not resources.may_grow:
            raise UsageError(
                f"--actors {actors}: {resources.gpus} GPUs have room for {room}; --actors-per-gpu lets more share one"
            )
        cpus = cpus * actors // room  # the actors of nodes that the autoscaler adds count too
    return Workforce.of(on_gpu, actors, cpus, actors_per_gpu)


def _vocabulary_additions(
    settings: AnnotateSettings, factory: ScorerFactory, vocabularies: Mapping[str, tuple[SpanVocabulary, ...]]
) -> tuple[list[Addition], list[Addition]]:
    """The dictionaries come first, since all additions after them see their spans; the links come last."""
    named, linked = vocabularies[DICTIONARY], vocabularies[LINK]
    if linked:
        check_types(linked, [*types_of(factory.fingerprint()), *(source.type for source in named)])
        check_encoders(linked, settings.link_least)
    spans = DictionarySpans(named, settings.dictionary_wordings, settings.dictionary_nested)
    return [spans] if named else [], [Linking(linked, settings.link_top, settings.link_least)] if linked else []


def _model_factory(settings: AnnotateSettings, on_cluster: bool, say: Say) -> ScorerFactory:
    from openbioner_batch.engine.model_scorer import ModelScorerFactory

    return ModelScorerFactory.from_settings(settings, on_cluster, say)
