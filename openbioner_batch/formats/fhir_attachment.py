"""Texts in FHIR attachments: base64 in and out, with the size and hash of the new content."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import Any

PLAIN_TEXT = ("text/plain", "text/markdown", "text/x-markdown")
"""Attachments that are read; others, HTML and RTF too, could hide identifiers in their mark-up."""


def media_type(attachment: Mapping[str, Any]) -> str:
    """The content type of an attachment, in small letters, without parameters; empty if unknown."""
    media = str(attachment.get("contentType", "")).partition(";")[0].strip().casefold()
    return media if re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", media) else ""


def read_text(attachment: Mapping[str, Any]) -> str | None:
    """The text inside, in the character set that the type names, else UTF-8; None if there is no plain text.

    Raises:
        ValueError: the data are not base64, or not in that character set; the message does not quote them.
    """
    if media_type(attachment) not in PLAIN_TEXT or not isinstance(attachment.get("data"), str):
        return None
    charset = re.search(r"charset\s*=\s*\"?([\w.:-]+)", attachment["contentType"], re.IGNORECASE)
    try:
        data = base64.b64decode("".join(attachment["data"].split()), validate=True)
        return data.decode(charset[1] if charset else "utf-8")
    except (UnicodeDecodeError, LookupError):
        raise ValueError("an attachment's text is not in the character set that its type names") from None
    except (binascii.Error, ValueError):
        raise ValueError("an attachment's data is not base64") from None


def with_text(attachment: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Type and data of an attachment that holds `text` in UTF-8; size and hash (SHA-1 in FHIR) if it had them."""
    data = text.encode("utf-8", "surrogatepass")
    new: dict[str, Any] = {"contentType": f"{media_type(attachment)}; charset=utf-8", "data": _base64(data)}
    if "size" in attachment:
        new["size"] = len(data)
    if "hash" in attachment:
        new["hash"] = _base64(hashlib.sha1(data, usedforsecurity=False).digest())
    return new


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
