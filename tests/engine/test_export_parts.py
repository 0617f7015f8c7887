"""Parts of an export: sums of what is written, names of folders, splits that have moved, what a killed one left."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from runs import commit_run, write_pubmed

from openbioner_batch.engine.export.run import export
from openbioner_batch.engine.export.settings import ExportSettings
from openbioner_batch.engine.export.texts import TextSource
from openbioner_batch.engine.export.work import Written, partitions
from openbioner_batch.formats import InputFile, ReadOptions, Split, get_format


def test_what_tasks_have_written_is_summed_up() -> None:
    written = Written(1, 2, 3, 4)
    written.add(Written(10, 20, 30, 40))
    assert written == Written(11, 22, 33, 44)


def test_the_name_of_a_column_makes_one_folder_whatever_is_in_it() -> None:
    rows = pa.table({"a/b c": ["x/y", "z", "x/y"], "n": [1, 2, 3]})
    assert [(folder, part.to_pydict()) for folder, part in partitions(rows, "a/b c")] == [
        *(("a%2Fb%20c=x%2Fy/", {"n": [1, 3]}), ("a%2Fb%20c=z/", {"n": [2]}))
    ]


def test_a_part_of_a_file_is_the_same_part_where_the_file_lies_now() -> None:
    before, now = InputFile("old/a.jsonl", 9, "1"), InputFile("new/a.jsonl", 9, "2")
    source = TextSource(get_format("jsonl"), ReadOptions(), {before.uri: now})
    assert source.moved(Split((before,), 3, 9)) == Split((now,), 3, 9)


def test_an_export_that_was_killed_before_it_described_itself_can_begin_again(tmp_path: Path) -> None:
    run = commit_run(tmp_path / "run", write_pubmed(tmp_path / "a.xml", [("1", "Zinc"), ("2", "Iron"), ("3", "Lead")]))
    left = tmp_path / "x" / "_run" / "tmp" / "export.json"
    left.parent.mkdir(parents=True)
    left.touch()
    values = {"run": run, "to": "jsonl", "output": str(tmp_path / "x"), "workers": 1}
    written = export(ExportSettings.build(values), lambda line: None).written
    assert (written.shards, written.documents) == (2, 3)
