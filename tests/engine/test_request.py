"""What a request comes to before anything starts: what is read and how, what is said of it, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from openbioner_batch.engine.names import PLAN
from openbioner_batch.engine.request import Inputs, check_output, fingerprint, overwrite, resolve_inputs
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.engine.store import Store
from openbioner_batch.errors import RunFailedError, UsageError
from openbioner_batch.formats.base import InputFile


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def settings(inputs: object, **more: Any) -> AnnotateSettings:
    return AnnotateSettings.build({"inputs": (str(inputs),), "output": "out", "types": "drug", **more})


def resolved(inputs: object, **more: Any) -> tuple[Inputs, list[str]]:
    said: list[str] = []
    return resolve_inputs(settings(inputs, **more), said.append), said


def test_what_is_guessed_and_skipped_is_said(folder: Path) -> None:
    (folder / "a.csv").write_text("note_id\ttext\n1\tAnna\n")
    (folder / "b.csv").symlink_to(folder / "nowhere")
    listed: list[InputFile] = []

    said: list[str] = []
    found = resolve_inputs(settings(folder), said.append, listed.extend)

    assert said == [
        f"skipped: {folder}/b.csv is a broken link",
        "format: csv, by the names of 1 files",
        "--text-field: text (guessed)",
        "--id-field: note_id (guessed)",
        r"--delimiter: '\t' (guessed)",
    ]
    assert (found.format.name, found.options.delimiter) == ("csv", "\t")
    assert list(found.files) == listed == [InputFile(str(folder / "a.csv"), 20, listed[0].etag)]


def test_what_the_user_has_said_is_not_said_again(folder: Path) -> None:
    (folder / "a.csv").write_text("note_id;text;more\n1;Anna;x\n")
    given = {"format": "csv", "text_field": "more", "id_field": "text", "delimiter": ";", "keep_fields": ("note_id",)}

    found, said = resolved(folder, **given)

    assert said == []
    assert (found.options.text_field, found.options.id_field) == ("more", "text")
    assert (found.options.keep_fields, found.kept.names) == (("note_id",), ["kept"])


def test_a_format_may_remark_on_its_files(folder: Path) -> None:
    (folder / "a.txt").write_text("Anna")
    assert f"note: 1 texts have no .ann beside them, the first is {folder}/a.txt" in resolved(folder, format="brat")[1]


def test_an_input_that_cannot_be_read_is_no_mistake_of_the_request(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.jsonl").write_text('{"text": "Anna"}\n')

    def broken(*arguments: object, **more: object) -> object:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("openbioner_batch.engine.request.find_inputs", broken)
    with pytest.raises(RunFailedError, match=r"^the input cannot be read: .*Input/output error"):
        resolved(folder)


def test_the_fingerprint_holds_all_that_rows_depend_on_beside_the_inputs(folder: Path) -> None:
    table = pa.table({"key": ["1"], "text": ["Anna"], "year": pa.array([1999], pa.int16())})
    pq.write_table(table, folder / "a.parquet")
    request = settings(folder, id_field="key", keep_fields=("year",), include_text=True, limit=7)
    inputs = resolve_inputs(request, lambda line: None)

    assert fingerprint(request, inputs, {"model": "m", "device": "cpu"}) == {
        **{"model": "m", "device": "cpu", "format": "parquet", "keep fields": ["year: int16"], "include text": True},
        **{"id field": "key", "text field": "text", "title field": None, "encoding": None, "delimiter": None},
        **{"quoting": None, "limit": 7, "shard": {"documents": 200, "bytes": 8 << 20, "records": 20_000}},
    }


@pytest.mark.parametrize(
    ("device", "asked", "documents"), [("cuda", None, 1000), ("cpu", None, 200), (None, None, 200), ("cuda", 30, 30)]
)
def test_shards_are_larger_on_gpus_unless_their_size_is_given(
    folder: Path, device: str | None, asked: int | None, documents: int
) -> None:
    (folder / "a.jsonl").write_text('{"text": "Anna"}\n')
    request = settings(folder, shard_documents=asked)
    inputs = resolve_inputs(request, lambda line: None)
    assert fingerprint(request, inputs, {"device": device})["shard"]["documents"] == documents


def test_inputs_and_output_do_not_mix(tmp_path: Path) -> None:
    store, inside = Store(str(tmp_path / "out")), InputFile(str(tmp_path / "out" / "a.jsonl"), 1, "1")
    with pytest.raises(UsageError, match=r"the input .*/a\.jsonl is inside --output .*/out: give an output folder"):
        check_output(settings(tmp_path / "in"), store, (inside,))
    with pytest.raises(UsageError, match=r"--output .*/out is inside the input .*: give a folder outside of it"):
        check_output(settings(tmp_path), store, ())
    for pattern in ("-", f"{tmp_path}/*", tmp_path / "out2", tmp_path / "a.jsonl"):
        check_output(settings(pattern), store, ())


def test_a_folder_with_other_files_is_neither_resumed_nor_overwritten(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "out"))
    store.put("_run/tmp/0123", b"{")  # of a start that was cut short
    check_output(settings("in"), store, ())
    store.put("thesis.doc", b"dear to someone")
    with pytest.raises(UsageError, match=r"holds thesis\.doc and no run of this program"):
        check_output(settings("in"), store, ())
    store.put(PLAN, b"{}")
    check_output(settings("in"), store, ())


RUN = ("data/a", "quarantine/a", "deletions/a", "audit/a", "report.json", "_run/inputs/0000.jsonl", "_run/ends/0")


def test_overwriting_removes_the_run_and_nothing_else_and_the_plan_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(str(tmp_path / "out"))
    for name in (*RUN, PLAN, "thesis.doc", "data2/a"):
        store.put(name, b"1")
    removed: list[str] = []
    remove = type(store._fs).rm_file

    def noted(fs: object, path: str) -> None:
        removed.append(path.partition("/out/")[2])
        remove(fs, path)

    monkeypatch.setattr(type(store._fs), "rm_file", noted)
    overwrite(store)

    assert store.names() == ["data2/a", "thesis.doc"]
    assert removed[-1] == PLAN
    assert not store.is_private


def test_what_was_private_stays_so_when_it_is_overwritten(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "out"))
    store.make_private()
    store.put(PLAN, b"{}")
    overwrite(store)
    assert (store.names(), store.is_private) == ([], True)
