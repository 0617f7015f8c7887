"""No identifier anywhere but in the input: unmistakable strings are planted as such, and everything else is searched.

Searched: what the program prints, Ray's session folder with all its logs (at debug level), the folder for what Ray
spills, the output with its audit, quarantine, report, samples and `_run`, and the names of all these files. Not
searched: the listing of the input in `_run/inputs`, which must name the files and is documented as private, and the
memory of processes, Ray's shared object store included, which holds the notes while they are worked on.
"""

from __future__ import annotations

import base64
import json
import os
import random
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from processes import Program

from .conftest import Archive

NAMES = ("Zorvexia", "Quandrelle")
CANARIES = (*NAMES, "CANARYDOC", "CANARYPAT", "77341905", "CANARYCOLUMN", "CANARYFILE")
Start = Callable[..., Program]


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder with a short name, since the paths of Ray's sockets must be short."""
    folder = Path(tempfile.mkdtemp(prefix="obn-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def start(scratch: Path) -> Iterator[Start]:
    """Starts a run that logs at debug level below `scratch`; none outlives the test."""
    programs = []

    def start(settings: dict[str, Any], seconds: float, key: str) -> Program:
        environment = {
            "RAY_TMPDIR": str(scratch / "ray"),
            "TMPDIR": str(scratch / "tmp"),
            "RAY_BACKEND_LOG_LEVEL": "debug",
            "OPENBIONER_DEID_KEY": key,
        }
        for name in ("ray", "tmp"):
            (scratch / name).mkdir(exist_ok=True)
        drive = Path(__file__).parents[1] / "drive_deid.py"
        programs.append(Program([str(drive), json.dumps(settings), str(seconds)], environment))
        return programs[-1]

    yield start
    for program in programs:
        program.end()


def note(number: int, more: str = "") -> dict[str, Any]:
    first, last = NAMES
    return {
        "id": f"CANARYDOC{number}",
        "patient": f"CANARYPAT{number % 3}",
        "name": f"{first} {last}",
        "mrn": "77341905",
        "other": "CANARYCOLUMN",
        "text": f"{first} {last} (MRN 77341905) came on 03/04/2021. Mrs. {last} has fever. {more}",
    }


def records(misdeeds: list[str], count: int) -> list[dict[str, Any] | str]:
    """Good notes, records that cannot be read, and notes that make the model fail; all with canaries."""
    bad: list[dict[str, Any] | str] = [f"{{broken {NAMES[0]} CANARYDOC", {**note(900), "text": None}, "[1]"]
    return [note(number) for number in range(count)] + bad + [note(700 + n, word) for n, word in enumerate(misdeeds)]


def leaks(folder: Path, canaries: tuple[str, ...], private: Path) -> list[tuple[str, str]]:
    """Canary and file wherever a name or content below a folder holds one."""
    found = []
    for path in folder.rglob("*"):
        if path == private or private in path.parents:
            continue
        content = str(path.relative_to(folder)).encode()
        if path.is_file():
            content += path.read_bytes()
            if path.suffix == ".parquet":
                table = pq.read_table(path)
                content += repr((table.to_pylist(), table.schema.metadata)).encode()
        found += [(canary, str(path)) for canary in canaries if canary.encode() in content]
    return found


def settings(inputs: Path, output: Path, **more: Any) -> dict[str, Any]:
    return {
        "inputs": [str(inputs)],
        "output": str(output),
        "policy": "surrogate",
        "patient_field": "patient",
        "known_fields": "name,mrn",
        "model": "bundled",
        "residual_sample": "50%",
        "max_quarantined": "90%",
        "actors": 1,
        **more,
    }


@pytest.mark.timeout(900)
@pytest.mark.parametrize("executor", [pytest.param("ray", marks=pytest.mark.slow), "in-process"])
def test_no_identifier_is_found_outside_of_the_input(
    archive: Archive, start: Start, scratch: Path, executor: str
) -> None:
    inputs = archive("CANARYFILE.jsonl", records(["UNPREPARABLE", "RAISES"], 12))
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    code, printed = start(settings(inputs, scratch / "out", shard_documents=8, executor=executor), 0, key).finish()
    assert code == 0, printed
    canaries = (*CANARIES, key)
    assert not [canary for canary in canaries if canary in printed]
    assert leaks(scratch, canaries, scratch / "out" / "_run" / "inputs") == []
    logs = [path for path in (scratch / "ray").rglob("*") if path.is_file()]
    assert (sum(path.stat().st_size for path in logs) > 10_000) is (executor == "ray"), "Ray has logged elsewhere"
    assert not list((scratch / "tmp").glob("openbioner-spill-*"))
    report = json.loads((scratch / "out" / "report.json").read_text())
    assert (report["notes"], report["quarantined"]["total"], report["residual"]["total"]) == (12, 5, 0)
    assert report["residual"]["model"]["notes"] > 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(2))
def test_nor_where_processes_die(archive: Archive, start: Start, scratch: Path, seed: int) -> None:
    """A note kills its actor each time, any process is killed by chance, and so is the driver."""
    rng = random.Random(seed)
    inputs = archive("CANARYFILE.jsonl", records(["UNPREPARABLE", "RAISES", "KILLS", "MISPLACES"], 60))
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    requested = settings(inputs, scratch / "out", shard_documents=8)
    printed = ""
    for _ in range(2):
        program = start(requested, 0.05, key)
        time.sleep(20 + 10 * rng.random())
        for pid in rng.sample(found := program.descendants("ray::"), min(2, len(found))):
            os.kill(pid, signal.SIGKILL)
        time.sleep(5 * rng.random())
        program.process.kill()
        printed += program.finish()[1]
        program.end()
    code, last = start(requested, 0.001, key).finish(900)
    assert code == 0, last
    assert not [canary for canary in (*CANARIES, key) if canary in printed + last]
    # A driver that is killed cannot remove what Ray spilled; a run this small spills nothing.
    assert leaks(scratch, (*CANARIES, key), scratch / "out" / "_run" / "inputs") == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", ["text", "fhir", "parquet"])
def test_nor_in_other_formats(kind: str, start: Start, scratch: Path, tmp_path: Path) -> None:
    first, last = NAMES
    inputs = tmp_path / "CANARYFILE"
    inputs.mkdir()
    more: dict[str, Any] = {"format": kind}
    if kind == "text":
        # Without columns only what has the look of a name is found.
        for number in range(5):
            (inputs / f"CANARYDOC-{number}.txt").write_text(f"Patient name: {first} {last}\nMRN: 77341905\n")
        (inputs / "CANARYDOC-bad.txt").write_bytes(b"\xff Zorvexia")
        more |= {"patient_field": None, "known_fields": [], "patient_scope": "document"}
    elif kind == "fhir":
        texts = [base64.b64encode(f"{first} {last} has fever.".encode()).decode()] * 4 + ["!"]
        lines = [
            {
                "resourceType": "DocumentReference",
                "id": f"CANARYDOC{number}",
                "subject": {"reference": "Patient/CANARYPAT", "display": f"{first} {last}"},
                "content": [{"attachment": {"contentType": "text/plain", "data": text, "title": f"{last}"}}],
                "contained": [{"resourceType": "Patient", "id": "CANARYPAT"}],
            }
            for number, text in enumerate(texts)
        ]
        (inputs / "CANARYFILE.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
        more |= {"patient_field": None, "known_fields": []}
    else:
        import pyarrow as pa

        table = pa.Table.from_pylist([note(number) for number in range(8)])
        pq.write_table(table, inputs / "CANARYFILE.parquet")
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    code, printed = start(settings(inputs, scratch / "out", **more), 0, key).finish()
    assert code == 0, printed
    assert not [canary for canary in (*CANARIES, key) if canary in printed]
    assert leaks(scratch, (*CANARIES, key), scratch / "out" / "_run" / "inputs") == []
