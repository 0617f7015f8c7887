"""Garbled annotated files give records or short reasons, and no kept annotation that is off."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from formats.annotating import ORIGIN, rows_of
from formats.reading import read_all
from hypothesis import given, settings
from hypothesis import strategies as st

from openbioner_batch.formats import ReadOptions, get_format, get_writer
from openbioner_batch.records import Parsed, Span

KEEP = ReadOptions(keep_fields=("annotations",))
NAMES = ("pubtator", "bioc-xml", "bioc-json", "brat", "iob")
SPANS = (Span(0, 4, "drug", 0.5, "Zinc"), Span(12, 20, "disease", 0.5, "α-colds\n"))
ROWS = rows_of([("Zinc helps α-colds\nand 😀.", (SPANS[0],)), ("Zinc", SPANS[:1])])
PIECES = [b"\n", b"\n\n", b"\t", b"1\t0\t4\t", b"<", b"</document>", b"{", b"\\ud800", b"9" * 20, b"-1", b"\xff", b"\0"]
JUNK = st.binary(max_size=6) | st.sampled_from(PIECES)


def garbled(data: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    """The bytes with pieces cut out and junk put in."""
    for share, cut, junk in edits:
        place = int(share * len(data))
        data = data[:place] + junk + data[place + cut :]
    return data


def check(name: str, folder: Path, data: bytes) -> None:
    """No crash, and no kept annotation that is off."""
    for old in folder.iterdir():
        old.unlink()
    chosen = get_format(name)
    if name == "brat":
        (folder / "x.txt").write_bytes("Zinc helps α-colds\nand 😀.".encode())
        (folder / "y.txt").write_bytes(data)
    (folder / f"x{chosen.suffixes[0]}").write_bytes(data)
    for options in (ReadOptions(), KEEP):
        for record in read_all(chosen, [folder], options):
            assert Path(record.source) in folder.iterdir()
            assert record.record >= 0
            if isinstance(record, Parsed):
                text = record.document.text
                text.encode()
                for span in record.document.metadata.get("annotations", ()):
                    assert 0 <= span["start"] < span["end"] <= len(text)
                    assert text[span["start"] : span["end"]] == span["text"]
            else:
                assert len(record.reason) < 300  # type: ignore[union-attr]


EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 30), JUNK), min_size=1, max_size=4)


def base(name: str) -> bytes:
    return b"T1\tdrug 0 4\tZinc\nT2\tx 11 18;19 22\tcut\n" if name == "brat" else get_writer(name).write(ROWS, ORIGIN)


@settings(max_examples=40)
@given(edits=EDITS)
@pytest.mark.parametrize("name", NAMES)
def test_garbled_files_give_records_or_reasons(
    tmp_path_factory: pytest.TempPathFactory, name: str, edits: list[tuple[float, int, bytes]]
) -> None:
    check(name, tmp_path_factory.mktemp("x"), garbled(base(name), edits))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_garbled_files_many(tmp_path: Path, name: str) -> None:
    @settings(max_examples=20_000)
    @given(edits=EDITS)
    def many(edits: list[tuple[float, int, bytes]]) -> None:
        check(name, tmp_path, garbled(base(name), edits))

    many()


KEYS = "documents passages text offset annotations locations infons id length type".split()
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=20,
)


@given(VALUES)
def test_any_json_is_bioc_or_is_set_aside(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    check("bioc-json", tmp_path_factory.mktemp("x"), json.dumps(value).encode())
