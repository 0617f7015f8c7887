"""Files of a run that are damaged after they were written: one line says which, and how the run mends itself."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from engine.conftest import Annotate
from outputs import contents
from runs import commit_run

from openbioner_batch.cli.main import main
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.tables import open_table
from openbioner_batch.errors import RunFailedError


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    texts = [f"Anna met Dr Meyer {'and Bob ' * 40}{number}" for number in range(12)]
    path.write_text("".join(json.dumps({"id": n, "text": text}) + "\n" for n, text in enumerate(texts)))
    return path


@pytest.fixture
def output(tmp_path: Path, inputs: Path) -> Path:
    commit_run(tmp_path / "out", inputs, shard_documents=4)
    return tmp_path / "out"


def truncate(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flip_a_bit(data: bytes) -> bytes:
    """In the first page, of which the footer knows nothing."""
    return data[:60] + bytes([data[60] ^ 16]) + data[61:]


def empty(data: bytes) -> bytes:
    return b""


def fails_in_one_line(*command: str) -> str:
    """The message of a command that fails as a user's mistake or a failed run does."""
    done = CliRunner().invoke(main, command)
    assert done.exit_code in (1, 2), done.output
    assert isinstance(done.exception, SystemExit), done.exception
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("error: ")
    assert "Traceback" not in done.output
    return last


COMMANDS = {
    "status": lambda out: ("status", out),
    "export": lambda out: ("export", out, "--to", "csv", "--output", f"{out}-csv", "--workers", "1"),
    "show": lambda out: ("show", out, "--limit", "99"),
    "report": lambda out: ("report", out, "--html", f"{out}.html"),
    "compare": lambda out: ("compare", out, out),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("damage", [truncate, empty])
def test_a_damaged_shard_is_named(output: Path, damage: Callable[[bytes], bytes], command: str) -> None:
    shard = output / "data" / "000000-00001.parquet"
    shard.write_bytes(damage(shard.read_bytes()))
    assert f"{shard} is damaged" in fails_in_one_line(*COMMANDS[command](str(output)))


@pytest.mark.parametrize("command", ["export", "show", "report"])
def test_a_flipped_bit_is_found_by_what_reads_the_rows(output: Path, command: str) -> None:
    shard = output / "data" / "000000-00001.parquet"
    shard.write_bytes(flip_a_bit(shard.read_bytes()))
    assert f"{shard} is damaged" in fails_in_one_line(*COMMANDS[command](str(output)))


def test_no_flipped_bit_of_the_rows_goes_unnoticed(output: Path) -> None:
    """The checksums are of pages; the footer, which the format gives none, is left out here."""
    name = "data/000000-00001.parquet"
    data, store = (output / name).read_bytes(), Store(str(output))
    with open_table(store, name) as table:
        whole = table.read()
    rows = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    rng, noticed = random.Random(1), 0
    for _ in range(300):
        place = rng.randrange(rows)
        flipped = data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1 :]
        (output / name).write_bytes(flipped)
        try:
            with open_table(store, name) as table:
                assert table.read().equals(whole)
        except RunFailedError:
            noticed += 1
    assert noticed > 200


@pytest.mark.slow
@pytest.mark.parametrize("damage", [truncate, flip_a_bit])
def test_a_shard_that_is_removed_is_written_anew(
    tmp_path: Path, inputs: Path, run: Annotate, damage: Callable[[bytes], bytes]
) -> None:
    """As the message says: present means done, so it is the user who removes what is there."""
    run(inputs, shard_documents=4)
    whole = contents(tmp_path / "out")
    shard = tmp_path / "out" / "data" / "000000-00001.parquet"
    shard.write_bytes(damage(shard.read_bytes()))
    if damage is truncate:
        with pytest.raises(RunFailedError, match=f"remove {shard};"):
            run(inputs, shard_documents=4)
    shard.unlink()
    (tmp_path / "out" / "_run" / "ends" / "000000.json").write_bytes(b"{")  # a damaged marker is none
    again = run(inputs, shard_documents=4)
    assert contents(tmp_path / "out") == whole
    assert again.tagged_now == 4


@pytest.mark.parametrize("name", ["plan.json", "inputs/0000.jsonl"])
@pytest.mark.parametrize("damage", [truncate, lambda data: b"{}", lambda data: b"\xff" + data])
def test_a_damaged_plan_is_named(output: Path, name: str, damage: Callable[[bytes], bytes]) -> None:
    plan = output / "_run" / name
    plan.write_bytes(damage(plan.read_bytes()))
    assert f"the plan of the run in {output} is damaged" in fails_in_one_line("status", str(output))
