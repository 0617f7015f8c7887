"""Silver runs on Ray against a real server: what comes out, what is set aside, what a stop leaves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from llm_server import LlmServer
from outputs import contents, rows

from openbioner_batch.catalog import resolve_types
from openbioner_batch.engine.names import shard_name
from openbioner_batch.errors import PlanMismatchError, RunFailedError, UsageError
from openbioner_batch.training.passages import passage_from_row
from openbioner_batch.training.silver import graph
from openbioner_batch.training.silver.describe import DescribeReport, describe_silver
from openbioner_batch.training.silver.description import VIEWS
from openbioner_batch.training.silver.outcomes import AnswerOutcome
from openbioner_batch.training.silver.schema import PASSAGE_SCHEMA
from openbioner_batch.training.silver.settings import DescribeSettings
from openbioner_batch.training.silver.transport import Client

from .conftest import RunSilver, Serve, write_notes

pytestmark = pytest.mark.timeout(900)


def silver(folder: Path) -> list[Any]:
    """The passages of a folder."""
    return [passage_from_row(row) for row in rows(folder, "passages")]


def test_notes_become_passages_with_mentions_where_they_stand(
    run_silver: RunSilver, serve: Serve, tmp_path: Path
) -> None:
    modes = ("good", "fenced", "limited", "drop", "truncated")
    extra = ("The word [[malformed]] and aspirin stand here in a row.", "And [[refused]] stands with aspirin here too.")
    report = run_silver(serve(modes=modes), write_notes(tmp_path / "notes.jsonl", 16, extra), concurrency=8)

    out = tmp_path / "out"
    assert all(pq.read_schema(file) == PASSAGE_SCHEMA for file in (out / "passages").glob("*.parquet"))
    passages = silver(out)
    assert len({passage.passage_id for passage in passages}) == len(passages) == report.passages
    surfaces = {(p.text[m.start : m.end].lower(), m.type) for p in passages for m in p.mentions}
    assert {("aspirin", "drug"), ("diabetes", "disease"), ("heart", "body_part")} <= surfaces
    assert all(passage.source == "out" and passage.annotated is None for passage in passages)
    # Every passage is accounted for: an answer or a reason, then kept or dropped.
    requested = len(rows(out)) + len(rows(out, "quarantine"))
    assert requested == report.as_json()["passages"]["in"] == report.passages + report.dropped_passages.total() + 2
    reasons = sorted(row["reason"] for row in rows(out, "quarantine"))
    assert reasons == [
        "the answer holds no list of mentions (passage at 0)",
        "the endpoint refused the request: Bad Request (passage at 0)",
    ]
    assert report.amounts["prompt_tokens"] > 0
    summary = json.loads((out / "_run" / "summary.json").read_text())
    assert summary["spans"]["total"] == report.amounts["mentions"] > 0
    assert json.loads((out / "report.json").read_text()) == report.as_json()


def test_a_finished_run_asks_nothing_and_other_filters_only_filter(
    run_silver: RunSilver, serve: Serve, tmp_path: Path
) -> None:
    notes, server = write_notes(tmp_path / "notes.jsonl", 8), serve()
    first = run_silver(server, notes)
    requested, before = server.stats["requests"], contents(tmp_path / "out")

    assert run_silver(server, notes).as_json() == first.as_json()
    strict = run_silver(server, notes, min_type_count=12)

    assert server.stats["requests"] == requested
    assert contents(tmp_path / "out") == before
    assert 0 < len(strict.types) < len(first.types)
    assert min(strict.types.values()) >= 12
    unsure = [passage for passage in silver(tmp_path / "out") if passage.unsure]
    assert unsure  # what is too rare is not taught as no mention
    for passage in unsure:
        assert not any(m.start < end and start < m.end for m in passage.mentions for start, end in passage.unsure)


def test_other_settings_of_the_llm_are_refused_and_another_endpoint_is_not(
    run_silver: RunSilver, serve: Serve, tmp_path: Path
) -> None:
    notes = write_notes(tmp_path / "notes.jsonl", 3)
    run_silver(serve(), notes)
    run_silver(serve(), notes)
    with pytest.raises(PlanMismatchError, match="model: test-model then, other now"):
        run_silver(serve(), notes, model="other")
    with pytest.raises(PlanMismatchError, match="passage words"):
        run_silver(serve(), notes, passage_words=30)


def test_a_run_stops_at_its_ceiling_and_goes_on_with_a_higher_one(
    run_silver: RunSilver, serve: Serve, tmp_path: Path
) -> None:
    notes, server = write_notes(tmp_path / "notes.jsonl", 30), serve()
    prices = {"price_in": 100.0, "price_out": 100.0, "max_tokens": 50}
    with pytest.raises(RunFailedError, match=r"--max-cost 0\.1: .*--shard-documents"):
        run_silver(server, notes, max_cost=0.1, **prices)
    assert server.stats["requests"] == 0

    with pytest.raises(RunFailedError, match="stopped at --max-cost 3:"):
        run_silver(server, notes, max_cost=3, **prices)
    requested = server.stats["requests"]
    assert requested == len(rows(tmp_path / "out")) > 0  # nothing that was paid for is lost

    report = run_silver(server, notes, max_cost=1000, **prices)
    assert server.stats["requests"] == len(rows(tmp_path / "out")) > requested
    tokens = report.amounts["prompt_tokens"] + report.amounts["completion_tokens"]
    assert report.cost == pytest.approx(tokens * 100 / 1e6)


def test_a_server_that_breaks_down_ends_the_run_which_then_goes_on(
    run_silver: RunSilver, serve: Serve, tmp_path: Path
) -> None:
    notes = write_notes(tmp_path / "notes.jsonl", 20)
    broken = serve(modes=("error",), failures=99)
    with pytest.raises(RunFailedError, match="requests in a row failed for good; the endpoint failed: Internal"):
        run_silver(broken, notes, max_retries=0)
    report = run_silver(serve(), notes)
    assert not report.quarantined


def test_an_end_while_nothing_else_is_asked_is_told_as_any_other(
    run_silver: RunSilver, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All shards whose requests were sent may end together; with one at a time they always do."""
    monkeypatch.setattr(graph, "TASKS_AT_ONCE", 1)
    notes, more = write_notes(tmp_path / "notes.jsonl", 20), {"max_retries": 0, "max_tokens": 50}
    with pytest.raises(RunFailedError, match="requests in a row failed for good; the endpoint failed: Internal"):
        run_silver(serve(modes=("error",), failures=99), notes, **more)
    server = serve()
    with pytest.raises(RunFailedError, match="stopped at --max-cost 1:"):
        run_silver(server, notes, max_cost=1, price_in=100.0, price_out=100.0, **more)
    assert server.stats["requests"] == len(rows(tmp_path / "out")) > 0


