"""What messages say of inputs whose names must stay private."""

from __future__ import annotations

import pytest

from openbioner_batch.formats.labels import UNNAMED, error_text, label_of, private_names

GONE = FileNotFoundError(2, "No such file or directory", "Doe_Jane.txt")


@pytest.mark.parametrize(
    ("error", "public", "private"),
    [
        (
            GONE,
            "[Errno 2] No such file or directory: 'Doe_Jane.txt'",
            "FileNotFoundError: No such file or directory",
        ),
        (PermissionError("Doe_Jane.txt"), "Doe_Jane.txt", "PermissionError"),
        (ValueError("Doe_Jane.txt:\n  is bad"), "Doe_Jane.txt: is bad", "ValueError"),
        (
            UnicodeDecodeError("utf-8", b"Doe", 0, 1, "Doe"),
            "'utf-8' codec can't decode byte 0x44 in position 0: Doe",
            "UnicodeDecodeError",
        ),
    ],
)
def test_errors_say_their_kind_and_the_systems_reason_where_names_are_private(
    error: Exception, public: str, private: str
) -> None:
    assert error_text(error) == public
    with private_names({}):
        assert error_text(error) == private
    assert error_text(error) == public


def test_labels_of_blocks_within_blocks_stay_until_each_ends() -> None:
    with private_names({"a": "input 1"}):
        with private_names({"b": "input 2", "a": "input 3"}):
            assert [label_of(name) for name in "abc"] == ["input 3", "input 2", UNNAMED]
        assert [label_of(name) for name in "abc"] == ["input 1", UNNAMED, UNNAMED]
    assert label_of("a") == "a"
