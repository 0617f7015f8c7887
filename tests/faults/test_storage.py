"""An object store that fails: errors, lost answers, cut, short and slow reads, an outage."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import BotoCoreError
from formats.reading import read_all
from support import S3Server

from openbioner_batch.errors import OpenBioNERError
from openbioner_batch.formats import get_format, whole

from .conftest import Annotate, Drive
from .driving import SHARD, assert_accounted, corpus_files, results, succeed
from .faulty_proxy import FaultyProxy, faulty_proxy

RATES = {"error": 0.06, "slow down": 0.03, "lost answer": 0.03, "cut": 0.05, "slow": 0.05, "dropped": 0.03}
MOST_SESSIONS = 9


@pytest.fixture
def bucket(s3: S3Server) -> str:
    """A bucket with the corpus, one of its files packed."""
    url = s3.bucket()
    store = fsspec.filesystem("s3", **s3.storage_options)
    for name, data in corpus_files().items():
        if name == "b.jsonl":
            name, data = "b.jsonl.gz", gzip.compress(data, mtime=0)
        store.pipe_file(f"{url}/in/{name}", data)
    return url


@pytest.fixture
def undisturbed_in_bucket(bucket: str, start: Drive) -> dict[str, bytes]:
    succeed(start(f"{bucket}/in", f"{bucket}/undisturbed"))
    return results(f"{bucket}/undisturbed")


def through(proxy: FaultyProxy) -> dict[str, str]:
    return {"AWS_ENDPOINT_URL": proxy.url}


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("rates", [RATES, {"short": 0.3}], ids=["faults", "short answers"])
def test_faults_on_the_way_change_no_byte(
    s3: S3Server, bucket: str, start: Drive, undisturbed_in_bucket: dict[str, bytes], rates: dict[str, float]
) -> None:
    """Most are repaired by a new request; what is not ends the run in one line, and the same command resumes it."""
    with faulty_proxy(s3.endpoint, 5, rates) as proxy:
        for _ in range(MOST_SESSIONS):
            program = start(f"{bucket}/in", f"{bucket}/out", 0.005, environment=through(proxy))
            code, printed = program.finish()
            if code == 0:
                break
            assert printed.splitlines()[-1].startswith("error: "), printed
            assert "Traceback" not in printed
    assert code == 0, printed
    assert set(rates) <= set(proxy.done)
    assert results(f"{bucket}/out") == undisturbed_in_bucket
    assert_accounted(f"{bucket}/out")


def test_faults_on_the_way_change_no_byte_of_a_small_run(
    s3: S3Server, run_here: Annotate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same in this process, on one file: the short form of the test above."""
    import s3fs

    url, (name, data) = s3.bucket(), *corpus_files("a").items()
    fsspec.filesystem("s3", **s3.storage_options).pipe_file(f"{url}/in/{name}", data)
    more: dict[str, Any] = {"shard_documents": SHARD, "max_quarantined": "100%"}
    run_here(f"{url}/in", output=f"{url}/undisturbed", **more)
    sessions = 0
    with faulty_proxy(s3.endpoint, 5, RATES) as proxy, monkeypatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", proxy.url)
        environment.setattr(whole, "PAUSES_S", (0.0, 0.0))
        environment.setattr(
            "botocore.retryhandler.delay_exponential", lambda **_: 0.0
        )  # it sends the request again all the same
        s3fs.S3FileSystem.clear_instance_cache()
        while sessions < MOST_SESSIONS:
            sessions += 1
            with suppress(OpenBioNERError):
                run_here(f"{url}/in", output=f"{url}/out", **more)
                break
    s3fs.S3FileSystem.clear_instance_cache()
    assert proxy.done.total() - proxy.done["fine"] > 5
    assert results(f"{url}/out") == results(f"{url}/undisturbed")
    assert_accounted(f"{url}/out", files=1)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("requests", [3, 60, 150])
def test_an_outage_ends_the_run_in_one_line(
    s3: S3Server, bucket: str, start: Drive, undisturbed_in_bucket: dict[str, bytes], requests: int
) -> None:
    with faulty_proxy(s3.endpoint, 5, {}) as proxy:
        proxy.down_after = requests
        code, printed = start(f"{bucket}/in", f"{bucket}/out", 0.01, environment=through(proxy)).finish()
        assert code in (1, 2), printed
        assert printed.splitlines()[-1].startswith("error: "), printed
        assert results(f"{bucket}/out").items() <= undisturbed_in_bucket.items(), "what is there is whole"
        proxy.down_after = None
        succeed(start(f"{bucket}/in", f"{bucket}/out", environment=through(proxy)))
    assert results(f"{bucket}/out") == undisturbed_in_bucket
    assert_accounted(f"{bucket}/out")


@pytest.fixture
def short_answers(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
    """A store that gives half of every object, and says that this is all."""
    import s3fs

    with faulty_proxy(s3.endpoint, 1, {"short": 1.0}) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        monkeypatch.setattr(whole, "PAUSES_S", (0.0, 0.0))
        s3fs.S3FileSystem.clear_instance_cache()
        yield proxy
        s3fs.S3FileSystem.clear_instance_cache()


def test_an_object_that_comes_short_is_no_shorter_file(s3: S3Server, request: pytest.FixtureRequest) -> None:
    """Were it taken for one, records would be lost without a word, or set aside as if they were bad."""
    url = s3.bucket()
    store = fsspec.filesystem("s3", **s3.storage_options)
    lines = b"".join(json.dumps({"id": n, "text": "x" * n}).encode() + b"\n" for n in range(100))
    table = io.BytesIO()
    pq.write_table(pa.table({"id": ["1"] * 999, "text": [str(n) for n in range(999)]}), table, row_group_size=200)
    objects = {
        "jsonl": {"a.jsonl": lines},
        "fhir": {"b.jsonl.gz": gzip.compress(lines)},
        "csv": {"a.csv": b"id,text\n" + b"1,x\n" * 100},
        "text": {"a.txt": b"Some text.", "b.txt": b"More."},
        "parquet": {"a.parquet": table.getvalue()},
        "pubmed": {"a.xml": b"<PubmedArticleSet>" + b" " * 100 + b"</PubmedArticleSet>"},
    }
    for name, files in objects.items():
        for file, data in files.items():
            store.pipe_file(f"{url}/{name}/{file}", data)
    request.getfixturevalue("short_answers")
    for name in objects:
        with pytest.raises((OSError, BotoCoreError), match=r"came short|checksum"):
            read_all(get_format(name), [f"{url}/{name}/"])
