"""What a summary says, in its file and on a terminal."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from scorers import NameScorerFactory

from openbioner_batch.engine.ledger import Totals
from openbioner_batch.engine.run import annotate
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.engine.summary import Clock, Summary, report_lines
from openbioner_batch.engine.work import deletions_table
from openbioner_batch.records import Deletion

from .conftest import Corpus

NOTE = "separated layers: 2, for which the model was not trained"


def summary() -> Summary:
    totals = Totals()
    totals.documents, totals.windows, totals.tokens, totals.deletions = 1200, 3, 4000, 2
    totals.spans, totals.quarantined = Counter({"drug": 5}), Counter({"empty": 1})
    totals.amounts.update({"linked_spans": 4})
    clock = Clock()
    for second in (10.0, 12.0):
        clock.tick(second, 10, 3000)
    return Summary("/out", True, totals, 7.25, clock, 1, 1, tagged_now=20, notes=(NOTE,))


def test_the_file_has_notes_amounts_and_rates() -> None:
    found = json.loads(summary().to_bytes())
    assert found["notes"] == [NOTE]
    assert found["amounts"] == {"linked_spans": 4}
    assert found["last_session"] == {
        "documents": 20,
        "seconds": 7.2,
        "seconds_between_first_and_last_commit": 2.0,
        "documents_per_second": 5.0,
        "tokens_per_second": 1500.0,
    }
    plain = Summary("/out", True, Totals()).as_json()
    assert plain.keys().isdisjoint({"notes", "amounts"})


def test_the_lines_for_people() -> None:
    found = dict(report_lines(summary().as_json()))
    assert found["documents tagged"] == "1,200"
    assert (found["records"], found["quarantined"], found["  empty"]) == ("1,201", "1", "1")
    assert (found["spans"], found["  drug"], found["linked spans"]) == ("5", "5", "4")
    assert (found["text tokens"], found["deletions noted"]) == ("4,000", "2")
    assert found["time of the last session"] == "7.2 s"
    assert found["  documents/s, first to last commit"] == "5.0"
    assert found["  text tokens/s"] == "1,500"


def test_a_deletion_is_written_with_its_place_and_document() -> None:
    table = deletions_table([Deletion("a.xml", 3, "17"), Deletion("b.xml", 0, "18")])
    assert table.to_pylist() == [
        {"source": "a.xml", "record": 3, "document_id": "17"},
        {"source": "b.xml", "record": 0, "document_id": "18"},
    ]


def test_a_user_is_told_which_executor_is_taken_and_why(corpus: Corpus, tmp_path: Path) -> None:
    said: list[str] = []
    values = {"inputs": (str(corpus("a.jsonl", ["Anna"])),), "output": str(tmp_path / "out"), "types": "name"}
    annotate(AnnotateSettings.build(values), NameScorerFactory(), said.append)
    assert [line for line in said if line.startswith("executor: in-process, ")]
