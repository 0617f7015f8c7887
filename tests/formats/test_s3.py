from __future__ import annotations

import gzip
import io
import json
from collections import Counter
from itertools import pairwise
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from formats.reading import documents, read_all, rejected
from support import S3Server

from openbioner_batch.errors import UsageError
from openbioner_batch.formats import ReadOptions, Split, get_format, list_inputs, open_input


@pytest.fixture
def bucket(s3: S3Server) -> str:
    return s3.bucket()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each operation of the S3 protocol is used from here on."""
    import s3fs

    counts: Counter[str] = Counter()
    original = s3fs.S3FileSystem._call_s3

    async def counted(self: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        counts[method] += 1
        return await original(self, method, *args, **kwargs)

    monkeypatch.setattr(s3fs.S3FileSystem, "_call_s3", counted)
    return counts


def put(url: str, content: bytes) -> None:
    with fsspec.open(url, "wb") as file:
        file.write(content)


def lines(count: int) -> bytes:
    return b"".join(b'{"id": %d, "text": "%d"}\n' % (n, n * n) for n in range(count))


def test_listing_a_folder_takes_no_request_per_file(bucket: str, calls: Counter[str]) -> None:
    for number in range(60):
        put(f"{bucket}/data/{number % 3}/{number:02}.jsonl", b"{}\n" * number)
    put(f"{bucket}/data/_SUCCESS.jsonl", b"")
    put(f"{bucket}/data/readme.md", b"")
    calls.clear()
    files = list_inputs([f"{bucket}/data"])
    assert calls.total() < 5
    assert len(files) == 60
    assert [file.uri for file in files] == sorted(file.uri for file in files)
    assert {int(file.uri[-8:-6]): file.size for file in files} == {number: 3 * number for number in range(60)}
    assert list_inputs([f"{bucket}/data/*/*.jsonl"]) == files
    assert calls.total() < 15


def test_the_etag_is_the_store_s_own_however_the_file_was_listed(bucket: str) -> None:
    put(f"{bucket}/data/a.jsonl", b"{}\n")
    listings = [list_inputs([f"{bucket}/data{end}"]) for end in ("", "/", "/a.jsonl", "/*", "/**/*.jsonl")]
    assert all(listing == listings[0] for listing in listings)
    assert len(listings[0][0].etag) == 32
    assert listings[0][0].etag.isalnum()
    put(f"{bucket}/data/a.jsonl", b"[]\n")
    assert list_inputs([f"{bucket}/data"])[0].etag != listings[0][0].etag


def test_nothing_there_is_a_usage_error_with_its_own_reason(bucket: str) -> None:
    name = bucket.removeprefix("s3://")
    for pattern, message in (
        (f"{bucket}/none", f"no file or folder of that name in bucket '{name}'"),
        (f"{bucket}/*.jsonl", "no object matches"),
        (f"{bucket}-none/x.jsonl", f"no bucket '{name}-none'"),
        (f"{bucket}-none/*.jsonl", f"no bucket '{name}-none'"),
    ):
        with pytest.raises(UsageError, match=message):
            list_inputs([pattern], (".jsonl",))
    put(f"{bucket}/data/a.csv", b"x")
    with pytest.raises(UsageError, match="nothing to read there"):
        list_inputs([f"{bucket}/data"], (".jsonl",))


def test_an_object_named_outright_is_no_glob(bucket: str) -> None:
    for name in ("c1", "c[1]", "axb", "a?b", "a*b", "d[1]/e", "d1/f"):
        put(f"{bucket}/{name}.jsonl", name.encode())

    def found(pattern: str) -> list[str]:
        return [file.uri.removeprefix(f"{bucket}/") for file in list_inputs([f"{bucket}/{pattern}"], (".jsonl",))]

    for name in ("c[1].jsonl", "a?b.jsonl", "a*b.jsonl"):
        assert found(name) == [name]
        with open_input(list_inputs([f"{bucket}/{name}"])[0]) as stream:
            assert stream.read() == name.removesuffix(".jsonl").encode()
    assert found("c[12].jsonl") == ["c1.jsonl"]
    assert found("a?b*.jsonl") == ["a*b.jsonl", "a?b.jsonl", "axb.jsonl"]
    assert found("d[1]") == found("d[1]/*.jsonl") == ["d[1]/e.jsonl"]
    assert found("d?/*.jsonl") == ["d1/f.jsonl"]


def test_jsonl_in_ranges_and_packed(bucket: str, calls: Counter[str]) -> None:
    content = lines(5000)
    put(f"{bucket}/a.jsonl", content)
    put(f"{bucket}/b.jsonl.gz", gzip.compress(content))
    jsonl = get_format("jsonl")
    assert [document.id for document in documents(read_all(jsonl, [bucket]))] == [str(n) for n in range(5000)] * 2
    file = list_inputs([f"{bucket}/a.jsonl"])[0]
    options = jsonl.resolve([file], ReadOptions())
    bounds = [0, 17, 30_000, 30_001, len(content)]
    calls.clear()
    splits = [Split((file,), a, b) for a, b in pairwise(bounds)]
    found = [record for split in splits for record in jsonl.read(split, options)]
    assert [document.id for document in documents(found)] == [str(n) for n in range(5000)]
    assert calls["get_object"] <= 3 * len(splits)


def test_a_truncated_gzip_is_told_from_a_short_file(bucket: str) -> None:
    stored = gzip.compress(lines(5000))
    put(f"{bucket}/a.jsonl.gz", stored[:-500])
    found = read_all(get_format("jsonl"), [bucket])
    assert len(documents(found)) > 1000
    assert [reason for _, reason in rejected(found)] == ["the .gz stream ends early"]


def test_the_other_formats(bucket: str) -> None:
    put(f"{bucket}/a.csv", b"id,text\r\n1,one\r\n")
    put(f"{bucket}/b.txt", b"two")
    put(f"{bucket}/c[1].txt", b"three")
    put(f"{bucket}/d.xml", b"<PubmedArticleSet><DeleteCitation><PMID>4</PMID></DeleteCitation></PubmedArticleSet>")
    buffer = io.BytesIO()
    pq.write_table(pa.table({"id": ["5", "6"], "text": ["five", "six"]}), buffer, row_group_size=1)
    put(f"{bucket}/e.parquet", buffer.getvalue())
    assert [document.text for document in documents(read_all(get_format("csv"), [bucket]))] == ["one"]
    assert [document.id for document in documents(read_all(get_format("text"), [bucket]))] == [
        *(f"{bucket}/b.txt", f"{bucket}/c[1].txt")
    ]
    assert len(read_all(get_format("pubmed"), [bucket])) == 1
    assert [document.text for document in documents(read_all(get_format("parquet"), [bucket]))] == ["five", "six"]


def test_small_texts_are_each_fetched_once(bucket: str, calls: Counter[str]) -> None:
    for number in range(20):
        put(f"{bucket}/{number:02}.txt", b"%d" % number)
    calls.clear()
    found = read_all(get_format("text"), [bucket])
    assert [document.text for document in documents(found)] == [str(number) for number in range(20)]
    assert calls["get_object"] == 20


def test_the_bytes_of_a_large_object(bucket: str) -> None:
    content = json.dumps(list(range(2_000_000))).encode()
    put(f"{bucket}/large.jsonl", content)
    with open_input(list_inputs([f"{bucket}/large.jsonl"])[0]) as stream:
        assert b"".join(iter(lambda: stream.read(1 << 20), b"")) == content
