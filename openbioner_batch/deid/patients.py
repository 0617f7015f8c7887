"""Reads a patient's id from a column's value, whatever form tools have given it."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

NO_PATIENT = frozenset(
    """nan|nat|null|none|nil|na|n/a|#n/a|#na|<na>|<null>|<none>|(null)|(none)|[null]|undefined|unknown|unk|missing|
    empty|not available|not applicable|not specified|no patient|-|--|---|.|..|?|??""".replace("\n    ", "").split("|")
)
"""Values that mean a missing id, in small letters."""

_WHOLE_FLOAT = re.compile(r"([+-]?\d+)\.0*")


def patient_id(value: Any) -> str | None:
    """The patient's id in a column's value, None where it is missing.

    101, 101.0, "101.0" and " 101" are one patient: a column with a gap comes out of many tools as decimal numbers. NaN,
    NULL, an empty text and the like mean a missing id. Leading zeros count, since "007" and "7" may be two patients.
    """
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = " ".join(unicodedata.normalize("NFKC", str(value)).split())
    text = "".join(char for char in text if unicodedata.category(char) not in ("Cc", "Cf")).strip()
    if whole := _WHOLE_FLOAT.fullmatch(text):
        text = whole[1]
    return None if not text or text.lower() in NO_PATIENT else text
