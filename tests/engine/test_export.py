"""`openbioner-batch export`: files for shards, resumed, with texts read again, latest versions and folders."""

from __future__ import annotations

import csv
import gzip
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from engine.exports import DOCUMENTS, Export, written
from formats.reading import documents, read_all
from hypothesis import given, settings
from hypothesis import strategies as st
from outputs import rows
from runs import commit_run, write_pubmed
from support import S3Server

import openbioner_batch
from openbioner_batch.cli.main import main
from openbioner_batch.engine.export.finished import open_run
from openbioner_batch.engine.export.latest import find_latest, unpacked_mask
from openbioner_batch.engine.names import shard_file
from openbioner_batch.errors import PlanMismatchError
from openbioner_batch.formats import WRITERS, get_format
from openbioner_batch.formats.fhir_attachment import with_text


@pytest.mark.parametrize("to", [name for name in WRITERS if name != "docbin"])
def test_a_shard_is_a_file_and_an_export_goes_on_where_it_stood(
    tmp_path: Path, source: Path, out: Export, to: str
) -> None:
    run = commit_run(tmp_path / "run", source, include_text=True)
    assert out(run, to).written.documents == 7
    whole = written(tmp_path / "x")
    assert [name.split(".")[0] for name in whole] == ["000000-00000", "000000-00001", "000001-00000", "000001-00001"]
    assert out(run, to).written.shards == 0
    lost = next(iter(whole))
    (tmp_path / "x" / lost).unlink()
    summary = out(run, to)
    assert (summary.written.shards, summary.earlier) == (1, 3)
    assert written(tmp_path / "x") == whole
    assert not (tmp_path / "x/_run/tmp").exists()


def test_texts_read_again_give_the_same_bytes_even_from_another_place(
    tmp_path: Path, source: Path, out: Export
) -> None:
    kept = commit_run(tmp_path / "kept", source, include_text=True)
    bare = commit_run(tmp_path / "bare", source)
    out(kept, "pubtator", "from-run")
    out(bare, "pubtator", "from-source", source=(str(source),))
    source.rename(tmp_path / "moved")
    out(bare, "pubtator", "from-moved", source=(str(tmp_path / "moved"),))
    assert written(tmp_path / "from-run") == written(tmp_path / "from-source") == written(tmp_path / "from-moved")
    found = documents(read_all(get_format("pubtator"), [tmp_path / "from-run"]))
    assert [(document.id, document.text.split("\n")[0]) for document in found] == DOCUMENTS


@pytest.mark.parametrize("keep", [(), ("subject",), ("resource",)])
def test_texts_of_fhir_resources_are_read_again(tmp_path: Path, out: Export, keep: tuple[str, ...]) -> None:
    attachments = [with_text({"contentType": "text/plain"}, "Seen by Dr Meyer."), {"url": "Binary/1"}]
    resources = [
        {"resourceType": "DiagnosticReport", "id": str(number), "subject": {}, "presentedForm": [attachment]}
        for number, attachment in enumerate(attachments)
    ]
    path = tmp_path / "in.ndjson"
    path.write_text("".join(json.dumps(resource) + "\n" for resource in resources))
    run = commit_run(tmp_path / "run", path, format="fhir", keep_fields=keep)
    assert "Meyer" not in json.dumps([row | {"spans": []} for row in rows(tmp_path / "run")])
    out(run, "bioc-json", source=(str(path),))
    found = documents(read_all(get_format("bioc-json"), [tmp_path / "x"]))
    assert [one.text.rstrip("\n") for one in found] == ["Seen by Dr Meyer.", ""][: 1 + ("resource" in keep)]


def test_new_files_of_a_run_are_added_and_span_numbers_stay(tmp_path: Path, source: Path, out: Export) -> None:
    run = commit_run(tmp_path / "run", source)
    out(run, "omop-note-nlp")
    before = written(tmp_path / "x")
    write_pubmed(source / "c.xml", [("8", "One More")])
    commit_run(tmp_path / "run", source)
    assert out(run, "omop-note-nlp").written.shards == 1
    after = written(tmp_path / "x")
    assert {name: after[name] for name in before} == before
    numbers = [int(row["note_nlp_id"]) for data in after.values() for row in csv.DictReader(data.decode().splitlines())]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) == sum(len(row["spans"]) for row in rows(tmp_path / "run"))


