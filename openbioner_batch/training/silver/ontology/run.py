"""Makes silver data from vocabularies and raw text."""

from __future__ import annotations

from dataclasses import replace

from openbioner_batch.engine.logs import say_to_stderr
from openbioner_batch.engine.request import Inputs, Say, resolve_inputs
from openbioner_batch.engine.session import run_pipeline
from openbioner_batch.engine.store import Store
from openbioner_batch.training.silver.ontology.finishing import OntologyReport, finish, unwanted_types
from openbioner_batch.training.silver.ontology.graph import OntologyPipeline, name_finder_of
from openbioner_batch.training.silver.ontology.settings import OntologySettings
from openbioner_batch.training.silver.passages import PassageFormat


def annotate_by_ontology(settings: OntologySettings, say: Say = say_to_stderr) -> OntologyReport:
    """Find the names of vocabularies in the inputs, or resume the run that is there, and label the passages.

    The names found are kept in `data/`, so that other limits need no new search.

    Args:
        settings: the request.
        say: called with guesses and with what is skipped.

    Returns:
        How much was kept, and why the rest was not.

    Raises:
        UsageError: the request is wrong; nothing has been started.
        PlanMismatchError: the output folder holds another run.
        TooManyQuarantinedError: more passages were set aside than `max_quarantined` allows.
        RunFailedError: the run stopped; the same call resumes it.
    """
    found = resolve_inputs(settings, say)
    unwanted = unwanted_types(settings.without)
    say(f"reading {len(settings.vocabularies)} vocabularies")
    classes, finder = name_finder_of(settings.vocabularies, settings.roots)
    reader = PassageFormat(found.format, settings.passage_words)
    inputs: Inputs = replace(found, format=reader, kept=reader.kept_schema(found.files, found.options))
    store = Store(settings.output)
    summary = run_pipeline(settings, inputs, lambda _: OntologyPipeline(settings), say, settings.vocabularies)
    return finish(store, settings, classes, finder, unwanted, summary.totals, say)
