"""A server of the OpenAI chat-completions protocol for tests: answers follow from the prompt, failures from its words.

    python tests/llm_server.py --port 0 [--key SECRET] [--model NAME] [--modes good,limited,error] [--delay 0.05]

The last user message is either a passage, answered with the mentions of a small gazetteer in it, or a JSON object with
an `entity_type`, answered with descriptions. A message that holds `[[MODE]]` is answered in that mode; others in one of
`--modes`, chosen by their text. TRANSIENT modes fail `--failures` times for each message and then answer well.
`GET /stats` returns what has been requested.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

GAZETTEER = {
    "drug": r"aspirin|metformin|insulin|heparin|warfarin|prednisone|lidocaine|fentanyl|\w+(?:statin|cillin|mycin|olol)",
    "Diseases": r"diabetes|hypertension|pneumonia|asthma|cancer|stroke|sepsis|anemia|\w{3,}(?:itis|oma|osis)",
    "symptom": r"chest pain|back pain|abdominal pain|pain|fever|nausea|vomiting|dyspnea|cough|edema",
    "body-part": r"heart|lungs?|kidneys?|liver|abdomen|chest|knee|spine|skin|coronary artery",
    "Procedure": r"biopsy|intubation|catheterization|\w+(?:ectomy|oscopy|plasty|ography|gram)",
}
"""Names of types as carelessly spelt as an LLM spells them."""
TRANSIENT = ("limited", "overloaded", "error", "drop", "html", "hang")
MODES = ("good", "fenced", "malformed", "truncated", "empty", "slow", "refused", *TRANSIENT)
MODE = re.compile(r"\[\[(\w+)\]\]")
HANG_S = 30.0


class Settings(NamedTuple):
    """How the server behaves."""

    key: str | None = None
    model: str | None = None
    modes: tuple[str, ...] = ("good",)
    delay: float = 0.0
    failures: int = 1
    retry_after: str = "0.2"
    tokens: int | None = None
    """What it says that a prompt took; None counts words."""


class LlmServer(ThreadingHTTPServer):
    """The server, with what it has been requested."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, settings: Settings, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.settings = settings
        self.stats: Counter[str] = Counter()
        self.times: list[float] = []
        self.attempts: Counter[str] = Counter()
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """The base URL that clients are given."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news."""


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: LlmServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Tests want no log."""

    def do_GET(self) -> None:
        if self.path == "/stats":
            with self.server.lock:
                self.send_json(200, {**self.server.stats, "times": self.server.times})
        elif self.path != "/v1/models":
            self.send_json(404, error("no such path"))
        elif self.is_let_in():
            self.send_json(200, {"object": "list", "data": [{"id": self.server.settings.model or "test-model"}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/v1/chat/completions":
            self.send_json(404, error("no such path"))
            return
        if not self.is_let_in():
            return
        wanted = self.server.settings.model
        if wanted is not None and body["model"] != wanted:
            self.send_json(404, error(f"The model `{body['model']}` does not exist", "model_not_found"))
            return
        with self.server.lock:
            self.server.times.append(time.time())
            self.server.stats["requests"] += 1
            self.server.stats["open"] += 1
            self.server.stats["most_open"] = max(self.server.stats["most_open"], self.server.stats["open"])
        try:
            self.answer(body)
        finally:
            with self.server.lock:
                self.server.stats["open"] -= 1

    def is_let_in(self) -> bool:
        key = self.server.settings.key
        if key is not None and self.headers.get("Authorization") != f"Bearer {key}":
            self.send_json(401, error("Incorrect API key provided", "invalid_api_key"))
            return False
        return True

    def answer(self, body: dict[str, Any]) -> None:
        settings = self.server.settings
        prompt = body["messages"][-1]["content"]
        mode = mode_of(prompt, settings.modes)
        with self.server.lock:
            self.server.attempts[prompt] += 1
            if mode in TRANSIENT and self.server.attempts[prompt] > settings.failures:
                mode = "good"
            self.server.stats[mode] += 1
        time.sleep(settings.delay + (0.5 if mode == "slow" else HANG_S if mode == "hang" else 0))
        if mode == "limited":
            self.send_json(429, error("Rate limit reached", "rate_limit"), {"Retry-After": settings.retry_after})
        elif mode in ("error", "overloaded", "refused"):
            code = {"error": 500, "overloaded": 503, "refused": 400}[mode]
            self.send_json(code, error("something is wrong with: " + prompt))
        elif mode == "drop":
            # A reset rather than an orderly end, as a crashed server or a cut network gives.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
        elif mode == "html":
            self.send_bytes(200, b"<html><body>Gateway says hello</body></html>", "text/html")
        else:
            self.send_json(200, completion(body, prompt, mode, settings.tokens))

    def send_json(self, code: int, value: Any, headers: dict[str, str] | None = None) -> None:
        self.send_bytes(code, json.dumps(value).encode(), "application/json", headers)

    def send_bytes(self, code: int, data: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def mode_of(prompt: str, modes: Sequence[str]) -> str:
    """How a message is answered: as it says, else one of `modes` by its text."""
    requested = MODE.search(prompt)
    if requested and requested[1] in MODES:
        return requested[1]
    return modes[int(hashlib.sha256(prompt.encode()).hexdigest(), 16) % len(modes)]


def completion(body: dict[str, Any], prompt: str, mode: str, tokens: int | None) -> dict[str, Any]:
    """The protocol's answer to a request."""
    content = json.dumps(reply(prompt))
    if mode == "fenced":
        content = f"Here is the JSON:\n```json\n{content[:-1]},}}\n```\nI hope this helps!"
    elif mode == "malformed":
        content = "I could not find anything to say about that."
    elif mode == "empty":
        content = ""
    elif mode == "truncated":
        content = content[: max(20, len(content) - 12)]
    words = sum(len(message["content"].split()) for message in body["messages"])
    prompt_tokens = words if tokens is None else tokens
    completion_tokens = len(content.split())
    return {
        "id": "chatcmpl-test",
        "object": "chat.completion",
        "model": body["model"],
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content},
                "finish_reason": "length" if mode == "truncated" else "stop",
            }
        ],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
        },
    }


