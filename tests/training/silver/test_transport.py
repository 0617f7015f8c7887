"""Requests survive what real servers do to them; what they cannot survive is reported without a word of the text."""

from __future__ import annotations

import asyncio
import json
import os
import time
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any

import pytest
from llm_server import LlmServer

from openbioner_batch.errors import UsageError
from openbioner_batch.training.silver import transport
from openbioner_batch.training.silver.extraction import ExtractionPrompt
from openbioner_batch.training.silver.prompt import chat_body
from openbioner_batch.training.silver.settings import LlmSettings, read_key
from openbioner_batch.training.silver.transport import Client, ClientRecipe, retry_after

from .conftest import Serve

SECRET = "zebra-secret-text"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "FIRST_WAIT_S", 0.02)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def send(server: LlmServer, texts: list[str], shards: int = 1, **more: Any) -> list[dict[str, Any]]:
    """What comes of a batch."""
    llm = LlmSettings(**{"endpoint": server.url, "model": "test-model", "max_retries": 2, **more})
    prompt = ExtractionPrompt()

    async def batch() -> list[dict[str, Any]]:
        client = Client(ClientRecipe(llm, prompt, 0.0))
        size = len(texts) // shards
        sent = [client.outcome(text, str(number % shards), size) for number, text in enumerate(texts)]
        found = await asyncio.gather(*sent)
        await client.close()
        return [{name: value for name, value in asdict(one).items() if value is not None} for one in found]

    return asyncio.run(batch())


def test_a_batch_is_under_way_at_once_but_for_the_limit(serve: Serve) -> None:
    server = serve(delay=0.2)
    found = send(server, [f"aspirin {n}" for n in range(12)], concurrency=6)
    assert all("aspirin" in outcome["content"] for outcome in found)
    assert server.stats["most_open"] == 6


@pytest.mark.parametrize("mode", ["limited", "overloaded", "error", "drop", "html"])
def test_what_may_pass_is_tried_again(serve: Serve, mode: str) -> None:
    server = serve()
    (found,) = send(server, [f"aspirin [[{mode}]]"])
    assert "aspirin" in found["content"]
    assert server.stats["requests"] == 2
    assert found["usage"][1] > 0


def test_an_answer_that_takes_too_long_is_asked_for_again(serve: Serve) -> None:
    (found,) = send(serve(), ["aspirin [[hang]]"], timeout=0.3)
    assert "aspirin" in found["content"]


def test_the_servers_own_wish_to_wait_is_honoured_by_all(serve: Serve) -> None:
    server = serve(retry_after="1")
    started = time.monotonic()
    found = send(server, ["aspirin [[limited]]", *(f"fever {n}" for n in range(4))], concurrency=1)
    assert all("content" in outcome for outcome in found)
    assert time.monotonic() - started > 1
    gaps = [later - sooner for sooner, later in zip(server.times, server.times[1:], strict=False)]
    assert max(gaps) > 0.9


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("refused", "the endpoint refused the request: Bad Request"),
        ("malformed", "the answer holds no list of mentions"),
        ("empty", "the answer holds no list of mentions"),
    ],
)
def test_a_text_that_gets_no_answer_is_told_from_the_others(serve: Serve, mode: str, reason: str) -> None:
    bad, good = send(serve(), [f"{SECRET} [[{mode}]]", "aspirin"])
    assert bad["reason"] == reason
    assert "content" in good


def test_an_unusable_answer_is_asked_for_again_and_paid_for(serve: Serve) -> None:
    server = serve()
    (found,) = send(server, ["aspirin [[malformed]]"])
    assert server.stats["requests"] == 1 + transport.ANSWER_RETRIES
    (once,) = send(server, ["aspirin [[truncated]]"])
    assert found["usage"][0] == (1 + transport.ANSWER_RETRIES) * once["usage"][0]


def test_a_limit_that_does_not_pass_ends_the_run_rather_than_set_texts_aside(serve: Serve) -> None:
    (found,) = send(serve(failures=99, retry_after="0"), [f"{SECRET} [[limited]]"])
    assert "Too Many Requests, after 2 retries" in found["fatal"]


def test_failures_without_end_name_their_status(serve: Serve) -> None:
    server = serve(failures=99)
    (found,) = send(server, [f"{SECRET} [[error]]"])
    assert found["reason"] == "the endpoint failed: Internal Server Error"
    assert server.stats["requests"] == 3


def test_an_endpoint_that_fails_at_everything_ends_the_run(serve: Serve) -> None:
    server = serve(modes=("refused",))
    found = send(server, [f"{SECRET} {n}" for n in range(60)], concurrency=4)
    told = [outcome["fatal"] for outcome in found if "fatal" in outcome]
    assert "it refuses every request" in told[0]
    assert SECRET not in json.dumps(found)
    assert server.stats["requests"] < 30


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"key": "right"}, "HTTP 401"), ({"model": "other"}, "HTTP 404")],
)
def test_a_wrong_key_or_model_ends_the_run(serve: Serve, settings: dict[str, str], words: str) -> None:
    found = send(serve(**settings), ["aspirin"])
    assert words in found[0]["fatal"]


