"""JSON that is no JSON Lines: arrays, values over several lines, one after another; damage costs single values."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.formats.json_values import MalformedValue, holds_values, json_values
from openbioner_batch.records import UNREAD

RECORDS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.integers(),
            "text": st.text(max_size=30),
            "more": st.lists(st.dictionaries(st.text(max_size=3), st.none(), max_size=2), max_size=2),
        }
    ),
    min_size=1,
    max_size=6,
)
WAYS = {
    "an array": json.dumps,
    "an indented array": lambda found: json.dumps(found, indent=2, ensure_ascii=False),
    "an array of lines": lambda found: "[\n" + ",\n".join(map(json.dumps, found)) + "\n]\n",
    "indented objects": lambda found: "\n".join(json.dumps(one, indent=1) for one in found) + "\n",
    "lines": lambda found: "".join(json.dumps(one) + "\r\n" for one in found),
    "arrays one after another": lambda found: "".join(json.dumps([one]) for one in found),
    "braces that meet": lambda found: "[" + ", ".join(json.dumps(one, indent=4) for one in found) + "]",
}


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


@pytest.mark.parametrize("way", WAYS)
@given(found=RECORDS, size=st.integers(1, 50), bom=st.booleans())
def test_values_come_back_with_their_offsets(way: str, found: list[object], size: int, bom: bool) -> None:
    data = b"\xef\xbb\xbf" * bom + WAYS[way](found).encode()
    values = list(json_values(pieces(data, size)))
    assert [value for _, value in values] == found
    for offset, value in values:
        text = data[offset:].decode()
        assert json.JSONDecoder().raw_decode(text)[0] == value


@pytest.mark.parametrize(
    "way", ["an indented array", "an array of lines", "indented objects", "lines", "braces that meet"]
)
@pytest.mark.parametrize("lost", ['"id": ', '"text": "', "}"])
@given(bad=st.integers(0, 5), size=st.integers(1, 400))
def test_a_malformed_value_is_told_and_the_next_is_read(way: str, lost: str, bad: int, size: int) -> None:
    found = [{"id": number, "text": "Zinc", "more": [{"a": 1}, {"b": 2}]} for number in range(6)]
    content = WAYS[way](found)
    place = content.index(lost, content.rindex("{", 0, content.index(f'"id": {bad}')))
    data = content[:place] + content[place + len(lost) :]
    values = [value for _, value in json_values(pieces(data.encode(), size))]
    assert [value for value in values if not isinstance(value, MalformedValue)] == [
        one for one in found if one["id"] != bad
    ]
    assert len(values) == 6


def test_where_nothing_tells_the_next_value_the_rest_is_unread() -> None:
    found = list(json_values([b'[{"a": 1}, {"a" 2}, {"a": 3}]']))
    assert found[0] == (1, {"a": 1})
    assert found[1][1].reason.endswith(UNREAD)
    assert len(found) == 2


def test_a_cut_file_gives_what_is_whole() -> None:
    content = json.dumps([{"a": n} for n in range(9)], indent=1).encode()
    for cut in range(2, len(content) - 2):
        values = [value for _, value in json_values([content[:cut]])]
        whole = [value for value in values if not isinstance(value, MalformedValue)]
        assert whole == [{"a": n} for n in range(len(whole))]
        assert len(values) - len(whole) == (content[:cut].count(b"{") != content[:cut].count(b"}"))


def test_a_value_that_is_too_large_is_set_aside() -> None:
    data = b'[\n{"a": "' + b"x" * 500 + b'"},\n{"a": 1}\n]'
    values = [value for _, value in json_values(pieces(data, 10), limit=100)]
    assert isinstance(values[0], MalformedValue)
    assert values[0].reason == "a value of more than 100 characters"
    assert values[1:] == [{"a": 1}]


def test_a_value_that_is_too_large_is_told_by_how_it_begins() -> None:
    (_, value), (offset, following) = json_values([b'[{"documents": "' + b"x" * 2000 + b'"}, {"a": 1}]'], limit=100)
    assert (offset, following) == (2020, {"a": 1})
    assert value.begins == '{"documents": "' + "x" * 985
    assert value.holding("documents", "passages").reason == f"a value of more than 100 characters: {UNREAD}"
    assert value.holding("passages") == value


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"a": [1, 2', "malformed JSON: the value does not end"),
        (b'{"a": "x', "malformed JSON: the value does not end"),
        (b'{"a": 1}\n{"a" 2}', "malformed JSON at character 5 of the value"),
        (b'\n{"a" 2}', "malformed JSON at character 5 of the value"),
        (b'  {"a" 2}', "malformed JSON at character 5 of the value"),
        (b'{"a": 1} {"a" 2}', f"malformed JSON at character 5 of the value: {UNREAD}"),
        (b'{"a": ' + b"1" * 5000 + b"}", "malformed JSON: a number of too many digits"),
        (b'{"a":' * 20_000, "malformed JSON: nested too deeply"),
    ],
)
def test_why_a_value_cannot_be_read(data: bytes, reason: str) -> None:
    malformed = [value for _, value in json_values([data]) if isinstance(value, MalformedValue)]
    assert [value.reason for value in malformed] == [reason]


def test_each_malformed_value_is_told_by_its_own_beginning() -> None:
    lines = ['{"documents" 1}', '{"b": ' + "1" * 5000 + "}", '{"c":' * 5000, '{"d": [1, 2']
    found = [value for _, value in json_values(["\n".join(lines).encode()])]
    assert [value.begins[:11] for value in found] == [line[:11] for line in lines]
    assert max(len(value.begins) for value in found) == 1000


def test_what_is_not_utf8_stays_in_its_value_and_counts_as_a_byte() -> None:
    data = b'[{"a": "x\xff\xc3"},\n{"b": "\xc3\xa9"}, {"c": 1}]'
    for size in (1, 3, 50):
        values = list(json_values(pieces(data, size)))
        assert values == [(1, {"a": "x\udcff\udcc3"}), (15, {"b": "é"}), (data.index(b'{"c'), {"c": 1})]


def test_a_number_may_be_cut_by_a_piece() -> None:
    assert list(json_values([b"[12", b"34, 5", b"]"])) == [(1, 1234), (7, 5)]


@pytest.mark.parametrize("way", WAYS)
def test_what_has_been_read_is_let_go_and_offsets_stay(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = WAYS[way]([{"id": n, "text": "é" * n} for n in range(12)]).encode()
    expected = list(json_values([data]))
    monkeypatch.setattr("openbioner_batch.formats.json_values._TRIMMED", 16)
    assert list(json_values(pieces(data, 7))) == expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b'{"id": 1}\n{"id": 2}\n', False),
        (b'{"id": 1}', False),
        (b'[\n{"id": 1},', True),
        (b'[{"id": 1}, {"id": 2}]', True),
        (b"[", True),
        (b"[]", True),
        (b"[1, 2]\n[3, 4]\n", False),
        (b"{\n", True),
        (b'{"id": 1,\n "text": "x"}\n', True),
        (b'{"id": 1,\r "text": "x"}\r', True),
        (b'{"id": 1\n{"id": 2}\n', False),
        (b'{"id": 1, "text"\n{"id": 2}\n', False),
        (b"", False),
        (b"text", False),
        (b'\xef\xbb\xbf \r\n[{"id"', True),
    ],
)
def test_how_a_file_begins_tells_what_it_holds(head: bytes, expected: bool) -> None:
    assert holds_values(head) is expected