def reply(prompt: str) -> dict[str, Any]:
    """What the model has to say: mentions of a passage, or descriptions of a type."""
    try:
        requested = json.loads(prompt)
    except ValueError:
        requested = None
    return describe(requested) if isinstance(requested, dict) and "entity_type" in requested else extract(prompt)


def extract(passage: str) -> dict[str, Any]:
    """Every distinct mention of the gazetteer's patterns, and sometimes one that is not in the passage."""
    found = {
        (match[0], kind): None
        for kind, pattern in GAZETTEER.items()
        for match in re.finditer(rf"\b(?:{pattern})\b", passage, re.IGNORECASE)
    }
    entities = [{"text": text, "type": kind} for text, kind in found]
    if len(passage) % 7 == 0:
        entities.append({"text": "unicorn fever", "type": "disease"})
    return {"entities": entities}


def describe(requested: dict[str, Any]) -> dict[str, Any]:
    """Four descriptions that differ; those of a type whose name begins with p are poor."""
    name = requested["entity_type"].replace("_", " ")
    examples = ", ".join(requested["examples"][:3])
    near = ", ".join(other.replace("_", " ") for other in requested["near_types"]) or "any other thing"
    if name.startswith("p"):
        return dict.fromkeys(("definition", "examples", "contextual", "contrast"), '{"definition": "short"}')
    return {
        "definition": f"A {name} is a thing of medicine that clinicians and researchers call by that very name.",
        "examples": f"A {name}, which is something of medicine, is written in clinical texts as {examples} and so on.",
        "contextual": f"A {name} stands in a note near the words of history, treatment and findings about a patient.",
        "contrast": f"A {name} is told apart from {near}, which name other things of medicine than this one does.",
    }


def error(message: str, code: str | None = None) -> dict[str, Any]:
    """An error as the protocol words it."""
    return {"error": {"message": message, "type": "invalid_request_error", "code": code}}


def main() -> None:
    parser = argparse.ArgumentParser(description="A test server of the OpenAI chat-completions protocol.")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free one")
    parser.add_argument("--key", help="the API key that is requested for")
    parser.add_argument("--model", help="the only model there is")
    parser.add_argument("--modes", default="good", help=f"of {', '.join(MODES)}")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--failures", type=int, default=1, help="how often a transient mode fails for a message")
    given = parser.parse_args()
    server = LlmServer(
        Settings(given.key, given.model, tuple(given.modes.split(",")), given.delay, given.failures), given.port
    )
    print(server.url, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
