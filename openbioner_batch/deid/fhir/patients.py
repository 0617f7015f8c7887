"""Patient resources give known values for a whole archive: each worker reads them once, and no task or log has them."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence

from openbioner_batch.deid.fhir.known import known_values_of
from openbioner_batch.deid.fhir.references import patient_of
from openbioner_batch.deid.keys import public_fingerprint
from openbioner_batch.deid.known import KnownValue
from openbioner_batch.deid.patients import patient_id
from openbioner_batch.engine.store import Store
from openbioner_batch.errors import RunFailedError
from openbioner_batch.formats.base import InputFile, ReadOptions
from openbioner_batch.formats.fhir import RESOURCE, Fhir
from openbioner_batch.formats.listing import list_inputs
from openbioner_batch.records import Parsed

LISTING = "_run/patients.json"
Patients = Mapping[str, tuple[KnownValue, ...]]
"""Id of a patient -> known values."""


def list_patients(pattern: str) -> list[InputFile]:
    """The files that `--fhir-patients` names.

    Raises:
        UsageError: no file matches.
    """
    return list_inputs([pattern], Fhir.suffixes)


def patients_digest(files: Sequence[InputFile]) -> str:
    """Changes with the files' content, and reveals nothing of their names."""
    return public_fingerprint(json.dumps([[file.size, file.etag] for file in files]).encode())


def write_listing(store: Store, files: Sequence[InputFile]) -> None:
    """Write the listing to where workers find it."""
    store.put(LISTING, json.dumps([[file.uri, file.size, file.etag] for file in files]).encode())


@functools.lru_cache(maxsize=1)
def known_patients(output: str) -> Patients:
    """What the listed files say about each patient.

    Args:
        output: the run's folder.

    Raises:
        RunFailedError: a file cannot be read; the message does not name it.
    """
    known: dict[str, tuple[KnownValue, ...]] = {}
    files = [InputFile(*found) for found in json.loads(Store(output).get(LISTING))]
    for number, file in enumerate(files):
        try:
            for split in Fhir().splits([file]):
                for record in Fhir().read(split, ReadOptions(keep_fields=(RESOURCE,))):
                    if isinstance(record, Parsed):
                        resource = json.loads(record.document.metadata["kept"])[RESOURCE]
                        if resource["resourceType"] == "Patient":
                            known[str(patient_id(patient_of(resource)))] = tuple(known_values_of(resource))
        except OSError as error:
            raise RunFailedError(f"file {number} of --fhir-patients cannot be read: {type(error).__name__}") from None
    return known
