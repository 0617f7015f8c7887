"""What tests import by name: `from support import S3Server`."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from itertools import count
from typing import Any

import fsspec


@dataclass(frozen=True)
class S3Server:
    """An S3 server on loopback. `s3://` URLs reach it through the environment, in child processes too."""

    endpoint: str
    storage_options: dict[str, Any]
    """For `fsspec.filesystem("s3", **storage_options)`, where a test wants to be explicit."""
    numbers: count[int]

    def bucket(self) -> str:
        """A new empty bucket as a URL without a trailing slash: `s3://bucket-3`."""
        name = f"bucket-{next(self.numbers)}"
        fsspec.filesystem("s3", **self.storage_options).mkdir(name)
        return f"s3://{name}"


def free_port() -> int:
    """A port on loopback that nothing listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
