"""Files beside an index, and the command that builds it again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from openbioner_batch.concepts.building import build_vocabulary
from openbioner_batch.concepts.index import Vocabulary
from openbioner_batch.concepts.index_file import build_command


def test_what_running_processes_write_stays_and_what_killed_ones_left_goes(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("id,name\nX:1,cyst\n")
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    left = {name: tmp_path / f"x.vocab.{name}.tmp" for name in (str(ended.pid), str(os.getppid()), "notes")}
    for path in left.values():
        path.touch()
    build_vocabulary(str(tmp_path / "x.csv"), str(tmp_path / "x.vocab"))
    assert {name for name, path in left.items() if path.exists()} == {str(os.getppid()), "notes"}


def test_the_command_that_builds_an_index_again_has_all_its_choices() -> None:
    about = {
        "source": "my concepts.csv",
        "roots": ["X:1", "X:2"],
        "only": {"domain_id": ["Condition", "Drug"]},
        "encoder": {"name": "models/a"},
    }
    assert build_command(about, "x.vocab") == (
        "openbioner-batch vocabulary build 'my concepts.csv' --output x.vocab --root X:1 --root X:2 "
        "--only domain_id=Condition,Drug --encoder models/a"
    )
    bare = "openbioner-batch vocabulary build SOURCE --output x.vocab"
    assert build_command({"only": None, "roots": None}, "x.vocab") == bare


def test_a_name_is_as_long_as_its_bytes_are(vocabulary: Vocabulary) -> None:
    lengths = [vocabulary.length(number) for number in range(vocabulary.names)]
    assert lengths == [len(name.encode()) for name, _ in vocabulary.all_names()]
    assert len(set(lengths)) > 3
