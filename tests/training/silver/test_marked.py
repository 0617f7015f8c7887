"""Passages with marked mentions: offsets, the types above a mention's own, and what a table must hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import openbioner_batch.training
from openbioner_batch.errors import UsageError
from openbioner_batch.formats.base import InputFile
from openbioner_batch.formats.listing import list_inputs
from openbioner_batch.records import Rejected
from openbioner_batch.training.passages import AnnotatedPassage
from openbioner_batch.training.silver.importing import import_silver
from openbioner_batch.training.silver.made_settings import ImportSettings
from openbioner_batch.training.silver.marked import MarkedItem, read_marked_passages, read_marked_types

TABLE = """medicine\t-\tA medicine.
antibiotic\tmedicine\tA medicine against bacteria.
antibiotic\t-\tPenicillin and the like
penicillin\tantibiotic\tMade by a mould.
dose\t-\tHow much.
"""
WORDS = st.text(st.characters(exclude_characters="[]()#", exclude_categories=("C", "Z")), min_size=1, max_size=8)


def marked(folder: Path, passages: str, table: str = TABLE) -> InputFile:
    (folder / "kinds.txt").write_text(passages, "utf-8")
    (folder / "kinds.tsv").write_text(table, "utf-8")
    return list_inputs([str(folder / "kinds.txt")], (".txt",))[0]


def passages_of(items: Sequence[MarkedItem]) -> list[AnnotatedPassage]:
    return [item for item in items if isinstance(item, AnnotatedPassage)]


def found(passage: AnnotatedPassage) -> set[tuple[str, str]]:
    return {(passage.text[m.start : m.end], m.type) for m in passage.mentions}


def test_a_mention_is_of_all_types_above_its_own(tmp_path: Path) -> None:
    line = "Take [500 mg](dose) of [amoxicillin](penicillin); [it]() is a [drug](medicine)."
    items = list(read_marked_passages(marked(tmp_path, f"# two\n\n{line}\n"), "kinds"))

    (passage,) = passages_of(items)
    assert passage.text == "Take 500 mg of amoxicillin; it is a drug."
    assert found(passage) == {
        ("500 mg", "dose"),
        ("amoxicillin", "penicillin"),
        ("amoxicillin", "antibiotic"),
        ("amoxicillin", "medicine"),
        ("drug", "medicine"),
    }
    assert [passage.text[start:end] for start, end in passage.unsure] == ["it"]
    assert passage.annotated == ("antibiotic", "dose", "medicine", "penicillin")
    assert ("antibiotic", "Penicillin and the like") in items


@given(parts=st.lists(st.tuples(WORDS, WORDS, st.sampled_from(["dose", "medicine", "dose, medicine"])), min_size=1))
def test_offsets_are_those_of_the_text_without_marks(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[str, str, str]]
) -> None:
    line = "x " + " ".join(f"{plain} [{mention}]({types})" for plain, mention, types in parts)
    file = marked(tmp_path_factory.mktemp("marked"), line)

    (passage,) = passages_of(list(read_marked_passages(file, "kinds")))
    assert passage.text == "x " + " ".join(f"{plain} {mention}" for plain, mention, _ in parts)
    expected = [(mention, types.split(", ")) for _, mention, types in parts]
    assert [passage.text[m.start : m.end] for m in passage.mentions] == [m for m, types in expected for _ in types]


@pytest.mark.parametrize(
    ("line", "reason"),
    [("[a](poison) b", "the table does not have"), ("[a [b](dose)](dose)", "not closed"), ("a [b](dose", "not closed")],
)
def test_a_bad_mark_costs_its_line_alone(tmp_path: Path, line: str, reason: str) -> None:
    items = list(read_marked_passages(marked(tmp_path, f"[1 g](dose)\n{line}\n[2 g](dose)\n"), "kinds"))

    assert len(passages_of(items)) == 2
    (bad,) = [item for item in items if isinstance(item, Rejected)]
    assert reason in bad.reason
    assert bad.record == 1


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("dose\tnone", "line 1: expected a type"),
        ("dose\t-\t ", "line 1: expected a type"),
        ("dose\tamount\tHow much.", "'amount', above 'dose', has no line"),
        ("dose\tamount\tOne.\namount\tdose\tTwo.", "is above itself"),
    ],
)
def test_a_bad_table_ends_it_with_its_place(tmp_path: Path, table: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        read_marked_types(marked(tmp_path, "", table))


def test_the_table_stands_beside_the_file_whatever_folders_are_called(tmp_path: Path) -> None:
    folder = tmp_path / "old.txt"
    folder.mkdir()
    (passage,) = passages_of(list(read_marked_passages(marked(folder, "[1 g](dose)"), "kinds")))
    assert found(passage) == {("1 g", "dose")}


def test_without_a_table_a_line_says_which(tmp_path: Path) -> None:
    (tmp_path / "kinds.txt").write_text("[1 g](dose)", "utf-8")
    with pytest.raises(UsageError, match=r"need a table of their types beside them: .*kinds\.tsv"):
        import_silver(
            ImportSettings(source=str(tmp_path / "kinds.txt"), layout="marked", output=str(tmp_path / "out")),
            lambda line: None,
        )


@pytest.mark.parametrize(
    ("name", "passages", "types"),
    [("siblings", 14_000, 1_200), ("wide", 11_000, 1_000), ("varied", 5_500, 4_000), ("projects", 1_300, 500)],
)
def test_the_packages_own_passages_are_whole(tmp_path: Path, name: str, passages: int, types: int) -> None:
    folder = Path(openbioner_batch.training.__file__).parent / name
    report = import_silver(
        ImportSettings(source=str(folder), layout="marked", output=str(tmp_path / "out")), lambda line: None
    )

    assert not report.quarantined
    assert report.passages > passages
    assert len(report.types) > types
