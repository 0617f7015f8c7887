"""Paths and URLs that are odd, and ids that try to become paths."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from click.testing import CliRunner
from runs import commit_run

from openbioner_batch.cli.main import main
from openbioner_batch.engine.export.run import export
from openbioner_batch.engine.export.settings import ExportSettings
from openbioner_batch.errors import UsageError
from openbioner_batch.formats.storage import refuse_password

ODD_IDS = ("../../escaped", "/etc/passwd", "..", ".", "", "a/../../b", "C:\\x", "a\0b", "~root", "x" * 999, "\n", "CON")


def refused(*command: str) -> str:
    """The message of a command that fails in one line."""
    done = CliRunner().invoke(main, command)
    assert isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code in (1, 2), done.output
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.stderr
    assert done.stderr.splitlines()[-1] == errors[0]
    return errors[0]


@pytest.mark.parametrize(
    "url",
    [
        *("gopher://host/x.jsonl", "://", "memory://nothing", "data:,x", "file://../../nowhere/x.jsonl"),
        *("zip://x.jsonl::/nowhere.zip", "zip://../../etc/passwd::/nowhere.zip", "reference://x", "dir://x"),
        *("/nowhere/*.jsonl", "../../../../../nowhere", "[", "http://127.0.0.1:1/x.jsonl", "ftp://127.0.0.1:1/x"),
    ],
)
def test_an_odd_url_is_refused_in_one_line(url: str, tmp_path: Path) -> None:
    place = tmp_path / "in.jsonl"
    place.write_text('{"text": "Anna"}\n')
    refused("annotate", url, "--types", "drug", "--output", str(tmp_path / "out"))
    refused("status", url)
    assert list(tmp_path.iterdir()) == [place], "nothing has been started"


@pytest.mark.parametrize(
    "url", ["s3://me:hunter2@bucket/x", "ftp://me:hunter2@host/x.jsonl", "simplecache::http://me:hunter2@host/x.jsonl"]
)
def test_a_password_in_a_url_is_refused_and_not_told(url: str, tmp_path: Path) -> None:
    place = tmp_path / "in.jsonl"
    place.write_text('{"text": "Anna"}\n')
    for command in (
        ("annotate", url, "--types", "drug", "--output", str(tmp_path / "out")),
        ("annotate", str(place), "--types", "drug", "--output", url),
        ("status", url),
        ("show", url),
    ):
        message = refused(*command)
        assert "hunter2" not in message
        assert "set it in the environment" in message


@pytest.mark.parametrize(
    "url",
    ["s3://bucket/a:b@c", "sftp://me@host/x", "abfss://container@account.dfs.test/x", "github://o:r@main/x", "a:b@c"],
)
def test_what_only_looks_like_a_password_is_none(url: str) -> None:
    refuse_password(url)


@pytest.mark.parametrize("output", ["in", "in/out", "in/../in/out", "in/."])
def test_an_output_among_the_inputs_is_refused(output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text('{"text": "Anna"}\n')
    monkeypatch.chdir(tmp_path)
    assert " is inside " in refused("annotate", "in", "--types", "drug", "--output", output)


def test_ids_and_values_become_names_below_the_output(tmp_path: Path) -> None:
    """Ids name files in brat's archives, values name folders of a partition."""
    lines = [json.dumps({"id": name, "text": "Anna", "ward": name}) for name in ODD_IDS[:9]]
    (tmp_path / "in.jsonl").write_text("".join(f"{line}\n" for line in lines))
    run = commit_run(tmp_path / "run", tmp_path / "in.jsonl", include_text=True, keep_fields=("ward",))
    outside = set(tmp_path.rglob("*"))
    for to, more in (("brat", {}), ("csv", {"partition_by": "ward"})):
        export(ExportSettings(run, to, str(tmp_path / to), workers=1, **more), lambda line: None)
    written = set(tmp_path.rglob("*")) - outside
    assert all(path.relative_to(tmp_path).parts[0] in ("brat", "csv") for path in written)
    names = [name for archive in (tmp_path / "brat").glob("*.zip") for name in zipfile.ZipFile(archive).namelist()]
    assert len(names) == 2 * 9
    assert all(len(PurePosixPath(name).parts) == 1 and not name.startswith((".", "/")) for name in names)
    assert not any(set("\\:\0") & set(name) for name in names)


def test_a_value_that_is_no_name_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": "Anna", "ward": "x" * 999}) + "\n")
    run = commit_run(tmp_path / "run", tmp_path / "in.jsonl", keep_fields=("ward",))
    with pytest.raises(UsageError, match="too long for names of folders"):
        export(ExportSettings(run, "csv", str(tmp_path / "csv"), partition_by="ward", workers=1), lambda line: None)
