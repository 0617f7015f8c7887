"""Writing records back in the format in which they came."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

DELIMITERS = {"csv": ",", "tsv": "\t"}


def json_lines(objects: Iterable[Mapping[str, Any]]) -> bytes:
    """One JSON object a line."""
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in objects).encode()


def delimited(rows: Iterable[Mapping[str, Any]], names: Sequence[str], delimiter: str) -> bytes:
    """Rows under a header line, quoted as RFC 4180 has it."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, names, delimiter=delimiter, lineterminator="\r\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()
