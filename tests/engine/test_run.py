"""A run from inputs to committed shards, with a scorer that needs no model; on a real Ray where that matters."""

from __future__ import annotations

import bz2
import json
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from outputs import contents, rows
from scorers import NameScorerFactory
from support import S3Server

from openbioner_batch.engine.names import PLAN
from openbioner_batch.engine.pace import read_sessions
from openbioner_batch.engine.status import run_status
from openbioner_batch.engine.store import Store
from openbioner_batch.errors import (
    PlanMismatchError,
    UsageError,
)
from openbioner_batch.schemas import annotations_schema

from .conftest import Annotate, Corpus

GREETINGS = [f"Dr Meyer saw patient {n} in Århus 🙂 with Anna." if n % 3 else "nothing here" for n in range(25)]


def test_every_document_becomes_a_row_with_checked_offsets(run: Annotate, corpus: Corpus, tmp_path: Path) -> None:
    path = corpus("a.jsonl", GREETINGS)

    summary = run(path.parent, shard_documents=10, include_text=True)

    found = rows(tmp_path / "out")
    assert [row["text"] for row in found] == GREETINGS
    assert [row["document_id"] for row in found] == [f"a.jsonl-{n}" for n in range(25)]
    assert {row["source"] for row in found} == {str(path)}
    for row in found:
        assert [row["text"][span["start"] : span["end"]] for span in row["spans"]] == [s["text"] for s in row["spans"]]
        assert bool(row["spans"]) == ("Meyer" in row["text"])
    assert sorted(contents(tmp_path / "out")) == [f"data/000000-0000{n}.parquet" for n in range(3)]
    assert (summary.totals.documents, summary.totals.shards, summary.finished) == (25, 3, True)
    assert summary.totals.spans["name"] == sum(len(row["spans"]) for row in found)
    (session,) = read_sessions(Store(str(tmp_path / "out")))
    assert (sum(session.documents), sum(session.tokens)) == (25, summary.totals.tokens)


def test_the_columns_are_those_of_the_contract(run_here: Annotate, tmp_path: Path) -> None:
    table = pa.table({"key": ["1", "2"], "text": ["Anna", "x"], "year": pa.array([1999, None], pa.int16())})
    (tmp_path / "in").mkdir()
    pq.write_table(table, tmp_path / "in" / "a.parquet")

    run_here(tmp_path / "in", id_field="key", keep_fields=("year",))

    schema = pq.read_schema(tmp_path / "out" / "data" / "000000-00000.parquet")
    assert schema.names == annotations_schema(pa.schema([("year", pa.int16())]), include_text=False).names
    assert schema.field("year").type == pa.int16()
    assert [field.name for field in schema.field("spans").type.value_type] == ["start", "end", "type", "score", "text"]
    assert [row["year"] for row in rows(tmp_path / "out")] == [1999, None]


def test_a_finished_run_does_nothing_and_says_the_same(run_here: Annotate, corpus: Corpus, tmp_path: Path) -> None:
    folder = corpus("a.jsonl", GREETINGS).parent
    first = run_here(folder)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*") if path.is_file()}

    again = run_here(folder)

    assert again.totals == first.totals
    assert again.tagged_now == 0
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*") if path.is_file()} == before


def test_new_inputs_are_added_and_old_files_stay(run_here: Annotate, corpus: Corpus, tmp_path: Path) -> None:
    folder = corpus("b.jsonl", GREETINGS).parent
    run_here(folder)
    before = contents(tmp_path / "out")
    corpus("a.jsonl", ["Anna"] * 3)

    summary = run_here(folder)

    after = contents(tmp_path / "out")
    assert sorted(after) == ["data/000000-00000.parquet", "data/000001-00000.parquet"]
    assert before.items() <= after.items()
    assert summary.totals.documents == 28
    assert summary.tagged_now == 3


@pytest.mark.parametrize("change", ["grown", "gone"])
def test_changed_inputs_are_refused(run_here: Annotate, corpus: Corpus, change: str, tmp_path: Path) -> None:
    folder = corpus("a.jsonl", ["Anna"]).parent
    run_here(corpus("b.jsonl", ["Bob"]).parent)
    if change == "grown":
        corpus("b.jsonl", ["Bob", "Bert"])
    else:
        (folder / "b.jsonl").unlink()

    with pytest.raises(PlanMismatchError, match=r"b\.jsonl.*--overwrite"):
        run_here(folder)


def test_other_settings_are_refused_and_overwriting_starts_anew(
    run_here: Annotate, corpus: Corpus, tmp_path: Path
) -> None:
    folder = corpus("a.jsonl", ["Anna"] * 30).parent
    run_here(folder, shard_documents=10)

    with pytest.raises(PlanMismatchError, match="types: name then, person now"):
        run_here(folder, NameScorerFactory("person"), shard_documents=10)

    run_here(folder, NameScorerFactory("person"), overwrite=True)
    assert sorted(contents(tmp_path / "out")) == ["data/000000-00000.parquet"]
    assert {span["type"] for row in rows(tmp_path / "out") for span in row["spans"]} == {"person"}


