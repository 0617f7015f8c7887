"""The client of an LLM's endpoint: it retries, keeps to the limits, and always returns an outcome.

Ray's own request stage (`ray.data.llm`, 2.60) sends the requests of a batch one after the other, takes an error of the
server for an answer, ends the whole run at a body that is not JSON, waits without jitter or Retry-After, quotes the
payload (a patient's text) in its last error, and would pass the key in the arguments of its actor.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import aiohttp

from openbioner_batch.training.silver.limits import Budget, RateLimit
from openbioner_batch.training.silver.outcomes import AnswerOutcome
from openbioner_batch.training.silver.prompt import Prompt, chat_body
from openbioner_batch.training.silver.settings import KEY_VARIABLE, LlmSettings, read_key

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
LONGEST_RETRY_AFTER_S = 600.0
RETRYABLE = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 524, 529})
FATAL = {
    401: "the endpoint refuses the key (HTTP 401): check --api-key-file or the variable " + KEY_VARIABLE,
    402: "the endpoint requires payment (HTTP 402): the account has no credit left",
    403: "the endpoint denies access (HTTP 403): the key may not use this model",
    404: "the endpoint knows no such model or path (HTTP 404): check --model and --endpoint",
}
SERVER_FAULTS = frozenset({429, 503, 529})
"""Of these no text is servers_fault: where retries do not help, the run stops rather than set texts aside."""
FAILURES_IN_A_ROW = 12
"""After so many failed requests without a success between them, the endpoint is taken for broken, not the passages."""
ANSWER_RETRIES = 2
"""How often a text is sent again after an unusable answer."""
BYTES_PER_TOKEN = 3
"""Low for English, so that estimates are high."""


class EndpointError(Exception):
    """No further request makes sense. The message quotes no text."""


@dataclass(frozen=True, slots=True)
class ClientRecipe:
    """The settings of a client, for the process that sends: not the key, but where to find it."""

    llm: LlmSettings
    prompt: Prompt
    spent: float


class Client:
    """Sends texts, as many at once as the limits allow. A run has one client, since the limits are for the whole run.

    Args:
        recipe: the prompt, the endpoint, and the limits.
    """

    def __init__(self, recipe: ClientRecipe) -> None:
        llm = recipe.llm
        self._llm, self._prompt = llm, recipe.prompt
        self._requests, self._tokens = RateLimit(llm.requests_per_minute), RateLimit(llm.tokens_per_minute)
        self._budget = Budget(llm.max_cost, recipe.spent)
        self._slots = asyncio.Semaphore(llm.concurrency)
        self._resume_at = 0.0
        self._failures = 0
        self._fatal: str | None = None
        self._http: aiohttp.ClientSession | None = None
        self._jitter = random.Random()

    async def outcome(self, text: str, shard: str, size: int) -> AnswerOutcome:
        """The outcome for a text; never raises for a fault of the server.

        Args:
            text: a passage's.
            shard: the passage's shard.
            size: how many texts that shard has.
        """
        body = chat_body(self._prompt, self._llm, text)
        prompt_tokens = len(json.dumps(body).encode()) / BYTES_PER_TOKEN
        if not self._budget.admit(shard, size * self._llm.price(prompt_tokens, self._llm.max_tokens)):
            await asyncio.sleep(0.2)  # slows the rest of the input down while admitted shards finish
            return AnswerOutcome(stopped=self._budget.admitted)
        usage = [0, 0]
        try:
            async with self._slots:
                content = await self._usable_answer(body, text, prompt_tokens, usage)
                return AnswerOutcome(content=content, usage=(usage[0], usage[1]))
        except EndpointError as error:
            self._fatal = str(error)
            return AnswerOutcome(fatal=str(error))
        except RefusedError as error:
            return AnswerOutcome(reason=str(error), usage=(usage[0], usage[1]))
        finally:
            self._budget.settle(shard, 1 / size, self._llm.price(*usage))

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            key = read_key(self._llm.api_key_file)
            self._http = aiohttp.ClientSession(
                headers={"Authorization": f"Bearer {key}"} if key else {},
                timeout=aiohttp.ClientTimeout(total=self._llm.timeout),
                connector=aiohttp.TCPConnector(limit=self._llm.concurrency),
            )
        return self._http

    async def _usable_answer(self, body: dict[str, Any], text: str, prompt_tokens: float, usage: list[int]) -> str:
        """A usable answer; adds to `usage`.

        Raises:
            RefusedError: the server gives no usable answer for this text.
            EndpointError: the server answers for no text.
        """
        problem, attempts = "", 0
        while attempts <= ANSWER_RETRIES:
            content = await self._send(body, prompt_tokens, usage)
            problem = self._prompt.problem(text, content) or ""
            if not problem:
                return content
            attempts += 1
            # the same request would get the same answer
            body = {**body, "seed": self._llm.seed + attempts, "temperature": max(self._llm.temperature, 0.5)}
        raise RefusedError(problem)

    async def _send(self, body: dict[str, Any], prompt_tokens: float, usage: list[int]) -> str:
        """The model's answer, with retries."""
        for attempt in range(self._llm.max_retries + 1):
            if self._fatal:
                raise EndpointError(self._fatal)
            await self._wait_turn(prompt_tokens)
            try:
                content, used = await self._send_once(body)
            except TransientError as error:
                trouble = error
                if attempt < self._llm.max_retries:
                    await asyncio.sleep(self._back_off(attempt, error.retry_after))
                continue
            except RefusedError:
                self._note_failure("it refuses every request")
                raise
            self._failures = 0
            paid, completion = used or (round(prompt_tokens), len(content.encode()) // BYTES_PER_TOKEN)
            self._tokens.correct(paid + completion - prompt_tokens)
            usage[0] += paid
            usage[1] += completion
            return content
        if trouble.endpoints_fault:
            raise EndpointError(f"{trouble}, after {self._llm.max_retries} retries: {self._llm.endpoint}")
        self._note_failure(str(trouble))
        raise RefusedError(str(trouble))

    async def _wait_turn(self, prompt_tokens: float) -> None:
        now = time.monotonic()
        await asyncio.sleep(max(self._requests.reserve(1, now), self._tokens.reserve(prompt_tokens, now)))
        while (wait := self._resume_at - time.monotonic()) > 0:
            await asyncio.sleep(wait + self._jitter.uniform(0, 0.5))

    def _back_off(self, attempt: int, retry_after: float | None) -> float:
        """Seconds before the next attempt: doubled each time, half of it random, or as the server requests."""
        if retry_after is not None:
            # if one request has to wait, all that share the key have to
            self._resume_at = max(self._resume_at, time.monotonic() + retry_after)
            return 0.0
        longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**attempt)
        return longest / 2 + self._jitter.uniform(0, longest / 2)

    def _note_failure(self, trouble: str) -> None:
        self._failures += 1
        if self._failures >= FAILURES_IN_A_ROW:
            raise EndpointError(f"{self._failures} requests in a row failed for good; {trouble}: {self._llm.endpoint}")

    async def _send_once(self, body: dict[str, Any]) -> tuple[str, tuple[int, int] | None]:
        """The answer's content, and the tokens of prompt and answer where the server reports them."""
        try:
            async with self._session().post(self._llm.chat_url, json=body) as response:
                data = await response.read()
        except aiohttp.ClientConnectorError:
            raise TransientError("the endpoint cannot be reached", endpoints_fault=True) from None
        except TimeoutError:
            raise TransientError("the endpoint took too long to answer") from None
        except aiohttp.ClientError:
            raise TransientError("the connection to the endpoint broke") from None
        if response.status in FATAL:
            raise EndpointError(FATAL[response.status])
        if response.status in RETRYABLE:
            wait = retry_after(response.headers.get("Retry-After"), time.time())
            servers_fault = response.status in SERVER_FAULTS
            raise TransientError(f"the endpoint failed: {phrase(response.status)}", wait, servers_fault)
        if response.status != HTTPStatus.OK:
            if b"response_format" in data and "response_format" in body:
                raise EndpointError(
                    "the endpoint does not know this response format: give --response-format json_object or none"
                )
            raise RefusedError(f"the endpoint refused the request: {phrase(response.status)}")
        try:
            return read_completion(json.loads(data))
        except (ValueError, LookupError, TypeError, RecursionError):
            raise TransientError("the endpoint's answer is not that of a chat completion") from None


