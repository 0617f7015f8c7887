"""The UMLS Metathesaurus in Rich Release Format."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from openbioner_batch.concepts.source import bare_name, beside, opened
from openbioner_batch.concepts.vocabulary import Concept, Name, NameKind, OpenedVocabulary, RowFilter, VocabularyReader
from openbioner_batch.errors import UsageError

_CUI, _LAT, _TS, _STT, _ISPREF, _SAB, _TTY, _STR, _SUPPRESS = 0, 1, 2, 4, 6, 11, 12, 14, 16
_ABBREVIATIONS = ("AB", "ACR")


class Umls(VocabularyReader):
    """Concepts by CUI with the English names in MRCONSO that are not suppressed; parents where MRREL is beside it.

    `--only` takes `LAT` (the languages; ENG), `SAB` (the sources) and `TTY`.
    """

    name = "umls"
    columns = ("LAT", "SAB", "TTY")

    def claims(self, path: str, head: bytes) -> bool:
        return bare_name(path) == "mrconso.rrf"

    def files(self, path: str) -> list[str]:
        return [path, *beside(path, ["mrrel.rrf"])]

    def read(self, path: str, only: RowFilter) -> OpenedVocabulary:
        parents: dict[str, list[str]] = {}
        for table in self.files(path)[1:]:
            for row in _rows(table, 11):
                if row[3] == "PAR" and row[0] != row[4] and row[10] in only.get("SAB", (row[10],)):
                    parents.setdefault(row[0], []).append(row[4])
        return OpenedVocabulary(None, _concepts(path, {"LAT": frozenset({"ENG"})} | dict(only), parents))


def _concepts(path: str, only: RowFilter, parents: dict[str, list[str]]) -> Iterator[Concept]:
    wanted = [({"LAT": _LAT, "SAB": _SAB, "TTY": _TTY}[name], values) for name, values in only.items()]
    rows = (row for row in _rows(path, 17) if row[_SUPPRESS] == "N" and all(row[at] in values for at, values in wanted))
    for cui, group in itertools.groupby(rows, key=lambda row: row[_CUI]):
        found = sorted(group, key=lambda row: (row[_TS] != "P", row[_STT] != "PF", row[_ISPREF] != "Y"))
        first, *others = (Name(row[_STR], NameKind.EXACT, row[_TTY] in _ABBREVIATIONS) for row in found)
        names = (Name(first.text, NameKind.PREFERRED, first.is_abbreviation), *others)
        yield Concept(cui, names, tuple(dict.fromkeys(parents.get(cui, ()))))


def _rows(path: str, columns: int) -> Iterator[list[str]]:
    """The rows of a table, which are lines of fields that each end with a bar."""
    with opened(path) as stream:
        rest = b""
        number = 0
        while True:
            piece = stream.read(1 << 20)
            *lines, rest = (rest + piece).split(b"\n")
            if not piece and rest:
                lines, rest = [rest], b""
            for line in lines:
                number += 1
                fields = line.decode("utf-8", "replace").rstrip("\r").split("|")
                if len(fields) < columns:
                    raise UsageError(f"{path}: line {number} has {len(fields)} fields, fewer than {columns} of RRF")
                yield fields
            if not piece:
                return