def test_the_limit_counts_records_in_input_order(run_here: Annotate, corpus: Corpus, tmp_path: Path) -> None:
    corpus("a.jsonl", ["Anna"] * 5)
    corpus("b.jsonl", ["Bob", "RAISES"] * 5)
    folder = corpus("c.jsonl", ["Carl"]).parent

    summary = run_here(folder, limit=9, max_quarantined="100%")

    assert summary.totals.records == 9
    assert [row["document_id"] for row in rows(tmp_path / "out")] == [f"a.jsonl-{n}" for n in range(5)] + [
        "b.jsonl-0",
        "b.jsonl-2",
    ]
    with pytest.raises(PlanMismatchError, match=r"\(limit: 9 then, 10 now\)"):
        run_here(folder, limit=10, max_quarantined="100%")
    corpus("d.jsonl", ["Dora"])
    with pytest.raises(PlanMismatchError, match="--limit"):
        run_here(folder, limit=9, max_quarantined="100%")


def test_packed_files_give_consecutive_shards(run_here: Annotate, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    lines = "".join(f'{{"id": "{n}", "text": "Anna {n}"}}\n' for n in range(95))
    (tmp_path / "in" / "a.jsonl.bz2").write_bytes(bz2.compress(lines.encode()))

    run_here(tmp_path / "in", shard_documents=20)

    assert len(contents(tmp_path / "out")) == 5
    assert [row["document_id"] for row in rows(tmp_path / "out")] == [str(n) for n in range(95)]


def test_inputs_and_output_may_lie_in_s3(
    run: Annotate, run_here: Annotate, corpus: Corpus, s3: S3Server, tmp_path: Path
) -> None:
    local = corpus("a.jsonl", GREETINGS)
    run_here(local.parent, shard_documents=10)
    bucket = s3.bucket()
    fs = fsspec.filesystem("s3", **s3.storage_options)
    fs.put(str(local), f"{bucket}/in/a.jsonl")

    run(f"{bucket}/in", output=f"{bucket}/out", shard_documents=10)

    names = sorted(name.partition("/out/")[2] for name in fs.find(f"{bucket}/out"))
    assert [name for name in names if name.startswith("data/")] == [f"data/000000-0000{n}.parquet" for n in range(3)]
    there = [
        row for n in range(3) for row in pq.read_table(fs.open(f"{bucket}/out/data/000000-0000{n}.parquet")).to_pylist()
    ]
    here = rows(tmp_path / "out")
    assert [{**row, "source": ""} for row in there] == [{**row, "source": ""} for row in here]
    status = run_status(f"{bucket}/out")
    assert (status["finished"], status["documents"]) == (True, 25)
    assert run_here(f"{bucket}/in", output=f"{bucket}/out", shard_documents=10).tagged_now == 0
    run_here(f"{bucket}/in", output=f"{bucket}/out", shard_documents=5, overwrite=True)
    assert len(fs.find(f"{bucket}/out/data")) == 5


def test_a_foreign_folder_is_never_touched(run_here: Annotate, corpus: Corpus, tmp_path: Path) -> None:
    folder = corpus("a.jsonl", ["Anna"]).parent
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.doc").write_text("dear to someone")

    for overwrite in (False, True):
        with pytest.raises(UsageError, match=r"thesis\.doc"):
            run_here(folder, overwrite=overwrite)
    with pytest.raises(UsageError, match="is inside the input"):
        run_here(folder, output=str(folder / "out"))
    with pytest.raises(UsageError, match="is inside --output"):
        run_here(folder, output=str(folder.parent))
    assert (tmp_path / "out" / "thesis.doc").exists()


def test_status_tells_of_a_run_that_stopped(run_here: Annotate, corpus: Corpus, tmp_path: Path) -> None:
    folder = corpus("a.jsonl", ["Anna"] * 40).parent
    run_here(folder, shard_documents=10)
    (tmp_path / "out" / "data" / "000000-00002.parquet").unlink()

    status = run_status(str(tmp_path / "out"))

    assert (status["finished"], status["shards"], status["documents"]) == (False, 3, 30)
    assert status["splits"] == {"done": 0, "total": 1, "read": 1}
    assert status["last_session"]["documents"] == 40
    assert run_here(folder, shard_documents=10).totals.documents == 40
    assert run_status(str(tmp_path / "out"))["finished"]
    with pytest.raises(UsageError, match="holds no run"):
        run_status(str(tmp_path / "in"))


def test_the_plan_can_be_read_by_people(run_here: Annotate, corpus: Corpus, tmp_path: Path) -> None:
    run_here(corpus("a.jsonl", ["Anna"]).parent)

    fingerprint = json.loads((tmp_path / "out" / PLAN).read_text())["fingerprint"]

    assert fingerprint["text field"] == "text"
    assert fingerprint["shard"]["documents"] == 200