def test_an_export_names_its_release_and_its_model(tmp_path: Path, source: Path, out: Export) -> None:
    run = commit_run(tmp_path / "run", source, include_text=True)
    summary = out(run, "bioc-json")
    model = open_run(str(run)).plan.fingerprint.get("model")
    expected = f"openbioner_batch {openbioner_batch.__version__}" + (f", model {str(model)[:12]}" if model else "")
    sources = {json.loads(data)["source"] for data in written(tmp_path / "x").values()}
    assert (sources, summary.output) == ({expected}, str(tmp_path / "x"))


def test_an_export_that_goes_on_keeps_the_day_on_which_it_began(tmp_path: Path, source: Path, out: Export) -> None:
    run = commit_run(tmp_path / "run", source, include_text=True)
    out(run, "bioc-json", date=None)
    files, about = sorted((tmp_path / "x").glob("*.json")), tmp_path / "x" / "_run" / "export.json"
    began = json.loads(about.read_text())
    assert {json.loads(file.read_text())["date"] for file in files} == {began["date"]}
    about.write_text(json.dumps({**began, "date": "2020-01-02"}))
    files[0].unlink()
    summary = out(run, "bioc-json", date=None)
    assert json.loads(files[0].read_text())["date"] == "2020-01-02"
    assert (summary.written.shards, summary.earlier) == (1, len(files) - 1)


def test_a_summary_counts_what_all_shards_hold(tmp_path: Path, source: Path, out: Export) -> None:
    run = commit_run(tmp_path / "run", source)
    now = out(run, "csv").written
    held = [row for data in written(tmp_path / "x").values() for row in csv.DictReader(data.decode().splitlines())]
    assert (now.documents, now.spans, now.shards) == (7, len(held), len(written(tmp_path / "x")))
    assert now.bytes == sum(map(len, written(tmp_path / "x").values()))
    assert held


def test_processes_write_the_same_bytes(tmp_path: Path, source: Path, out: Export) -> None:
    run = commit_run(tmp_path / "run", source, include_text=True)
    out(run, "bioc-json", "one")
    out(run, "bioc-json", "two", workers=2)
    assert written(tmp_path / "one") == written(tmp_path / "two")


def test_packed_files_hold_the_same(tmp_path: Path, source: Path, out: Export) -> None:
    run = commit_run(tmp_path / "run", source)
    out(run, "jsonl", "plain")
    out(run, "jsonl", "packed", gzip=True)
    packed = {name.removesuffix(".gz"): gzip.decompress(data) for name, data in written(tmp_path / "packed").items()}
    assert packed == written(tmp_path / "plain")
    assert out(run, "jsonl", "packed", gzip=True).written.shards == 0


def test_a_killed_export_ends_with_the_same_bytes(tmp_path: Path, out: Export) -> None:
    path = write_pubmed(tmp_path / "in/a.xml", [(str(number), "Zinc " * 600) for number in range(40)])
    run = commit_run(tmp_path / "run", path, include_text=True, shard_documents=1)
    out(run, "bioc-xml", "whole")
    command = [sys.executable, "-m", "openbioner_batch.cli.main", "export", run, "--to", "bioc-xml", "--workers", "1"]
    command += ["--output", str(tmp_path / "killed"), "--date", "2026-01-31"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[2]) as process:
        while process.poll() is None and len(list((tmp_path / "killed").glob("*.xml"))) < 3:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    killed = written(tmp_path / "killed")
    assert 3 <= len(killed) < 40
    out(run, "bioc-xml", "killed")
    assert written(tmp_path / "killed") == written(tmp_path / "whole")
    assert not (tmp_path / "killed/_run/tmp").exists()


VERSIONS = st.lists(
    st.tuples(st.lists(st.integers(1, 6), max_size=5), st.lists(st.integers(1, 6), max_size=2)), min_size=1, max_size=4
)


@settings(max_examples=25)
@given(files=VERSIONS, ids_in_memory=st.sampled_from([1, 3, 1000]))
def test_the_latest_of_each_id_less_deletions(
    tmp_path_factory: pytest.TempPathFactory,
    files: list[tuple[list[int], list[int]]],
    ids_in_memory: int,
) -> None:
    folder = tmp_path_factory.mktemp("x")
    expected: dict[str, tuple[int, int]] = {}
    for number, (pmids, deleted) in enumerate(files):
        citations = [(str(pmid), f"V{number}-{place}") for place, pmid in enumerate(pmids)]
        write_pubmed(folder / f"in/{number}.xml", citations, list(map(str, deleted)))
        expected |= {pmid: (number, place) for place, (pmid, _) in enumerate(citations)}
        for pmid in deleted:
            expected.pop(str(pmid), None)
    run = open_run(commit_run(f"memory://{folder.name}/run", folder / "in"))
    latest = find_latest(run, ids_in_memory)
    kept = []
    for shard in run.shards:
        with run.store.open(shard_file("data", *shard)) as file:
            table = pq.read_table(file, columns=["document_id", "record", "source"])
        kept += table.filter(unpacked_mask(latest.mask(shard), table.num_rows)).to_pylist()
    found = {row["document_id"]: (int(Path(row["source"]).stem), row["record"]) for row in kept}
    assert found == expected
    assert len(kept) == len(expected)
    assert latest.dropped == sum(len(pmids) for pmids, _ in files) - len(expected)


