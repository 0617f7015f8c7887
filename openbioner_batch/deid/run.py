"""De-identifies an archive, from start to end."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from openbioner_batch.deid.fhir.patients import list_patients
from openbioner_batch.deid.job import Columns
from openbioner_batch.deid.kept_fields import refuse_telling_fields
from openbioner_batch.deid.keys import Key, load_key, require_key
from openbioner_batch.deid.kinds import RecordKind, record_kind
from openbioner_batch.deid.note_dates import look_at_dates
from openbioner_batch.deid.pipeline import Deidentification
from openbioner_batch.deid.policy import Policy, load_policy
from openbioner_batch.deid.report import make_report
from openbioner_batch.deid.residual import check_with_model
from openbioner_batch.deid.settings import DeidentifySettings
from openbioner_batch.deid.shifts import column_shifts, part_of_weeks, read_table, shifts_digest
from openbioner_batch.deid.sources import by_labels, labels_of, numbered
from openbioner_batch.engine.architecture import say_architecture
from openbioner_batch.engine.cluster import ray_connection
from openbioner_batch.engine.executors.base import Resources
from openbioner_batch.engine.logs import say_to_stderr
from openbioner_batch.engine.names import REPORT
from openbioner_batch.engine.request import Inputs, Say, resolve_inputs
from openbioner_batch.engine.scoring import ScorerFactory
from openbioner_batch.engine.session import run_pipeline
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.summary import Summary
from openbioner_batch.errors import RunFailedError, UsageError
from openbioner_batch.formats import get_format, rewritable_formats
from openbioner_batch.formats.base import InputFile


@dataclass(frozen=True, slots=True)
class DeidentifyResult:
    """A finished run."""

    summary: Summary
    report: dict[str, Any]
    """The content of `report.json`."""

    @property
    def residual(self) -> int:
        """Identifiers that the check of the result found."""
        return int(self.report["residual"]["total"])

    def check_residual(self, fail: bool) -> None:
        """Raises RunFailedError if there are any and `fail` is set."""
        if fail and self.residual:
            raise RunFailedError(
                f"{self.residual:,} identifiers are still found in the result (--fail-on-residual): "
                f"{self.summary.output}/{REPORT} counts them by type"
            )


def deidentify(
    settings: DeidentifySettings,
    factory: ScorerFactory | None = None,
    say: Say = say_to_stderr,
    before_ray: Callable[[], None] = lambda: None,
) -> DeidentifyResult:
    r"""De-identify the inputs into the output folder, or resume the run that is there.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> folder = TemporaryDirectory()
    >>> notes, output = f"{folder.name}/notes.jsonl", f"{folder.name}/tagged"
    >>> _ = Path(notes).write_text('{"id": "1", "text": "Patient: Ann Lee, MRN: 2208714."}')
    >>> settings = DeidentifySettings((notes,), output, policy="tags", model="none")
    >>> deidentify(settings, say=lambda line: None).report["findings"]["types"]
    {'medical_record_number': 1, 'patient_name': 1}
    >>> [file.read_text() for file in Path(output, "data").iterdir()]
    ['{"id": "0-0", "text": "Patient: [PATIENT_1], MRN: [MRN_1]."}\n']

    Args:
        settings: the request.
        factory: scores, in place of the model in the settings.
        say: called with guesses and with what is skipped.
        before_ray: called before Ray is started or joined, if it is.

    Returns:
        The finished run's summary and report.

    Raises:
        UsageError: the request is wrong; nothing has been started.
        PlanMismatchError: the output folder holds another run, or one with another key.
        TooManyQuarantinedError: more records were set aside than `max_quarantined` allows.
        RunFailedError: the run stopped; the same call resumes it.
    """
    with ExitStack() as labels:
        labels.enter_context(by_labels(_patterns(settings)))
        return _deidentify(settings, factory, say, labels, before_ray)


def _patterns(settings: DeidentifySettings) -> dict[str, str]:
    """How messages name the files and folders of the request: their own names may be a patient's."""
    named = {pattern: f"INPUT {place}" for place, pattern in enumerate(settings.inputs, 1)}
    others = {settings.fhir_patients: "--fhir-patients", settings.shift_table: "--shift-table"}
    return named | {name: label for name, label in others.items() if name is not None}


def _deidentify(
    settings: DeidentifySettings,
    factory: ScorerFactory | None,
    say: Say,
    labels: ExitStack,
    before_ray: Callable[[], None],
) -> DeidentifyResult:
    policy = load_policy(settings.policy, settings.reference_day)
    if settings.audit_output and Store(settings.output).contains(settings.audit_output):
        raise UsageError(
            f"--audit-output {settings.audit_output} is inside --output: write originals to another folder"
        )
    key = _key(settings, policy)

    def listed(files: Sequence[InputFile]) -> None:
        labels.enter_context(by_labels(labels_of(numbered(files))))

    inputs, columns = _inputs(settings, policy, key, say, listed)
    if key is None and not settings.keep_ids:
        say("note: without a key, documents are named by their position in the input, and ids of patients are left out")
    shifts = _shifts(settings, inputs, columns, key, say)
    patients = tuple(list_patients(settings.fhir_patients)) if settings.fhir_patients else ()
    if settings.uses_model and factory is None:
        say_architecture(settings.model, say)

    def make(on_cluster: bool) -> Deidentification:
        scores = (factory or _model_factory(settings, on_cluster, say)) if settings.uses_model else None
        for place in filter(None, (settings.output, settings.audit_output)):
            Store(place).make_private()
        return Deidentification(settings, policy, columns, key, scores, patients, shifts)

    with _one_ray(settings.spill_dir, before_ray) as connect:
        summary = run_pipeline(settings, inputs, make, say, _places(settings), connect=connect)
        read_again = check_with_model(settings, policy, factory) if settings.uses_model else None
    report = make_report(Store(settings.output), summary, policy, read_again, settings.audit_output)
    return DeidentifyResult(summary, report)


