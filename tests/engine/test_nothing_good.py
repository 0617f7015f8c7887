"""Shards without a single good record go through every stage: Arrow gives an empty list no type of its own."""

from __future__ import annotations

import json
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner
from outputs import rows
from runs import commit_run

from openbioner_batch.cli.main import main
from openbioner_batch.engine.export.latest import unpacked_mask
from openbioner_batch.engine.export.work import partitions
from openbioner_batch.engine.rows import annotation_rows
from openbioner_batch.engine.tables import rows_at
from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation.deid_run import evaluate_deid
from openbioner_batch.evaluation.settings import DeidEvaluateSettings
from openbioner_batch.formats import WRITERS, get_writer
from openbioner_batch.formats.writing import Origin
from openbioner_batch.report.statistics import RunStatistics, TypeStatistics
from openbioner_batch.schemas import annotations_schema
from openbioner_batch.training.silver.extraction import ExtractionPrompt
from openbioner_batch.training.silver.outcomes import AnswerOutcome, answered_rows

KEPT = [
    pa.schema([]),
    pa.schema([pa.field("kept", pa.string())]),
    pa.schema(
        [
            pa.field("seen", pa.timestamp("ns")),
            pa.field("codes", pa.list_(pa.int32())),
            pa.field("ward", pa.dictionary(pa.int32(), pa.string())),
        ]
    ),
]


@pytest.fixture
def run(tmp_path: Path) -> str:
    """A run of two shards, the first without a good record."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text('{"id": "x", "text": 7, "ward": "A"}\n{"id": "y", "te')
    (tmp_path / "in" / "b.jsonl").write_text('{"id": "17", "text": "Zinc helps", "ward": "B"}\n')
    return commit_run(tmp_path / "out", tmp_path / "in", include_text=True, keep_fields=("ward",), text_field="text")


def test_rows_at_no_places_are_a_table_of_the_same_columns() -> None:
    table = pa.table({"x": [1, 2, 3]})
    assert rows_at(table, []).schema == table.schema
    assert rows_at(table, []).num_rows == 0
    assert rows_at(table, [2, 0]).to_pydict() == {"x": [3, 1]}


@pytest.mark.parametrize("name", WRITERS)
def test_every_export_writes_a_run_with_such_a_shard(name: str, run: str, tmp_path: Path) -> None:
    needs = WRITERS[name].needs
    if needs and find_spec(needs) is None:
        pytest.skip(f"{needs} is not installed")
    done = CliRunner().invoke(main, ["export", run, "--to", name, "--output", str(tmp_path / "x"), "--workers", "1"])
    assert done.exit_code == 0, done.output
    origin = Origin("test", date(2026, 1, 31), 0)
    for kept in KEPT:
        empty = annotations_schema(kept, True).empty_table()
        assert isinstance(get_writer(name).write(empty, origin), bytes)


def test_a_report_counts_a_run_with_such_a_shard(run: str, tmp_path: Path) -> None:
    assert [row["document_id"] for row in rows(Path(run))] == ["17"]
    done = CliRunner().invoke(main, ["report", run, "--html", str(tmp_path / "page.html")])
    assert done.exit_code == 0, done.output
    statistics = RunStatistics(TypeStatistics(["name"]))
    empty = annotations_schema(pa.schema([]), True).empty_table()
    statistics.add(
        pa.RecordBatch.from_arrays(
            [pa.array([], empty.schema.field(name).type) for name in ("spans", "windows")], ["spans", "windows"]
        )
    )
    assert statistics.types.documents == 0


def test_masks_partitions_and_rows_of_nothing() -> None:
    empty = annotations_schema(KEPT[1], True).empty_table()
    assert empty.filter(pa.array(unpacked_mask(b"", 0))).num_rows == 0
    assert list(partitions(empty, "ward")) == []
    documents = empty.drop_columns(["spans", "windows"])
    found, rejected = annotation_rows(documents, [], [], 0, KEPT[1], True)
    assert (found.num_rows, rejected) == (0, [])


def test_silver_data_of_a_shard_that_no_answer_came_for() -> None:
    documents = pa.table({"document_id": ["a"], "source": ["s"], "record": [0], "text": ["Zinc"]})
    table, rejected, counts = answered_rows(documents, [AnswerOutcome(reason="no answer")], [], ExtractionPrompt())
    assert (table.num_rows, rejected.num_rows, counts["documents"]) == (0, 1, 0)


def test_an_evaluation_without_a_note_says_so(tmp_path: Path) -> None:
    (tmp_path / "notes.jsonl").write_text("")
    with pytest.raises(UsageError, match="no notes are left"):
        evaluate_deid(DeidEvaluateSettings(str(tmp_path / "notes.jsonl"), model="none"))
    (tmp_path / "notes.jsonl").write_text(json.dumps({"id": "1", "text": "No complaints.", "spans": []}) + "\n")
    scores = evaluate_deid(DeidEvaluateSettings(str(tmp_path / "notes.jsonl"), model="none"))["corpora"]["notes"]
    assert scores["notes"] == 1