def test_a_current_picture_is_refused_once_the_run_has_grown(tmp_path: Path, source: Path, out: Export) -> None:
    run = commit_run(tmp_path / "run", source)
    out(run, "jsonl", latest=True)
    write_pubmed(source / "c.xml", [("2", "Newer")], deleted=["5"])
    commit_run(tmp_path / "run", source)
    with pytest.raises(PlanMismatchError, match="contents of the run"):
        out(run, "jsonl", latest=True)
    assert out(run, "jsonl", latest=True, overwrite=True).superseded == 2
    lines = [json.loads(line) for data in written(tmp_path / "x").values() for line in data.splitlines()]
    assert sorted(line["document_id"] for line in lines) == ["1", "2", "3", "4", "6", "7"]
    assert [line["record"] for line in lines if line["document_id"] == "2"] == [0]


@pytest.mark.parametrize("to", ["parquet-long", "csv", "jsonl"])
def test_folders_by_a_column_are_read_as_a_column(tmp_path: Path, source: Path, out: Export, to: str) -> None:
    import duckdb

    run = commit_run(tmp_path / "run", source)
    out(run, to, partition_by="year")
    whole = written(tmp_path / "x")
    assert {name.split("/")[0] for name in whole} == {"year=2000", "year=2001", "year=2002"}
    pattern = f"'{tmp_path}/x/*/*{Path(next(iter(whole))).suffix}'"
    reader = {"parquet-long": "read_parquet", "csv": "read_csv", "jsonl": "read_json"}[to]
    found = duckdb.sql(f"SELECT DISTINCT document_id::int, year FROM {reader}({pattern}, hive_partitioning = true)")
    assert sorted(found.fetchall()) == [(number, 2000 + number % 3) for number in range(1, 8)]
    if to == "parquet-long":
        table = ds.dataset(tmp_path / "x", partitioning="hive", exclude_invalid_files=True).to_table()
        assert set(table["year"].to_pylist()) == {2000, 2001, 2002}
    assert out(run, to, partition_by="year").written.shards == 0
    (tmp_path / "x/_run/done/000001-00000").unlink()
    assert out(run, to, partition_by="year").written.shards == 1
    assert written(tmp_path / "x") == whole


def test_folders_by_a_key_of_kept_json(tmp_path: Path, out: Export) -> None:
    lines = [{"id": 1, "text": "Zinc", "ward": "A/1"}, {"id": 2, "text": "Iron", "ward": None}]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    run = commit_run(tmp_path / "run", tmp_path / "in.jsonl", keep_fields=("ward",))
    out(run, "jsonl", partition_by="ward")
    names = list(written(tmp_path / "x"))
    assert names == ["ward=A%2F1/000000-00000.jsonl", "ward=__HIVE_DEFAULT_PARTITION__/000000-00000.jsonl"]


def test_the_command_on_s3_with_a_config_file(tmp_path: Path, source: Path, s3: S3Server) -> None:
    bucket = s3.bucket()
    run = commit_run(f"{bucket}/run", source)
    (tmp_path / "export.yaml").write_text(f"to: parquet-long\noutput: {bucket}/x\nlatest: true\nworkers: 1\n")
    result = CliRunner().invoke(main, ["export", run, "--config", str(tmp_path / "export.yaml")])
    assert result.exit_code == 0, result.output
    assert "4 shards written, 0 were there before" in result.output
    assert "0 rows of the run are left out" in result.output
    import duckdb
    import fsspec

    with fsspec.open(f"{bucket}/x/000001-00000.parquet") as file:
        (tmp_path / "x.parquet").write_bytes(file.read())
    assert duckdb.sql(f"SELECT DISTINCT document_id FROM '{tmp_path}/x.parquet' ORDER BY 1").fetchall() == [
        ("5",),
        ("6",),
    ]