def _key(settings: DeidentifySettings, policy: Policy) -> Key | None:
    """The run's key, refused where it is needed and missing."""
    if policy.needs_key:
        return require_key(settings.key_file, f"policy {policy.name}")
    if reason := _kind(settings).key_reason:
        if settings.keep_ids:
            raise UsageError("--keep-ids: ids of FHIR resources are always hashed, so that references agree")
        return require_key(settings.key_file, reason)
    return load_key(settings.key_file)


def _kind(settings: DeidentifySettings) -> RecordKind:
    return record_kind(get_format(settings.format) if settings.format else None)


def _inputs(
    settings: DeidentifySettings,
    policy: Policy,
    key: Key | None,
    say: Say,
    listed: Callable[[Sequence[InputFile]], None],
) -> tuple[Inputs, Columns]:
    """The inputs, and their fields by use; `listed` is given the files as soon as they are listed.

    Raises:
        UsageError: a field is missing or is used in a way that would let an identifier through.
    """
    known, requested = settings.roles, [settings.patient_field, settings.note_date_field]
    if settings.shift_table is None:
        requested.append(settings.shift_field)
    fields = dict.fromkeys([*settings.keep_fields, *known, *(name for name in requested if name)])
    if (own := _kind(settings).fields) is not None:
        if fields:
            raise UsageError(f"{next(iter(fields))}: elements of FHIR resources cannot be chosen; leave it out")
        fields = dict.fromkeys(own)
    try:
        inputs = resolve_inputs(dataclasses.replace(settings, keep_fields=tuple(fields)), say, listed)
    except (UsageError, RunFailedError) as error:
        fields_of_here = "--patient-field, --known-fields, --note-date-field, --shift-field or --keep-fields"
        raise type(error)(str(error).replace("--keep-fields", fields_of_here)) from None
    if inputs.format.rewriting is None:
        raise UsageError(
            f"format {inputs.format.name}: such records cannot be written back; there are: "
            f"{', '.join(rewritable_formats())}"
        )
    if nested := inputs.format.nested_fields(inputs.files, inputs.options):
        raise UsageError(f"{nested[0]}: nested fields cannot be written back; copy it to a top-level field (jq can)")
    by_patient = settings.patient_field is not None or record_kind(inputs.format).names_patients
    if policy.needs_key and settings.patient_scope == "patient" and not by_patient:
        raise UsageError(
            f"policy {policy.name} gives a patient the same surrogates and shifts in all notes: name the column of the "
            "patient's id with --patient-field, or give --patient-scope document to treat each note by itself"
        )
    options = inputs.options
    columns = Columns(
        id=options.id_field,
        text=options.text_field or "text",
        patient=settings.patient_field,
        known=known,
        note_date=settings.note_date_field,
        keep=settings.keep_fields,
        shift=settings.shift_field,
    )
    refuse_telling_fields(columns, policy, say)
    if columns.note_date is not None:
        look_at_dates(inputs, columns.note_date, say)
    return inputs, columns


def _shifts(settings: DeidentifySettings, inputs: Inputs, columns: Columns, key: Key | None, say: Say) -> str | None:
    """The keyed digest of the shifts that are given from outside, all checked; None without any.

    Raises:
        UsageError: the policy does not shift dates, or a shift is not valid.
    """
    if columns.shift is None:
        return None
    policy = load_policy(settings.policy)
    if key is None or "shift" not in policy.actions.values():
        raise UsageError(f"--shift-field: policy {policy.name} does not shift dates; give one with the action shift")
    if settings.shift_table is not None:
        shifts = read_table(settings.shift_table, columns.patient, columns.shift)
    else:
        assert columns.patient is not None, "settings require it"
        shifts = column_shifts(inputs, columns.patient, columns.shift, settings.limit)
    if part_of_weeks(shifts.values()):
        say("note: some shifts are not whole weeks: weekdays next to a date move with it, others stay")
    return shifts_digest(shifts, key)


def _model_factory(settings: DeidentifySettings, on_cluster: bool, say: Say) -> ScorerFactory:
    from openbioner_batch.engine.model_scorer import ModelScorerFactory

    return ModelScorerFactory.from_settings(settings.tagging(settings.inputs, settings.output), on_cluster, say)


def _places(settings: DeidentifySettings) -> list[str]:
    return [place for place in (settings.model, settings.audit_output or "") if os.path.isdir(place)]


@contextmanager
def _one_ray(
    spill_dir: str | None, before: Callable[[], None]
) -> Iterator[Callable[[str | None], AbstractContextManager[Resources]]]:
    """One Ray for all stages of a run, started when the first needs it; what it spilled is removed when the block ends.

    `before` is called ahead of that.
    """
    with ExitStack() as stack:
        resources: list[Resources] = []

        @contextmanager
        def connect(address: str | None) -> Iterator[Resources]:
            if not resources:
                before()
                folder = stack.enter_context(_private_folder(spill_dir)) if address is None else None
                resources.append(stack.enter_context(ray_connection(address, folder)))
            yield resources[0]

        yield connect


@contextmanager
def _private_folder(parent: str | None) -> Iterator[str]:
    """A new folder that only its owner may enter, removed with its content."""
    if parent is not None:
        os.makedirs(parent, mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="openbioner-spill-", dir=parent, ignore_cleanup_errors=True) as folder:
        yield folder
