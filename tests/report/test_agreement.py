"""`openbioner-batch compare`: counts by type, strict and by overlap."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.cli.compare import command
from openbioner_batch.errors import UsageError
from openbioner_batch.records import Span
from openbioner_batch.report.agreement import Agreement, compare_runs
from openbioner_batch.schemas import annotations_schema

SPANS = st.lists(st.tuples(st.integers(0, 8), st.integers(1, 5), st.sampled_from("xy")), max_size=6, unique=True)


def span(start: int, end: int, kind: str = "drug") -> Span:
    return Span(start, end, kind, 0.5, "." * (end - start))


def write_run(folder: Path, documents: Sequence[tuple[int, Sequence[Span]]], shard: int = 2) -> str:
    (folder / "data").mkdir(parents=True)
    for place in range(0, len(documents), shard):
        rows = [
            {"document_id": "a", "source": "in", "record": record, "spans": list(map(asdict, spans)), "windows": 1}
            for record, spans in documents[place : place + shard]
        ]
        table = pa.Table.from_pylist(rows, annotations_schema(pa.schema([]), False))
        pq.write_table(table, folder / f"data/000000-{place:05d}.parquet")
    return str(folder)


def test_runs_are_joined_by_source_and_record(tmp_path: Path) -> None:
    """The second run has other shards, lacks record 1 and has a record 4 of its own."""
    first = write_run(
        tmp_path / "a", [(0, [span(0, 4), span(6, 9)]), (1, [span(0, 1)]), (2, [span(0, 4, "gene")]), (3, [])]
    )
    second = write_run(tmp_path / "b", [(0, [span(0, 4), span(5, 7)]), (2, []), (3, []), (4, [])], shard=3)
    found = compare_runs(first, second).as_json()
    assert found["documents"] == {"both": 3, "equal": 1, "only_first": 1, "only_second": 1}
    drug, gene = found["types"]["drug"], found["types"]["gene"]
    assert (drug["first"], drug["second"], drug["same"], drug["strict"], drug["overlap"]) == (2, 2, 1, 0.5, 1.0)
    assert (gene["first"], gene["second"], gene["strict"], gene["overlap"]) == (1, 0, 0.0, 0.0)
    assert found["total"]["strict"] == pytest.approx(2 / 5)


@given(SPANS, SPANS)
def test_overlaps_are_what_comparing_every_pair_gives(
    ours: list[tuple[int, int, str]], theirs: list[tuple[int, int, str]]
) -> None:
    first, second = ([span(start, start + length, kind) for start, length, kind in side] for side in (ours, theirs))
    agreement = Agreement()
    agreement.add(first, second)

    def touching(these: list[Span], those: list[Span]) -> int:
        return sum(any(a.type == b.type and a.start < b.end and b.start < a.end for b in those) for a in set(these))

    total = agreement.total
    assert (total.first_overlapping, total.second_overlapping) == (touching(first, second), touching(second, first))
    assert total.same == len({(s.start, s.end, s.type) for s in first} & {(s.start, s.end, s.type) for s in second})


def test_the_command_prints_a_table_or_json(tmp_path: Path) -> None:
    run = write_run(tmp_path / "a", [(0, [span(0, 4)])])
    result = CliRunner().invoke(command, [run, run], catch_exceptions=False)
    assert "1 documents in both, 1 with the same spans" in result.output
    assert result.output.splitlines()[2].split() == ["drug", "1", "1", "1", "100.0", "%", "100.0", "%"]
    assert "100.0 %" in result.output
    as_json = CliRunner().invoke(command, [run, run, "--json"], catch_exceptions=False)
    assert json.loads(as_json.output)["total"]["strict"] == 1.0


def test_runs_without_a_common_document_are_refused(tmp_path: Path) -> None:
    first, second = write_run(tmp_path / "a", [(0, [])]), write_run(tmp_path / "b", [(1, [])])
    with pytest.raises(UsageError, match="no document in common"):
        compare_runs(first, second)
    with pytest.raises(UsageError, match="holds no annotations"):
        compare_runs(first, str(tmp_path / "c"))
