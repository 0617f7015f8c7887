"""Makes silver data from raw text: queries an LLM for every passage, then filters the result."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from openbioner_batch.engine.logs import say_to_stderr
from openbioner_batch.engine.request import Inputs, Say, resolve_inputs
from openbioner_batch.engine.session import run_pipeline
from openbioner_batch.engine.store import Store
from openbioner_batch.training.silver.endpoint import check_llm
from openbioner_batch.training.silver.extraction import ExtractionPrompt
from openbioner_batch.training.silver.finishing import finish_annotating, remove_derived
from openbioner_batch.training.silver.graph import LlmPipeline
from openbioner_batch.training.silver.passages import PassageFormat
from openbioner_batch.training.silver.report import SilverReport
from openbioner_batch.training.silver.settings import SilverSettings


def annotate_silver(settings: SilverSettings, say: Say = say_to_stderr) -> SilverReport:
    """Annotate the inputs with an LLM into the output folder, or resume the run that is there, and filter.

    The LLM's answers are kept in `data/`, so that other filters cost nothing: the same request with other limits only
    rewrites `passages/`.

    Args:
        settings: the request.
        say: called with guesses and with what is skipped.

    Returns:
        How much was kept, and why the rest was not.

    Raises:
        UsageError: the request or the endpoint is wrong; nothing has been started.
        PlanMismatchError: the output folder holds another run.
        TooManyQuarantinedError: more passages were set aside than `max_quarantined` allows.
        RunFailedError: the run stopped, such as at its cost ceiling; the same call resumes it.
    """
    found = resolve_inputs(settings, say)
    reader = PassageFormat(found.format, settings.passage_words)
    inputs: Inputs = replace(found, format=reader, kept=reader.kept_schema(found.files, found.options))
    store = Store(settings.output)
    pipeline = LlmPipeline(ExtractionPrompt(), settings, {"passage words": settings.passage_words})
    summary = run_pipeline(settings, inputs, lambda _: pipeline, say, before=partial(check_llm, settings))
    if settings.overwrite:
        remove_derived(store)
    return finish_annotating(store, settings, summary.totals, say)
