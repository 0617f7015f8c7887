"""A run goes on past records that cannot be read or tagged, and says which."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest
from outputs import rows

from openbioner_batch.engine.status import run_status
from openbioner_batch.errors import (
    RunFailedError,
    TooManyQuarantinedError,
)

from .conftest import Annotate, Corpus


def test_a_bad_beginning_stops_no_run_that_is_good_as_a_whole(
    run_here: Annotate, corpus: Corpus, tmp_path: Path
) -> None:
    path = corpus("a.jsonl", ["RAISES", *["Anna"] * 19])
    said = run_here(path.parent, shard_documents=2, max_quarantined="10%")
    assert (said.totals.documents, said.totals.set_aside) == (19, 1)
    written = json.loads((tmp_path / "out" / "_run" / "summary.json").read_text())
    assert (written["finished"], written["splits"]) == (True, {"done": 1, "total": 1})
    assert not (tmp_path / "out" / "_run" / "attempts").exists()


def test_bad_records_are_set_aside_with_their_place_and_reason(
    run_here: Annotate, corpus: Corpus, tmp_path: Path
) -> None:
    path = corpus(
        "a.jsonl", ["Anna", "UNPREPARABLE Anna", "RAISES", "MISPLACES Anna", "FAILS_IN_COMPANY", "Bob \ud800"]
    )
    bad = ["{not json", "[]", '{"id": "x"}', '{"text": 7}', '{"text": null}']
    with path.open("ab") as file:
        file.write("".join(f"{line}\n" for line in bad).encode() + b'{"text": "\xff"}\n' + b'{"text": "Zoe"}\n')
    packed = gzip.compress(b'{"id": "g", "text": "Gina"}\n' * 3_000 + os.urandom(60_000).hex().encode())
    (path.parent / "b.jsonl.gz").write_bytes(packed[: len(packed) // 2])

    summary = run_here(path.parent, max_quarantined="100%", shard_documents=4000)

    quarantined = rows(tmp_path / "out", "quarantine")
    reasons = [row["reason"] for row in quarantined if row["source"].endswith("a.jsonl")]
    assert (
        len(reasons) == 4 + len(bad) + 1
    )  # UNPREPARABLE, RAISES, MISPLACES, the surrogate; the bad lines; the bad byte
    assert "preparing the text failed: ValueError" in reasons
    assert "tagging failed: ArithmeticError" in reasons
    assert "a span's offsets do not give its text" in reasons
    assert not any("Anna" in reason or "not json" in reason for reason in reasons)
    (cut,) = (row for row in quarantined if row["source"].endswith("b.jsonl.gz"))
    assert "gz" in cut["reason"]
    documents = rows(tmp_path / "out")
    assert [row["document_id"] for row in documents if row["source"].endswith("a.jsonl")][:2] == [
        "a.jsonl-0",
        "a.jsonl-4",
    ]
    assert len(documents) + len(quarantined) == summary.totals.records
    positions = {(row["source"], row["record"]) for row in [*documents, *quarantined]}
    assert len(positions) == summary.totals.records


def test_a_run_that_cannot_say_what_bytes_held_does_the_rest_and_fails(
    run_here: Annotate, corpus: Corpus, tmp_path: Path
) -> None:
    path = corpus("a.jsonl", ["Anna"] * 30)
    (path.parent / "b.json").write_text('[{"id": 1, "text": "Bob"}, {"id" 2}, {"id": 3, "text": "Zoe"}]')
    for _ in range(2):
        with pytest.raises(
            RunFailedError, match=r"bytes of 1 input files were not read \(malformed JSON .* is unread\)"
        ):
            run_here(path.parent)
    assert len(rows(tmp_path / "out")) == 31
    assert len(rows(tmp_path / "out", "quarantine")) == 1


def test_a_shard_of_nothing_but_bad_documents_is_committed(run_here: Annotate, corpus: Corpus, tmp_path: Path) -> None:
    inputs = corpus("a.jsonl", ["RAISES", "UNPREPARABLE", "MISPLACES Anna"])

    summary = run_here(inputs, max_quarantined="100%")

    assert summary.totals.set_aside == len(rows(tmp_path / "out", "quarantine")) == 3
    assert rows(tmp_path / "out") == []


def test_results_stand_in_the_company_of_those_that_can_be_tagged(
    run_here: Annotate, corpus: Corpus, tmp_path: Path
) -> None:
    """The scorer's scores show how many texts it was given together."""
    path = corpus("a.jsonl", ["Anna"] * 9 + ["RAISES"] + ["Anna"] * 10)

    run_here(path.parent)

    scores = {round(span["score"], 4) for row in rows(tmp_path / "out") for span in row["spans"]}
    assert scores == {0.5019}


def test_a_document_that_kills_its_process_is_found(run: Annotate, corpus: Corpus, tmp_path: Path) -> None:
    path = corpus("a.jsonl", [f"Anna {n}" for n in range(12)] + ["KILLS"] + ["Bob"] * 3)

    run(path.parent, shard_documents=8)

    (row,) = rows(tmp_path / "out", "quarantine")
    assert "died" in row["reason"]
    assert row["record"] == sum(len(line) + 1 for line in path.read_text().splitlines()[:12])
    found = rows(tmp_path / "out")
    assert len(found) == 15
    assert {round(span["score"], 4) for row in found[8:] for span in row["spans"]} == {0.5007}
    assert not list((tmp_path / "out" / "_run").glob("attempts/*"))


def test_a_reader_that_keeps_dying_ends_the_run_and_names_the_input(
    run: Annotate, corpus: Corpus, tmp_path: Path
) -> None:
    corpus("a.jsonl", ["Anna"])
    path = corpus("b.jsonl", ["Bob", "KILLS_READER"])

    with pytest.raises(RunFailedError, match=r"b\.jsonl") as failure:
        run(path.parent)

    assert "died" in str(failure.value)
    assert "KILLS" not in str(failure.value)


def test_too_many_quarantined_records_stop_the_run_until_more_are_allowed(
    run: Annotate, run_here: Annotate, corpus: Corpus, tmp_path: Path
) -> None:
    for name in "abcdef":
        path = corpus(f"{name}.jsonl", ["Anna" if n % 5 else "RAISES" for n in range(120)])

    with pytest.raises(TooManyQuarantinedError, match=r"--max-quarantined 10% .*ArithmeticError"):
        run(path.parent, shard_documents=60)
    assert rows(tmp_path / "out")
    assert not run_status(str(tmp_path / "out"))["finished"]

    summary = run_here(path.parent, shard_documents=60, max_quarantined="150")
    assert (summary.totals.documents, summary.totals.set_aside) == (6 * 96, 6 * 24)
