"""Messages call inputs by labels: no name of a file gets out, and no word goes since a file has its name."""

from __future__ import annotations

import gzip
import json
import logging
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from openbioner_batch.cli.main import main
from openbioner_batch.deid.sources import by_labels
from openbioner_batch.errors import OpenBioNERError, RunFailedError, UsageError
from openbioner_batch.formats.labels import UNNAMED, error_text, label_of, private_names

from .conftest import Archive, Deidentify

NAMES = [
    "Jane%20Doe.jsonl",
    "Jane Doe.jsonl",
    "doe_JANE.jsonl",
    "notes",
    "in",
    "cannot",
    "Jane.Doe+1.jsonl",
    "Döe.jsonl",
]
RECORD = {"id": "n1", "patient": "p", "text": "Seen on 03/04/2021.", "ward": "B"}


def test_labels_are_for_their_block_and_nest() -> None:
    assert label_of("a") == "a"
    with private_names({"a": "input 0"}):
        assert (label_of("a"), label_of("b")) == ("input 0", UNNAMED)
        with private_names({"b": "input 1"}):
            assert (label_of("a"), label_of("b"), label_of("c")) == ("input 0", "input 1", UNNAMED)
        assert label_of("b") == UNNAMED
    assert label_of("b") == "b"


def test_blocks_that_are_left_out_of_order_leave_nothing_behind() -> None:
    first, second = private_names({"a": "input 0"}), private_names({"a": "input 1"})
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert label_of("a") == "input 1"
    second.__exit__(None, None, None)
    assert label_of("a") == "a"


def test_what_a_file_system_says_is_told_by_its_kind() -> None:
    error = FileNotFoundError(2, "No such file or directory", "/data/Jane Doe.jsonl")
    assert "Jane Doe" in error_text(error)
    with private_names({}):
        assert error_text(error) == "FileNotFoundError: No such file or directory"
        assert error_text(OSError("/data/Jane Doe.jsonl came short")) == "OSError"
    with pytest.raises(RunFailedError) as caught, by_labels({}):
        raise error
    assert "Jane" not in str(caught.value)
    assert caught.value.__cause__ is None


def everything(error: BaseException) -> str:
    """What an exception and those that it came of say."""
    parts, seen = [], error
    while seen is not None:
        parts.append(f"{type(seen).__name__} {seen}")
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)  # type: ignore[assignment]
    return "\n".join(parts)


def refused(run_here: Deidentify, inputs: Path, **more: Any) -> str:
    with pytest.raises(OpenBioNERError) as caught:
        run_here(inputs, **more)
    return everything(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_no_name_of_a_file_is_in_a_message_and_its_words_are_all_there(
    name: str, archive: Archive, run_here: Deidentify, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    path = archive(name, [RECORD, "{broken"])
    more = {"format": "jsonl", "max_quarantined": "50%"}
    messages = [
        refused(run_here, path, keep_fields="wards", **more),
        refused(run_here, path, text_field="body", **more),
        refused(run_here, path.parent / f"{name}.gone", **more),
        refused(run_here, path, format="parquet"),
        refused(run_here, path, format="csv", text_field="text"),
        refused(run_here, path.parent, output=path.parent.parent / "in" / "out", **more),
    ]
    run_here(path, **more)
    path.write_text(json.dumps(RECORD | {"ward": "A"}) + "\n")
    messages.append(refused(run_here, path, **more))
    path.unlink()
    messages.append(refused(run_here, path, **more))
    for message in messages:
        assert str(tmp_path / "in") not in message.replace(str(tmp_path / "in" / "out"), "")
        assert "Doe" not in message
        assert "doe_JANE" not in message
        assert "Döe" not in message
    assert messages[0].startswith(
        "UsageError --patient-field, --known-fields, --note-date-field, --shift-field or --keep"
    )
    assert "input 0 (first 1 records) has no field 'wards'" in messages[0]
    assert messages[2].startswith("UsageError INPUT 1: there is no such file or folder")
    assert "input 0 has changed since the run in" in messages[6]
    if name.endswith(".jsonl"):  # a folder of other files holds nothing to read
        assert "is inside the input INPUT 1: give a folder outside of it" in messages[5]
    assert "Doe" not in caplog.text.replace(str(path), "")


def test_files_of_every_kind_that_cannot_be_read_are_told_by_number(run_here: Deidentify, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "Jane Doe.parquet").write_bytes(b"PAR1 no parquet")
    assert refused(run_here, folder).startswith("UsageError input 0: not a Parquet file")
    pq.write_table(pa.table({"id": ["1"], "text": ["x"]}), folder / "Jane Doe.parquet")
    pq.write_table(pa.table({"id": ["1"], "body": ["x"]}), folder / "John Roe.parquet")
    assert "input 1 has no field 'text'" in refused(run_here, folder, text_field="text")
    for file in folder.iterdir():
        file.unlink()
    (folder / "Jane Doe.csv").write_bytes(b"caf\xe9\n")
    assert refused(run_here, folder).startswith("UsageError input 0: the header line is not UTF-8")
    (folder / "Jane Doe.csv").unlink()
    (folder / "Jane Doe.odt").write_text("x")
    assert refused(run_here, folder / "Jane Doe.odt").startswith(
        "UsageError input 0: the suffix belongs to no known format"
    )


def test_a_file_that_vanishes_or_is_packed_badly_is_told_without_its_name(
    archive: Archive, run_here: Deidentify, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = archive("Jane Doe.jsonl", [RECORD])
    from openbioner_batch.engine import reading

    def vanish(*rest: Any) -> Any:
        os.unlink(path)
        raise FileNotFoundError(2, "No such file or directory", str(path))

    monkeypatch.setattr(reading, "cut_shards", vanish)
    message = refused(run_here, path)
    assert message == "RunFailedError input 0 has changed while the run read it: restore it, or give another --output"
    monkeypatch.undo()
    (tmp_path / "in" / "Jane Doe.jsonl.gz").write_bytes(gzip.compress(json.dumps(RECORD).encode())[:-9])
    assert "Doe" not in refused(run_here, tmp_path / "in", output=tmp_path / "other")


def test_tables_and_patients_are_told_by_their_options(
    archive: Archive, run_here: Deidentify, key_file: Path, tmp_path: Path
) -> None:
    path = archive("a.jsonl", [RECORD])
    more = {"policy": "surrogate", "key_file": key_file}
    gone = tmp_path / "Jane Doe.csv"
    message = refused(run_here, path, patient_field="patient", shift_field="days", shift_table=gone, **more)
    assert message.startswith("UsageError --shift-table: there is no such file or folder")
    message = refused(run_here, path, format="fhir", fhir_patients=tmp_path / "Jane Doe.ndjson", **more)
    assert message.startswith("UsageError --fhir-patients: there is no such file or folder")


def test_the_command_prints_labels(tmp_path: Path) -> None:
    (tmp_path / "Jane%20Doe.jsonl").write_text("no JSON\n")
    arguments = ["deidentify", str(tmp_path / "Jane%20Doe.jsonl"), "--policy", "tags", "--model", "none"]
    done = CliRunner().invoke(main, [*arguments, "--output", str(tmp_path / "out")])
    assert (done.exit_code, "Doe" in done.output) == (2, False)
    assert "error: input 0: no JSON object among the first lines" in done.output


def test_other_runs_tell_files_by_their_names(tmp_path: Path) -> None:
    from openbioner_batch.formats import find_inputs

    with pytest.raises(UsageError, match=r"Jane Doe\.jsonl: there is no such file or folder"):
        find_inputs([str(tmp_path / "Jane Doe.jsonl")])
