"""`openbioner-batch show` on outputs as `annotate` writes them, local and on S3."""

from __future__ import annotations

import json
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from support import S3Server

from openbioner_batch.cli.show import command
from openbioner_batch.engine.names import DATA, shard_file
from openbioner_batch.engine.work import counts_metadata
from openbioner_batch.errors import UsageError
from openbioner_batch.report.agreement import compare_runs
from openbioner_batch.schemas import annotations_schema

TEXT = "Aspirin inhibits COX-1."
SPANS = [
    {"start": 0, "end": 7, "type": "drug", "score": 0.9, "text": "Aspirin"},
    {"start": 17, "end": 22, "type": "gene", "score": 0.8, "text": "COX-1"},
]


def write_shard(output: str, shard: int, spans: list[list[dict]], include_text: bool = True) -> None:
    rows = [
        {"document_id": f"{shard}-{number}", "source": "a", "record": number, "spans": found, "windows": 1}
        | ({"text": TEXT} if include_text else {})
        for number, found in enumerate(spans)
    ]
    types = {span["type"]: 1 for found in spans for span in found}
    schema = annotations_schema(pa.schema([]), include_text).with_metadata(counts_metadata({"spans": types}))
    with fsspec.open(f"{output}/{shard_file(DATA, 0, shard)}", "wb", auto_mkdir=True) as file:
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), file)


def show(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def test_the_first_documents_with_spans_are_shown(tmp_path: Path) -> None:
    write_shard(str(tmp_path), 0, [[], SPANS])
    write_shard(str(tmp_path), 1, [SPANS[:1], SPANS])
    result = show(str(tmp_path), "--limit", "2")
    assert result.output == (
        "0-1 (2 spans)\n[Aspirin|drug] inhibits [COX-1|gene].\n\n1-0 (1 span)\n[Aspirin|drug] inhibits COX-1.\n\n"
    )


def test_one_type_alone(tmp_path: Path) -> None:
    write_shard(str(tmp_path), 0, [SPANS[:1]])
    write_shard(str(tmp_path), 1, [SPANS[:1], SPANS])
    result = show(str(tmp_path), "--types", "gene")
    assert result.output == "1-1 (1 span)\nAspirin inhibits [COX-1|gene].\n\n"


def test_several_types(tmp_path: Path) -> None:
    write_shard(str(tmp_path), 0, [SPANS[:1]])
    write_shard(str(tmp_path), 1, [SPANS])
    lines = show(str(tmp_path), "--types", "gene,drug").output.split("\n")
    assert lines[1::3] == ["[Aspirin|drug] inhibits COX-1.", "[Aspirin|drug] inhibits [COX-1|gene]."]
    assert show(str(tmp_path), "--types", "gene,mouse").output.startswith("1-0 (1 span)")
    with pytest.raises(UsageError, match="no spans of type 'mouse' or 'rat'; it has drug, gene"):
        show(str(tmp_path), "--types", "mouse,rat")


def test_a_shard_without_the_type_is_not_read(tmp_path: Path) -> None:
    write_shard(str(tmp_path), 0, [SPANS[:1]] * 50)
    write_shard(str(tmp_path), 1, [SPANS])
    path = tmp_path / shard_file(DATA, 0, 0)
    content = bytearray(path.read_bytes())
    content[4:200] = b"\0" * 196  # its footer stays whole, its pages do not
    path.write_bytes(content)
    assert show(str(tmp_path), "--types", "gene").output.startswith("1-0 (1 span)")


def test_a_type_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    write_shard(str(tmp_path), 0, [SPANS])
    with pytest.raises(UsageError, match="no spans of type 'disease'; it has drug, gene"):
        show(str(tmp_path), "--types", "disease")


def test_a_run_without_texts_shows_a_table_and_says_why(tmp_path: Path) -> None:
    write_shard(str(tmp_path), 0, [SPANS], include_text=False)
    output = show(str(tmp_path)).output
    assert "0.80  gene" in output
    assert "--include-text" in output


def test_a_run_without_spans_says_so(tmp_path: Path) -> None:
    write_shard(str(tmp_path), 0, [[], []])
    assert show(str(tmp_path)).output == "No document of this run has spans.\n"


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps({}))
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(UsageError, match="holds no annotations"):
            show(str(folder))


def test_parquet_without_spans_is_no_tagging_run(tmp_path: Path) -> None:
    """As `deidentify` writes it."""
    (tmp_path / "data").mkdir()
    pq.write_table(pa.table({"id": ["1"], "text": [TEXT]}), tmp_path / shard_file(DATA, 0, 0))
    with pytest.raises(UsageError, match="holds no annotations"):
        show(str(tmp_path))
    with pytest.raises(UsageError, match="holds no annotations"):
        compare_runs(str(tmp_path), str(tmp_path))


def test_an_output_on_s3(s3: S3Server) -> None:
    output = f"{s3.bucket()}/run"
    write_shard(output, 0, [SPANS])
    assert show(output).output.startswith("0-0 (2 spans)\n[Aspirin|drug]")
