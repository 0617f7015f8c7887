"""The Slurm script run for real on one machine: `srun` and `scontrol` are stand-ins, which start what they are told."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from outputs import rows
from processes import ROOT, Program, wait_until
from tiny import tiny_checkpoint

STAND_INS = {
    "srun": 'while [[ $1 == --* ]]; do shift; done; exec "$@"',
    "scontrol": "echo 127.0.0.1; echo 127.0.0.2",
}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_nodes_run_a_job_and_leave_nothing_behind(tmp_path: Path) -> None:
    for name, script in STAND_INS.items():
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/bash\n{script}\n")
        program.chmod(0o755)
    lines = [json.dumps({"id": str(n), "text": f"Note {n}: aspirin for the knee."}) for n in range(50)]
    (tmp_path / "notes.jsonl").write_text("\n".join(lines))
    (tmp_path / "types.yaml").write_text("drug: a substance that is given\n")
    (tmp_path / "home").mkdir()
    number = str(os.getpid())
    arguments = [f"{ROOT}/jobs/annotate.py", f"{tmp_path}/notes.jsonl", "--types", f"{tmp_path}/types.yaml"]
    arguments += ["--model", str(tiny_checkpoint(tmp_path / "tiny")), "--devices", "cpu", "--shard-documents", "10"]
    arguments += ["--output", f"{tmp_path}/out"]
    job = Program(
        [
            "-c",
            "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))",
            f"{ROOT}/cluster/slurm.sh",
            *arguments,
        ],
        {
            "PATH": f"{tmp_path}/bin:{os.environ['PATH']}",
            "HOME": str(tmp_path / "home"),
            "OPENBIONER_VENV": sys.prefix,
            "SLURM_JOB_ID": number,
            "SLURM_JOB_NODELIST": "node[1-2]",
            "SLURM_JOB_NUM_NODES": "2",
            "SLURM_CPUS_PER_TASK": "1",
            "SLURM_SUBMIT_DIR": str(tmp_path),
        },
    )
    try:
        code, output = job.finish(800)
        assert code == 0, output
        assert "documents tagged" in output
        assert "all 2 machines must see the same files" in output, "the run met one node only"
        assert [row["document_id"] for row in rows(tmp_path / "out")] == [str(n) for n in range(50)]
        assert not (tmp_path / f".ray-token-{number}").exists()
        wait_until(lambda: not job.descendants(), 120, "the cluster outlives the job")
    finally:
        job.end()
        shutil.rmtree(f"/tmp/ray-{number}", ignore_errors=True)
