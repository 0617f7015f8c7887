"""A cluster whose nodes speak TLS runs a job, and lets nobody in who has the token but no certificate."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from clusters import job_folder, local_cluster
from outputs import rows
from processes import Program
from tiny import tiny_checkpoint

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def certificate(folder: Path) -> dict[str, str]:
    """The environment of nodes that share a new certificate, signed by itself, for all addresses of this machine."""
    addresses = {found.address for card in psutil.net_if_addrs().values() for found in card}
    numbers = [address for address in addresses if address.replace(".", "").isdecimal()]
    names = ",".join(["DNS:localhost", f"DNS:{socket.gethostname()}", *(f"IP:{number}" for number in numbers)])
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=ray"),
            *("-addext", f"subjectAltName={names}", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"),
        ],
        check=True,
        capture_output=True,
    )
    paths = {"SERVER_CERT": "cert.pem", "SERVER_KEY": "key.pem", "CA_CERT": "cert.pem"}
    return {"RAY_USE_TLS": "1", **{f"RAY_TLS_{name}": str(folder / file) for name, file in paths.items()}}


def test_a_job_runs_on_nodes_that_speak_tls(tmp_path: Path) -> None:
    lines = [json.dumps({"id": str(n), "text": f"Note {n}: aspirin for the knee."}) for n in range(40)]
    (tmp_path / "notes.jsonl").write_text("\n".join(lines))
    (tmp_path / "types.yaml").write_text("drug: a substance that is given\n")
    (tmp_path / "home").mkdir()
    command = [sys.executable, "jobs/annotate.py", str(tmp_path / "notes.jsonl"), "--output", str(tmp_path / "out")]
    command += ["--types", str(tmp_path / "types.yaml"), "--model", str(tiny_checkpoint(tmp_path / "tiny"))]
    command += ["--devices", "cpu", "--shard-documents", "10"]
    with local_cluster(tmp_path / "home", 1, certificate(tmp_path)) as cluster:
        cluster.add_node()
        code, log = cluster.submit(*command, folder=job_folder(tmp_path / "work"))
        assert code == 0, log
        assert "all 2 machines" in log
        assert len(rows(tmp_path / "out")) == 40

        stranger = Program(
            ["-c", f"import ray; ray.init({cluster.address!r}, log_to_driver=False); print('joined')"],
            {**cluster.environment, "RAY_USE_TLS": "0", "RAY_gcs_rpc_server_reconnect_timeout_s": "5"},
        )
        try:
            code, output = stranger.finish(300)
        finally:
            stranger.end()
        assert code != 0
        assert "joined" not in output
