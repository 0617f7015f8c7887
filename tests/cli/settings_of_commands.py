"""The settings of every command that has some, and how tests find and call a command."""

from __future__ import annotations

import click
from click.testing import CliRunner

from openbioner_batch.cli.evaluate import TaskSettings
from openbioner_batch.cli.main import main
from openbioner_batch.concepts.settings import (
    VocabularyBuildSettings,
    VocabularyFindSettings,
    VocabularyTablesSettings,
)
from openbioner_batch.deid.settings import DeidentifySettings
from openbioner_batch.engine.export.settings import ExportSettings
from openbioner_batch.engine.settings import AnnotateSettings, LinkSettings
from openbioner_batch.evaluation.settings import (
    AdaptSettings,
    CalibrateSettings,
    DeidEvaluateSettings,
    EvaluateSettings,
)
from openbioner_batch.report.settings import (
    ReportSettings,
    ReviewReportSettings,
    ReviewSampleSettings,
    ShowSettings,
)
from openbioner_batch.training.settings import PretrainSettings
from openbioner_batch.training.silver.made_settings import (
    FillSettings,
    HoldoutSettings,
    ImportSettings,
    SentenceSettings,
)
from openbioner_batch.training.silver.ontology.settings import OntologySettings
from openbioner_batch.training.silver.settings import DescribeSettings, SilverSettings

SETTINGS: dict[str, tuple[type, ...]] = {
    "annotate": (AnnotateSettings,),
    "deidentify": (DeidentifySettings,),
    "evaluate": (EvaluateSettings, DeidEvaluateSettings, TaskSettings),
    "calibrate": (CalibrateSettings,),
    "adapt": (AdaptSettings,),
    "link": (LinkSettings,),
    "export": (ExportSettings,),
    "silver annotate": (SilverSettings,),
    "silver describe": (DescribeSettings,),
    "silver ontology": (OntologySettings,),
    "silver import": (ImportSettings,),
    "silver fill": (FillSettings,),
    "silver holdout": (HoldoutSettings,),
    "silver sentences": (SentenceSettings,),
    "pretrain": (PretrainSettings,),
    "show": (ShowSettings,),
    "report": (ReportSettings,),
    "review sample": (ReviewSampleSettings,),
    "review report": (ReviewReportSettings,),
    "vocabulary build": (VocabularyBuildSettings,),
    "vocabulary find": (VocabularyFindSettings,),
    "vocabulary tables": (VocabularyTablesSettings,),
}
KINDS = sorted({kind for kinds in SETTINGS.values() for kind in kinds}, key=lambda kind: kind.__name__)


def find(name: str) -> click.Command:
    found: click.Command = main
    for word in name.split():
        assert isinstance(found, click.Group)
        command = found.get_command(click.Context(found), word)
        assert command is not None
        found = command
    return found


def call(*arguments: object) -> str:
    """The one line of an error."""
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    return line.removeprefix("error: ")