class TransientError(Exception):
    """A failure that a retry may avoid.

    Args:
        message: what happened; quotes nothing of a text.
        retry_after: seconds until the endpoint accepts requests again, if it says so.
        endpoints_fault: whether it would fail for any other text too.
    """

    def __init__(self, message: str, retry_after: float | None = None, endpoints_fault: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.endpoints_fault = endpoints_fault


class RefusedError(Exception):
    """There is no answer for this text; the message says why without quoting it."""


def read_completion(answer: Any) -> tuple[str, tuple[int, int] | None]:
    """Content and tokens of a chat completion.

    Raises:
        ValueError, LookupError, TypeError: the answer has another form.
    """
    content = answer["choices"][0]["message"].get("content")
    usage = answer.get("usage") or {}
    counts = usage.get("prompt_tokens"), usage.get("completion_tokens")
    text = content if isinstance(content, str) else ""
    if isinstance(counts[0], int) and isinstance(counts[1], int):
        return text, (counts[0], counts[1])
    return text, None


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds to wait by a Retry-After header (RFC 9110, section 10.2.3: seconds or a date), None without one.

    Args:
        value: the header.
        now: seconds since 1970.
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - now
        except (ValueError, OverflowError):
            return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_S) if math.isfinite(seconds) else None


def phrase(status: int) -> str:
    """A status in words, without digits, so that reasons can be counted by kind."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown Status"
