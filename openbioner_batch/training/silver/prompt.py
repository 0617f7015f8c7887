"""The interface between the LLM graph and its uses: the messages for a text, and how the answer is read."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Protocol

import pyarrow as pa

from openbioner_batch.training.silver.settings import LlmSettings

Messages = list[dict[str, str]]


class Prompt(Protocol):
    """One kind of request. Picklable."""

    @property
    def columns(self) -> pa.Schema:
        """The columns that an answer adds to its document."""

    def messages(self, text: str) -> Messages:
        """The chat messages for a text."""

    def schema(self) -> dict[str, Any]:
        """The JSON schema of the answer."""

    def problem(self, text: str, content: str) -> str | None:
        """Why an answer is unusable and should be requested again, without quoting it; None where it is usable."""

    def read(self, text: str, content: str) -> tuple[dict[str, Any], dict[str, int]]:
        """A usable answer's columns, and amounts to add up over the run."""


def fingerprint(prompt: Prompt, llm: LlmSettings) -> dict[str, Any]:
    """What the answers depend on; not the endpoint, since the same model may move to another machine."""
    request = json.dumps([prompt.messages(""), prompt.schema()], sort_keys=True)
    return {
        "model": llm.model_name,
        "prompt": hashlib.sha256(request.encode()).hexdigest()[:16],
        "response format": llm.response_format,
        "temperature": llm.temperature,
        "seed": llm.seed,
        "max tokens": llm.max_tokens,
    }


def chat_body(prompt: Prompt, llm: LlmSettings, text: str) -> dict[str, Any]:
    """The body of a chat-completions request."""
    body: dict[str, Any] = {
        "model": llm.model_name,
        "messages": prompt.messages(text),
        "temperature": llm.temperature,
        "seed": llm.seed,
        "max_tokens": llm.max_tokens,
    }
    if llm.response_format == "json_schema":
        schema = {"name": "answer", "strict": True, "schema": prompt.schema()}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif llm.response_format == "json_object":
        body["response_format"] = {"type": "json_object"}
    return body
