"""Annotations without their texts, and what becomes of them where the texts are."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.errors import UsageError
from openbioner_batch.training.sources import passage_groups, read_descriptions, read_passages
from openbioner_batch.training.standoff.__main__ import main
from openbioner_batch.training.standoff.joining import (
    ANNOTATIONS,
    JoinReport,
    StandoffPassage,
    digest_of,
    join,
    read_annotations,
    read_types,
    text_of,
)

NOTE = "Seen at  home.\nGave 5 mg of xylomab,  kept lisinopril. No fever."
KEPT = "Gave 5 mg of xylomab, kept lisinopril. No fever."
WORDS = st.lists(st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=8), min_size=1, max_size=30)


def annotation(**changes: Any) -> dict[str, Any]:
    start = " ".join(NOTE.split()).index(KEPT)
    spans = [[KEPT.index(word), KEPT.index(word) + len(word), type] for word, type in SPANS]
    return {
        "id": "p1",
        "document": "n1",
        "parts": [[start, start + len(KEPT)]],
        "sha256": digest_of(KEPT),
        "spans": spans,
        "absent": ["drug_stopped"],
        **changes,
    }


SPANS = [("xylomab", "drug"), ("lisinopril", "drug"), ("xylomab", "drug_started")]
TYPES = "drug\tA medicine.\ndrug\tWhat is given against an illness.\ndrug_started\tA new medicine.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, [annotation()])
    (tmp_path / "types.tsv").write_text(TYPES + "drug_stopped\tA medicine that is no longer given.\n")
    (tmp_path / "notes.jsonl").write_text(json.dumps({"id": "n1", "text": NOTE}) + "\n")
    return tmp_path


def write(folder: Path, annotations: list[dict[str, Any]]) -> Path:
    path = folder / "annotations.jsonl.gz"
    path.write_bytes(gzip.compress("".join(json.dumps(one) + "\n" for one in annotations).encode()))
    return path


def run(folder: Path, *more: str) -> Any:
    texts, given = str(folder / "notes.jsonl"), str(folder / "annotations.jsonl.gz")
    arguments = [texts, "--annotations", given, "--output", str(folder / "out"), *more]
    return CliRunner().invoke(main, arguments)


def test_what_was_annotated_is_found_in_the_text_open_and_with_its_list(folder: Path) -> None:
    found = run(folder)
    assert (found.exit_code, found.output) == (0, "1 passages, 3 mentions\n")
    for part, listed in (("open", None), ("listed", ("drug", "drug_started", "drug_stopped"))):
        out = str(folder / "out" / part)
        [passage] = [passage for group in passage_groups(out) for passage in read_passages(group)]
        assert passage.text == KEPT
        marked = [(passage.text[m.start : m.end], m.type) for m in passage.mentions]
        assert sorted(marked) == sorted(SPANS)
        assert passage.annotated == listed
        described = sorted(read_descriptions(out))
        assert described[:2] == [
            ("drug", "definition", "A medicine."),
            ("drug", "definition 2", "What is given against an illness."),
        ]
        assert {name for name, _, _ in described} == {"drug", "drug_started", "drug_stopped"}


@given(WORDS, st.data())
def test_the_passage_of_any_parts_is_their_words(words: list[str], data: st.DataObject) -> None:
    plain = " ".join(words)
    bounds = [(plain_start, plain_start + len(word)) for word, plain_start in zip(words, starts(words), strict=True)]
    chosen = sorted(data.draw(st.sets(st.sampled_from(range(len(words))), min_size=1)))
    text = " ".join(words[place] for place in chosen)
    passage = StandoffPassage("p", "d", tuple(bounds[place] for place in chosen), digest_of(text), (), ())
    spaces = data.draw(st.sampled_from([" ", "\n", "  \n ", "\t"]))
    assert text_of(passage, spaces.join(words)) == text
    assert text_of(passage, plain + "+" if chosen[-1] != len(words) - 1 else plain) == text
    assert text_of(passage, "+" + plain) is None


def starts(words: list[str]) -> list[int]:
    return [sum(len(word) + 1 for word in words[:place]) for place in range(len(words))]


def test_passages_without_their_text_are_counted_by_the_reason(folder: Path) -> None:
    other = "Another note that says something else altogether."
    more = [annotation(id="p2", document="n2"), annotation(id="p3", document="n3"), annotation(id="p4", document="n4")]
    path = write(folder, [annotation(), *more])
    notes = [{"id": "n1", "text": NOTE}, {"id": "n2", "text": other}, {"id": "n4", "text": NOTE}]
    (folder / "notes.jsonl").write_text("".join(json.dumps(note) + "\n" for note in notes))
    report = JoinReport()
    found = join(read_annotations(path), [str(folder / "notes.jsonl")], None, report)
    assert [passage.passage_id for passage in found] == ["p1", "p4"]
    assert report.joined == 2
    assert report.left_out == {"its document has another text": 1, "its document is not among the texts": 1}


def test_a_passage_that_shares_a_sentence_with_a_benchmark_is_left_out(folder: Path) -> None:
    corpus = folder / "benchmarks" / "some"
    corpus.mkdir(parents=True)
    words = "Gave 5 mg of xylomab , kept lisinopril .".split()
    (corpus / "test.tsv").write_text("".join(f"{word}\tO\n" for word in words) + "\n")
    found = run(folder, "--exclude", str(folder / "benchmarks"))
    assert (found.exit_code, found.stdout) == (1, "")
    assert "it shares a sentence with a benchmark: 1" in str(found.exception)


def test_an_existing_folder_and_texts_without_any_passage_are_refused(folder: Path) -> None:
    (folder / "notes.jsonl").write_text(json.dumps({"id": "n9", "text": NOTE}) + "\n")
    found = run(folder)
    assert isinstance(found.exception, UsageError)
    assert "its document is not among the texts: 1" in str(found.exception)
    assert not (folder / "out").exists()
    (folder / "out").mkdir()
    assert "out exists" in str(run(folder).exception)


@pytest.mark.parametrize(
    "wrong",
    [{"spans": [[1, 2]]}, {"spans": [[0, 4, "§"]]}, {"parts": 3}, {"absent": None}, {"document": None, "parts": [1]}],
)
def test_a_line_of_another_form_is_named(folder: Path, wrong: dict[str, Any]) -> None:
    path = write(folder, [annotation(), annotation(**wrong)])
    with pytest.raises(UsageError, match=r"annotations.jsonl.gz, line 2: not the annotation of a passage"):
        list(read_annotations(path))


@pytest.mark.parametrize(
    ("path", "least"), [(ANNOTATIONS, 100), (ANNOTATIONS.parent / "next" / "passages.jsonl.gz", 300)]
)
def test_every_annotation_of_the_package_is_whole_and_every_type_of_it_described(path: Path, least: int) -> None:
    described = read_types(path)
    seen = set()
    for passage in read_annotations(path):
        length = sum(end - start for start, end in passage.parts) + len(passage.parts) - 1
        assert all(0 <= start < end <= length for start, end, _ in passage.mentions)
        found = {type for _, _, type in passage.mentions}
        assert found.isdisjoint(passage.absent)
        assert found.union(passage.absent) <= described.keys()
        assert passage.id not in seen
        seen.add(passage.id)
    assert len(seen) > least
