"""Reading in another process, as a Ray worker does, and how much memory it takes there."""

from __future__ import annotations

import gzip
import json
import pickle
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from formats.reading import read_all
from fuzz.seeds import SEEDS, Seed

from openbioner_batch.formats import ReadOptions, get_format, list_inputs

WORKER = """
import pathlib, pickle, re, sys
import pyarrow.parquet, lxml.etree

def peak():
    # Not ru_maxrss: a child inherits its parent's.
    status = pathlib.Path("/proc/self/status")
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", status.read_text()).group(1)) if status.exists() else 0

chosen, splits, options, whole = pickle.load(sys.stdin.buffer)
before = peak()
records = 0
found = []
for split in splits:
    for record in chosen.read(split, options):
        records += 1
        if whole:
            found.append(record)
grown = peak() - before
sys.stdout.buffer.write(pickle.dumps((records, grown, found)))
"""


def in_worker(name: str, folder: Path, whole: bool) -> tuple[int, int, list]:
    """The number of records, the KiB by which a fresh process grew over them, and the records where `whole`."""
    chosen = get_format(name)
    files = list_inputs([str(folder)], chosen.suffixes)
    task = pickle.dumps((chosen, chosen.splits(files), chosen.resolve(files, ReadOptions()), whole))
    done = subprocess.run([sys.executable, "-c", WORKER], input=task, capture_output=True, check=True)
    return pickle.loads(done.stdout)


def texts(count: int) -> Iterator[str]:
    """Texts of 2,000 characters that pack to about a half."""
    source = random.Random(7)
    for _ in range(count):
        yield source.randbytes(1000).hex()


def jsonl(path: Path, count: int) -> None:
    with gzip.open(f"{path}.jsonl.gz", "wt", 1) as file:
        for number, text in enumerate(texts(count)):
            file.write(json.dumps({"id": number, "text": text}) + "\n")


def csv(path: Path, count: int) -> None:
    with gzip.open(f"{path}.csv.gz", "wt", 1) as file:
        file.write("id,text\n")
        for number, text in enumerate(texts(count)):
            file.write(f'{number},"{text}"\n')


def pubmed(path: Path, count: int) -> None:
    with gzip.open(f"{path}.xml.gz", "wt", 1) as file:
        file.write("<PubmedArticleSet>\n")
        for number, text in enumerate(texts(count)):
            file.write(
                f"<PubmedArticle><MedlineCitation><PMID>{number}</PMID><Article><ArticleTitle>{text}</ArticleTitle>"
                "</Article></MedlineCitation></PubmedArticle>\n"
            )
        file.write("</PubmedArticleSet>\n")


def parquet(path: Path, count: int) -> None:
    table = pa.table({"id": [str(number) for number in range(count)], "text": list(texts(count))})
    pq.write_table(table, f"{path}.parquet", use_dictionary=False, row_group_size=count)


def pubtator(path: Path, count: int) -> None:
    with gzip.open(f"{path}.pubtator.gz", "wt", 1) as file:
        for number, content in enumerate(texts(count)):
            file.write(f"{number}|t|{content}\n{number}|a|\n{number}\t0\t9\t{content[:9]}\tx\t-\n\n")


def bioc_xml(path: Path, count: int) -> None:
    with gzip.open(f"{path}.xml.gz", "wt", 1) as file:
        file.write("<collection>")
        for number, content in enumerate(texts(count)):
            passage = f"<passage><offset>0</offset><text>{content}</text></passage>"
            file.write(f"<document><id>{number}</id>{passage}</document>\n")
        file.write("</collection>")


WRITERS: dict[str, Callable[[Path, int], None]] = {
    "jsonl": jsonl,
    "csv": csv,
    "pubmed": pubmed,
    "parquet": parquet,
    "pubtator": pubtator,
    "bioc-xml": bioc_xml,
}


@pytest.mark.parametrize("seed", {seed.format: seed for seed in SEEDS}.values(), ids=lambda seed: seed.format)
def test_a_worker_reads_the_same_records(tmp_path: Path, seed: Seed) -> None:
    for name, content in seed.files.items():
        (tmp_path / name).write_bytes(content)
    count, _, records = in_worker(seed.format, tmp_path, whole=True)
    assert count >= 1
    assert records == read_all(get_format(seed.format), [tmp_path])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc to read a process's peak memory from")
@pytest.mark.parametrize("name", WRITERS)
def test_no_file_is_held_whole(tmp_path: Path, name: str) -> None:
    count = 40_000
    WRITERS[name](tmp_path / "x", count)
    read, grown, _ = in_worker(name, tmp_path, whole=False)
    assert read == count
    # The text alone is 76 MiB; Arrow, lxml and their like take 40 once.
    assert grown < 60 << 10, f"{grown} KiB"