def test_shards_that_were_answered_as_the_endpoint_gave_out_are_kept(
    run_silver: RunSilver, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requested = Client.outcome

    async def outcome(self: Client, text: str, shard: str, size: int) -> AnswerOutcome:
        if shard == shard_name(0, 0):  # of many that all end at one time
            return AnswerOutcome(fatal="the endpoint is gone")
        return AnswerOutcome(content=json.dumps({"entities": []}), usage=(1, 1))

    monkeypatch.setattr(graph, "TASKS_AT_ONCE", 1000)
    monkeypatch.setattr(Client, "outcome", outcome)
    notes = write_notes(tmp_path / "notes.jsonl", 20)
    with pytest.raises(RunFailedError, match="the endpoint is gone; what is committed stays"):
        run_silver(serve(), notes, shard_documents=1)
    assert len(rows(tmp_path / "out")) > 20

    monkeypatch.setattr(Client, "outcome", requested)
    server = serve()
    assert not run_silver(server, notes, shard_documents=1).quarantined
    assert server.stats["requests"] == 1


def describe(server: LlmServer, folder: Path, **more: Any) -> DescribeReport:
    values = {"folder": str(folder), "endpoint": server.url, "model": "test-model", "shard_documents": 2, **more}
    return describe_silver(DescribeSettings.build(values), lambda line: None)


def test_types_are_described_in_four_views_as_parquet_and_as_a_catalog(
    run_silver: RunSilver, serve: Serve, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run_silver(serve(), write_notes(tmp_path / "notes.jsonl", 12))
    server = serve(modes=("good", "limited"))
    report = describe(server, out, max_quarantined="50%")

    described = {(row["entity_type"], row["view"]): row["description"] for row in rows(out, "descriptions")}
    assert {view for _, view in described} == set(VIEWS)
    assert "aspirin" in described["drug", "examples"]
    assert "procedure" not in {type for type, _ in described}  # the server describes what begins with p badly
    assert report.quarantined == {"definition: it is too short": 1}
    assert report.descriptions == 4 * report.types == len(described)
    names = [type.name for group in resolve_types(str(out / "types.yaml"), "contextual") for type in group]
    assert sorted(names) == sorted({type for type, _ in described})

    requested = server.stats["requests"]
    assert describe(server, out, max_quarantined="50%").types == report.types
    assert server.stats["requests"] == requested


def test_describing_nothing_is_refused(tmp_path: Path, serve: Serve) -> None:
    with pytest.raises(UsageError, match=r"has no passages/\*\.parquet"):
        describe(serve(), tmp_path)


def test_descriptions_from_elsewhere_are_not_replaced(serve: Serve, tmp_path: Path) -> None:
    for name in ("passages/a.parquet", "descriptions/a.parquet"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(UsageError, match="was not written by silver describe"):
        describe(serve(), tmp_path)
