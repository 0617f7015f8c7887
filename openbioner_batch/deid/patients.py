"""Whose note it is, by a column's value: one patient in whatever form a table's tools have left the id."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

NO_PATIENT = frozenset(
    """nan|nat|null|none|nil|na|n/a|#n/a|#na|<na>|<null>|<none>|(null)|(none)|[null]|undefined|unknown|unk|missing|empty|
    not available|not applicable|not specified|no patient|-|--|---|.|..|?|??""".replace("\n    ", "").split("|")
)
"""What a table holds, in small letters, where it has no id."""

_WHOLE_FLOAT = re.compile(r"([+-]?\d+)\.0*")


def patient_id(value: Any) -> str | None:
    """The patient's id that a column holds, None where it holds none.

    101, 101.0, "101.0" and " 101" are one patient: a column with a gap comes out of many tools as decimal numbers. NaN,
    NULL, an empty text and the like are nobody. Leading zeros count, since "007" and "7" may be two patients.
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
