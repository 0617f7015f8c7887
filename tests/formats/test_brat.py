"""brat's pairs of files: how they are grouped, read and written, beyond what the round trips show."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from formats.annotating import ORIGIN, rows_of
from formats.reading import documents, read_all, rejected

from openbioner_batch.formats import InputFile, ReadOptions, get_format, get_writer
from openbioner_batch.formats.brat import read_brat
from openbioner_batch.records import Assertion, ConceptLink, Span

BRAT = get_format("brat")
KEEP = ReadOptions(keep_fields=("annotations",))
MIB = 1 << 20


def write(folder: Path, text: str | bytes, annotations: str | bytes) -> None:
    for suffix, content in ((".txt", text), (".ann", annotations)):
        (folder / f"a{suffix}").write_bytes(content if isinstance(content, bytes) else content.encode())


def spans(folder: Path, options: ReadOptions = KEEP) -> list[tuple[int, str]]:
    (document,) = documents(read_all(BRAT, [folder], options))
    return [(span["start"], span["text"]) for span in document.metadata["annotations"]]


def archive_of(ids: list[str], marks: tuple[Span, ...] = (), extras: tuple[str, ...] = ()) -> zipfile.ZipFile:
    rows = rows_of([("Zinc helps", marks)] * len(ids), ids, extras=extras)
    return zipfile.ZipFile(io.BytesIO(get_writer("brat").write(rows, ORIGIN)))


def test_splits_hold_whole_pairs_up_to_eight_mebibytes_and_a_thousand_files() -> None:
    def sizes(*given: int) -> list[list[str]]:
        files = [InputFile(f"{n}{end}", size // 2, "") for n, size in enumerate(given) for end in (".ann", ".txt")]
        return [[file.uri for file in split.files if file.uri.endswith(".txt")] for split in BRAT.splits(files)]

    assert sizes(6 * MIB, 2 * MIB, 2 * MIB) == [["0.txt", "1.txt"], ["2.txt"]]
    assert sizes(6 * MIB, 2 * MIB + 2, 2 * MIB) == [["0.txt"], ["1.txt", "2.txt"]]
    assert sizes(20 * MIB, 2) == [["0.txt"], ["1.txt"]]
    assert list(map(len, sizes(*[2] * 501))) == [500, 1]


def test_texts_in_another_encoding_have_their_own_offsets(tmp_path: Path) -> None:
    write(tmp_path, "Käse α".encode("cp1253", "replace"), "T1\tx 5 6\tα\n".encode("cp1253"))
    assert spans(tmp_path, ReadOptions(keep_fields=("annotations",), encoding="cp1253")) == [(5, "α")]


def test_a_byte_order_mark_counts_as_brat_counts_it(tmp_path: Path) -> None:
    write(tmp_path, "\ufeffZinc", "T1\tdrug 1 5\tZinc\n")
    assert spans(tmp_path) == [(1, "Zinc")]


def test_the_mention_need_not_be_told(tmp_path: Path) -> None:
    write(tmp_path, "Zinc", "T1\tdrug 0 4\n")
    assert spans(tmp_path) == [(0, "Zinc")]


def test_parts_that_touch_are_one_mention(tmp_path: Path) -> None:
    write(tmp_path, "Zincoxide", "T1\tdrug 0 4;4 9\tZinc oxide\n")
    assert spans(tmp_path) == [(0, "Zincoxide")]


def test_every_discontinuous_mention_is_counted(tmp_path: Path) -> None:
    write(tmp_path, "no a b c", "T1\tx 0 2;5 6\tno b\nT2\tx 0 2;7 8\tno c\nT3\tx 3 4\ta\n")
    (gold,) = read_brat(tmp_path)
    assert (gold.discontinuous, [span.text for span in gold.spans]) == (2, ["a"])


def test_a_pair_that_does_not_fit_is_named_by_its_text(tmp_path: Path) -> None:
    write(tmp_path, "Zinc", "T1\tdrug 0 9\tZinc\n")
    (record,) = found = read_all(BRAT, [tmp_path], KEEP)
    assert record.source == str(tmp_path / "a.txt")
    assert rejected(found) == [(0, "line 1: [0, 9) does not lie in a text of 4 characters")]


def test_texts_without_annotations_are_remarked_on() -> None:
    files = [InputFile(name, 1, "") for name in ("a.txt", "a.ann", "b.txt", "c.txt.gz", "d.ann")]
    assert BRAT.remarks(files[:2], KEEP) == []
    assert BRAT.remarks(files, KEEP) == ["note: 2 texts have no .ann beside them, the first is b.txt"]


def test_the_members_of_an_archive_are_packed_and_can_be_read_when_unpacked() -> None:
    for member in archive_of(["a"]).infolist():
        assert member.compress_type == zipfile.ZIP_DEFLATED
        assert member.external_attr >> 16 == 0o644


def test_long_ids_that_end_alike_have_names_of_their_own() -> None:
    tail = "x" * 200
    names = [name for name in archive_of([f"a{tail}", f"b{tail}", "y" * 180]).namelist() if name.endswith(".txt")]
    assert len(set(names)) == 3
    assert not any("~" in name for name in names)  # which would depend on the other documents of a shard
    assert names[2] == f"{'y' * 180}.txt"


@pytest.mark.parametrize(("id", "reference"), [("MESH:D1", "MESH:D1"), ("D1", "drug_name:D1"), ("a b:c d", "a_b:c_d")])
def test_what_is_known_of_a_span_follows_its_line(id: str, reference: str) -> None:
    concepts = (ConceptLink(id, "Z\tn", 1.0),)
    mark = Span(0, 4, "drug name", 0.5, "Zinc", Assertion(negated=True, family=True), "past history", concepts)
    second = Span(5, 10, "x", 0.5, "helps", Assertion(), None, ())
    archive = archive_of(["a"], (mark, second), ("assertion", "section", "concepts"))
    assert archive.read("a.ann").decode().splitlines() == [
        "T1\tdrug_name 0 4\tZinc",
        "A1\tnegated T1",
        "A2\tfamily T1",
        "A3\tsection T1 past_history",
        "T2\tx 5 10\thelps",
        f"N1\tReference T1 {reference}\tZ n",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Zinc\noxide", "T1\tx 0 4;5 10\tZinc oxide"),
        ("Zinc\n \n\noxide\nred", "T1\tx 0 4;8 13;14 17\tZinc    oxide red"),
        ("Zinc oxide", "T1\tx 0 10\tZinc oxide"),
    ],
)
def test_a_mention_is_cut_where_its_line_ends(text: str, line: str) -> None:
    rows = rows_of([(text, (Span(0, len(text), "x", 0.5, text),))], ["a"])
    with zipfile.ZipFile(io.BytesIO(get_writer("brat").write(rows, ORIGIN))) as archive:
        assert archive.read("a.ann").decode() == f"{line}\n"
