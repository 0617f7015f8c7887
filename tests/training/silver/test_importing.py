"""Published sets are read in their layouts; what is wrong with a row costs that row."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from outputs import rows

from openbioner_batch.errors import RunFailedError, UsageError
from openbioner_batch.training.passages import AnnotatedPassage, passage_from_row
from openbioner_batch.training.silver.importing import import_silver
from openbioner_batch.training.silver.made_settings import ImportSettings
from openbioner_batch.training.silver.report import SilverReport

TOKENS = ["Aspirin", "eased", "chest", "pain", "."]
TAGS = ["B-Drug", "O", "B-medical condition", "I-medical condition", "O"]


def import_(source: Path, layout: str, **more: object) -> SilverReport:
    output = str(source.parent / "out")
    values = {"source": str(source), "layout": layout, "output": output, **more}
    return import_silver(ImportSettings(**values), lambda line: None)  # type: ignore[arg-type]


def passages(folder: Path) -> list[AnnotatedPassage]:
    return [passage_from_row(row) for row in rows(folder / "out", "passages")]


def found(passage: AnnotatedPassage) -> list[tuple[str, str]]:
    return [(passage.text[m.start : m.end], m.type) for m in passage.mentions]


def test_literal_strings_of_tokens_and_tags(tmp_path: Path) -> None:
    good = (str(TOKENS), str(TAGS))
    bad = [
        ("['a'", "['O']"),
        ("['a', 'b']", "['O']"),
        ("['a']", "['X-y']"),
        ("exit(3)", "['O']"),
        (None, "[]"),
    ]
    tokens, tags = zip(good, *bad, good, strict=True)
    pq.write_table(pa.table({"tokens": tokens, "ner_tags": tags}), tmp_path / "iob.parquet")

    report = import_(tmp_path / "iob.parquet", "pile-ner-iob")

    (passage,) = passages(tmp_path)
    assert found(passage) == [("Aspirin", "drug"), ("chest pain", "medical_condition")]
    assert passage.annotated is None
    assert report.dropped_passages.total() == 1  # the double
    assert report.quarantined.total() == len(bad) == len(rows(tmp_path / "out", "quarantine"))
    assert [row["record"] for row in rows(tmp_path / "out", "quarantine")] == [1, 2, 3, 4, 5]
    assert import_(tmp_path / "iob.parquet", "pile-ner-iob").as_json() == report.as_json()


def test_lists_of_tokens_with_a_closed_set_of_types(tmp_path: Path) -> None:
    table = pa.table(
        {"tokens": [TOKENS, ["No", "name", "here"]], "ner_tags": [TAGS, ["O", "O", "O"]], "language": ["en", "en"]}
    )
    pq.write_table(table, tmp_path / "pii.parquet")

    import_(tmp_path / "pii.parquet", "pii-masking-iob")

    assert [passage.annotated for passage in passages(tmp_path)] == [("drug", "medical_condition")] * 2


def run_rows(folder: Path, texts: list[str | None], spans: list[list[tuple[int, int, str, float]]]) -> Path:
    named = [[dict(zip(("start", "end", "type", "score"), one, strict=True)) for one in some] for some in spans]
    table = pa.table({"document_id": [str(n) for n in range(len(texts))], "text": texts, "spans": named})
    pq.write_table(table, folder / "run.parquet")
    return folder / "run.parquet"


def test_another_models_spans_are_labels_where_it_is_sure(tmp_path: Path) -> None:
    text = "Aspirin eased chest pain in two of the smokers."
    sure, beside, doubtful = (0, 7, "drug", 0.9), (0, 13, "treatment", 0.2), (14, 24, "disease", 0.4)

    report = import_(run_rows(tmp_path, [text, None], [[sure, beside, doubtful], []]), "run")

    (passage,) = passages(tmp_path)
    assert found(passage) == [("Aspirin", "drug"), ("Aspirin eased", "treatment")]
    assert passage.unsure == ((14, 24),)
    assert passage.annotated == ("drug", "treatment")
    assert list(report.quarantined) == ["no text: was the run made with --include-text?"]


def test_a_run_without_scores_is_refused(tmp_path: Path) -> None:
    table = pa.table({"document_id": ["1"], "text": ["Aspirin"], "spans": [[{"start": 0, "end": 7, "type": "drug"}]]})
    pq.write_table(table, tmp_path / "run.parquet")

    with pytest.raises(UsageError, match="holds no spans with scores"):
        import_(tmp_path / "run.parquet", "run")


def test_descriptions(tmp_path: Path) -> None:
    table = pa.table(
        {"entity_type": ["Medical Conditions", "42", None], "description": ["A state  of ill health.", "x", "y"]}
    )
    pq.write_table(table, tmp_path / "d.parquet")

    report = import_(tmp_path / "d.parquet", "pile-ner-descriptions")

    described = {"entity_type": "medical_condition", "view": "definition", "description": "A state of ill health."}
    assert rows(tmp_path / "out", "descriptions") == [described]
    assert report.quarantined.total() == 2
    assert not (tmp_path / "out" / "passages").exists()


def test_json_lines_are_cut_to_passages_and_kept_from_benchmarks(tmp_path: Path) -> None:
    text = "Aspirin eased the chest pain of the patient. The gene was seen in all of the mice. Insulin was given daily."
    pain, insulin = text.index("chest pain"), text.index("Insulin")
    spans = [[0, 7, "drug"], [pain, pain + 10, "symptom"], [insulin, insulin + 7, "¿?"], [pain, insulin + 7, "stretch"]]
    lines = [
        json.dumps({"id": 7, "text": text, "spans": spans}),
        json.dumps({"id": 8, "text": text, "spans": [[0, 999, "drug"]]}),
        "{broken",
        json.dumps({"id": 9, "spans": []}),
        json.dumps({"id": 10, "text": "ok now", "spans": [[0, 2]]}),
    ]
    (tmp_path / "docs.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    benchmark = tmp_path / "benchmarks" / "X" / "test.tsv"
    benchmark.parent.mkdir(parents=True)
    benchmark.write_text("".join(f"{word}\tO\n" for word in "The gene was seen in all of the mice .".split()))

    report = import_(tmp_path / "docs.jsonl.gz", "jsonl", exclude=str(tmp_path / "benchmarks"), passage_words=9)

    first, last = passages(tmp_path)
    assert (first.passage_id, last.passage_id) == ("7@0", f"7@{insulin}")
    assert found(first) == [("Aspirin", "drug"), ("chest pain", "symptom")]
    assert [first.text[start:end] for start, end in first.unsure] == ["chest pain of the patient."]
    assert found(last) == []
    assert last.unsure == ((0, 7),)
    assert report.dropped_passages == {"it shares a sentence with a benchmark": 1}
    assert report.quarantined.total() == 4


def test_what_cannot_be_imported_is_said(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["a"]}), tmp_path / "other.parquet")
    with pytest.raises(UsageError, match=r"no column 'tokens' \(it has: text\)"):
        import_(tmp_path / "other.parquet", "pile-ner-iob")
    with pytest.raises(UsageError, match="not what this request wrote"):
        import_(tmp_path / "other.parquet", "pile-ner-descriptions")
    with pytest.raises(UsageError, match="--layout is 'xml': give one of pile-ner-iob, "):
        import_(tmp_path / "other.parquet", "xml")
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(RunFailedError, match="ArrowInvalid: is the file whole"):
        import_(tmp_path / "torn.parquet", "pile-ner-iob", output=str(tmp_path / "out2"))


def test_definitions_that_lie_apart_become_numbered_views(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text('{"id": "a", "text": "cell lines", "spans": [[0, 10, "cell line"]]}\n')
    lines = (
        "cell lines\t3\tCells that were\tgrown  in culture.",
        "cell line\t3\tImmortal cells.",
        "no tab",
        "!\tx",
        "a b\t ",
    )
    (tmp_path / "types.tsv").write_text("\n".join(lines) + "\n\ncell line\t3\tImmortal cells.\n")
    report = import_(tmp_path / "p.jsonl", "jsonl", descriptions=str(tmp_path / "types.tsv"))
    described = [(r["entity_type"], r["view"], r["description"]) for r in rows(tmp_path / "out", "descriptions")]
    assert described == [
        ("cell_line", "definition", "grown in culture."),
        ("cell_line", "definition 2", "Immortal cells."),
    ]
    assert report.quarantined.total() == 3
    assert found(passages(tmp_path)[0]) == [("cell lines", "cell_line")]
    with pytest.raises(UsageError, match="--descriptions-layout is 'tsv': give one of pile-ner-iob"):
        ImportSettings(source="s", layout="jsonl", output="o", descriptions_layout="tsv")


def test_text_alone_has_no_type_that_was_looked_for(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"id": 7, "text": "No fever."}\n{"id": 8}\n[1]\nnot JSON\n{"text": " "}\n')
    report = import_(tmp_path / "t.jsonl", "text-jsonl")
    (passage,) = passages(tmp_path)
    assert (passage.passage_id, passage.text, passage.mentions, passage.annotated) == ("7", "No fever.", (), ())
    assert report.quarantined.total() == 4
