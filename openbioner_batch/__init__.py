"""Tag entity types that you describe in plain language in archives of biomedical and clinical text.

Types unlike those that a model was trained on are found less well: look at a sample before you tag an archive.

What scripts import by name is here, and loads when it is first used:

>>> from openbioner_batch import EntityType, Tagger
>>> tagger = Tagger.from_pretrained("bundled", device="cpu")
>>> drug = EntityType("drug", "A medicine given to treat or prevent a disease.")
>>> [[span.text for span in spans] for spans in tagger.tag(["Aspirin was started."], [drug])]
[['Aspirin']]

Whole runs take a settings object with the command line's flags as fields:

>>> import json, tempfile
>>> from pathlib import Path
>>> from openbioner_batch import AnnotateSettings, annotate
>>> folder = Path(tempfile.mkdtemp())
>>> _ = (folder / "notes.jsonl").write_text(json.dumps({"text": "Aspirin was started."}))
>>> settings = AnnotateSettings((str(folder / "notes.jsonl"),), str(folder / "spans"), types="drug", devices="cpu")
>>> summary = annotate(settings, say=lambda line: None)
>>> summary.totals.documents, summary.finished
(1, True)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openbioner_batch.on_demand import from_modules
from openbioner_batch.version import __version__ as __version__

if TYPE_CHECKING:
    from openbioner_batch.deid.run import deidentify
    from openbioner_batch.deid.settings import DeidentifySettings
    from openbioner_batch.engine.run import annotate
    from openbioner_batch.engine.settings import AnnotateSettings
    from openbioner_batch.evaluation.run import evaluate
    from openbioner_batch.evaluation.settings import EvaluateSettings
    from openbioner_batch.model.tagger import Tagger
    from openbioner_batch.records import EntityType, Span
    from openbioner_batch.training.run import pretrain
    from openbioner_batch.training.settings import PretrainSettings

_HOMES = {
    "AnnotateSettings": "engine.settings",
    "DeidentifySettings": "deid.settings",
    "EntityType": "records",
    "EvaluateSettings": "evaluation.settings",
    "PretrainSettings": "training.settings",
    "Span": "records",
    "Tagger": "model.tagger",
    "annotate": "engine.run",
    "deidentify": "deid.run",
    "evaluate": "evaluation.run",
    "pretrain": "training.run",
}

__all__ = [
    "AnnotateSettings",
    "DeidentifySettings",
    "EntityType",
    "EvaluateSettings",
    "PretrainSettings",
    "Span",
    "Tagger",
    "annotate",
    "deidentify",
    "evaluate",
    "pretrain",
]


__getattr__ = from_modules(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
