"""A de-identification in a process of its own, logging all it can, for tests to kill and search.

SETTINGS (as JSON) SECONDS (that the scorer takes for a note)
"""

from __future__ import annotations

import json
import logging
import sys
from functools import partial

from scorers import NameScorerFactory

from openbioner_batch.deid.run import deidentify
from openbioner_batch.deid.settings import DeidentifySettings
from openbioner_batch.engine.cluster import hide_command_line
from openbioner_batch.errors import OpenBioNERError

if __name__ == "__main__":
    logging.basicConfig(level=logging.DEBUG)
    settings = DeidentifySettings.build(json.loads(sys.argv[1]))
    factory = NameScorerFactory("patient_name", seconds=float(sys.argv[2]))
    try:
        deidentify(settings, factory, before_ray=partial(hide_command_line, "openbioner-batch deidentify"))
    except OpenBioNERError as error:
        sys.exit(f"error: {error}")
