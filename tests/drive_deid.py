"""A de-identification in a process of its own, logging all it can, for tests to kill and search: SETTINGS SECONDS."""

from __future__ import annotations

import json
import logging
import sys

from scorers import NameScorerFactory

from openbioner_batch.deid.run import deidentify
from openbioner_batch.deid.settings import DeidentifySettings
from openbioner_batch.errors import OpenBioNERError

if __name__ == "__main__":
    logging.basicConfig(level=logging.DEBUG)
    settings = DeidentifySettings.build(json.loads(sys.argv[1]))
    try:
        deidentify(settings, NameScorerFactory("patient_name", seconds=float(sys.argv[2])))
    except OpenBioNERError as error:
        sys.exit(f"error: {error}")