def test_an_endpoint_that_is_gone_ends_the_run(serve: Serve) -> None:
    server = serve()
    server.shutdown()
    server.server_close()
    (found,) = send(server, ["aspirin"])
    assert "cannot be reached" in found["fatal"]


def test_the_key_comes_from_a_file_or_the_environment(
    serve: Serve, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(key="right")
    (tmp_path / "key").write_text("right\n")
    assert "content" in send(server, ["aspirin"], api_key_file=str(tmp_path / "key"))[0]
    monkeypatch.setenv("OPENAI_API_KEY", "right")
    assert "content" in send(server, ["aspirin"])[0]


@pytest.mark.parametrize("key", ["two\nlines", "two words", "schl\u00fcssel", "a\u2013b", "nul\0"])
def test_what_no_header_can_carry_is_no_key(key: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text(key, "utf-8")
    with pytest.raises(UsageError, match="holds the key and nothing else") as found:
        read_key(str(tmp_path / "key"))
    assert key not in str(found.value)
    monkeypatch.setattr(os, "environ", {"OPENAI_API_KEY": key})
    with pytest.raises(UsageError, match="the variable OPENAI_API_KEY") as found:
        read_key(None)
    assert key not in str(found.value)


def test_requests_a_minute_are_kept_to(serve: Serve) -> None:
    server = serve()
    send(server, [f"aspirin {n}" for n in range(20)], requests_per_minute=600)
    assert max(server.times) - min(server.times) > 0.7


def test_tokens_a_minute_are_kept_to_by_what_requests_seem_to_take(serve: Serve) -> None:
    server = serve()
    texts = [f"aspirin {n:02d}" for n in range(20)]
    body = chat_body(ExtractionPrompt(), LlmSettings(endpoint=server.url, model="test-model"), texts[0])
    estimate = len(json.dumps(body).encode()) / transport.BYTES_PER_TOKEN
    # All are under way before an answer says what it took.
    send(server, texts, concurrency=20, tokens_per_minute=600 * estimate)
    assert max(server.times) - min(server.times) > 0.7


@pytest.mark.parametrize(("said", "per_minute", "least", "most"), [(20_000, 6e6, 0.7, 9), (0, 3e4, 0, 2)])
def test_tokens_a_minute_count_as_the_server_says_they_were(
    serve: Serve, said: int, per_minute: float, least: float, most: float
) -> None:
    server = serve(tokens=said)
    send(server, [f"aspirin {n}" for n in range(10)], concurrency=1, tokens_per_minute=per_minute)
    assert least < max(server.times) - min(server.times) < most


def test_at_the_ceiling_no_shard_is_begun_that_cannot_be_paid_for(serve: Serve) -> None:
    server = serve(delay=0.05)
    texts = [f"aspirin {n}" for n in range(40)]
    free = send(server, texts[:1], price_in=1.0, price_out=1.0)
    one = LlmSettings(endpoint=server.url, model="m", price_in=1, price_out=1).price(*free[0]["usage"])
    found = send(server, texts, shards=10, price_in=1.0, price_out=1.0, max_cost=one * 40, max_tokens=50)
    sent = [outcome for outcome in found if "content" in outcome]
    stopped = [outcome for outcome in found if "stopped" in outcome]
    assert len(sent) + len(stopped) == 40
    assert 0 < len(sent) < 40
    assert len(sent) % 4 == 0
    assert {outcome["stopped"] for outcome in stopped} == {len(sent) // 4}
    assert server.stats["requests"] == 1 + len(sent)


def test_a_server_without_json_schemas_is_told(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    import llm_server

    monkeypatch.setattr(llm_server, "error", lambda message, code=None: {"error": "response_format is not supported"})
    (found,) = send(serve(), ["aspirin [[refused]]"])
    assert "--response-format" in found["fatal"]
    (found,) = send(serve(), ["aspirin [[refused]]"], response_format="none")
    assert "reason" in found


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        *[(None, None), ("3", 3.0), ("0.5", 0.5), ("-3", 0.0), ("99999", 600.0), ("nan", None), ("soon", None)],
        *[("Thu, 01 Jan 1970 00:16:50 GMT", 10.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0)],
        *[(f"Thu, 01 Jan {'9' * 20} 00:00:00 GMT", None), (f"Thu, 01 Jan 1970 00:00:00 +{'9' * 14}", None)],
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, 1000.0) == seconds


def test_settings_hold_no_key(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import cloudpickle

    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    (tmp_path / "key").write_text("sk-very-secret")
    llm = LlmSettings(endpoint="http://localhost/v1", model="m", api_key_file=str(tmp_path / "key"))
    assert b"sk-very-secret" not in cloudpickle.dumps(ClientRecipe(replace(llm), ExtractionPrompt(), 0.0))
    with suppress(AttributeError):
        assert "sk-very-secret" not in repr(llm)
