"""An HTTP proxy that stands before the S3 server of the tests and fails as object stores do, by a seeded plan."""

from __future__ import annotations

import http.client
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

ERROR = b"<?xml version='1.0'?><Error><Code>%s</Code><Message>planned by a test</Message></Error>"
KINDS = {
    "error": "500 in place of an answer",
    "slow down": "503 in place of an answer",
    "lost answer": "the request is done, and 500 is answered",
    "cut": "half of the body that the header promises, then the end of the connection",
    "short": "half of an object, with a header that says so: what a broken cache does",
    "slow": "a pause in the midst of the body",
    "dropped": "the connection ends without an answer",
}


class FaultyProxy(ThreadingHTTPServer):
    """Forwards requests, some of which fail.

    Args:
        target: URL of the server.
        seed: of the plan.
        rates: the share of requests that fail in each of `KINDS`.
    """

    daemon_threads = True

    def __init__(self, target: str, seed: int, rates: Mapping[str, float]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = urlsplit(target).netloc
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.done: Counter[str] = Counter()
        """How many requests failed, by kind, and how many did not (`fine`)."""
        self.down_after: int | None = None
        """From which request on all of them fail with `error`."""
        self._random = random.Random(seed)
        self._rates = rates
        self._lock = threading.Lock()

    def next_fault(self, reads: bool, lists: bool) -> str:
        """The next fault of the plan, or `fine`; a body that is not there cannot be cut, and half a list is no XML."""
        with self._lock:
            place = self._random.random()
            fault = "fine"
            if self.down_after is not None and self.done.total() >= self.down_after:
                fault = "error"
            else:
                for kind, rate in self._rates.items():
                    place -= rate
                    if place < 0:
                        fits = reads and not (lists and kind == "short")
                        fault = kind if fits or kind not in ("cut", "short", "slow") else "fine"
                        break
            self.done[fault] += 1
            return fault


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultyProxy

    def forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.server.next_fault(self.command == "GET", "?" in self.path)
        if fault in ("error", "slow down"):
            self._refuse(500 if fault == "error" else 503)
        elif fault == "dropped":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self._pass_on(body, fault)

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = forward  # noqa: N815 - names that http.server looks for

    def _pass_on(self, body: bytes, fault: str) -> None:
        connection = http.client.HTTPConnection(self.server.target, timeout=60)
        connection.request(self.command, self.path, body, {**self.headers, "Host": self.server.target})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if fault == "lost answer":
            self._refuse(500)
            return
        half = content[: len(content) // 2]
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                self.send_header(name, value)
        told = answer.getheader("Content-Length") if self.command == "HEAD" else len(content)
        self.send_header("Content-Length", str(len(half) if fault == "short" else told))
        self.end_headers()
        self.wfile.write(half if fault in ("cut", "short", "slow") else content)
        if fault == "slow":
            time.sleep(0.5)
            self.wfile.write(content[len(half) :])
        elif fault == "cut":
            self.close_connection = True

    def _refuse(self, status: int) -> None:
        error = b"" if self.command == "HEAD" else ERROR % (b"InternalError" if status == 500 else b"SlowDown")
        self.send_response(status)
        self.send_header("Content-Length", str(len(error)))
        self.end_headers()
        self.wfile.write(error)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are counted, not printed."""


@contextmanager
def faulty_proxy(target: str, seed: int, rates: Mapping[str, float]) -> Iterator[FaultyProxy]:
    """A proxy for the time of a block."""
    with FaultyProxy(target, seed, rates) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()
