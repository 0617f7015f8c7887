"""The finder as a whole: settings, union, speed on any text."""

from __future__ import annotations

import gzip
import json
import pickle
import time
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.catalog import resolve_types
from openbioner_batch.deid.finder import Finder, FinderSettings
from openbioner_batch.deid.known import KnownIdentifiers
from openbioner_batch.deid.recognizers import MODEL_TYPES
from openbioner_batch.errors import UsageError
from openbioner_batch.model import read_calibration
from openbioner_batch.model.location import resolve_checkpoint
from openbioner_batch.records import Span

NOTE = "Patient: Anna Roe, seen 3/4/2021. Call 617-555-0123."
RECORD = KnownIdentifiers.from_fields(
    {"name": "Anna Roe-Smith", "dob": "1950-03-04", "mrn": "2208714", "address": "4 Elm St, Dayton, OH 45402"}
)


def test_each_kind_of_recognizer_can_be_switched_off() -> None:
    spans = [Span(9, 17, "patient_name", 0.9, "Anna Roe")]
    by = {
        kinds: {
            name
            for one in Finder(FinderSettings(recognizers=kinds)).find(NOTE, RECORD, spans)
            for name in one.recognizers
        }
        for kinds in (("model",), ("patterns",), ("known",))
    }
    assert by["model",] == {"model"}
    assert all(name.startswith("pattern:") for name in by["patterns",])
    assert all(name.startswith("known:") for name in by["known",])
    together = Finder().find(NOTE, RECORD, spans)[0]
    assert together.recognizers == ("known:name", "model", "pattern:name", "pattern:repeat")


def test_thresholds_by_type_are_for_the_model() -> None:
    spans = [Span(14, 17, "city", 0.3, "Roe"), Span(9, 13, "patient_name", 0.3, "Anna")]
    settings = FinderSettings(recognizers=("model",), model_threshold=0.5, type_thresholds={"city": 0.2})
    assert [one.type for one in Finder(settings).find(NOTE, model_spans=spans)] == ["city"]


def test_the_carried_model_is_set_for_recall_of_what_identifies_people() -> None:
    calibration = read_calibration(resolve_checkpoint("bundled-phi"))
    requested = {type.name for group in resolve_types(MODEL_TYPES, "definition") for type in group}
    assert calibration is not None
    assert calibration.type_biases.keys() == requested
    assert min(calibration.type_biases.values()) > 0


def test_settings_are_checked_and_travel_to_other_processes() -> None:
    with pytest.raises(UsageError, match="'modle'"):
        FinderSettings(recognizers=("modle",))
    with pytest.raises(UsageError, match="month-first, day-first"):
        FinderSettings(date_order="ymd")
    with pytest.raises(UsageError, match=r"^date_order is 'dmy', which is now spelled 'day-first'$"):
        FinderSettings(date_order="dmy")
    with pytest.raises(UsageError, match="from 0 to 1"):
        FinderSettings(type_thresholds={"city": 2})
    finder = pickle.loads(pickle.dumps(Finder(FinderSettings(date_order="day-first"))))
    assert finder.find(NOTE) == Finder(FinderSettings(date_order="day-first")).find(NOTE)
    assert pickle.loads(pickle.dumps(RECORD)) == RECORD


PIECES = st.sampled_from(
    [
        "Dr. ",
        "Anna ",
        "ROE, ",
        "3/4/2021",
        "MRN: ",
        "123-45-6789 ",
        "a@b.co ",
        "\n",
        "İ",
        "ß",
        "陈 ",
        "12 Elm St, ",
        "617 555 0123 ",
    ]
)


@given(st.lists(PIECES | st.text(max_size=6), max_size=14).map("".join))
def test_findings_are_sorted_apart_and_within_any_text(text: str) -> None:
    found = Finder().find(text, RECORD)
    end = 0
    for one in found:
        assert end <= one.start < one.end <= len(text)
        assert any(letter.isalnum() for letter in text[one.start : one.end])
        end = one.end


ENDLESS = [
    *[
        "1",
        "1 ",
        "A",
        "A ",
        "Aa ",
        "a",
        "é",
        "_",
        "\n",
        "Dr. ",
        "a@",
        "a.",
        "http://",
        ",a",
        "1/",
        "1-",
        "(1",
        "x1 ",
        "Smith, ",
    ],
    *[
        "Anna ",
        "Roe ",
        "12 Main ",
        "Mr. A ",
        "March ",
        "03/04/2021 ",
        "A-",
        "1:",
        "a:",
        "=",
        "Patient: ",
        "12 Aa Bb ",
        "address: 1",
    ],
    *[
        "Aa of the ",
        "5 Aa'",
        ".com",
        "user:",
        "A1",
        "A1-",
        "0-9a ",
        "+1 ",
        "Aa-Aa",
        "AA ",
        "Aa, Aa ",
        "1. ",
        "the 4th of ",
    ],
]


@pytest.mark.parametrize("piece", ENDLESS)
def test_time_grows_with_the_length_of_the_text_and_no_faster(piece: str) -> None:
    short, long = piece * (2_000 // len(piece)), piece * (16_000 // len(piece))
    measured = []
    for _ in range(3):  # a busy machine or a garbage collection only ever adds
        measured.append((seconds_for(short), seconds_for(long)))
        of_short, of_long = (min(column) for column in zip(*measured, strict=True))
        if of_long < 0.03 or of_long < 8 * 4 * of_short:  # quadratic would be 64 times
            return
    pytest.fail(f"{of_long:.2f} s for eight times the text that took {of_short:.3f} s")


def seconds_for(text: str) -> float:
    """Processor time that finding takes."""
    start = time.process_time()
    Finder().find(text, RECORD)
    return time.process_time() - start


@pytest.mark.slow
@pytest.mark.parametrize("piece", ENDLESS)
def test_a_megabyte_of_anything_takes_seconds(piece: str) -> None:
    assert seconds_for(piece * (1_000_000 // len(piece))) < 30


def test_real_notes_without_identifiers_stay_mostly_whole(shared: Path) -> None:
    with gzip.open(shared / "corpora" / "text" / "mtsamples.jsonl.gz", "rt", encoding="utf-8") as lines:
        notes = [json.loads(line)["text"] for line in islice(lines, 0, None, 25)]
    removed = sum(one.end - one.start for note in notes for one in Finder().find(note))
    assert 0 < removed / sum(map(len, notes)) < 0.01


def test_terms_of_medicine_are_no_names_and_clinical_numbers_no_identifiers() -> None:
    text = "Foley placed, INR 2.1. Foley placed again, INR 2.1."
    spans = [Span(0, 5, "patient_name", 0.9, "Foley"), Span(18, 21, "other_identifier", 0.9, "2.1")]
    assert Finder().find(text, None, spans) == []
    found = Finder(FinderSettings(allow_list=False)).find(text, None, spans)
    assert {text[one.start : one.end] for one in found} == {"Foley", "2.1"}


def test_a_number_that_was_found_is_found_again() -> None:
    text = "MRN: 44719028. Chart 44719028 was pulled; 44719029 was not hers."
    places = [(one.start, one.end) for one in Finder().find(text) if text[one.start : one.end] == "44719028"]
    assert places == [(5, 13), (21, 29)]
