"""What a user may ask of `deidentify`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from openbioner_batch.deid.families import FAMILIES
from openbioner_batch.deid.finder import MODEL_TYPES, RECOGNIZERS, FinderSettings
from openbioner_batch.deid.known import KnownIdentifiers
from openbioner_batch.engine.settings import AUTO, CHOICES, AnnotateSettings, QuarantineLimit, build_settings, flag
from openbioner_batch.errors import UsageError
from openbioner_batch.formats import get_format, rewritable_formats

SCOPES = ("patient", "document")
NO_MODEL = "none"


@dataclass(frozen=True, slots=True)
class DeidentifySettings:
    """A request to de-identify an archive: the flags of `openbioner-batch deidentify`, the keys of a --config."""

    inputs: tuple[str, ...]
    """Files, folders, globs or fsspec URLs."""
    output: str
    """Folder or URL of the run: a new one, or one to go on with."""
    policy: str
    """What happens to each type: a preset, or a YAML file."""
    patient_field: str | None = None
    """Column or key of the patient's id, within which surrogates and shifts are consistent; FHIR brings it."""
    patient_scope: str = "patient"
    """Within what they are consistent: "patient", or "document" where no column tells the patient."""
    known_fields: tuple[str, ...] = ()
    """Columns whose values are to be found in the note: names, numbers; `name`, or `contact2=relative_name`."""
    fhir_patients: str | None = None
    """FHIR NDJSON of Patient resources whose names, numbers and addresses are to be found in their patients' notes."""
    note_date_field: str | None = None
    """Column of the note's date (as 2021-03-04), for dates without a year and for ages."""
    shift_field: str | None = None
    """Column of the days by which a patient's dates move, in place of days that the key gives."""
    shift_table: str | None = None
    """Table of patients and days in which `shift_field` is a column: CSV, TSV or Parquet, on every machine of the run.
    None: the records have it."""
    reference_date: str | None = None
    """Day as of which ages over 89 count, as 2026-12-31; None asks the policy."""
    key_file: str | None = None
    """File of the key; None looks into the variable OPENBIONER_DEID_KEY. It must be on every machine of the run."""
    keep_ids: bool = False
    """Keep the ids of documents and patients as they are, in place of keyed hashes."""
    keep_fields: tuple[str, ...] = ()
    """Columns or keys that hold no identifiers and go to the output as they are."""
    recognizers: tuple[str, ...] = RECOGNIZERS
    """What finds identifiers: "model", "patterns", "known"."""
    model: str = "bundled-phi"
    """Checkpoint: "bundled-phi", "bundled", a directory, a Hugging Face id, or "none"."""
    types: str = MODEL_TYPES
    """What the model is asked for: types or sets of the PHI catalog; the fewer, the faster."""
    view: str = "definition"
    """Which of a catalog type's descriptions the model is told."""
    model_threshold: float = 0.0
    """The model's spans below this score are left out."""
    type_thresholds: tuple[str, ...] = ()
    """The same for single types, in its place: `organization=0.8`."""
    audit_text: bool = False
    """Write an audit that holds the originals, to `audit_output`."""
    audit_output: str | None = None
    """Folder or URL for the audit with originals, apart from `output`."""
    residual_sample: str = "1%"
    """Share of the de-identified notes that the model reads again; "0%" for none."""
    fail_on_residual: bool = False
    """Fail at the end if the check of the result found identifiers."""
    spill_dir: str | None = None
    """Where Ray puts what its memory cannot hold, original notes too; emptied at exit. None: a private folder."""
    format: str | None = None
    """Input format; None goes by the files' suffixes."""
    id_field: str | None = None
    """Column or key of the document id; None guesses."""
    text_field: str | None = None
    """Column or key of the text; None guesses."""
    encoding: str | None = None
    """Encoding of the files, those that are written too; None is UTF-8."""
    delimiter: str | None = None
    """Character between the columns of CSV or TSV, in what is written too; None is the format's, or guessed."""
    quoting: str | None = None
    """Whether quotes mark fields of CSV and TSV: "csv" or "none"; None is "csv" for CSV and "none" for TSV."""
    devices: str = "auto"
    """Where the model runs: "cpu", "gpu", or "auto" for GPUs where there are some."""
    actors: int | None = None
    """Processes that hold the model; None: one per GPU, else one per core."""
    actors_per_gpu: int = 1
    """Processes that share a GPU, where the model alone is too small to fill it."""
    limit: int | None = None
    """Take only the first so many records."""
    shard_documents: int | None = None
    """The most documents in a shard, the unit of resumption and of progress; None: 1000 on GPUs, 200 on CPUs."""
    token_budget: int | None = None
    """Tokens in a batch of the model, padding included; None asks the model."""
    dtype: str = "auto"
    """Precision of the model: "float32", "bfloat16", "float16", or "auto" for what suits the device."""
    no_calibration: bool = False
    """Leave out the biases and thresholds that are stored with the checkpoint, if some are."""
    max_quarantined: str = "10%"
    """The run fails beyond this number or percentage of quarantined records."""
    overwrite: bool = False
    """Remove an earlier run in the output folder and start anew."""
    executor: str = AUTO
    """What runs it: "ray", "in-process" (this process alone), or "auto": in-process for small local inputs on CPUs."""
    ray_address: str | None = None
    """A Ray cluster to join; None starts Ray on this machine."""

    def __post_init__(self) -> None:
        if not self.inputs:
            raise UsageError("give at least one INPUT: a file, folder, glob or URL")
        for name in ("output", "policy", "model"):
            if not getattr(self, name):
                raise UsageError(f"{flag(name)} must not be empty")
        for name, valid in {**CHOICES, "patient_scope": SCOPES}.items():
            if hasattr(self, name) and getattr(self, name) not in valid:
                raise UsageError(f"{flag(name)} is {getattr(self, name)!r}: give one of {', '.join(valid)}")
        for name in ("actors", "actors_per_gpu", "limit", "shard_documents", "token_budget"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"{flag(name)} is {value}: give a whole number from 1 up")
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
            raise UsageError("--audit-text and --audit-output go together: originals go to a place of their own")
        if self.spill_dir is not None and self.ray_address is not None:
            raise UsageError("--spill-dir: a cluster's own is set when it is started (--object-spilling-directory)")
        # These raise where they cannot be read.
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

    @classmethod
    def build(cls, values: Mapping[str, Any]) -> DeidentifySettings:
        """Settings from flags or a configuration file, each value checked for its type.

        Raises:
            UsageError: a key is unknown, a value has another type, or a required one is missing.
        """
        return build_settings(cls, values)

    @property
    def include_text(self) -> bool:
        """The engine's rows carry the text to the stage that replaces."""
        return True

    @property
    def title_field(self) -> str | None:
        """A note is written back as one column."""
        return None

    @property
    def quarantine_limit(self) -> QuarantineLimit:
        """`max_quarantined`, parsed."""
        return QuarantineLimit.parse(self.max_quarantined)

    @property
    def uses_model(self) -> bool:
        """Whether a model reads the notes."""
        return self.model != NO_MODEL and "model" in self.recognizers

    @property
    def finder(self) -> FinderSettings:
        """What identifiers are found with; the policy adds how dates are read."""
        return FinderSettings(self.recognizers, self.model_threshold, _thresholds(self.type_thresholds))

    @property
    def roles(self) -> dict[str, str]:
        """Known column -> type of the PHI catalog."""
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
            words="pieces",  # as its figures were measured
            devices=self.devices,
            actors=self.actors,
            actors_per_gpu=self.actors_per_gpu,
            token_budget=self.token_budget,
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
            raise UsageError(f"--type-thresholds: {one!r} is no type and score: give organization=0.8, say") from None
        if name.strip() not in FAMILIES:
            raise UsageError(
                f"--type-thresholds: {name.strip()!r} is no type of the PHI catalog (types phi lists them)"
            )
    return thresholds
