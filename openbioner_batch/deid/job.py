"""The settings of a de-identification that every worker gets, without the key, and the tools built from them."""

from __future__ import annotations

import functools
import pickle
from dataclasses import dataclass

from openbioner_batch.deid.deidentifier import Deidentifier
from openbioner_batch.deid.finder import FinderSettings
from openbioner_batch.deid.keys import VARIABLE, Key, load_key
from openbioner_batch.deid.policy import Policy
from openbioner_batch.engine.work import Job
from openbioner_batch.errors import RunFailedError


@dataclass(frozen=True, slots=True)
class Columns:
    """The input's fields by their use. Fields with several uses are read once."""

    id: str | None
    text: str
    patient: str | None
    known: dict[str, str]
    """Field -> type of the PHI catalog."""
    note_date: str | None
    keep: tuple[str, ...]
    shift: str | None = None
    """The field of the days by which the patient's dates are shifted: in the records, or in the job's table."""


@dataclass(frozen=True, slots=True)
class DeidJob(Job):
    """The settings that all shards of a run share."""

    policy: Policy
    finder: FinderSettings
    columns: Columns
    by_patient: bool
    """Whether choices are consistent within a patient, or only within a document."""
    keep_ids: bool
    key_file: str | None
    key_check: str | None
    """Checks whether a worker's key is the run's; None where the run has none."""
    shift_table: str | None
    """Where to read shifts from outside; None where the records have them or the key gives them."""
    audit_output: str | None
    """Where originals may be written; None to write none."""
    model_sample: float
    """Share of the notes that the model reads again."""
    with_patients: bool
    """Whether the run has files of FHIR Patient resources."""
    first_inputs: tuple[int, ...]
    """For each split of the plan the number of its first file."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The tools that a process builds once."""

    deidentifier: Deidentifier
    key: Key | None


def tools_of(job: DeidJob) -> Tools:
    """The job's tools, with the key on this machine.

    Raises:
        RunFailedError: this machine has no key, or another one than the run.
    """
    return _build(pickle.dumps((job.policy, job.finder, job.key_file, job.key_check)))


@functools.lru_cache(maxsize=1)
def _build(pickled: bytes) -> Tools:
    policy, finder, key_file, check = pickle.loads(pickled)
    key = load_key(key_file) if check is not None else None
    if check is not None and (key is None or key.check_value != check):
        place = f"the key file {key_file}" if key_file else f"the variable {VARIABLE}"
        fault = "is not set" if key is None else "holds a key other than the run's"
        raise RunFailedError(
            f"{place} on a machine of this run {fault}: "
            "put the same key on every machine, then give the same command again"
        )
    return Tools(Deidentifier(policy, finder, key), key)
