"""The engine's pipeline of de-identification: read, tag where a model is used, then find, replace and write."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from openbioner_batch import version
from openbioner_batch.deid.fhir.patients import patients_digest, write_listing
from openbioner_batch.deid.job import Columns, DeidJob
from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.policy import Policy
from openbioner_batch.deid.settings import DeidentifySettings
from openbioner_batch.deid.shard import finish_shard, read_by_number
from openbioner_batch.deid.sources import first_numbers
from openbioner_batch.engine.executors.base import Executor, Workforce
from openbioner_batch.engine.ledger import Totals
from openbioner_batch.engine.names import AUDIT
from openbioner_batch.engine.plan import read_plan
from openbioner_batch.engine.run import workforce_for
from openbioner_batch.engine.scoring import ScorerFactory
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.work import Job, SplitTask, TaggingJob
from openbioner_batch.errors import RunFailedError
from openbioner_batch.formats.base import InputFile


@dataclass(frozen=True, slots=True)
class Deidentification:
    """The pipeline of `deidentify`."""

    settings: DeidentifySettings
    policy: Policy
    columns: Columns
    key: Key | None
    factory: ScorerFactory | None
    """The model's; None where no model is used."""
    patients: tuple[InputFile, ...] = ()
    """FHIR Patient resources with known values."""
    shifts: str | None = None
    """A keyed digest of the shifts that are given from outside."""

    @property
    def key_check(self) -> str | None:
        """The key's fingerprint; None without a key."""
        return None if self.key is None else self.key.check_value

    def fingerprint(self) -> dict[str, Any]:
        """Model, policy, key, finder, fields, and the release, since its rules decide what is found."""
        settings = self.settings
        finder = dataclasses.asdict(settings.finder)
        return {
            **(self.factory.fingerprint() if self.factory else {"model": None}),
            "ledger": AUDIT,
            "version": version.__version__,
            "policy": self.policy.name,
            "policy content": self.policy.fingerprint,
            "key": self.key_check,
            "finder": finder,
            "known fields": self.columns.known,
            "FHIR patients": patients_digest(self.patients) if self.patients else None,
            "patient field": self.columns.patient,
            "patient scope": settings.patient_scope,
            "note date field": self.columns.note_date,
            "shift field": self.columns.shift,
            "shifts": self.shifts,
            "fields to keep": list(self.columns.keep),
            "keep ids": settings.keep_ids,
            "audit output": settings.audit_output,
            "residual sample": settings.sampled_share if settings.uses_model else None,
        }

    def stream(
        self, tasks: Sequence[SplitTask], job: Job, executor: Executor, before: Totals
    ) -> Generator[dict[str, Any], None, None]:
        """Read files by number, tag where there is a model, then find, replace and commit."""
        resources = executor.resources
        common = {field.name: getattr(job, field.name) for field in dataclasses.fields(job)}
        tagging: TaggingJob | None = None
        workforce = Workforce(0, 0, 0, 1, 0.1, max(1, resources.cpus), min(0.8, 0.8 * resources.cpus))
        if self.factory is not None:
            on_gpu = self.factory.fingerprint().get("device") == "cuda"
            tagging = TaggingJob(**common, factory=self.factory, threads=None if on_gpu else 1)
            workforce = workforce_for(self.settings.actors, on_gpu, resources, self.settings.actors_per_gpu)
            # Finding takes a tenth of what a model takes on a CPU; with a GPU, all cores that do not read find.
            finishers = max(1, resources.cpus - workforce.readers) if on_gpu else max(1, workforce.actors // 4)
            workforce = dataclasses.replace(workforce, writers=finishers)
        deid = self._job(common, job)
        read = partial(read_by_number, job=deid, tagging=tagging)
        return executor.run(tasks, workforce, read, tagging, partial(finish_shard, job=deid))

    def _job(self, common: dict[str, Any], job: Job) -> DeidJob:
        settings = self.settings
        if self.patients:
            write_listing(Store(job.output), self.patients)
        plan = read_plan(Store(job.output))
        if plan is None:
            raise RunFailedError(f"the plan of the run in {job.output} is missing: --overwrite starts a new run")
        return DeidJob(
            **common,
            policy=self.policy,
            finder=settings.finder,
            columns=self.columns,
            by_patient=settings.patient_scope == "patient",
            keep_ids=settings.keep_ids,
            key_file=os.path.abspath(settings.key_file) if settings.key_file else None,
            key_check=self.key_check,
            shift_table=settings.shift_table,
            audit_output=Store(settings.audit_output).url if settings.audit_output else None,
            model_sample=settings.sampled_share if settings.uses_model else 0.0,
            with_patients=bool(self.patients),
            first_inputs=first_numbers(plan),
        )
