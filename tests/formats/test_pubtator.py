"""PubTator: which lines belong to which document where some cannot be read, relations, and the last column."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from formats.annotating import ORIGIN, rows_of
from formats.reading import documents, read_all, rejected

from openbioner_batch.errors import UsageError
from openbioner_batch.formats import ReadOptions, get_format, get_writer
from openbioner_batch.formats.pubtator import read_pubtator
from openbioner_batch.records import ConceptLink, Span

PUBTATOR = get_format("pubtator")


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize(("title", "line"), [(b"\xff", 1), (b"Zinc", 2)])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_a_line_that_cannot_be_read_costs_its_own_document_wherever_it_stands(
    tmp_path: Path, place: int, title: bytes, line: int, mark: bytes
) -> None:
    whole = [f"{n}|t|Title {n}\n{n}|a|Text {n}\n{n}\t0\t5\tTitle\tx\n\n".encode() for n in range(3)]
    whole[place] = b"%d|t|%b\n%d|a|%b\n\n" % (place, title, place, b"\xff" if line == 2 else b"Text")
    (tmp_path / "a.pubtator").write_bytes(mark + b"".join(whole))
    found = read_all(PUBTATOR, [tmp_path])
    assert [(one.id, one.text) for one in documents(found)] == [
        (str(n), f"Title {n}\nText {n}") for n in range(3) if n != place
    ]
    assert rejected(found) == [(place, f"line {4 * place + line}: not valid UTF-8 at byte 4")]


def test_lines_in_another_encoding_are_said_to_be_none_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.pubtator").write_bytes(b"1|t|x\n1|a|\x81\n")
    assert [reason for _, reason in rejected(read_all(PUBTATOR, [tmp_path], ReadOptions(encoding="cp1252")))] == [
        "line 2: not valid cp1252 at byte 4"
    ]


def test_a_relation_is_passed_over_whatever_it_relates(tmp_path: Path) -> None:
    path = tmp_path / "a.pubtator"
    path.write_text("1|t|Zinc\n1|a|\n1\tCID\t7440\t12\n1\tCID\t7440\n1\t0\t4\tZinc\tdrug\n")
    (found,) = read_pubtator(path)
    assert [span.text for span in found.spans] == ["Zinc"]
    for line in ("1\t0\tfour\tZinc\tdrug\n", "1\t0,2\t1,4\tZinc\n"):
        path.write_text(f"1|t|Zinc\n1|a|\n{line}")
        with pytest.raises(UsageError, match="line 3: expected ID<TAB>start<TAB>end"):
            list(read_pubtator(path))


def test_an_id_that_comes_again_is_another_document(tmp_path: Path) -> None:
    (tmp_path / "a.pubtator").write_text("1|t|Zinc\n1|a|helps\n1|t|Iron\n1|a|too\n")
    assert [one.text for one in documents(read_all(PUBTATOR, [tmp_path]))] == ["Zinc\nhelps", "Iron\ntoo"]


def test_the_last_column_is_the_best_concept_or_a_dash() -> None:
    links = ConceptLink("X\t:1", "zinc", 0.9), ConceptLink("X:2", "zinc oxide", 0.5)
    spans = [Span(0, 4, "drug", 0.5, "Zinc", concepts=concepts) for concepts in (links, ())]
    data = get_writer("pubtator").write(rows_of([("Zinc\nhelps", spans)], ["a|7"], extras=("concepts",)), ORIGIN)
    assert data.decode() == "a_7|t|Zinc\na_7|a|helps\na_7\t0\t4\tZinc\tdrug\tX :1\na_7\t0\t4\tZinc\tdrug\t-\n\n"
