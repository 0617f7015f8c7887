"""The secret from which every keyed choice is derived: made, loaded, checked, and never shown or sent."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import logging
import os
import re
import secrets
import stat
import uuid
from pathlib import Path
from typing import NoReturn

from openbioner_batch.errors import UsageError

VARIABLE = "OPENBIONER_DEID_KEY"
"""Environment variable that may hold the key as text."""
LEAST_BYTES = 16
"""Shortest key that is accepted."""
GENERATED_BYTES = 32
"""Length of the keys that `generate_key` makes."""

_WAY_OUT = "`openbioner-batch keygen PATH` makes one"
_logger = logging.getLogger(__name__)


class Key:
    """A secret. It has no readable form, and cannot be pickled, so that it never travels in a task argument."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        """Raises UsageError where `secret` has fewer than `LEAST_BYTES` bytes."""
        if len(secret) < LEAST_BYTES:
            raise UsageError(f"the key has {len(secret)} bytes, at least {LEAST_BYTES} are needed: {_WAY_OUT}")
        self._secret = secret

    def __repr__(self) -> str:
        return "<Key>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a key is never pickled: load it where it is used, from its file or variable")

    def digest(self, *parts: str) -> bytes:
        """HMAC-SHA-256 of the parts, 32 bytes; the boundaries between parts count."""
        return hmac.digest(self._secret, encode(*parts), "sha256")

    @property
    def check_value(self) -> str:
        """32 hexadecimal digits that distinguish this key from others and reveal nothing about it: for a run's plan."""
        return self.digest("check value").hex()[:32]

    def hashed(self, kind: str, value: str, digits: int = 16) -> str:
        """A keyed hash of `value` in `digits` hexadecimal digits, the same everywhere.

        Args:
            kind: what the value is, such as "patient"; hashes of different kinds are unrelated.
            value: the identifier.
            digits: 4 bits each, at most 64.
        """
        return self.digest("hash", kind, value).hex()[:digits]

    def hashed_uuid(self, kind: str, value: str) -> str:
        """`hashed` in the layout of a UUID of version 8 (RFC 9562: for custom contents)."""
        number = int.from_bytes(self.digest("hash", kind, value)[:16], "big")
        number = number & ~(0xF << 76) | 8 << 76  # the version
        number = number & ~(0x3 << 62) | 2 << 62  # the variant
        return str(uuid.UUID(int=number))


def encode(*parts: str) -> bytes:
    """The parts as bytes, unambiguously: each follows its length."""
    # surrogatepass: JSON may hold lone surrogates, which must not fail here
    return "".join([f"{len(part)}:{part}" for part in parts]).encode("utf-8", "surrogatepass")


def generate_key(path: str | Path) -> Path:
    """Write a new random key as base64 to a file that only its owner may read.

    >>> from tempfile import TemporaryDirectory
    >>> folder = TemporaryDirectory()
    >>> path = generate_key(Path(folder.name, "deid.key"))
    >>> oct(path.stat().st_mode & 0o777)
    '0o600'

    Raises:
        UsageError: the file exists (a key that is overwritten is lost), or cannot be written.
    """
    text = base64.b64encode(secrets.token_bytes(GENERATED_BYTES)) + b"\n"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError(f"{path} exists and is left as it is: give another path, or remove it first") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
    return Path(path)


def load_key(path: str | Path | None = None) -> Key | None:
    """The key in a file, else in the variable `OPENBIONER_DEID_KEY`, else None.

    Raises:
        UsageError: the file cannot be read, or holds no key; names the place, never the content.
    """
    if path is not None:
        try:
            content = Path(path).read_text("ascii")
            mode = os.stat(path).st_mode
        except UnicodeDecodeError:
            raise UsageError(f"the key file {path} is not text: it must hold base64 or hexadecimal digits") from None
        except OSError as error:
            raise UsageError(f"the key file {path} cannot be read ({error.strerror}): {_WAY_OUT}") from None
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            _logger.warning("others may read the key file %s: `chmod 600` keeps it to you", path)
        return Key(_decoded(content, f"the key file {path}"))
    if os.environ.get(VARIABLE):
        return Key(_decoded(os.environ[VARIABLE], VARIABLE))
    return None


def require_key(path: str | Path | None, reason: str) -> Key:
    """`load_key`, where a key is required.

    Args:
        path: of the key file, None for the environment variable.
        reason: what needs a key, which begins the message: "policy surrogate".

    Raises:
        UsageError: no key is found; says how to make one.
    """
    key = load_key(path)
    if key is None:
        raise UsageError(
            f"{reason} needs a key: {_WAY_OUT}; then give --key-file PATH, or set {VARIABLE}, on every machine"
        )
    return key


def public_fingerprint(content: bytes) -> str:
    """16 hexadecimal digits that show a plan when public content has changed (SHA-256, no key)."""
    return hashlib.sha256(content).hexdigest()[:16]


def _decoded(text: str, place: str) -> bytes:
    """Hexadecimal digits if it consists of them (32 or more, an even number), else base64."""
    text = "".join(text.split())
    if re.fullmatch(r"(?:[0-9a-fA-F]{2}){16,}", text):
        return bytes.fromhex(text)
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        raise UsageError(f"{place} holds neither base64 nor hexadecimal digits: {_WAY_OUT}") from None
