"""What a run's plan says of how its inputs were read, and the options that are made of it again."""

from __future__ import annotations

import pytest

from openbioner_batch.formats import FORMATS, InputFile, ReadOptions, get_format

TABLE = ReadOptions("note_id", "note", ("ward",), "heading", "cp1252", ";", "none")


def test_a_plan_names_each_option_in_words_and_leaves_the_kept_fields_out() -> None:
    assert TABLE.fingerprint() == {
        "id field": "note_id",
        "text field": "note",
        "title field": "heading",
        "encoding": "cp1252",
        "delimiter": ";",
        "quoting": "none",
    }


def test_the_options_are_read_again_from_a_plan() -> None:
    assert ReadOptions.from_fingerprint(TABLE.fingerprint(), ("ward",)) == TABLE


def test_plans_say_nothing_of_quotes_as_in_csv() -> None:
    assert ReadOptions(quoting="csv").fingerprint()["quoting"] is None
    assert ReadOptions.from_fingerprint({}) == ReadOptions(quoting="csv")


@pytest.mark.parametrize(
    ("name", "kept"), [("brat", ()), ("iob", ()), ("pubtator", ("sections",)), ("bioc-json", ("sections",))]
)
def test_what_is_kept_where_nothing_is_named_is_what_the_format_has(name: str, kept: tuple[str, ...]) -> None:
    found, files = get_format(name), [InputFile("a.x", 1, "")]
    options = found.resolve(files, ReadOptions())
    assert options.keep_fields == kept == tuple(found.kept_schema(files, options).names)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_no_format_keeps_a_column_that_nobody_named(name: str) -> None:
    assert get_format(name).kept_schema([InputFile("a.x", 1, "")], ReadOptions()).names == []
