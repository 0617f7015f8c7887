"""Files that unpack to gigabytes, records of a gigabyte: set aside in bounded memory, whatever comes after them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .seeds import PACKERS

MEMORY_MIB = 600
READ = """
import json, resource, sys
from openbioner_batch.formats import ReadOptions, get_format, list_inputs
from openbioner_batch.records import Rejected
name, path = sys.argv[1:]
chosen = get_format(name)
files = list_inputs([path])
options = ReadOptions(text_field="text") if name in ("jsonl", "csv") else chosen.resolve(files, ReadOptions())
found = [record for split in chosen.splits(files) for record in chosen.read(split, options)]
reasons = [record.reason for record in found if isinstance(record, Rejected)]
texts = [record.document.text for record in found if not isinstance(record, Rejected)]
print(json.dumps([reasons, texts, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10]))
"""


def read(name: str, path: Path) -> tuple[list[str], list[str], int]:
    """Reasons, texts and the most memory in MiB of a process that reads a file."""
    done = subprocess.run([sys.executable, "-c", READ, name, str(path)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    reasons, texts, memory = json.loads(done.stdout)
    return reasons, texts, memory


BOMBS = {
    # format: suffix, head, what fills the file, tail, what is said, texts that are read all the same
    "jsonl": (".jsonl", b'{"text": "a"}\n', bytes(1 << 20), b'\n{"text": "b"}\n', "a line of more than", ["a", "b"]),
    "csv": (".csv", b"text\na\n", b"x" * (1 << 20), b"\nb\n", "a record of", ["a", "b"]),
    "text": (".txt", b"", bytes(1 << 20), b"", "a text of more than", []),
    "pubmed": (".xml", b"<PubmedArticleSet>", b"<a><b/></a>" * 90_000, b"", "a record of more than", []),
    "bioc-xml": (".bioc", b"<collection><document>", b"<passage/>" * 90_000, b"", "a record of more than", []),
    "bioc-json": (".json", b"[", b"1," * 500_000, b"1]", "a BioC JSON file of more than", []),
    "pubtator": (".pubtator", b"1|t|a\n\n2|t|", b"x" * (1 << 20), b"\n\n3|t|b", "a line of more than", ["a", "b"]),
    "iob": (".iob", b"a\tO\n\n", b"x\tO\n" * 250_000, b"\nb\tO\n", "a document of more than", ["a", "b"]),
}


def bomb(name: str, packed: str, mebibytes: int) -> bytes:
    """A packed file of that size: its beginning, a member that comes again and again, and its end."""
    _, head, filler, tail, _, _ = BOMBS[name]
    pack = PACKERS[packed]
    return pack(head) + pack(filler * 32) * (mebibytes // 32) + pack(tail)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("packed", PACKERS)
def test_a_bomb_is_set_aside_in_bounded_memory(name: str, packed: str, tmp_path: Path) -> None:
    suffix, _, _, _, said, expected = BOMBS[name]
    path = tmp_path / f"a{suffix}{packed}"
    path.write_bytes(bomb(name, packed, 96 if name == "iob" else 2048))  # of IOB every line is looked at
    assert path.stat().st_size < 16 << 20
    reasons, texts, memory = read(name, path)
    assert any(said in reason for reason in reasons), reasons[:3]
    assert texts == expected
    assert memory < MEMORY_MIB


@pytest.mark.slow
@pytest.mark.parametrize("name", ["jsonl", "text", "bioc-json"])
def test_a_plain_record_of_a_gigabyte_is_set_aside_in_bounded_memory(name: str, tmp_path: Path) -> None:
    suffix, head, _, _, said, _ = BOMBS[name]
    path = tmp_path / f"a{suffix}"
    path.write_bytes(head)
    with path.open("r+b") as file:
        file.truncate(1 << 30)  # zeros that take no space
    reasons, texts, memory = read(name, path)
    assert [said in reason for reason in reasons] == [True]
    assert texts == ["a"] * (name == "jsonl")
    assert memory < MEMORY_MIB
