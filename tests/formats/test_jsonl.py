from __future__ import annotations

import gzip
import json
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import zstandard
from formats.reading import documents, read_all, rejected
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.errors import UsageError
from openbioner_batch.formats import ReadOptions, Split, get_format, list_inputs
from openbioner_batch.formats.byte_lines import lines_with_offsets
from openbioner_batch.formats.storage import LARGEST_RECORD, SPLIT_BYTES

JSONL = get_format("jsonl")
OPTIONS = ReadOptions(id_field="id", text_field="text", keep_fields=("a", "b"))
values = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
objects = st.fixed_dictionaries(
    {"id": st.text(min_size=1) | st.integers(), "text": st.text()},
    optional={"a": values | st.lists(values, max_size=3), "b": st.dictionaries(st.text(), values, max_size=3)},
)


def write(path: Path, *lines: bytes | dict[str, Any]) -> Path:
    path.write_bytes(
        b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
    )
    return path


@given(
    records=st.lists(objects, max_size=8),
    cuts=st.lists(st.integers(1, 400), max_size=6),
    ascii_only=st.booleans(),
    end=st.sampled_from(["\n", "\r\n", "\n \n\n"]),
    bom=st.booleans(),
)
def test_documents_come_back_exactly_once_however_the_file_is_cut(
    records: list[dict[str, Any]], cuts: list[int], ascii_only: bool, end: str, bom: bool
) -> None:
    content = ("\ufeff" if bom else "") + end.join(json.dumps(record, ensure_ascii=ascii_only) for record in records)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.jsonl"
        path.write_bytes(content.encode())
        file = list_inputs([str(path)])[0]
        bounds = sorted({0, *(cut for cut in cuts if cut < file.size), file.size})
        splits = [Split((file,), a, b) for a, b in pairwise(bounds)]
        found = [record for split in splits for record in JSONL.read(split, OPTIONS)]
        offsets = [record.record for record in found]
        assert offsets == sorted(set(offsets))
        stored = path.read_bytes()
        assert all(stored[offset - 1 : offset] in (b"\n", b"") for offset in offsets if offset)
    assert [(d.id, d.text, json.loads(d.metadata["kept"])) for d in documents(found)] == [
        (str(r["id"]), r["text"], {key: r[key] for key in ("a", "b") if key in r}) for r in records
    ]


def test_a_large_file_is_cut_into_ranges_and_a_packed_one_is_not(tmp_path: Path) -> None:
    line = json.dumps({"id": 1, "text": "x" * 1000}).encode() + b"\n"
    count = 2 * SPLIT_BYTES // len(line) + 10
    (tmp_path / "a.jsonl").write_bytes(line * count)
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(line * 3, 1))
    (tmp_path / "c.jsonl").write_bytes(b"")
    files = list_inputs([str(tmp_path)])
    splits = JSONL.splits(files)
    assert [(split.files[0].uri[-10:], split.start, split.stop) for split in splits] == [
        (files[0].uri[-10:], 0, SPLIT_BYTES),
        (files[0].uri[-10:], SPLIT_BYTES, 2 * SPLIT_BYTES),
        (files[0].uri[-10:], 2 * SPLIT_BYTES, files[0].size),
        (files[1].uri[-10:], 0, 0),
    ]
    offsets = [record.record for record in read_all(JSONL, [tmp_path / "a.jsonl"])]
    assert offsets == [len(line) * n for n in range(count)]


@pytest.mark.parametrize("packed", [".gz", ".zst", ""])
def test_packing_changes_neither_records_nor_positions(tmp_path: Path, packed: str) -> None:
    content = b"".join(b'{"id": %d, "text": "t\\u0000 %d"}\n' % (n, n) for n in range(5000))
    pack = {".gz": gzip.compress, ".zst": zstandard.ZstdCompressor().compress, "": bytes}[packed]
    (tmp_path / f"x.jsonl{packed}").write_bytes(pack(content))
    found = read_all(JSONL, [tmp_path])
    assert [document.id for document in documents(found)] == [str(n) for n in range(5000)]
    assert all(content[record.record :].startswith(b'{"id"') for record in found)
    assert documents(found)[3].text == "t\0 3"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"id": "SECRET", "text": "SECRET"', "malformed JSON at character"),
        (b'{"id": "1", "text": "SECRET\xff"}', "not valid UTF-8 at byte 27 of the line"),
        (b'{"id": "1", "text": "SECRET \\ud800"}', "the text holds a lone surrogate"),
        (b'{"id": "SECRET \\udfff", "text": "x"}', "the id holds a lone surrogate"),
        (b'{"id": "1", "text": "x", "a": "SECRET \\ud83d"}', "a kept field holds a lone surrogate"),
        (b'{"id": "1", "text": "x", "a": 1e999}', "a kept field holds a number beyond the range of a double"),
        (b'["SECRET"]', "the line is JSON but not an object"),
        (b"null", "the line is JSON but not an object"),
        (b'{"id": "SECRET"}', "the text field is missing"),
        (b'{"id": "1", "text": null}', "the text is null"),
        (b'{"id": "1", "text": NaN}', "the text is null"),
        (b'{"id": "1", "text": ["SECRET"]}', "the text is a list, expected a string"),
        (b'{"id": "1", "text": 17}', "the text is a number, expected a string"),
        (b'{"id": true, "text": "x"}', "the id is a boolean, expected a string or a number"),
        (b'{"id": {"SECRET": 1}, "text": "x"}', "the id is a object, expected a string or a number"),
        (b'{"a":' * 200_000, "malformed JSON: nested too deeply"),
        (b'{"id": ' + b"9" * 5000 + b', "text": "x"}', "malformed JSON: a number of too many digits"),
        (b"\x00" * 40, "malformed JSON at character 0 of the line"),
    ],
)
def test_a_bad_line_is_set_aside_without_a_word_of_it_and_the_rest_goes_on(
    tmp_path: Path, line: bytes, reason: str
) -> None:
    good = {"id": "g", "text": "good", "a": 1, "b": 2}
    path = write(tmp_path / "x.jsonl", good, line, good)
    found = read_all(JSONL, [path], OPTIONS)
    assert len(documents(found)) == 2
    [(offset, why)] = rejected(found)
    assert offset == len(json.dumps(good)) + 1
    assert why.startswith(reason)
    assert "SECRET" not in why


