"""The client of an LLM's endpoint: it retries, keeps to limits, and always comes back with an outcome of our own.

Ray's own request stage (`ray.data.llm`, 2.60) sends the requests of a batch one after the other, takes an error of the
server for an answer, ends the whole run at a body that is not JSON, waits without jitter or Retry-After, quotes the
payload (a patient's text) in its last error, and would carry the key in the arguments of its actor.
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
NOT_THE_TEXTS_FAULT = frozenset({429, 503, 529})
"""Of these no text is guilty: where retries do not help, the run stops rather than set texts aside."""
FAILURES_IN_A_ROW = 12
"""So many requests that fail for good with no success between mean that the endpoint is broken, not the passages."""
REASKS = 2
"""How often an answer of no use is requested again."""
BYTES_PER_TOKEN = 3
"""Low for English, so that estimates are high."""


class EndpointError(Exception):
    """No further request makes sense. The message holds nothing of a text."""


@dataclass(frozen=True, slots=True)
class ClientRecipe:
    """What a client is built from, in the process that sends: no key, but where to find it."""

    llm: LlmSettings
    prompt: Prompt
    spent: float


class Client:
    """Sends texts, as many at once as the limits allow; one for all of a run, which the limits are for.

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
        """What comes of the question about a text; never raises for what a server does.

        Args:
            text: of a passage.
            shard: that it belongs to.
            size: how many texts that shard has.
        """
        body = chat_body(self._prompt, self._llm, text)
        prompt_tokens = len(json.dumps(body).encode()) / BYTES_PER_TOKEN
        if not self._budget.admit(shard, size * self._llm.price(prompt_tokens, self._llm.max_tokens)):
            await asyncio.sleep(0.2)  # the rest of the input comes by while admitted shards end: let it not rush
            return AnswerOutcome(stopped=self._budget.admitted)
        usage = [0, 0]
        try:
            async with self._slots:
                content = await self._ask(body, text, prompt_tokens, usage)
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

    async def _ask(self, body: dict[str, Any], text: str, prompt_tokens: float, usage: list[int]) -> str:
        """A usable answer; `usage` is added to.

        Raises:
            RefusedError: the server gives none for this text.
            EndpointError: for no text.
        """
        problem, attempts = "", 0
        while attempts <= REASKS:
            content = await self._send(body, prompt_tokens, usage)
            problem = self._prompt.problem(text, content) or ""
            if not problem:
                return content
            attempts += 1
            # The same question would be given the same answer.
            body = {**body, "seed": self._llm.seed + attempts, "temperature": max(self._llm.temperature, 0.5)}
        raise RefusedError(problem)

    async def _send(self, body: dict[str, Any], prompt_tokens: float, usage: list[int]) -> str:
        """What the model says, after as many retries as it takes."""
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
        """Seconds before the next attempt: doubled each time and half of it by chance, or what the server requests."""
        if retry_after is not None:
            # One request that has to wait speaks for all that share the key.
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
            guilty = response.status in NOT_THE_TEXTS_FAULT
            raise TransientError(f"the endpoint failed: {phrase(response.status)}", wait, guilty)
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
    """A failure that may not come again.

    Args:
        message: what happened; quotes nothing of a text.
        retry_after: seconds after which the endpoint wants to be called again, if it says so.
        endpoints_fault: whether any other text would have met it too.
    """

    def __init__(self, message: str, retry_after: float | None = None, endpoints_fault: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.endpoints_fault = endpoints_fault


class RefusedError(Exception):
    """There is no answer for this text; the message says why and holds nothing of it."""


def read_completion(answer: Any) -> tuple[str, tuple[int, int] | None]:
    """Content and tokens of a chat completion.

    Raises:
        ValueError, LookupError, TypeError: it is none.
    """
    content = answer["choices"][0]["message"].get("content")
    usage = answer.get("usage") or {}
    counts = usage.get("prompt_tokens"), usage.get("completion_tokens")
    text = content if isinstance(content, str) else ""
    if isinstance(counts[0], int) and isinstance(counts[1], int):
        return text, (counts[0], counts[1])
    return text, None


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds to wait by a Retry-After header (RFC 9110, section 10.2.3: seconds or a date), None where it gives none.

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
