from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from openbioner_batch.errors import UsageError
from openbioner_batch.formats import (
    FORMATS,
    get_format,
)
from openbioner_batch.formats.base import InputFile
from openbioner_batch.formats.storage import compression_of, remote_file, suffix_of


@pytest.mark.parametrize(
    ("uri", "suffix", "packed"),
    [
        ("/data/a.jsonl", ".jsonl", ""),
        ("/data/A.JSONL.GZ", ".jsonl", ".gz"),
        ("s3://bucket/x.y/part.xml.zst", ".xml", ".zst"),
        ("https://host/a.csv.bz2?token=x.gz", ".csv", ".bz2"),
        ("zip://a.tsv::/data/b.zip", ".tsv", ""),
        ("/data.gz/a", "", ""),
    ],
)
def test_suffixes_of_a_name(uri: str, suffix: str, packed: str) -> None:
    assert (suffix_of(uri), compression_of(uri)) == (suffix, packed)


def test_a_format_is_registered_once_and_classes_agree() -> None:
    for name, registered in FORMATS.items():
        assert get_format(name).name == name
        assert get_format(name).suffixes == registered.folder_suffixes
    assert get_format(" BioC_XML ").name == "bioc-xml"


@pytest.mark.parametrize(
    ("said", "etag"),
    [
        ({"ETag": '"a1"', "LastModified": 3.0}, "a1"),
        ({"etag": 'W/"a1"'}, "a1"),
        ({"e_tag": "a1"}, "a1"),
        ({"ETag": None, "CRC": 17}, "17"),
        ({"LastModified": datetime(2026, 1, 2, tzinfo=UTC)}, "5-1767312000000000000"),
        ({"mtime": 1.5}, "5-1500000000"),
        ({"updated": "2026-01-02"}, "5-2026-01-02"),
        ({"last_modified": None, "created": "x"}, "5-x"),
        ({}, "5-"),
    ],
)
def test_a_remote_file_is_known_by_its_tag_or_by_its_size_and_time(said: dict[str, Any], etag: str) -> None:
    assert remote_file("s3://b/a.jsonl", {"size": 5, **said}) == InputFile("s3://b/a.jsonl", 5, etag)


def test_a_remote_file_of_unknown_size_is_refused() -> None:
    with pytest.raises(UsageError, match=r"s3://b/a\.jsonl: the server does not report its size"):
        remote_file("s3://b/a.jsonl", {"etag": "a1"})