def test_a_truncated_gzip_gives_the_records_before_and_one_rejected_record(tmp_path: Path) -> None:
    content = b"".join(b'{"id": %d, "text": "%d"}\n' % (n, n**7) for n in range(20_000))
    stored = gzip.compress(content)
    (tmp_path / "a.jsonl.gz").write_bytes(stored[: len(stored) // 2])
    write(tmp_path / "b.jsonl", {"id": "after", "text": "x"})
    found = read_all(JSONL, [tmp_path])
    ids = [document.id for document in documents(found)]
    assert ids[:-1] == [str(n) for n in range(len(ids) - 1)]
    assert len(ids) > 5000
    assert ids[-1] == "after"
    assert rejected(found) == [(content.index(b'{"id": %d,' % (len(ids) - 1)), "the .gz stream ends early")]


def test_a_line_that_is_too_long_is_not_held() -> None:
    chunks = (b"ab\nc" for _ in range(1))
    endless = (b"x" * 1000 for _ in range(1000))
    lines = lines_with_offsets((*chunks, *endless, b"x\nlast"), 10, limit=3000)
    assert list(lines) == [
        *((10, b"ab"), (13, "a line of more than 3000 bytes"), (13 + 1_000_003, b"last")),
    ]


def test_a_monstrous_line_belongs_to_one_split_and_costs_the_others_little(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", {"id": 1, "text": "before"})
    start = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(start + LARGEST_RECORD + SPLIT_BYTES)
        file.write(b'\n{"id": 2, "text": "after"}')
    found = read_all(JSONL, [path])
    assert [document.text for document in documents(found)] == ["before", "after"]
    assert rejected(found) == [(start, f"a line of more than {LARGEST_RECORD} bytes")]


WAYS = {
    "array": lambda found: json.dumps(found),
    "indented": lambda found: json.dumps(found, indent=2),
    "objects": lambda found: "\n".join(json.dumps(one, indent=2) for one in found),
    "lines": lambda found: "".join(json.dumps(one) + "\n" for one in found),
    "returns": lambda found: "".join(json.dumps(one) + "\r" for one in found),
    "both": lambda found: "".join(json.dumps(one) + "\r\n" for one in found),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("packed", [False, True])
def test_arrays_and_objects_over_lines_are_read_whatever_the_split(tmp_path: Path, way: str, packed: bool) -> None:
    objects = [{"id": number, "text": f"Zinc\u2028 {number}"} for number in range(50)]
    content = WAYS[way](objects).encode()
    path = tmp_path / ("x.json.gz" if packed else "x.json")
    path.write_bytes(gzip.compress(content) if packed else content)
    found = read_all(JSONL, [path])
    assert [document.id for document in documents(found)] == [str(number) for number in range(50)]
    for record in found:
        assert content[record.record :].startswith(b"{")
    if not packed:
        (file,) = list_inputs([str(path)])
        options = JSONL.resolve([file], ReadOptions())
        for cut in (1, 100, file.size - 3):
            parts = (Split((file,), 0, cut), Split((file,), cut, file.size))
            assert [record for part in parts for record in JSONL.read(part, options)] == found


def test_utf16_and_latin1_are_read_when_they_are_named(tmp_path: Path) -> None:
    for encoding in ("utf-16", "latin-1"):
        path = tmp_path / f"{encoding}.jsonl"
        path.write_bytes("".join(f'{{"id": {n}, "text": "Naïve {n}"}}\n' for n in range(3)).encode(encoding))
        found = read_all(JSONL, [path], ReadOptions(encoding=encoding))
        assert [document.text for document in documents(found)] == ["Naïve 0", "Naïve 1", "Naïve 2"]
    (tmp_path / "utf-16.jsonl.gz").write_bytes(gzip.compress((tmp_path / "utf-16.jsonl").read_bytes()))
    for name in ("utf-16.jsonl", "utf-16.jsonl.gz"):
        with pytest.raises(UsageError, match=rf"{name} is UTF-16 text: read it with --encoding utf-16"):
            read_all(JSONL, [tmp_path / name])


def test_a_packed_file_without_a_byte_has_no_records(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b""))
    (tmp_path / "b.jsonl").write_text('{"id": "1", "text": "x"}\n')
    assert [document.id for document in documents(read_all(get_format("jsonl"), [tmp_path]))] == ["1"]
