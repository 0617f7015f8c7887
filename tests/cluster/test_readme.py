"""The README's commands for a cluster, as they stand in it, in one shell; only the ports are others."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from clusters import job_folder
from outputs import rows
from processes import ROOT, Program
from support import free_port

SECTION = (ROOT / "cluster" / "README.md").read_text("utf-8").partition("\n## On a cluster\n")[2]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_job_loses_a_node_is_stopped_and_goes_on_as_the_readme_says(tmp_path: Path) -> None:
    (block,) = re.findall(r"```sh\n(.*?)```", SECTION.partition("\n## ")[0], re.DOTALL)
    for port in ("6379", "8265", "8080", "52366"):
        assert port in block
        block = block.replace(port, str(free_port()))
    assert "--temp-dir=/tmp/ray-2 " in block  # nodes that share a folder unpack the job's files under each other's feet
    second = Path(tempfile.mkdtemp(prefix="ob-", dir="/tmp"))  # short: it holds sockets
    block = block.replace("/tmp/ray-2", str(second))
    lines = [line for line in block.splitlines() if line != "ray stop"]  # it would end the Ray of others
    assert len(lines) == len(block.splitlines()) - 1
    (kill,) = [place for place, line in enumerate(lines) if line.startswith("kill ")]
    lines.insert(kill, "timeout 300 bash -c 'until ls demo-cluster/data/*.parquet >/dev/null; do sleep 1; done'")
    lines.append(lines[-1])  # once more
    work = job_folder(tmp_path / "work", models=True)
    (work / ".gitignore").write_text((ROOT / ".gitignore").read_text())
    (tmp_path / "commands.sh").write_text("\n".join([f"exec >{tmp_path / 'log'} 2>&1", "set -ex", *lines]))
    (tmp_path / "home").mkdir()
    shell = Program(
        ["-c", f"import os; os.chdir({str(work)!r}); os.execvp('bash', ['bash', {str(tmp_path / 'commands.sh')!r}])"],
        {
            "HOME": str(tmp_path / "home"),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "RAY_TMPDIR": f"/tmp/ob-{os.getpid()}",
        },
    )
    try:
        code, _ = shell.finish(1500)
        output = (tmp_path / "log").read_text()
        assert code == 0, output
        assert output.count("documents tagged") >= 2
        assert re.search(r"resuming the run in \S+: [1-9]\d* shards are committed", output)
        assert len(rows(work / "demo-cluster")) == 100
    finally:
        shell.end()
        shutil.rmtree(second, ignore_errors=True)
