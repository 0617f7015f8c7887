"""The fields of a span that a run writes only when it requests them."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from formats.annotating import ORIGIN, rows_of

from openbioner_batch.engine.rows import span_lists
from openbioner_batch.formats import get_writer
from openbioner_batch.formats.writing import span_tuples
from openbioner_batch.records import Assertion, Span
from openbioner_batch.schemas import EXTRAS, SPAN, annotations_schema, span_type

TEXT = "No fever."
SPAN_WITH_ALL = Span(3, 8, "symptom", 0.5, "fever", Assertion(negated=True, historical=True), "history")


def test_a_run_that_asks_for_nothing_has_the_fields_it_always_had() -> None:
    assert span_type() == SPAN
    assert annotations_schema(pa.schema([]), False).field("spans").type == pa.list_(SPAN)


@pytest.mark.parametrize("extras", [(), ("assertion",), ("section",), tuple(EXTRAS)[:2]])
def test_spans_are_read_back_as_they_were_written(extras: tuple[str, ...]) -> None:
    given = [Span(3, 8, "symptom", 0.5, "fever", **{name: getattr(SPAN_WITH_ALL, name) for name in extras})]
    column = span_lists([0, 1], given, extras)
    assert column.type == pa.list_(span_type(extras))
    assert span_tuples(column) == [(), tuple(given)]


def test_json_lines_leave_out_what_a_span_has_not() -> None:
    rows = rows_of([(TEXT, [Span(3, 8, "symptom", 0.5, "fever")])])
    (line,) = get_writer("jsonl").write(rows, ORIGIN).decode().splitlines()
    assert list(json.loads(line)["spans"][0]) == ["start", "end", "type", "score", "text"]


def test_words_are_the_flags_that_are_set() -> None:
    assert SPAN_WITH_ALL.assertion is not None
    assert SPAN_WITH_ALL.assertion.words == ("negated", "historical")
    assert Assertion().words == ()
