"""Gold corpora in the one layout of training data."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from openbioner_batch.errors import UsageError
from openbioner_batch.training.gold.corpora import LabelledCorpus, LabelledDocument, LabelledSpan
from openbioner_batch.training.gold.passages import PassageCounts, cut_passages, write_gold
from openbioner_batch.training.overlap import BenchmarkSentences
from openbioner_batch.training.passages import AnnotatedMention, passage_from_row

TEXT = "The ABC1 gene is mutated in fictitious fever. Patients were given imaginol for a very long time indeed. "


def corpus(**changes: object) -> LabelledCorpus:
    return LabelledCorpus(**{"name": "c", "licence": "", "credit": "", "types": {"gene": ("G",)}, **changes})  # type: ignore[arg-type]


def document(text: str, *spans: tuple[str, str]) -> LabelledDocument:
    found = [LabelledSpan(text.index(name), text.index(name) + len(name), label) for name, label in spans]
    return LabelledDocument("d", text, tuple(found))


def test_passages_are_whole_sentences_that_cover_the_document() -> None:
    text = TEXT * 30
    passages = list(cut_passages([document(text)], corpus(), BenchmarkSentences([]), PassageCounts()))
    assert "".join(passage.text for passage in passages) == text
    assert len(passages) > 3
    assert all(passage.text.startswith(("The", "Patients")) for passage in passages)


def test_labels_become_types_and_long_spans_become_unsure() -> None:
    kinds = corpus(types={"gene": ("G",), "protein": ("G",), "drug": ("D",)}, longest=3)
    spans = (("ABC1", "G"), ("imaginol", "D"), ("imaginol for a very long time", "D"), ("fever", "X"))
    (passage,) = cut_passages([document(TEXT, *spans)], kinds, BenchmarkSentences([]), PassageCounts())
    assert passage.mentions == (
        AnnotatedMention(4, 8, "gene"),
        AnnotatedMention(4, 8, "protein"),
        AnnotatedMention(66, 74, "drug"),
    )
    assert [TEXT[start:end] for start, end in passage.unsure] == ["imaginol for a very long time"]
    assert passage.annotated == ("gene", "protein", "drug")


def test_a_passage_with_a_benchmark_sentence_is_left_out_and_counted() -> None:
    counts = PassageCounts()
    shared = BenchmarkSentences(["Patients were given IMAGINOL for a very long time , indeed ."])
    assert list(cut_passages([document(TEXT)], corpus(), shared, counts)) == []
    assert counts == PassageCounts(kept=0, overlapping=1)


def test_a_corpus_is_written_with_its_derived_types_and_descriptions(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "c.jsonl.gz", "wt") as stream:
        stream.write(json.dumps({"id": 1, "text": TEXT, "spans": [[4, 8, "G"]]}) + "\n")
    kinds = corpus(types={"gene": ("G",), "dna": ("~dna",)}, names={"protein": ("G",)})
    counts = write_gold(tmp_path, tmp_path / "out", tmp_path, [kinds])
    assert counts == {"c": {"kept": 1, "overlapping": 0}}
    (row,) = pq.read_table(tmp_path / "out" / "passages").to_pylist()
    assert {(m.type, TEXT[m.start : m.end]) for m in passage_from_row(row).mentions} == {
        ("gene", "ABC1"),
        ("dna", "ABC1 gene"),
    }
    views = pq.read_table(tmp_path / "out" / "descriptions").to_pylist()
    assert {(view["entity_type"], view["view"]) for view in views} == {
        (kind, view) for kind in ("gene", "dna") for view in ("name", "definition", "examples", "contextual")
    }


def test_an_absent_corpus_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such corpus"):
        write_gold(tmp_path, tmp_path / "out", tmp_path, [corpus()])
