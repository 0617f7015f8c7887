"""The settings of `deidentify`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from openbioner_batch.deid.families import FAMILIES
from openbioner_batch.deid.recognizers import MODEL_TYPES, RECOGNIZERS
from openbioner_batch.engine.option_groups import (
    CalibrationOptions,
    DeviceOptions,
    ExecutorOptions,
    InputOptions,
    PrecisionOptions,
    QuarantineLimit,
    RayOptions,
    RunOptions,
    RunPaths,
    WorkerOptions,
    view_option,
)
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.errors import UsageError
from openbioner_batch.formats import get_format, rewritable_formats
from openbioner_batch.options import check_options, option
from openbioner_batch.settings import Request

if TYPE_CHECKING:
    from openbioner_batch.deid.finder import FinderSettings

SCOPES = ("patient", "document")
NO_MODEL = "none"


@dataclass(frozen=True)
class DeidentifySettings(
    RunPaths,
    InputOptions,
    DeviceOptions,
    PrecisionOptions,
    WorkerOptions,
    CalibrationOptions,
    RunOptions,
    ExecutorOptions,
    RayOptions,
    Request,
):
    """A request to de-identify an archive: the flags of `openbioner-batch deidentify`, the keys of a --config."""

    policy: str = option(metavar="P", help="safe-harbor, limited-dataset, tags, redact, surrogate, or a YAML file.")
    patient_field: str | None = option(
        None,
        metavar="NAME",
        help="Column or key of the patient's id, within which surrogates and shifts are consistent; FHIR brings it.",
    )
    patient_scope: str = option("patient", choices=SCOPES, help="document: where no column names the patient.")
    known_fields: tuple[str, ...] = option(
        (), metavar="A,B=ROLE", help="Columns whose values are searched in the note."
    )
    fhir_patients: str | None = option(
        None, metavar="INPUT", help="Patient resources whose names are searched in their notes."
    )
    note_date_field: str | None = option(
        None, metavar="NAME", help="Column of the note's date, for dates without a year and for ages."
    )
    shift_field: str | None = option(
        None, metavar="NAME", help="Column of the days by which a patient's dates are shifted.", default="by the key"
    )
    shift_table: str | None = option(
        None,
        metavar="FILE",
        help="A table of patients (CSV, TSV, Parquet) that has that column, on every machine.",
        default="the records have it",
    )
    reference_date: str | None = option(
        None, metavar="DAY", help="Day as of which ages over 89 count, such as 2026-12-31.", default="the policy's"
    )
    key_file: str | None = option(
        None, metavar="FILE", help="The key, on every machine.", default="the variable OPENBIONER_DEID_KEY"
    )
    keep_ids: bool = option(False, help="Keep ids of documents and patients instead of hashing them.")
    keep_fields: tuple[str, ...] = option(
        (), metavar="A,B", help="Columns or keys without identifiers, to carry over unchanged."
    )
    recognizers: tuple[str, ...] = option(RECOGNIZERS, metavar="A,B", help="What finds identifiers.")
    model: str = option("bundled-phi", metavar="M", help="Checkpoint, as for annotate, or none.")
    types: str = option(
        MODEL_TYPES, metavar="T", joined=True, help="Types or sets that the model looks for; fewer are faster."
    )
    view: str = view_option()
    model_threshold: float = option(0.0, least=0, most=1, help="Leave out spans of the model that score less.")
    type_thresholds: tuple[str, ...] = option(
        (), metavar="T=X,U=Y", help="The same for single types: organization=0.8."
    )
    audit_text: bool = option(False, help="Write an audit with the originals to --audit-output.")
    audit_output: str | None = option(
        None, metavar="URI", help="A folder apart from --output; it will hold identifiers."
    )
    residual_sample: str = option(
        "1%", metavar="P%", help="Share of the result that the model reads again; 0% for none."
    )
    fail_on_residual: bool = option(False, help="Exit with 1 if the check finds identifiers.")
    spill_dir: str | None = option(
        None, metavar="FOLDER", help="Where Ray may put original notes on disk.", default="a private folder"
    )

    def __post_init__(self) -> None:
        self.check_given("policy", "model")
        check_options(self)
        rewriting = get_format(self.format).rewriting if self.format is not None else None
        if self.format is not None and rewriting is None:
            raise UsageError(
                f"--format {self.format}: such records cannot be written back; give one of "
                f"{', '.join(rewritable_formats())}"
            )
        if self.fhir_patients is not None and not (rewriting and rewriting.of_resources):
            raise UsageError("--fhir-patients goes with --format fhir; other formats have --known-fields")
        if self.shift_table is not None and self.shift_field is None:
            raise UsageError("--shift-table: name its column of days with --shift-field")
        if self.shift_field is not None:
            self._check_shifts()
        if self.audit_text != (self.audit_output is not None):
            raise UsageError("--audit-text and --audit-output go together: originals go to another folder")
        if self.spill_dir is not None and self.ray_address is not None:
            raise UsageError("--spill-dir: a cluster's own is set when it is started (--object-spilling-directory)")
        # these raise UsageError for a value that cannot be read
        self.finder  # noqa: B018
        self.quarantine_limit  # noqa: B018
        self.sampled_share  # noqa: B018
        self.roles  # noqa: B018
        self.reference_day  # noqa: B018

    def _check_shifts(self) -> None:
        """Raises UsageError where shifts from outside do not go with the rest."""
        if self.patient_scope != "patient":
            raise UsageError("--shift-field gives days per patient: leave --patient-scope at patient")
        if self.format == "fhir" and self.shift_table is None:
            raise UsageError(
                "--shift-field: FHIR resources have no such column; give a --shift-table of patients and days"
            )
        if self.format != "fhir" and self.patient_field is None:
            raise UsageError(
                "--shift-field gives days per patient: name the column of the patient's id, --patient-field"
            )

    @property
    def include_text(self) -> bool:
        """The engine's rows carry the text to the stage that replaces."""
        return True

    @property
    def title_field(self) -> str | None:
        """A note is written back as one column."""
        return None

    @property
    def uses_model(self) -> bool:
        """Whether a model reads the notes."""
        return self.model != NO_MODEL and "model" in self.recognizers

    @property
    def finder(self) -> FinderSettings:
        """The recognizers and their settings; the policy adds how dates are read."""
        from openbioner_batch.deid.finder import FinderSettings

        return FinderSettings(self.recognizers, self.model_threshold, _thresholds(self.type_thresholds))

    @property
    def roles(self) -> dict[str, str]:
        """Known column -> type of the PHI catalog."""
        from openbioner_batch.deid.known import KnownIdentifiers

        return KnownIdentifiers.parse_fields(self.known_fields)

    @property
    def reference_day(self) -> date | None:
        """`reference_date`, parsed."""
        try:
            return date.fromisoformat(self.reference_date) if self.reference_date else None
        except ValueError:
            raise UsageError(f"--reference-date is {self.reference_date!r}: give a day such as 2026-12-31") from None

    @property
    def sampled_share(self) -> float:
        """`residual_sample` as a share from 0 to 1."""
        limit = QuarantineLimit.parse(self.residual_sample) if self.residual_sample.endswith("%") else None
        if limit is None or limit.share is None:
            raise UsageError(f"--residual-sample is {self.residual_sample!r}: give a percentage such as 1%")
        return limit.share

    def tagging(self, inputs: tuple[str, ...], output: str) -> AnnotateSettings:
        """The request by which the same model tags other inputs."""
        return AnnotateSettings(
            inputs,
            output,
            self.types,
            self.view,
            self.model,
            words="pieces",  # the setting of its published figures
            devices=self.devices,
            actors=self.actors,
            actors_per_gpu=self.actors_per_gpu,
            token_budget=self.token_budget,
            compile=self.compile,
            dtype=self.dtype,
            no_calibration=self.no_calibration,
            nested=True,  # what a lower score found must be covered too
            executor=self.executor,
            ray_address=self.ray_address,
        )


def _thresholds(given: tuple[str, ...]) -> dict[str, float]:
    """Type -> least score, from "organization=0.8" as a user writes it."""
    thresholds = {}
    for one in given:
        name, _, value = one.partition("=")
        try:
            thresholds[name.strip()] = float(value)
        except ValueError:
            raise UsageError(f"--type-thresholds: {one!r} is not TYPE=SCORE: give organization=0.8, say") from None
        if name.strip() not in FAMILIES:
            raise UsageError(
                f"--type-thresholds: {name.strip()!r} is not a type of the PHI catalog (types phi lists them)"
            )
    return thresholds
