"""What `deidentify` writes on a local disk is for its user alone, whatever the umask."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from outputs import contents, rows

from openbioner_batch.cli.main import main
from openbioner_batch.engine.files import make_private_folder, write_file
from openbioner_batch.engine.store import Store

from .conftest import Archive, Deidentify

RECORD = {"id": "n1", "text": "Maria Lopez came on 03/04/2021."}


def modes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): oct(stat.S_IMODE(path.stat().st_mode)) for path in [folder, *folder.rglob("*")]
    }


def check(folder: Path) -> None:
    found = modes(folder)
    assert len(found) > 3
    for name, mode in found.items():
        assert mode == ("0o700" if (folder / name).is_dir() else "0o600"), (name, mode)


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_outputs_audit_reports_and_run_folder_are_private(
    umask: int, archive: Archive, run_here: Deidentify, tmp_path: Path
) -> None:
    inputs = archive("a.jsonl", [RECORD, "{broken", {"id": "n2", "text": "Fine."}])
    more = {"audit_text": True, "audit_output": tmp_path / "private" / "audit", "max_quarantined": "50%"}
    output = tmp_path / "new" / "out"
    run_here(inputs, output=output, **more)
    check(output)
    check(tmp_path / "private" / "audit")
    run_here(inputs, output=output, overwrite=True, **more)
    check(output)
    done = CliRunner().invoke(main, ["report", str(output), "--html", str(tmp_path / "page.html"), "--include-text"])
    assert done.exit_code == 0, done.output
    assert stat.S_IMODE((tmp_path / "page.html").stat().st_mode) == 0o600


def test_a_folder_that_is_there_and_texts_in_files_of_their_own_are_private(
    run_here: Deidentify, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    for name in "ab":
        (tmp_path / "in" / f"{name}.txt").write_text(RECORD["text"])
    (tmp_path / "out").mkdir(mode=0o777)
    os.chmod(tmp_path / "out", 0o777)
    run_here(tmp_path / "in")
    check(tmp_path / "out")
    assert len(list((tmp_path / "out" / "data").rglob("*.txt"))) == 2


def test_a_run_that_was_open_to_others_is_closed_when_it_goes_on(
    archive: Archive, run_here: Deidentify, tmp_path: Path
) -> None:
    inputs = archive("a.jsonl", [RECORD])
    run_here(inputs)
    for path in [tmp_path / "out", *(tmp_path / "out").rglob("*")]:
        os.chmod(path, 0o777 if path.is_dir() else 0o666)
    archive("b.jsonl", [RECORD])
    run_here(inputs.parent)
    found = modes(tmp_path / "out")
    assert found["."] == found["_run"] == "0o700"
    assert {
        mode for name, mode in found.items() if name.startswith("data/0000000001") or name.endswith("report.json")
    } <= {"0o600"}


def test_a_record_without_an_id_is_told_by_numbers_wherever_its_file_lies(
    archive: Archive, run_here: Deidentify, key_file: Path, tmp_path: Path
) -> None:
    """Its position serves as its id, which has the path of the file and so may have a name."""
    first = archive("Maria Lopez.jsonl", [{"text": RECORD["text"]}])
    (tmp_path / "elsewhere").mkdir()
    other = shutil.copy(first, tmp_path / "elsewhere" / "Another.jsonl")
    run_here(first, output=tmp_path / "kept", keep_ids=True)
    edits = rows(tmp_path / "kept", "audit")
    assert {(edit["source"], edit["document_id"]) for edit in edits} == {(0, "0:0")}
    for name, path in (("one", first), ("two", Path(other))):
        run_here(path, output=tmp_path / name, policy="surrogate", key_file=key_file, patient_scope="document")
    written = [contents(tmp_path / name) for name in ("one", "two")]
    assert written[0]
    assert written[0] == written[1]


def test_a_refused_request_leaves_nothing(archive: Archive, run_here: Deidentify, tmp_path: Path) -> None:
    from openbioner_batch.errors import UsageError

    inputs = archive("a.jsonl", [RECORD])
    with pytest.raises(UsageError):
        run_here(inputs, policy="surrogate")
    assert not (tmp_path / "out").exists()


def test_other_stores_keep_to_the_umask(tmp_path: Path) -> None:
    code = (
        "import os, sys; os.umask(0o022)\n"
        "from openbioner_batch.engine.files import write_file\n"
        "from openbioner_batch.engine.store import Store\n"
        "Store(sys.argv[1]).put('data/x', b'1'); write_file(sys.argv[2], b'1')"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "s"), str(tmp_path / "page")], check=True)
    assert modes(tmp_path / "s")["data/x"] == "0o644"
    assert stat.S_IMODE((tmp_path / "page").stat().st_mode) == 0o644


def test_a_private_file_replaces_one_that_was_open(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "s"))
    store.put("report.json", b"open")
    os.chmod(tmp_path / "s" / "report.json", 0o666)
    assert not store.is_private
    store.make_private()
    store.put("report.json", b"closed")
    assert store.is_private
    assert modes(tmp_path / "s")["report.json"] == "0o600"
    (tmp_path / "page").write_bytes(b"")
    os.chmod(tmp_path / "page", 0o666)
    write_file(str(tmp_path / "page"), b"1", private=True)
    assert stat.S_IMODE((tmp_path / "page").stat().st_mode) == 0o600
    make_private_folder(str(tmp_path / "deep" / "er"))
    assert modes(tmp_path / "deep") == {".": "0o700", "er": "0o700"}
