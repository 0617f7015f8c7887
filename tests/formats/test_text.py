from __future__ import annotations

import gzip
import tempfile
import uuid
from pathlib import Path

import fsspec
import pytest
from formats.reading import documents, read_all, rejected
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.errors import UsageError
from openbioner_batch.formats import InputFile, ReadOptions, Split, get_format
from openbioner_batch.formats.storage import LARGEST_RECORD, SPLIT_BYTES
from openbioner_batch.records import Parsed, Rejected

TEXT = get_format("text")


@given(texts=st.lists(st.text(), min_size=1, max_size=6), packed=st.booleans())
def test_each_file_is_a_document_taken_as_it_stands(texts: list[str], packed: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(texts):
            content = text.encode()
            name = f"{number}.txt.gz" if packed else f"{number}.txt"
            (Path(folder) / name).write_bytes(gzip.compress(content) if packed else content)
        found = read_all(TEXT, [folder])
    assert [document.text for document in documents(found)] == [text.removeprefix("\ufeff") for text in texts]


def test_line_ends_nuls_and_emptiness_stay_and_a_byte_order_mark_goes(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfone\r\ntwo\rthree\0\n")
    (tmp_path / "b.txt").write_bytes(b"")
    assert [document.text for document in documents(read_all(TEXT, [tmp_path]))] == ["one\r\ntwo\rthree\0\n", ""]


def test_the_uri_is_the_id_so_that_same_named_files_differ(tmp_path: Path) -> None:
    for folder in ("p", "q"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "note.txt").write_text("x")
    found = read_all(TEXT, [tmp_path])
    assert [(record.source, record.record, record.document.id) for record in found if isinstance(record, Parsed)] == [
        (str(tmp_path / f"{folder}/note.txt"), 0, str(tmp_path / f"{folder}/note.txt")) for folder in "pq"
    ]


def test_small_files_share_a_split_in_listing_order_and_a_large_one_is_alone() -> None:
    half = SPLIT_BYTES // 2
    sizes = [half, half, 1, SPLIT_BYTES + 1, 5, 6] + [0] * 2500
    files = [InputFile(f"/{number}.txt", size, "") for number, size in enumerate(sizes)]
    splits = TEXT.splits(files)
    assert [file for split in splits for file in split.files] == files
    assert [len(split.files) for split in splits] == [2, 1, 1, 1000, 1000, 502]
    assert TEXT.splits([]) == []


def test_a_bad_file_is_set_aside_and_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"SECRET \xff")
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(b"SECRET" * 1000)[:-9])
    (tmp_path / "c.txt").write_bytes("\udc80".encode(errors="surrogatepass"))
    (tmp_path / "d.txt").write_bytes(b"fine")
    found = read_all(TEXT, [tmp_path])
    assert [document.text for document in documents(found)] == ["fine"]
    assert rejected(found) == [
        *((0, "not valid UTF-8 at byte 7"), (0, "the .gz stream ends early"), (0, "not valid UTF-8 at byte 0"))
    ]


def test_a_monstrous_file_is_set_aside_unread_packed_or_not(tmp_path: Path) -> None:
    monster = InputFile(str(tmp_path / "never-opened.txt"), LARGEST_RECORD + 1, "")
    reason = f"a text of more than {LARGEST_RECORD} bytes"
    assert list(TEXT.read(Split((monster,)), ReadOptions())) == [Rejected(monster.uri, 0, reason)]
    with gzip.open(tmp_path / "bomb.txt.gz", "wb", 1) as file:
        for _ in range(LARGEST_RECORD >> 20):
            file.write(bytes(1 << 20))
        file.write(b"x")
    assert rejected(read_all(TEXT, [tmp_path])) == [(0, reason)]


def test_remote_files_come_in_order(tmp_path: Path) -> None:
    root = f"memory://{uuid.uuid4()}"
    for number in range(30):
        with fsspec.open(f"{root}/{number:02}[x].txt", "wb") as file:
            file.write(b"%d" % number)
    assert [document.text for document in documents(read_all(TEXT, [root]))] == [str(number) for number in range(30)]


@pytest.mark.parametrize(
    "options", [ReadOptions(id_field="a"), ReadOptions(text_field="a"), ReadOptions(keep_fields=("a",))]
)
def test_plain_text_has_no_fields_to_ask_for(tmp_path: Path, options: ReadOptions) -> None:
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(UsageError, match="leave it out"):
        read_all(TEXT, [tmp_path], options)
